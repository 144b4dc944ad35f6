"""Signed-in browsers: begun with a secret of which only the hash is kept, found again by it, and ended at once.

A browser that is not used, or that signed in long ago, is nobody's any more. Passwords and codes are checked elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models import SignIn, User
from workflows import audit
from workflows.rows import plain
from workflows.runtime import Runtime

IDLE = timedelta(hours=12)
OLDEST = timedelta(days=14)
_SEEN_EVERY = timedelta(minutes=5)  # so that looking at pages does not write to the database all day


def begin(rt: Runtime, user_id: int, agent: str, through: str = "") -> str:
    """A browser of this person is signed in, by password or `through` a vendor that vouched; the secret for its cookie,
    128 random bits.
    """
    secret, now = rt.new_id(), rt.clock.now()
    with rt.store.write() as session:
        user = session.get_one(User, user_id)
        row = SignIn(
            uid=rt.new_id(),
            user_id=user_id,
            secret_hash=_hash(secret),
            agent=plain(agent, 200),
            through=through,
            made_at=now,
            seen_at=now,
        )
        session.add(row)
        said = {"browser": row.uid, **({"through": through} if through else {})}
        audit.record_practice(rt, session, "signed-in", user.practice_id, subject=user.uid, **said)
    return secret


def of(rt: Runtime, secret: str) -> tuple[User, SignIn] | None:
    """Who is signed in with this secret, and which browser it is; None when it opens nothing, or nothing any more."""
    mine = SignIn.secret_hash == _hash(secret), User.left_at.is_(None), *_open(rt)
    with rt.store.read() as session:
        found = session.execute(select(User, SignIn).join(SignIn, SignIn.user_id == User.id).where(*mine)).first()
    if found is None:
        return None
    user, row = found
    if rt.clock.now() - row.seen_at >= _SEEN_EVERY:
        _seen(rt, row)
    return user, row


def _seen(rt: Runtime, row: SignIn) -> None:
    with rt.store.write() as session:
        session.execute(update(SignIn).where(SignIn.id == row.id, *_open(rt)).values(seen_at=rt.clock.now()))


def _open(rt: Runtime) -> list[ColumnElement[bool]]:
    """Not ended, in use and not too old. A demo's clock is moved by hand, by days at once, so there nobody ages."""
    now = rt.clock.now()
    ended: list[ColumnElement[bool]] = [SignIn.ended_at.is_(None)]
    return ended if rt.is_demo else [*ended, SignIn.seen_at > now - IDLE, SignIn.made_at > now - OLDEST]


def open_ones(rt: Runtime, session: Session, user_id: int) -> Sequence[SignIn]:
    """The browsers in which this person is signed in, the one seen last first."""
    mine = select(SignIn).where(SignIn.user_id == user_id, *_open(rt))
    return session.scalars(mine.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def end(rt: Runtime, session: Session, user: User, by: User, only: str = "", but: int | None = None) -> int:
    """The person's browsers are signed out: all, `only` the one of that uid, or all `but` one. How many it were."""
    mine = [SignIn.user_id == user.id, *_open(rt)]
    if only:
        mine.append(SignIn.uid == only)
    if but is not None:
        mine.append(SignIn.id != but)
    ending = select(SignIn.id, SignIn.uid).where(*mine)
    rows = session.execute(ending).all()
    if rows:
        session.execute(update(SignIn).where(*mine).values(ended_at=rt.clock.now()))
        browsers = [row.uid for row in rows]
        audit.record_practice(
            rt, session, "signed-out", user.practice_id, subject=user.uid, by=by.uid, browsers=browsers
        )
    return len(rows)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
