"""The life of an effect's row: wanted, claimed under a lease, sending, done. Nothing is performed here.

Every change of state is one conditional UPDATE, so that of two who try, one gets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Effect, EffectKind, EffectState, Touch
from workflows import mirror
from workflows.runtime import Runtime

LEASE = timedelta(minutes=5)


def want(
    rt: Runtime,
    session: Session,
    *,
    key: str,
    kind: EffectKind,
    company_id: int,
    account_id: int,
    content: Mapping[str, Any],
) -> None:
    """Insert the effect; the same key again changes nothing, unless it was dropped: then it is revived."""
    now = rt.clock.now()
    fresh = {"state": EffectState.DUE.value, "not_before": now, "content": dict(content), "note": "", "updated_at": now}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Effect).values(
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


def due_companies(rt: Runtime) -> Sequence[int]:
    """Companies with something to do now."""
    with rt.store.read() as session:
        return session.scalars(
            select(Effect.company_id)
            .where(Effect.state == EffectState.DUE.value, Effect.not_before <= rt.clock.now())
            .group_by(Effect.company_id)
            .order_by(Effect.company_id)
        ).all()


def claim(rt: Runtime, company_id: int, owner: str, limit: int = 100) -> Sequence[Effect]:
    """Take the company's due effects under a lease, oldest first."""
    now = rt.clock.now()
    chosen = (
        select(Effect.id)
        .where(Effect.company_id == company_id, Effect.state == EffectState.DUE.value, Effect.not_before <= now)
        .order_by(Effect.id)
        .limit(limit)
    )
    with rt.store.write() as session:
        ids = session.scalars(
            update(Effect)
            .where(Effect.id.in_(chosen), Effect.state == EffectState.DUE.value)
            .values(state=EffectState.CLAIMED.value, lease_owner=owner, lease_until=now + LEASE, updated_at=now)
            .returning(Effect.id)
            .execution_options(synchronize_session=False)
        ).all()
        return session.scalars(select(Effect).where(Effect.id.in_(ids)).order_by(Effect.id)).all()


def move(
    rt: Runtime, session: Session, effect: Effect, to: EffectState, *, since: EffectState, note: str = "", **values: Any
) -> bool:
    """One step of its life, only if it is still ours and in state `since`; whether it was."""
    now = rt.clock.now()
    moved = session.execute(
        update(Effect)
        .where(Effect.id == effect.id, Effect.state == since.value, Effect.lease_owner == effect.lease_owner)
        .values(state=to.value, note=note, updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], moved).rowcount == 1


def put_back(rt: Runtime, effect: Effect, wait: float, note: str, since: EffectState = EffectState.CLAIMED) -> None:
    """Nothing happened: due again after `wait` seconds."""
    with rt.store.write() as session:
        later = rt.clock.now() + timedelta(seconds=wait)
        move(
            rt, session, effect, EffectState.DUE, since=since, note=note, not_before=later, attempts=effect.attempts + 1
        )


def recover(rt: Runtime) -> int:
    """Take up what a dead worker left: claimed is due again; a message caught sending is in doubt, never repeated.

    A booking has a vendor key: it is due again and repeats the same bytes under the same key.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        left = session.scalars(
            select(Effect).where(
                Effect.state.in_((EffectState.CLAIMED.value, EffectState.SENDING.value)), Effect.lease_until <= now
            )
        ).all()
        for effect in left:
            repeatable = effect.state == EffectState.CLAIMED.value or effect.kind == EffectKind.BOOKING.value
            effect.updated_at = now
            if repeatable:
                effect.state, effect.not_before = EffectState.DUE.value, now
                effect.note = "Taken up again after it was left unfinished."
                continue
            effect.state = EffectState.IN_DOUBT.value
            effect.note = "The mail server's answer was lost; it may have been sent. A person must decide."
            session.execute(update(Touch).where(Touch.effect_id == effect.id).values(state=EffectState.IN_DOUBT.value))
        mirror.wake(session, {effect.account_id for effect in left}, now)
        return len(left)
