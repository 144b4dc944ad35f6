"""A few figures that tell whether the installation is well, cheap enough to be asked every few seconds.

Each is one query that an index answers, whatever has been sent in the past. Counts and seconds only: no name, no
address, nobody's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from models import AttemptLine, CallCount, Company, Connection, Delivery, Effect, EffectState, Pulse
from models.store import alembic_config
from workflows import inbox
from workflows.runtime import Runtime

STALE = timedelta(hours=36)
_UNFINISHED = (EffectState.DUE, EffectState.CLAIMED, EffectState.SENDING, EffectState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Vital:
    """One figure; `labels` tell its kinds apart."""

    name: str
    what: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def vitals(rt: Runtime) -> Iterator[Vital]:
    """All of them, as they are now."""
    now = rt.clock.now()
    with rt.store.read() as session:
        yield from _effects(session, now)
        yield from _money_and_ledgers(session, now)
        yield from _webhooks(session)
        yield from _calls(session, now)
        yield from _verbs(session, now)


def is_migrated(rt: Runtime) -> bool:
    """Whether the tables have all that this program knows of; those of a newer one have more."""
    with rt.store.read() as session:
        return str(session.scalar(text("SELECT version_num FROM alembic_version")) or "") >= str(_head())


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def _effects(session: Session, now: datetime) -> Iterator[Vital]:
    what = "Effects that have not come to their end, by kind and state."
    counted = (
        select(Effect.kind, Effect.state, func.count())
        .where(Effect.state.in_([one.value for one in _UNFINISHED]))
        .group_by(Effect.kind, Effect.state)
    )
    for kind, state, count in session.execute(counted):
        yield Vital("effects", what, count, (("kind", kind), ("state", state)))
    due = Effect.state == EffectState.DUE.value
    oldest = session.scalar(select(func.min(Effect.not_before)).where(due))
    yield Vital("oldest_due_effect_seconds", "For how long the oldest due effect could have left.", _age(oldest, now))
    held = Effect.state.in_((EffectState.CLAIMED.value, EffectState.SENDING.value)), Effect.lease_until < now
    yield Vital("effects_past_lease", "Effects held by somebody whose lease ran out.", _count(session, Effect, *held))


def _money_and_ledgers(session: Session, now: datetime) -> Iterator[Vital]:
    waiting = AttemptLine.state.in_(("taken", "booked", "desk"))
    what = "Payments taken that the ledger has not been seen to show."
    yield Vital("unreconciled_payments", what, _count(session, AttemptLine, waiting))
    stale = Connection.state == "active", Connection.read_at < now - STALE
    yield Vital("stale_connections", "Ledgers not read for a day and a half.", _count(session, Connection, *stale))
    broken = Connection.state == "needs_reconnect"
    yield Vital("needs_reconnect", "Ledgers that a person must connect again.", _count(session, Connection, broken))


_CALLS = (
    select(Company.ledger_kind, CallCount.purpose, func.sum(CallCount.calls))
    .join(Company, Company.id == CallCount.company_id)
    .group_by(Company.ledger_kind, CallCount.purpose)
    .order_by(Company.ledger_kind, CallCount.purpose)
)


def ledger_calls(rt: Runtime) -> dict[str, dict[str, int]]:
    """All calls for companies so far, by ledger and purpose."""
    found: dict[str, dict[str, int]] = {}
    with rt.store.read() as session:
        for kind, purpose, count in session.execute(_CALLS):
            found.setdefault(kind, {})[purpose] = int(count)
    return found


def _webhooks(session: Session) -> Iterator[Vital]:
    unhandled, given_up = Delivery.handled_at.is_(None), Delivery.attempts >= inbox.TRIES
    waiting = _count(session, Delivery, unhandled, ~given_up)
    yield Vital("webhooks_unhandled", "Webhooks that wait to be handled.", waiting)
    lost = _count(session, Delivery, unhandled, given_up)
    yield Vital("webhooks_given_up", "Webhooks that could not be handled.", lost)


def _calls(session: Session, now: datetime) -> Iterator[Vital]:
    for kind, purpose, count in session.execute(_CALLS.where(CallCount.day == now.date())):
        yield Vital("ledger_calls_today", "Calls since midnight, UTC.", count, (("kind", kind), ("purpose", purpose)))


def _verbs(session: Session, now: datetime) -> Iterator[Vital]:
    for one in session.scalars(select(Pulse).order_by(Pulse.name)):
        mine = (("verb", one.name),)
        if one.well_at is not None:
            yield Vital("verb_well_seconds", "Since a verb of the clock went well.", _age(one.well_at, now), mine)
        yield Vital("verb_failures", "Failures in a row of a verb of the clock.", one.failures, mine)
        if one.name == "sweep":
            yield Vital("missed_wakes", "Accounts that last night's sweep found overslept; must be 0.", one.count)


def _count(
    session: Session, table: type[Effect | AttemptLine | Connection | Delivery], *of: ColumnElement[bool]
) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*of)) or 0


def _age(at: datetime | None, now: datetime) -> float:
    return 0.0 if at is None else max((now - at).total_seconds(), 0.0)
