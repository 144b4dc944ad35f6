"""Asking again at the door: a fresh reading of the ledger, shared by all of a company's effects of one round.

Reads and stores; whether a message is still right is decided by `plan()` on what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from integrations.errors import OutsideError
from integrations.ledgers.base import ENTITIES, Ledger, Page, Purpose
from models import Account, Company, Connection
from workflows import dirty, reading, ties, vanished
from workflows.connections import with_ledger
from workflows.rows import one_of
from workflows.runtime import Runtime

log = structlog.get_logger()
FRESH = timedelta(minutes=5)
# Asked in every round and at every look at a page, so they are made once.
_READ = select(Account).where(one_of(Account.id, "ids"))
_LOOKED_AT = select(Account).where(Account.id == bindparam("account")).options(joinedload(Account.company))


def read(rt: Runtime, company_id: int, account_ids: Sequence[int], purpose: Purpose = Purpose.DOOR) -> None:
    """Make address, balances and credit of these accounts at most five minutes old. Raises the ledger's errors."""
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        connection = ties.active(session, company_id)
        stale = [row for row in _rows(session, account_ids) if not _fresh(rt, company, row, connection)]
    if stale:
        _read(rt, company, connection, stale, purpose)


def _read(rt: Runtime, company: Company, connection: Connection | None, stale: list[Account], purpose: Purpose) -> None:
    customers, cursor = [row.external_id for row in stale], connection.cursor if connection else ""
    shown: set[str] = set()

    def noted(pages: Iterable[Page]) -> Iterator[Page]:
        for page in pages:
            shown.update(one.id for one in page.invoices)
            yield page

    def take(ledger: Ledger) -> datetime:
        pages = noted(ledger.door(cursor, customers, purpose))
        taken = reading.since_cursor(rt, company, purpose.value, pages, ENTITIES)
        if not taken.cursor or taken.blind or (connection is not None and connection.blind):
            # What is open here and was not shown may be paid, or gone.
            accounts = [row.id for row in stale]
            vanished.invoices_of(rt, company, ledger, taken.began_at, purpose, accounts, shown)
        return taken.began_at

    began_at = with_ledger(rt, company.id, take)
    reading.account_read(rt, [row.id for row in stale], began_at)


def look(rt: Runtime, account_id: int) -> None:
    """Somebody looks at this account: read it if something about it changed unread, or nobody would tell us.

    When the ledger cannot be asked, what was read last is shown with its time.
    """
    with rt.store.read() as session:
        account = session.scalars(_LOOKED_AT, {"account": account_id}).one()
        company, connection = account.company, ties.active(session, account.company_id)
        if connection is None or _fresh(rt, company, account, connection):
            return
        if dirty.are_heard(rt, session, company.ledger_kind) and not dirty.concerns(session, account):
            return
    try:
        _read(rt, company, connection, [account], Purpose.LOOK)
    except OutsideError as error:
        log.warning("no fresh reading for somebody who looks", company=company.uid, kind=type(error).__name__)


def look_around(rt: Runtime, company_id: int) -> None:
    """Somebody looks at a whole company: read what has changed unread, unless that was done just now. Never raises."""
    with rt.store.read() as session:
        company, connection = session.get_one(Company, company_id), ties.active(session, company_id)
        if connection is None or not connection.cursor or is_recent(rt, company_id, connection.read_at):
            return
        heard, wanted = dirty.are_heard(rt, session, company.ledger_kind), dirty.kinds(session, company_id)
    if heard and not wanted:
        return
    kinds = wanted if heard else ENTITIES
    try:
        with_ledger(rt, company_id, lambda ledger: reading.changes(rt, company, ledger, kinds))
    except OutsideError as error:
        log.warning("no fresh reading for somebody who looks", company=company.uid, kind=type(error).__name__)


def is_recent(rt: Runtime, company_id: int, mark: datetime | None) -> bool:
    """Whether a reading with this mark is known to be at most five minutes old; moments of other machines prove
    nothing, for a clock may be wrong.
    """
    age = rt.begun.age(company_id, mark)
    return age is not None and age <= FRESH.total_seconds()


def _rows(session: Session, account_ids: Sequence[int]) -> Sequence[Account]:
    return session.scalars(_READ, {"ids": account_ids}).all()


def _fresh(rt: Runtime, company: Company, row: Account, connection: Connection | None) -> bool:
    marks = [row.read_at]
    if connection is not None and rt.ledgers[company.ledger_kind].changes_tell_all and not connection.blind:
        marks.append(connection.read_at)
    return any(is_recent(rt, company.id, mark) for mark in marks)
