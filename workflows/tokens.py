"""Tokens with which a program asks the API in the name of a person: made, shown once, found again, and ended.

A token sees what its person sees at that moment, and changes nothing unless it was made for that. Only a hash of its
secret is kept; what it may do is decided where it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models import ApiToken, User
from workflows import audit
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

LONGEST = 366  # days
MOST = 50  # that one person may have at a time
MARK = "dunlin_"  # how a secret begins, so that whoever finds one knows what it is
_SEEN_EVERY = timedelta(minutes=5)


def make(rt: Runtime, user_id: int, name: str, days: int, may_change: bool) -> str:
    """The secret, 128 random bits behind a mark; it is kept nowhere. Refusal without a name, or for a time that is too
    long.
    """
    name, now = plain(name, 100).strip(), rt.clock.now()
    if not name:
        raise Refusal("Please give the token a name, so that you know later what uses it.")
    if not 1 <= days <= LONGEST:
        raise Refusal(f"Please choose a time from 1 to {LONGEST} days.")
    secret = MARK + rt.new_id()
    with rt.store.write() as session:
        if len(open_ones(rt, session, user_id)) >= MOST:
            raise Refusal(f"There are {MOST} tokens already. Please end one that is not needed any more.")
        user = session.get_one(User, user_id)
        row = ApiToken(
            uid=rt.new_id(),
            user_id=user_id,
            name=name,
            secret_hash=_hash(secret),
            may_change=may_change,
            made_at=now,
            ends_at=now + timedelta(days=days),
        )
        session.add(row)
        audit.record_practice(
            rt, session, "token-made", user.practice_id, row.uid, user=user_id, days=days, may_change=may_change
        )
    return secret


def of(rt: Runtime, secret: str) -> tuple[User, ApiToken] | None:
    """Whose token this is; None when it opens nothing, or nothing any more."""
    if not secret.startswith(MARK):
        return None
    mine = ApiToken.secret_hash == _hash(secret), User.left_at.is_(None), *_open(rt)
    with rt.store.read() as session:
        found = session.execute(select(User, ApiToken).join(ApiToken, ApiToken.user_id == User.id).where(*mine)).first()
    if found is None:
        return None
    user, row = found
    if row.seen_at is None or rt.clock.now() - row.seen_at >= _SEEN_EVERY:
        with rt.store.write() as session:
            session.execute(update(ApiToken).where(ApiToken.id == row.id).values(seen_at=rt.clock.now()))
    return user, row


def open_ones(rt: Runtime, session: Session, user_id: int) -> Sequence[ApiToken]:
    """What still opens of this person's tokens, the newest first."""
    mine = select(ApiToken).where(ApiToken.user_id == user_id, *_open(rt))
    return session.scalars(mine.order_by(ApiToken.id.desc())).all()


def end(rt: Runtime, user_id: int, uid: str) -> bool:
    """The person's own token opens nothing any more; False where it is not theirs, or had ended."""
    with rt.store.write() as session:
        mine = ApiToken.user_id == user_id, ApiToken.uid == uid, *_open(rt)
        row = session.scalars(select(ApiToken).where(*mine)).first()
        if row is None:
            return False
        row.ended_at = rt.clock.now()
        practice = session.get_one(User, user_id).practice_id
        audit.record_practice(rt, session, "token-ended", practice, row.uid, user=user_id)
    return True


def _open(rt: Runtime) -> list[ColumnElement[bool]]:
    return [ApiToken.ended_at.is_(None), ApiToken.ends_at > rt.clock.now()]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
