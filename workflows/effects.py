"""The life of an effect's row: wanted, claimed under a lease, sending, done. Nothing is performed here.

Every change of state is one conditional UPDATE, so that of two who try, one gets it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, bindparam, or_, select, true, update
from sqlalchemy.orm import Session

from models import Effect, EffectKind, EffectState, Touch
from models.upsert import insert_into
from workflows import mirror
from workflows.runtime import HANDED, Runtime

LEASE = timedelta(minutes=5)
AT_ONCE = 10_000  # handed on in one transaction


def want(
    rt: Runtime,
    session: Session,
    *,
    key: str,
    kind: EffectKind,
    company_id: int,
    account_id: int | None,
    content: Mapping[str, Any],
    not_before: datetime | None = None,
) -> EffectState:
    """Insert the effect; the same key again changes nothing, unless it was dropped: then it is revived.

    It is due at once, or from `not_before` on. The state it is in now: due, unless an earlier one of the same key has
    come to another end.
    """
    now = rt.clock.now()
    fresh = {
        "state": EffectState.DUE.value,
        "not_before": not_before or now,
        "content": dict(content),
        "note": "",
        "updated_at": now,
    }
    statement = insert_into(session, Effect).values(
        uid=rt.new_id(),
        key=key,
        kind=kind.value,
        company_id=company_id,
        account_id=account_id,
        attempts=0,
        lease_owner="",
        created_at=now,
        **fresh,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_=fresh, where=Effect.state == EffectState.DROPPED.value
        )
    )
    return EffectState(session.scalars(select(Effect.state).where(Effect.key == key)).one())


# Asked at every tick, so it is made once.
_DUE_COMPANIES = (
    select(Effect.company_id)
    .where(Effect.state == EffectState.DUE.value, Effect.not_before <= bindparam("now"))
    .where(Effect.kind.in_(bindparam("kinds", expanding=True)))
    .group_by(Effect.company_id)
    .order_by(Effect.company_id)
)


def due_companies(rt: Runtime, kinds: Collection[EffectKind] = tuple(EffectKind)) -> Sequence[int]:
    """Companies with something of these kinds to do now."""
    with rt.store.read() as session:
        return session.scalars(_DUE_COMPANIES, {"now": rt.clock.now(), "kinds": _names(kinds)}).all()


def hand_on(kinds: Collection[EffectKind], rt: Runtime, session: Session) -> Sequence[int]:
    """Mark what is due as given to a worker, who claims it; its companies. What was given lately is left out."""
    now = rt.clock.now()
    due = (
        select(Effect.id)
        .where(Effect.state == EffectState.DUE.value, Effect.not_before <= now, Effect.kind.in_(_names(kinds)))
        .where(or_(Effect.handed_until.is_(None), Effect.handed_until <= now))
        .order_by(Effect.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    marked = session.scalars(
        update(Effect)
        .where(Effect.id.in_(due))
        .values(handed_until=now + HANDED)
        .returning(Effect.company_id)
        .execution_options(synchronize_session=False)
    )
    return sorted(set(marked))


def _names(kinds: Collection[EffectKind]) -> list[str]:
    return [kind.value for kind in kinds]


def owner(rt: Runtime) -> str:
    """Whoever claims something now: one round of this process."""
    return f"{rt.me}{rt.new_id()}"[:22]


def claim(
    rt: Runtime, company_id: int, owner: str, kinds: Collection[EffectKind] = tuple(EffectKind), limit: int = 100
) -> Sequence[Effect]:
    """Take the company's due effects of these kinds under a lease, oldest first. What there is beyond `limit` may be
    handed on once more.
    """
    now = rt.clock.now()
    mine = Effect.company_id == company_id, Effect.state == EffectState.DUE.value, Effect.kind.in_(_names(kinds))
    chosen = select(Effect.id).where(*mine, Effect.not_before <= now).order_by(Effect.id).limit(limit)
    with rt.store.write() as session:
        ids = session.scalars(
            update(Effect)
            .where(Effect.id.in_(chosen), Effect.state == EffectState.DUE.value)
            .values(
                state=EffectState.CLAIMED.value,
                lease_owner=owner,
                lease_until=now + LEASE,
                handed_until=None,
                updated_at=now,
            )
            .returning(Effect.id)
            .execution_options(synchronize_session=False)
        ).all()
        if len(ids) == limit:
            rest = update(Effect).where(*mine, Effect.handed_until > now).values(handed_until=None)
            session.execute(rest.execution_options(synchronize_session=False))
        return session.scalars(select(Effect).where(Effect.id.in_(ids)).order_by(Effect.id)).all()


def move(
    rt: Runtime, session: Session, effect: Effect, to: EffectState, *, since: EffectState, note: str = "", **values: Any
) -> bool:
    """One step of its life, only if it is still ours and in state `since`; whether it was.

    Nobody begins to send on a lease that has run out: somebody else may hold the effect by then.
    """
    now = rt.clock.now()
    begins = to is EffectState.SENDING and since is EffectState.CLAIMED
    moved = session.execute(
        update(Effect)
        .where(Effect.id == effect.id, Effect.state == since.value, Effect.lease_owner == effect.lease_owner)
        .where(Effect.lease_until > now if begins else true())
        .values(state=to.value, note=note, updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], moved).rowcount == 1


def back_to_due(
    rt: Runtime,
    session: Session,
    effect: Effect,
    wait: float,
    note: str,
    since: EffectState = EffectState.CLAIMED,
) -> bool:
    """Nothing happened: due again after `wait` seconds; whether it was still ours."""
    later = rt.clock.now() + timedelta(seconds=wait)
    again = effect.attempts + 1
    return move(rt, session, effect, EffectState.DUE, since=since, note=note, not_before=later, attempts=again)


def put_back(rt: Runtime, effect: Effect, wait: float, note: str, since: EffectState = EffectState.CLAIMED) -> None:
    """The same in a transaction of its own."""
    with rt.store.write() as session:
        back_to_due(rt, session, effect, wait, note, since)


# Asked at every tick, so it is made once.
_ABANDONED = (
    select(Effect.id)
    .where(
        Effect.state.in_((EffectState.CLAIMED.value, EffectState.SENDING.value)),
        Effect.lease_until <= bindparam("now"),
    )
    .limit(1)
)


def recover(rt: Runtime) -> int:
    """Take up what a dead worker left: claimed is due again; a message caught sending is in doubt, never repeated.

    A booking has a vendor key: it is due again and repeats the same bytes under the same key. Each step is one
    conditional UPDATE, so that a slow worker's own word is never overwritten.
    """
    now = rt.clock.now()
    with rt.store.read() as session:
        if session.scalars(_ABANDONED, {"now": now}).first() is None:
            return 0
    again = {"state": EffectState.DUE.value, "not_before": now, "note": "Taken up again after it was left unfinished."}
    doubt = {
        "state": EffectState.IN_DOUBT.value,
        "note": "The mail server's answer was lost; it may have been sent. A person must decide.",
    }
    sending, booking = Effect.state == EffectState.SENDING.value, Effect.kind == EffectKind.BOOKING.value
    with rt.store.write() as session:
        left = [
            *_left(session, now, (Effect.state == EffectState.CLAIMED.value) | (sending & booking), again),
            *_left(session, now, sending & ~booking, doubt),
        ]
        session.execute(
            update(Touch)
            .where(Touch.effect_id.in_([one for one, _ in left]), Touch.state == EffectState.SENDING.value)
            .values(state=EffectState.IN_DOUBT.value)
        )
        mirror.wake(session, {account_id for _, account_id in left if account_id}, now)
        return len(left)


def _left(
    session: Session, now: datetime, which: ColumnElement[bool], values: Mapping[str, Any]
) -> list[tuple[int, int | None]]:
    """(effect, its account if any) of every effect whose lease ran out in such a state, moved on."""
    moved = session.execute(
        update(Effect)
        .where(which, Effect.lease_until <= now)
        .values(**values, lease_owner="", updated_at=now)
        .returning(Effect.id, Effect.account_id)
        .execution_options(synchronize_session=False)
    )
    return [(effect_id, account_id) for effect_id, account_id in moved]
