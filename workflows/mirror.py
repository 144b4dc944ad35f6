"""Storing what a ledger said: the same for the sync and for the door, in short transactions, each kind by `upserts`.

Every account whose facts changed is woken in the same transaction. Two readings may store the same row at once, and a
row that no database would take is put aside for a person: neither loses anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.ledgers.base import Page, Unreadable
from models import Account, Company, Invoice
from workflows import upserts
from workflows.runtime import Runtime
from workflows.upserts import Storing

log = structlog.get_logger()
CHUNK = 200
UNSTORABLE = "This {} cannot be stored: something in it is too long, too large or malformed."
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of row is kept, and by which (entity, id) a single one is named."""

    keep: Callable[[Storing, Session, Sequence[Any]], None]
    name: Callable[[Any], tuple[str, str]]


def _kind(entity: str, keep: Callable[[Storing, Session, Sequence[Any]], None]) -> _Kind:
    return _Kind(keep, lambda item: (entity, item.id))


_CUSTOMER = _kind("customer", upserts.customers)
_INVOICE = _kind("invoice", upserts.invoices)
_PAYMENT = _kind("payment", upserts.payments)
_CREDIT = _kind("credit", upserts.credits)
_DELETED = _Kind(upserts.deleted, lambda pair: pair)
_UNREADABLE = _Kind(upserts.unreadable, lambda item: (item.entity, item.id))


def batches(rows: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Slices of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def wake(session: Session, account_ids: Iterable[int], now: datetime) -> None:
    """A fact of these accounts changed: bump their version and plan them now."""
    for ids in batches(sorted(account_ids), 500):
        session.execute(
            update(Account)
            .where(Account.id.in_(ids))
            .values(facts_version=Account.facts_version + 1, wake_at=now)
            .execution_options(synchronize_session=False)
        )


def store(rt: Runtime, company: Company, page: Page, started: datetime) -> int:
    """Keep one page; how many rows it had. Short transactions, so that nobody waits long behind a big page."""
    reading = Storing(rt, company, started)
    jobs: tuple[tuple[_Kind, Sequence[Any]], ...] = (
        (_CUSTOMER, page.customers),
        (_INVOICE, page.invoices),
        (_PAYMENT, page.payments),
        (_CREDIT, page.credits),
        (_DELETED, page.deleted),
        (_UNREADABLE, page.unreadable),
    )
    for kind, rows in jobs:
        for chunk in batches(rows, CHUNK):
            _keep(reading, kind, chunk)
    return sum(len(rows) for _, rows in jobs)


def _keep(reading: Storing, kind: _Kind, rows: Sequence[Any]) -> None:
    """Store the rows together; when one of them is at fault, halve them until it stands alone, and put it aside."""
    try:
        try:
            _together(reading, kind.keep, rows)
        except (IntegrityError, OperationalError):  # Somebody stored the same row at the same moment; it is there now.
            _together(reading, kind.keep, rows)
    except (StatementError, ValueError, ArithmeticError) as error:
        if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
            raise  # The database itself is in trouble; the rows are not to blame.
        if len(rows) == 1:
            _put_aside(reading, *kind.name(rows[0]), error)
            return
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            _keep(reading, kind, half)


def _together(reading: Storing, keep: Callable[[Storing, Session, Sequence[Any]], None], rows: Sequence[Any]) -> None:
    with reading.rt.store.write() as session:
        reading.woken = set()
        keep(reading, session, rows)
        session.flush()
        wake(session, reading.woken, reading.rt.clock.now())


def _put_aside(reading: Storing, entity: str, external_id: str, error: Exception) -> None:
    """A person sees it on the desk; what we knew of it before is held."""
    log.error("a row could not be stored", company=reading.company.uid, entity=entity, error=type(error).__name__)
    _together(reading, upserts.unreadable, [Unreadable(entity, external_id, UNSTORABLE.format(entity))])


def hold_unseen(rt: Runtime, company_id: int, started: datetime) -> None:
    """After a whole reading: an open invoice it did not show is held, for it may be gone; a later change tells."""
    while _hold_some_unseen(rt, company_id, started):
        pass


def _hold_some_unseen(rt: Runtime, company_id: int, started: datetime) -> bool:
    """Hold one chunk of them; whether there was any. Locked, for the door may be reading one of them just now."""
    with rt.store.write() as session:
        unseen = session.scalars(
            select(Invoice)
            .where(
                Invoice.company_id == company_id,
                Invoice.status == InvoiceStatus.OPEN.value,
                Invoice.read_at < started,
            )
            .order_by(Invoice.id)
            .limit(CHUNK)
            .with_for_update(key_share=True)
        ).all()
        for invoice in unseen:
            invoice.status, invoice.version = InvoiceStatus.UNKNOWN.value, ""
        session.flush()
        wake(session, {invoice.account_id for invoice in unseen}, rt.clock.now())
        return bool(unseen)
