"""Is the installation sound, and does it keep its promises? Counts and complains; mends nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from core.because import Cause
from core.facts import InvoiceStatus
from core.plan import plan
from models import (
    Account,
    Arrangement,
    Company,
    Connection,
    Delivery,
    Effect,
    EffectState,
    Invoice,
    Pulse,
    UnreadableRow,
)
from workflows import audit, gather, grants, inbox, papers, rates, wording_drafts
from workflows.backups import newest
from workflows.pulse import LATELY
from workflows.runtime import Runtime

STUCK = timedelta(hours=1)
FAILURES = 3
TOO_OLD = timedelta(days=2)
LEAST_FREE, LARGEST_JOURNAL = 500_000_000, 500_000_000


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each thing that needs a person."""
    yield from audit.verify(rt)
    yield from grants.complaints(rt)
    yield from _upkeep(rt)
    yield from rates.complaints(rt)
    yield from papers.complaints(rt)
    yield from wording_drafts.complaints(rt)
    before = rt.clock.now() - STUCK
    with rt.store.read() as session:
        for company in session.scalars(select(Company).where(Company.sync_state == "failed")):
            yield f"{company.name} could not be read: {company.sync_note}"
        for state, count in session.execute(
            select(Connection.state, func.count()).where(Connection.state == "needs_reconnect").group_by("state")
        ):
            yield f"{count} companies must be connected again ({state.replace('_', ' ')})."
        for account in session.scalars(select(Account).where(Account.wake_at.is_not(None))):
            if account.because and account.because[0][0] == Cause.UNPLANNABLE.value:
                yield f"{account.name} cannot be planned; the log says why."
        stuck = session.scalar(
            select(func.count())
            .select_from(Effect)
            .where(
                Effect.state.in_((EffectState.CLAIMED.value, EffectState.SENDING.value)), Effect.lease_until < before
            )
        )
        if stuck:
            yield f"{stuck} effects were claimed and never finished; is the clock running?"
        lost = session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.handled_at.is_(None), Delivery.attempts >= inbox.TRIES)
        )
        if lost:
            yield f"{lost} webhooks could not be handled; their notes say why."
        doubtful = session.scalar(
            select(func.count()).select_from(Effect).where(Effect.state == EffectState.IN_DOUBT.value)
        )
        if doubtful:
            yield f"{doubtful} messages may have been sent or not; say which, at the desk."
        unreadable = session.scalar(select(func.count()).select_from(UnreadableRow))
        if unreadable:
            yield f"{unreadable} rows of the ledgers could not be read; see the desk."


def _upkeep(rt: Runtime) -> Iterator[str]:
    """The verbs of the clock, the disk and the backups."""
    now = rt.clock.now()
    with rt.store.read() as session:
        pulses = session.scalars(select(Pulse).order_by(Pulse.name)).all()
    for one in pulses:
        if one.failures >= FAILURES:
            yield f"The verb {one.name} failed {one.failures} times in a row ({one.note}); the log says why."
        if one.name == "sweep" and one.count:
            yield f"{one.count} accounts slept past their moment last night; tell whoever maintains Dunlin."
    # On SQLite whoever asks has the database for himself, so nothing ticks.
    last = max((one.ran_at for one in pulses), default=None)
    if not rt.store.is_sqlite and not rt.is_demo and last is not None and now - last > LATELY:
        yield "The clock does not tick; start `flask serve`, or look at its log."
    if rt.store.is_sqlite and rt.store.url.database not in (None, "", ":memory:"):
        yield from _disk(Path(str(rt.store.url.database)))
    if rt.upkeep.backup_to is not None:
        backup = newest(rt.upkeep.backup_to)
        if backup is None or now - backup > TOO_OLD:
            yield f"There is no backup of the last two days in {rt.upkeep.backup_to}; look at the log, or the disk."


def _disk(database: Path) -> Iterator[str]:
    free = shutil.disk_usage(database.parent).free
    if free < LEAST_FREE:
        yield f"Only {free // 1_000_000} MB are free where the database is; make room before it cannot be written."
    journal = database.with_name(f"{database.name}-wal")
    if journal.exists() and journal.stat().st_size > LARGEST_JOURNAL:
        yield f"{journal.name} has grown to {journal.stat().st_size // 1_000_000} MB; start Dunlin anew."


def figures(rt: Runtime) -> dict[str, object]:
    """Counts of the whole installation, and whether every silence has a because right now."""
    with rt.store.read() as session:

        def count(table: type[Company] | type[Account] | type[Invoice] | type[Arrangement]) -> int:
            return session.scalar(select(func.count()).select_from(table)) or 0

        in_doubt = session.scalar(
            select(func.count()).select_from(Effect).where(Effect.state == EffectState.IN_DOUBT.value)
        )
        counted: dict[str, object] = {
            "companies": count(Company),
            "accounts": count(Account),
            "invoices": count(Invoice),
            "plans": count(Arrangement),
            "touches_in_doubt": in_doubt or 0,
        }
    return {**counted, "silences_explained": not unexplained(rt)}


def unexplained(rt: Runtime) -> list[int]:
    """Open invoices (ids) about which `plan()` would neither speak now nor say why not. Must be empty."""
    now = rt.clock.now()
    silent: list[int] = []
    with rt.store.read() as session:
        accounts = session.scalars(
            select(Invoice.account_id).where(Invoice.status == InvoiceStatus.OPEN.value).distinct()
        ).all()
        for account_id in accounts:
            gathered = gather.account(rt, session, account_id, now)
            answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
            explained = {one.invoice for one in answer.because}
            explained |= {line.invoice for action in answer.actions for line in action.lines}
            silent += [one.id for one in gathered.facts.invoices if one.id not in explained]
    return silent
