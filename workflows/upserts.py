"""One upsert for each kind of row a ledger hands over, by vendor id, inside the transaction of `mirror.store`.

It notes whose facts changed and wakes nobody itself. A row read earlier never overwrites one read later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerInvoice, LedgerPayment, Unreadable
from models import Account, Company, Credit, Invoice, Payment, UnreadableRow
from workflows.billing import Payers, family
from workflows.runtime import Runtime

ID = 64
REFERENCE = 500  # PostgreSQL indexes no text that is much longer; ours has 22 characters, no vendor keeps 500
Row = TypeVar("Row", Account, Invoice, Payment, Credit)


@dataclass(slots=True)
class Storing:
    """One company's open reading: `started` is when it began, `woken` the accounts whose facts it changed."""

    rt: Runtime
    company: Company
    started: datetime
    woken: set[int] = field(default_factory=set)


def plain(text: str, most: int | None = None) -> str:
    """The text as every database can keep it: without U+0000 and half characters, and at most so long."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")[:most]


def _existing(session: Session, table: type[Row], company_id: int, ids: Iterable[str]) -> dict[str, Row]:
    """The mirrored rows of these vendor ids, locked: what another reading is just storing is waited for."""
    found = session.scalars(
        select(table)
        .where(table.company_id == company_id, table.external_id.in_(list(ids)))
        .order_by(table.id)
        .with_for_update(key_share=True)
    )
    return {row.external_id: row for row in found}


def _set(row: Any, **values: Any) -> bool:
    """Assign what differs; whether anything did."""
    changed = False
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            changed = True
    return changed


def _payers(reading: Storing, session: Session, customers: Iterable[str]) -> Payers:
    payers = Payers(session, reading.company.id, lambda external_id: _new_account(reading, session, external_id))
    payers.fetch(customers)
    return payers


def _new_account(reading: Storing, session: Session, external_id: str) -> Account:
    row = Account(
        uid=reading.rt.new_id(), company_id=reading.company.id, external_id=external_id, name=external_id, emails=[]
    )
    row.bills_to = row.merged_into = ""
    session.add(row)
    session.flush()
    reading.woken.add(row.id)
    return row


def customers(reading: Storing, session: Session, items: Sequence[LedgerCustomer]) -> None:
    """All of them first have a row: a child may stand before its parent, who must not be made twice."""
    ids = [item.id for item in items]
    payers = _payers(reading, session, ids)
    moved = [item.id for item in items if _moves(payers.rows[item.id], item)]
    left = {payers.of(external_id).id for external_id in moved}
    for item in items:
        row = payers.rows[item.id]
        if _set(
            row,
            name="" if item.erased else plain(item.name),
            contact="" if item.erased else plain(item.contact),
            emails=[] if item.erased else [plain(address) for address in item.emails],
            active=item.active,
            erased=item.erased,
            bills_to=item.bills_to,
            merged_into=item.merged_into,
            version=item.version,
        ):
            reading.woken.add(row.id)
    if moved:
        payers.fetch(ids)
        reading.woken |= left | {payers.of(external_id).id for external_id in moved}
        _move_invoices(reading, session, payers, moved)
    _clear_unreadable(reading, session, "customer", ids)


def _moves(row: Account, item: LedgerCustomer) -> bool:
    return (row.bills_to, row.merged_into) != (item.bills_to, item.merged_into)


def _move_invoices(reading: Storing, session: Session, payers: Payers, moved: Sequence[str]) -> None:
    """Their invoices, and those of everyone below them, go to whoever is billed now."""
    company_id = reading.company.id
    moving = session.scalars(
        select(Invoice).where(Invoice.company_id == company_id, Invoice.customer.in_(family(company_id, moved)))
    ).all()
    payers.fetch({invoice.customer for invoice in moving})
    for invoice in moving:
        payer = payers.of(invoice.customer)
        if invoice.account_id != payer.id:
            reading.woken |= {invoice.account_id, payer.id}
            invoice.account_id = payer.id


def invoices(reading: Storing, session: Session, items: Sequence[LedgerInvoice]) -> None:
    """Each belongs to whoever is billed for its customer; one read later stays as it is."""
    payers = _payers(reading, session, {item.customer for item in items})
    known = _existing(session, Invoice, reading.company.id, (item.id for item in items))
    for item in items:
        _invoice(reading, session, item, known.get(item.id), payers.of(item.customer))
    _clear_unreadable(reading, session, "invoice", [item.id for item in items])


def _invoice(reading: Storing, session: Session, item: LedgerInvoice, row: Invoice | None, payer: Account) -> None:
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
        number=plain(item.number),
        issued=item.issued,
        due=item.due,
        currency=item.total.currency,
        total_minor=item.total.minor,
        balance_minor=item.balance.minor,
        status=item.status.value,
        raw_status=plain(item.raw_status),
        emails=[plain(address) for address in item.emails],
        version=item.version,
    )
    row.read_at = reading.started
    if changed:
        reading.woken.add(payer.id)


def payments(reading: Storing, session: Session, items: Sequence[LedgerPayment]) -> None:
    """One that was undone stays, marked gone."""

    def values(item: LedgerPayment) -> dict[str, Any]:
        return {
            "paid_on": item.paid_on,
            "currency": item.amount.currency,
            "amount_minor": item.amount.minor,
            "reference": plain(item.reference, REFERENCE),
            "applied": [[invoice, amount.minor] for invoice, amount in item.applied],
        }

    _money(reading, session, Payment, "payment", items, values)


def credits(reading: Storing, session: Session, items: Sequence[LedgerCredit]) -> None:
    """One that was undone stays, marked gone."""

    def values(item: LedgerCredit) -> dict[str, Any]:
        return {"kind": item.kind, "currency": item.remaining.currency, "remaining_minor": item.remaining.minor}

    _money(reading, session, Credit, "credit", items, values)


def _money(
    reading: Storing,
    session: Session,
    table: type[Payment] | type[Credit],
    entity: str,
    items: Sequence[Any],
    values: Callable[[Any], dict[str, Any]],
) -> None:
    """What payments and credits share: whose they are, whether they were undone, and who wakes when they change."""
    known: dict[str, Any] = _existing(session, table, reading.company.id, (item.id for item in items))
    changed: set[str] = set()
    for item in items:
        row = known.get(item.id)
        if row is None:
            row = table(company_id=reading.company.id, external_id=item.id)
            session.add(row)
        gone_at = (row.gone_at or reading.started) if item.gone else None
        if _set(row, customer=item.customer, version=item.version, gone_at=gone_at, **values(item)):
            changed.add(item.customer)
    _wake_payers(reading, session, changed)
    _clear_unreadable(reading, session, entity, [item.id for item in items])


def _wake_payers(reading: Storing, session: Session, customers: Iterable[str]) -> None:
    """Whoever is billed for these customers, as far as they are known."""
    company_id = reading.company.id
    known = session.scalars(
        select(Account.external_id).where(Account.company_id == company_id, Account.external_id.in_(list(customers)))
    ).all()
    payers = _payers(reading, session, known)
    reading.woken |= {payers.of(customer).id for customer in known}


def deleted(reading: Storing, session: Session, items: Sequence[tuple[str, str]]) -> None:
    """What the ledger deleted is marked gone and never removed."""
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
        _wake_payers(reading, session, [row.customer])


def unreadable(reading: Storing, session: Session, items: Sequence[Unreadable]) -> None:
    """Keep what could not be read for a person; an invoice we had is held until it can be read again."""
    for item in items:
        external_id = plain(item.id, ID)
        row = session.scalars(
            select(UnreadableRow).where(
                UnreadableRow.company_id == reading.company.id,
                UnreadableRow.entity == item.entity,
                UnreadableRow.external_id == external_id,
            )
        ).first()
        if row is None:
            row = UnreadableRow(
                uid=reading.rt.new_id(), company_id=reading.company.id, entity=item.entity, external_id=external_id
            )
            session.add(row)
        row.reason, row.seen_at = plain(item.reason), reading.started
        if item.entity == "invoice":
            _hold_unreadable(reading, session, external_id)


def _hold_unreadable(reading: Storing, session: Session, external_id: str) -> None:
    for invoice in _existing(session, Invoice, reading.company.id, [external_id]).values():
        if invoice.read_at <= reading.started:
            invoice.status, invoice.version, invoice.read_at = InvoiceStatus.UNKNOWN.value, "", reading.started
            reading.woken.add(invoice.account_id)


def _clear_unreadable(reading: Storing, session: Session, entity: str, ids: Sequence[str]) -> None:
    session.execute(
        delete(UnreadableRow).where(
            UnreadableRow.company_id == reading.company.id,
            UnreadableRow.entity == entity,
            UnreadableRow.external_id.in_(ids),
            UnreadableRow.seen_at <= reading.started,
        )
    )
