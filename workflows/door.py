"""Asking again at the door: a fresh reading of the ledger, shared by all of a company's effects of one round.

Reads and stores; whether a message is still right is decided by `plan()` on what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Account, Company, Connection
from workflows.connections import with_ledger
from workflows.runtime import Runtime
from workflows.sync import keep_pages

FRESH = timedelta(minutes=5)


def read(rt: Runtime, company_id: int, account_ids: Sequence[int]) -> None:
    """Make the balances and credit of these accounts at most five minutes old. Raises the ledger's errors."""
    now = rt.clock.now()
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        connection = session.scalars(
            select(Connection).where(Connection.company_id == company_id, Connection.state == "active")
        ).first()
        stale = [row for row in _rows(session, account_ids) if not _fresh(row, connection, now)]
    if not stale:
        return
    customers = [row.external_id for row in stale]
    cursor = connection.cursor if connection else ""
    with_ledger(rt, company_id, lambda ledger: keep_pages(rt, company, ledger.door(cursor, customers), now))
    with rt.store.write() as session:
        session.execute(update(Account).where(Account.id.in_([row.id for row in stale])).values(read_at=now))


def _rows(session: Session, account_ids: Sequence[int]) -> Sequence[Account]:
    return session.scalars(select(Account).where(Account.id.in_(account_ids))).all()


def _fresh(row: Account, connection: Connection | None, now: datetime) -> bool:
    moments = [row.read_at, connection.read_at if connection else None]
    return any(moment is not None and now - moment <= FRESH for moment in moments)
