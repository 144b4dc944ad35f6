"""Reading a company's ledger: the first snapshot, then what changed. The verb of the clock is `sync_due`.

Reads and stores; decides nothing. The cursor moves only when every page before it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.errors import OutsideError, Transient
from integrations.ledgers.base import Ledger, Page
from models import Company, Connection, Invoice
from workflows import confirming, gather, mirror
from workflows.connections import with_ledger
from workflows.runtime import Runtime
from workflows.upserts import plain

log = structlog.get_logger()
EVERY = timedelta(hours=6)
SOON = timedelta(minutes=2)
HOLD = timedelta(minutes=10)  # a reading that shows no sign of life for so long is begun again
SKEW = timedelta(minutes=10)  # two machines' clocks may differ; to wake early is harmless
PATIENCE = 3600.0
HISTORY = timedelta(days=730)
LOOK_BACK = timedelta(days=28)  # QuickBooks tells of changes and deletions for 30 days, then only of what stands


def request(rt: Runtime, company_id: int) -> None:
    """Ask for a reading at the next tick."""
    with rt.store.write() as session:
        session.get_one(Company, company_id).next_sync_at = rt.clock.now()


def expect_change(rt: Runtime, session: Session, company_id: int) -> None:
    """Something changed over there: read soon, so that what belongs together is read together."""
    company = session.get_one(Company, company_id)
    soon = rt.clock.now() + SOON
    company.next_sync_at = min(company.next_sync_at or soon, soon)


def sync_due(rt: Runtime) -> int:
    """Read every company whose time has come; how many."""
    with rt.store.read() as session:
        due = session.scalars(
            select(Company.id)
            .join(Connection, Connection.company_id == Company.id)
            .where(Company.next_sync_at <= rt.clock.now(), Connection.state == "active")
            .order_by(Company.next_sync_at)
        ).all()
    for company_id in due:
        sync_company(rt, company_id)
    return len(due)


def sync_company(rt: Runtime, company_id: int) -> bool:
    """Read one company now; whether it went well. What went wrong stands on the company, for a person."""
    started = rt.clock.now()
    turn = _Turn(rt, company_id, started + HOLD)
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.sync_state, company.sync_rows = "running", 0
        company.next_sync_at = turn.until
    try:
        with_ledger(rt, company_id, lambda ledger: _read(rt, company, ledger, started, turn))
        _succeeded(turn, started)
        confirming.confirm(rt, company_id, started)
    except OutsideError as error:
        _failed(rt, company_id, str(error), error.retry_after if isinstance(error, Transient) else PATIENCE)
        return False
    except Exception as error:
        # A mistake of ours in one company must not keep the others from being read.
        log.exception("a reading broke off", company=company.uid)
        _failed(rt, company_id, f"The reading broke off ({type(error).__name__}); the log says more.", PATIENCE)
        return False
    return True


@dataclass(slots=True)
class _Turn:
    """A reading under way. `until` stands on the company as its next reading, should this process die; each page that
    arrives puts it off. An earlier moment there means that somebody asked for a reading meanwhile.
    """

    rt: Runtime
    company_id: int
    until: datetime

    def kept_through(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The same pages, the turn renewed at each."""
        for page in pages:
            with self.rt.store.write() as session:
                company = session.get_one(Company, self.company_id, with_for_update={"key_share": True})
                if self.undisturbed(company):
                    self.until = company.next_sync_at = self.rt.clock.now() + HOLD
            yield page

    def undisturbed(self, company: Company) -> bool:
        """Nobody asked for a reading. Near the end of the turn it cannot be told, and counts as asked."""
        return company.next_sync_at == self.until and self.rt.clock.now() + SOON < self.until


def _succeeded(turn: _Turn, started: datetime) -> None:
    with turn.rt.store.write() as session:
        company = session.get_one(Company, turn.company_id, with_for_update={"key_share": True})
        company.sync_state, company.sync_note = "idle", ""
        if turn.undisturbed(company):
            company.next_sync_at = started + EVERY
        else:  # What changed meanwhile may not have been in what was read.
            expect_change(turn.rt, session, turn.company_id)


def _read(rt: Runtime, company: Company, ledger: Ledger, started: datetime, turn: _Turn) -> None:
    with rt.store.read() as session:
        connection = _connection(session, company.id)
    whole = not connection.cursor or connection.read_at is None or started - connection.read_at > LOOK_BACK
    pages = ledger.snapshot((started - HISTORY).date()) if whole else ledger.changes(connection.cursor)
    cursor, rows = keep_pages(rt, company, turn.kept_through(pages), started)
    if whole:
        mirror.hold_unseen(rt, company.id, started)
    log.info("read", company=company.uid, rows=rows)
    with rt.store.write() as session:
        connection = _connection(session, company.id)
        was_stale = _was_stale(rt, session, company.id, connection.read_at)
        connection.cursor = cursor or connection.cursor
        connection.read_at = max(started, connection.read_at or started)
        if was_stale:  # What was silent because nothing fresh was known may speak now.
            open_accounts = select(Invoice.account_id).where(
                Invoice.company_id == company.id, Invoice.status == InvoiceStatus.OPEN.value
            )
            mirror.wake(session, session.scalars(open_accounts.distinct()).all(), rt.clock.now())


def _was_stale(rt: Runtime, session: Session, company_id: int, read_at: datetime | None) -> bool:
    """Whether an account may have been silenced since the last reading because that was too old for the cadence.

    Measured to now, not to when this reading began: planning goes on while we read. A changed cadence wakes by itself.
    """
    hours = gather.cadence_of(session, session.get_one(Company, company_id)).stale_hours
    return read_at is None or rt.clock.now() - read_at > timedelta(hours=hours) - SKEW


def _connection(session: Session, company_id: int) -> Connection:
    return session.scalars(
        select(Connection).where(Connection.company_id == company_id, Connection.state == "active")
    ).one()


def keep_pages(rt: Runtime, company: Company, pages: Iterator[Page], started: datetime) -> tuple[str | None, int]:
    """Store each page as it comes; (the cursor of the last one, rows in all)."""
    cursor, rows = None, 0
    for page in pages:
        kept = mirror.store(rt, company, page, started)
        rows, cursor = rows + kept, page.cursor or cursor
        if kept:
            with rt.store.write() as session:
                session.get_one(Company, company.id).sync_rows = rows
    return cursor, rows


def _failed(rt: Runtime, company_id: int, note: str, wait: float) -> None:
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        tied = select(Connection.id).where(Connection.company_id == company_id, Connection.state != "disconnected")
        if session.scalars(tied).first() is None:  # Somebody disconnected it while it was being read: no failure.
            company.sync_state, company.sync_note, company.next_sync_at = "idle", "", None
            return
        company.sync_state, company.sync_note = "failed", plain(note)
        company.next_sync_at = rt.clock.now() + timedelta(seconds=wait)
    log.warning("sync failed", company=company.uid, seconds=wait)
