"""Storing what a ledger said: upserts by vendor id, used alike by the sync and by the door.

A row read earlier never overwrites one read later. Every account whose facts changed is woken in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerInvoice, LedgerPayment, Page, Unreadable
from models import Account, Company, Credit, Invoice, Payment, UnreadableRow
from workflows.runtime import Runtime

CHUNK = 200
Row = TypeVar("Row", Account, Invoice, Payment, Credit)
Item = TypeVar("Item")


@dataclass(slots=True)
class Storing:
    """One company's open reading: `started` is when it began, `woken` the accounts whose facts it changed."""

    rt: Runtime
    company: Company
    started: datetime
    woken: set[int] = field(default_factory=set)


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
    jobs: list[tuple[Sequence[Any], Callable[[Storing, Session, Sequence[Any]], None]]] = [
        (page.customers, _customers),
        (page.invoices, _invoices),
        (page.payments, _payments),
        (page.credits, _credits),
        (page.deleted, _deleted),
        (page.unreadable, _unreadable),
    ]
    for rows, keep in jobs:
        for chunk in batches(rows, CHUNK):
            with rt.store.write() as session:
                reading.woken = set()
                keep(reading, session, chunk)
                session.flush()
                wake(session, reading.woken, rt.clock.now())
    return sum(len(rows) for rows, _ in jobs)


def _existing(session: Session, table: type[Row], company_id: int, ids: Iterable[str]) -> dict[str, Row]:
    """The mirrored rows of these vendor ids."""
    found = session.scalars(select(table).where(table.company_id == company_id, table.external_id.in_(list(ids))))
    return {row.external_id: row for row in found}


def _set(row: Any, **values: Any) -> bool:
    """Assign what differs; whether anything did."""
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _customers(reading: Storing, session: Session, items: Sequence[LedgerCustomer]) -> None:
    known = _existing(session, Account, reading.company.id, (item.id for item in items))
    for item in items:  # All of them first: a child may stand before its parent, who must not be made twice.
        if item.id not in known:
            known[item.id] = _new_account(reading, session, item.id)
    for item in items:
        row = known[item.id]
        moved = row.bills_to != item.bills_to or row.merged_into != item.merged_into
        changed = _set(
            row,
            name="" if item.erased else item.name,
            contact="" if item.erased else item.contact,
            emails=[] if item.erased else list(item.emails),
            active=item.active,
            erased=item.erased,
            bills_to=item.bills_to,
            merged_into=item.merged_into,
            version=item.version,
        )
        if changed:
            session.flush()
            reading.woken.add(row.id)
        if moved:
            _move_invoices(reading, session, row)
    _clear_unreadable(reading, session, "customer", [item.id for item in items])


def _new_account(reading: Storing, session: Session, external_id: str) -> Account:
    row = Account(
        uid=reading.rt.new_id(), company_id=reading.company.id, external_id=external_id, name=external_id, emails=[]
    )
    row.bills_to = row.merged_into = ""
    session.add(row)
    session.flush()
    reading.woken.add(row.id)
    return row


def _payer(reading: Storing, session: Session, customer: str) -> Account:
    """The account billed for a customer: its parent where the ledger bills with the parent, or whom it merged into."""
    for _ in range(6):  # QuickBooks nests five levels; a loop in the data must not hang us.
        found = _existing(session, Account, reading.company.id, [customer])
        row = found.get(customer) or _new_account(reading, session, customer)
        onward = row.merged_into or row.bills_to
        if not onward or onward == customer:
            return row
        customer = onward
    return row


def _move_invoices(reading: Storing, session: Session, row: Account) -> None:
    payer = _payer(reading, session, row.external_id)
    moving = select(Invoice).where(Invoice.company_id == reading.company.id, Invoice.customer == row.external_id)
    for invoice in session.scalars(moving).all():
        if invoice.account_id != payer.id:
            reading.woken |= {invoice.account_id, payer.id}
            invoice.account_id = payer.id


def _invoices(reading: Storing, session: Session, items: Sequence[LedgerInvoice]) -> None:
    known = _existing(session, Invoice, reading.company.id, (item.id for item in items))
    payers: dict[str, Account] = {}
    for item in items:
        if item.customer not in payers:
            payers[item.customer] = _payer(reading, session, item.customer)
        _keep_invoice(reading, session, item, known.get(item.id), payers[item.customer])
    _clear_unreadable(reading, session, "invoice", [item.id for item in items])


def _keep_invoice(reading: Storing, session: Session, item: LedgerInvoice, row: Invoice | None, payer: Account) -> None:
    if row is not None and row.read_at > reading.started:
        return
    if row is None:
        row = Invoice(uid=reading.rt.new_id(), company_id=reading.company.id, external_id=item.id)
        row.seen_at = reading.started
        session.add(row)
    elif row.account_id != payer.id:
        reading.woken.add(row.account_id)
    changed = _set(
        row,
        account_id=payer.id,
        customer=item.customer,
        number=item.number,
        issued=item.issued,
        due=item.due,
        currency=item.total.currency,
        total_minor=item.total.minor,
        balance_minor=item.balance.minor,
        status=item.status.value,
        raw_status=item.raw_status,
        emails=list(item.emails),
        version=item.version,
    )
    row.read_at = reading.started
    if changed:
        reading.woken.add(payer.id)


def _payments(reading: Storing, session: Session, items: Sequence[LedgerPayment]) -> None:
    known = _existing(session, Payment, reading.company.id, (item.id for item in items))
    changed: set[str] = set()
    for item in items:
        row = known.get(item.id)
        if row is None:
            row = Payment(company_id=reading.company.id, external_id=item.id)
            session.add(row)
        if _set(
            row,
            customer=item.customer,
            paid_on=item.paid_on,
            currency=item.amount.currency,
            amount_minor=item.amount.minor,
            reference=item.reference,
            applied=[[invoice, amount.minor] for invoice, amount in item.applied],
            version=item.version,
            gone_at=(row.gone_at or reading.started) if item.gone else None,
        ):
            changed.add(item.customer)
    reading.woken |= _accounts_of(reading, session, changed)
    _clear_unreadable(reading, session, "payment", [item.id for item in items])


def _credits(reading: Storing, session: Session, items: Sequence[LedgerCredit]) -> None:
    known = _existing(session, Credit, reading.company.id, (item.id for item in items))
    changed: set[str] = set()
    for item in items:
        row = known.get(item.id)
        if row is None:
            row = Credit(company_id=reading.company.id, external_id=item.id)
            session.add(row)
        if _set(
            row,
            customer=item.customer,
            kind=item.kind,
            currency=item.remaining.currency,
            remaining_minor=item.remaining.minor,
            version=item.version,
            gone_at=(row.gone_at or reading.started) if item.gone else None,
        ):
            changed.add(item.customer)
    reading.woken |= _accounts_of(reading, session, changed)
    _clear_unreadable(reading, session, "credit", [item.id for item in items])


def _accounts_of(reading: Storing, session: Session, customers: Iterable[str]) -> set[int]:
    """The accounts billed for these customers, as far as they are known."""
    found = _existing(session, Account, reading.company.id, customers).values()
    moved = {_payer(reading, session, row.external_id).id for row in found if row.merged_into or row.bills_to}
    return moved | {row.id for row in found if not (row.merged_into or row.bills_to)}


def _deleted(reading: Storing, session: Session, items: Sequence[tuple[str, str]]) -> None:
    tables: dict[str, type[Any]] = {
        "invoice": Invoice,
        "payment": Payment,
        "credit": Credit,
    }
    for entity, external_id in items:
        if entity == "customer":
            for account in _existing(session, Account, reading.company.id, [external_id]).values():
                account.active = False
                reading.woken.add(account.id)
            continue
        row: Any = _existing(session, tables[entity], reading.company.id, [external_id]).get(external_id)
        if row is None or row.gone_at is not None:
            continue
        row.gone_at = reading.started
        if isinstance(row, Invoice):
            row.status, row.gone_why, row.read_at = (
                InvoiceStatus.DELETED.value,
                "deleted in the ledger",
                reading.started,
            )
        reading.woken |= _accounts_of(reading, session, [row.customer])


def _unreadable(reading: Storing, session: Session, items: Sequence[Unreadable]) -> None:
    """Keep what could not be read for a person; an invoice we had is held until it can be read again."""
    for item in items:
        row = session.scalars(
            select(UnreadableRow).where(
                UnreadableRow.company_id == reading.company.id,
                UnreadableRow.entity == item.entity,
                UnreadableRow.external_id == item.id,
            )
        ).first()
        if row is None:
            row = UnreadableRow(
                uid=reading.rt.new_id(), company_id=reading.company.id, entity=item.entity, external_id=item.id
            )
            session.add(row)
        row.reason, row.seen_at = item.reason, reading.started
        for invoice in _existing(session, Invoice, reading.company.id, [item.id] if item.entity == "invoice" else []):
            _hold_unreadable(reading, session, invoice)


def _hold_unreadable(reading: Storing, session: Session, external_id: str) -> None:
    invoice = _existing(session, Invoice, reading.company.id, [external_id])[external_id]
    if invoice.read_at > reading.started:
        return
    invoice.status, invoice.version, invoice.read_at = InvoiceStatus.UNKNOWN.value, "", reading.started
    reading.woken.add(invoice.account_id)


def hold_unseen(rt: Runtime, company_id: int, started: datetime) -> None:
    """After a whole reading: an open invoice it did not show is held, for it may be gone; a later change tells."""
    with rt.store.write() as session:
        unseen = session.scalars(
            select(Invoice).where(
                Invoice.company_id == company_id,
                Invoice.status == InvoiceStatus.OPEN.value,
                Invoice.read_at < started,
            )
        ).all()
        for invoice in unseen:
            invoice.status, invoice.version = InvoiceStatus.UNKNOWN.value, ""
        wake(session, {invoice.account_id for invoice in unseen}, rt.clock.now())


def _clear_unreadable(reading: Storing, session: Session, entity: str, ids: Sequence[str]) -> None:
    session.execute(
        delete(UnreadableRow).where(
            UnreadableRow.company_id == reading.company.id,
            UnreadableRow.entity == entity,
            UnreadableRow.external_id.in_(ids),
            UnreadableRow.seen_at <= reading.started,
        )
    )
