"""Storing what a ledger said: the same for the sync and for the door, in short transactions, each kind by `upserts`.

Every account whose facts changed is woken in the same transaction. Two readings may store the same row at once, and a
row that no database would take is put aside for a person: neither loses anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.ledgers.base import Page, Unreadable
from models import Account, Company, Invoice
from workflows import rows, upserts
from workflows.runtime import Runtime
from workflows.storing import Storing

log = structlog.get_logger()
CHUNK = 1000
UNSTORABLE = "This {} cannot be stored: something in it is too long, too large or malformed."
_LOCK = 0x44554E4C  # any number: it sets these locks apart from those of others in the same database
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows were stored, and how many of them hold something else than before, their version aside."""

    rows: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of row is kept, and by which (entity, id) a single one is named."""

    keep: Callable[[Storing, Sequence[Any]], None]
    name: Callable[[Any], tuple[str, str]]


def _kind(entity: str, keep: Callable[[Storing, Sequence[Any]], None]) -> _Kind:
    return _Kind(keep, lambda item: (entity, item.id))


_TERM = _kind("term", upserts.terms)
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


# Said with every page that is stored, so it is made once.
_ASLEEP = Account.wake_at.is_(None) | (Account.wake_at > bindparam("now"))
_WAKE = (
    update(Account)
    .where(rows.one_of(Account.id, "these"))
    .values(
        facts_version=Account.facts_version + 1,
        wake_at=case((_ASLEEP, bindparam("now", type_=Account.wake_at.type)), else_=Account.wake_at),
    )
    .execution_options(synchronize_session=False)
)


def wake(session: Session, account_ids: Iterable[int], now: datetime) -> None:
    """A fact of these accounts changed: bump their version and plan them now, unless their time had come anyway."""
    for ids in batches(sorted(account_ids), 1000):
        session.execute(_WAKE, {"these": ids, "now": now})


def store(
    rt: Runtime, company: Company, page: Page, started: datetime, then: Callable[[Session], None] | None = None
) -> Kept:
    """Keep one page of a reading that began at `started`. Short transactions, so that nobody waits long behind it.

    `then` is done inside the last of them: where a reading goes on stands or falls with what it has brought.
    """
    jobs: tuple[tuple[_Kind, Sequence[Any]], ...] = (
        (_TERM, page.terms),
        (_CUSTOMER, page.customers),
        (_INVOICE, page.invoices),
        (_PAYMENT, page.payments),
        (_CREDIT, page.credits),
        (_DELETED, page.deleted),
        (_UNREADABLE, page.unreadable),
    )
    reading = _Reading(rt, company, started)
    chunks = [(kind, chunk) for kind, items in jobs for chunk in batches(items, CHUNK)]
    changed = sum(reading.keep(kind, chunk) for kind, chunk in chunks[:-1])
    if chunks:
        changed += reading.keep(*chunks[-1], then)
    elif then is not None:
        with rt.store.write() as session:
            then(session)
    return Kept(page.size, changed)


@contextmanager
def storing(rt: Runtime, company: Company, started: datetime) -> Iterator[Storing]:
    """A transaction of a reading; whose facts it changed is woken at its end."""
    with _alone(rt, company.id) as session:
        reading = Storing(rt, session, company, started)
        yield reading
        wake(session, reading.woken, rt.clock.now())


@contextmanager
def _alone(rt: Runtime, company_id: int) -> Iterator[Session]:
    """The only transaction that stores in this company's mirror.

    SQLite lets one write at a time anyhow. On PostgreSQL the others wait here, and then see what this one has stored.
    There every row is found by an index: the plans are made, and kept, while a first load finds the tables empty.
    """
    with rt.store.write() as session:
        if not rt.store.is_sqlite:
            lock = func.pg_advisory_xact_lock(_LOCK, company_id)
            session.execute(select(lock, func.set_config("enable_seqscan", "off", True)))
        yield session


@dataclass(frozen=True, slots=True)
class _Reading:
    """Whose mirror is written, and when the reading began."""

    rt: Runtime
    company: Company
    started: datetime

    def keep(self, kind: _Kind, items: Sequence[Any], end: Callable[[Session], None] | None = None) -> int:
        """Store them together; when one is at fault, halve them until it stands alone. How many changed."""
        try:
            try:
                return self._together(kind.keep, items, end)
            except OperationalError:  # Somebody held what we need and waited for what we hold: once more.
                return self._together(kind.keep, items, end)
        except (StatementError, ValueError, ArithmeticError) as error:
            if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                raise  # The database itself is in trouble; the rows are not to blame.
            if len(items) == 1:
                return self._put_aside(*kind.name(items[0]), items[0], error, end)
            middle = len(items) // 2
            return self.keep(kind, items[:middle]) + self.keep(kind, items[middle:], end)

    def _together(
        self,
        keep: Callable[[Storing, Sequence[Any]], None],
        items: Sequence[Any],
        end: Callable[[Session], None] | None,
    ) -> int:
        with storing(self.rt, self.company, self.started) as reading:
            keep(reading, items)
            if end is not None:
                end(reading.session)
        return reading.changed

    def _put_aside(
        self, entity: str, external_id: str, item: Any, error: Exception, end: Callable[[Session], None] | None
    ) -> int:
        """A person sees it on the desk; what we knew of it before is held."""
        log.error("a row could not be stored", company=self.company.uid, entity=entity, error=type(error).__name__)
        raw = item.raw if isinstance(item, Unreadable) else repr(item).encode("utf-8", "backslashreplace")
        customer = getattr(item, "customer", "")  # not every kind of row has one
        row = Unreadable(entity, external_id, UNSTORABLE.format(entity), raw, customer)
        return self._together(upserts.unreadable, [row], end)


def hold_unseen(rt: Runtime, company_id: int, started: datetime) -> None:
    """After a whole reading: an open invoice it did not show is held, for it may be gone; a later change tells."""
    while _hold_some_unseen(rt, company_id, started):
        pass


def _hold_some_unseen(rt: Runtime, company_id: int, started: datetime) -> bool:
    """Hold one chunk of them; whether there was any."""
    with _alone(rt, company_id) as session:
        held = session.execute(
            select(Invoice.id, Invoice.account_id)
            .where(
                Invoice.company_id == company_id,
                Invoice.status == InvoiceStatus.OPEN.value,
                Invoice.read_at < started,
            )
            .order_by(Invoice.id)
            .limit(CHUNK)
        ).all()
        session.execute(
            update(Invoice)
            .where(rows.among(session, Invoice.id, [id for id, _ in held]))
            .values(status=InvoiceStatus.UNKNOWN.value, version="")
            .execution_options(synchronize_session=False)
        )
        wake(session, {account_id for _, account_id in held}, rt.clock.now())
        return bool(held)
