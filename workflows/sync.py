"""Reading a company's ledger: the first snapshot, then what changed. The verb of the clock is `sync_due`.

Reads and stores; decides nothing. The cursor moves only when every page before it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.errors import OutsideError, Transient
from integrations.ledgers.base import Ledger, Page
from models import Company, Connection, Invoice
from workflows import confirming, mirror
from workflows.connections import with_ledger
from workflows.runtime import Runtime

log = structlog.get_logger()
EVERY = timedelta(hours=6)
SOON = timedelta(minutes=2)
FRESH = timedelta(hours=24)
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
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.sync_state, company.sync_rows = "running", 0
        company.next_sync_at = started + EVERY
    try:
        with_ledger(rt, company_id, lambda ledger: _read(rt, company, ledger, started))
    except OutsideError as error:
        _failed(rt, company_id, str(error), error.retry_after if isinstance(error, Transient) else PATIENCE)
        return False
    except Exception as error:
        # A mistake of ours in one company must not keep the others from being read.
        log.exception("a reading broke off", company=company.uid)
        _failed(rt, company_id, f"The reading broke off ({type(error).__name__}); the log says more.", PATIENCE)
        return False
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.sync_state, company.sync_note = "idle", ""
    confirming.confirm(rt, company_id, started)
    return True


def _read(rt: Runtime, company: Company, ledger: Ledger, started: datetime) -> None:
    with rt.store.read() as session:
        connection = _connection(session, company.id)
    whole = not connection.cursor or connection.read_at is None or started - connection.read_at > LOOK_BACK
    pages = ledger.snapshot((started - HISTORY).date()) if whole else ledger.changes(connection.cursor)
    cursor, rows = keep_pages(rt, company, pages, started)
    if whole:
        mirror.hold_unseen(rt, company.id, started)
    log.info("read", company=company.uid, rows=rows)
    with rt.store.write() as session:
        connection = _connection(session, company.id)
        was_stale = connection.read_at is None or started - connection.read_at > FRESH
        connection.cursor = cursor or connection.cursor
        connection.read_at = max(started, connection.read_at or started)
        if was_stale:  # What was silent because nothing fresh was known may speak now.
            open_accounts = select(Invoice.account_id).where(Invoice.company_id == company.id).distinct()
            mirror.wake(session, session.scalars(open_accounts).all(), rt.clock.now())


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
        company.sync_state, company.sync_note = "failed", note
        company.next_sync_at = rt.clock.now() + timedelta(seconds=wait)
    log.warning("sync failed", company=company.uid, seconds=wait)
