"""What stands in Xero now: may an order still be carried out, and has it been carried out already?

Reading only. What is ours is known by our reference, wherever in a row Xero has kept it; so even a row that is odd in
every other way is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Raw

from integrations.errors import InDoubt, Rejected
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    LedgerExpense,
    NoteOrder,
    Order,
    Page,
    PaymentOrder,
    Purpose,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
    Written,
)
from integrations.ledgers.xero import faults, structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.lists import CREDITS, INVOICES, PAYMENTS, Ask, Kind, Reading, decoded, listed

_GONE = ("DELETED", "VOIDED")
_CREDIT_NOTES, _OVERPAYMENTS, _PREPAYMENTS = CREDITS
BANK = "BANK"
IDS_MOST = 30  # in one address, which must not become too long
_BY_HAND = "Take it back in Xero by hand."


def _unread(_rows: list[Any]) -> Page:
    """Of these lists only what is ours is ever looked for."""
    return Page()


_SPENT = Kind("get_bank_transactions", "BankTransactions", "BankTransactionID", None, _unread, _unread)
_JOURNALS = Kind("get_manual_journals", "ManualJournals", "ManualJournalID", None, _unread, _unread)


class _Totalled(structs.Shape):
    """Of any document only its total."""

    Total: Decimal | None = None


def check(client: Client, order: Order) -> None:
    """Rejected when what the order changes is gone, closed or so already. What is new needs no look."""
    if (look := _CHECKS.get(type(order))) is not None:
        look(client, order)


def find(client: Client, order: Order) -> Written | None:
    """What this very order has made or changed; None when nothing shows it."""
    return _FINDS[type(order)](client, order)


def version(raw: Raw) -> str:
    """The stamp of any document, as sortable text; ""."""
    row = structs.loose(raw, structs.Stamped)
    return structs.version(row.UpdatedDateUTC) if row else ""


def day_of(raw: Raw, order: DateOrder) -> date | None:
    """The date that the order is about, as it stands in this invoice."""
    row = structs.loose(raw, structs.Dated) or structs.Dated()
    if order.expected:
        return structs.loose_day(row.ExpectedPaymentDate)
    return structs.loose_day(row.DueDateString, row.DueDate)


def as_ordered(raw: Raw, order: InvoiceOrder | ExpenseOrder) -> None:
    """InDoubt when Xero has it over another amount, because it added a tax. A journal tells no total."""
    total = (structs.loose(raw, _Totalled) or _Totalled()).Total
    if total is not None and total != order.amount.decimal:
        words = f"Xero has this over {total} instead of {order.amount}. Correct or void it there"
        raise InDoubt(f"{words}; our reference is {order.reference}.")


# --- may it still be done? ---


def _check_payment(client: Client, order: UndoPaymentOrder) -> None:
    raw = _one(client, Purpose.WRITE, "get_payment", "Payments", order.payment)
    if _status(raw) in _GONE:
        raise Rejected("The payment has been taken back in Xero already; nothing is left to do.", "done")
    row = structs.loose(raw, dict[str, Any]) or {}
    if row.get("BatchPayment") or row.get("BatchPaymentID"):
        raise Rejected("The payment is part of a batch, which only Xero itself can take back. Do it there.", "batch")


def _check_credit(client: Client, order: AllocationOrder) -> None:
    raw = _one(client, Purpose.WRITE, "get_credit_note", "CreditNotes", order.credit)
    if _status(raw) != "AUTHORISED":
        raise _closed("the credit note", raw)
    left = (structs.loose(raw, structs.Credit) or structs.Credit()).RemainingCredit
    if left is not None and left < order.amount.decimal:
        words = f"Only {left} {order.amount.currency} is left of the credit note in Xero. Use no more than that."
        raise Rejected(words, "closed")


def allocation(client: Client, order: UndoAllocationOrder) -> str:
    """The id of the one use of the credit note, for this invoice. Rejected when there is none or another."""
    raw = _one(client, Purpose.WRITE, "get_credit_note", "CreditNotes", order.credit)
    used = (structs.loose(raw, structs.Credit) or structs.Credit()).Allocations or []
    if not used:
        raise Rejected("The credit note is used for nothing in Xero; nothing is left to do.", "done")
    [first, *others] = used
    if others or first.invoice is None or first.invoice.InvoiceID != order.invoice or not first.AllocationID:
        raise Rejected(f"The credit note was used for something else as well. {_BY_HAND}", "used")
    return first.AllocationID


def _check_unused(client: Client, order: UndoCreditOrder) -> None:
    raw = _one(client, Purpose.WRITE, "get_credit_note", "CreditNotes", order.credit)
    if _status(raw) in _GONE:
        raise Rejected("The credit note has been taken back in Xero already; nothing is left to do.", "done")
    if (structs.loose(raw, structs.Credit) or structs.Credit()).Allocations:
        raise Rejected(f"The credit note is used for an invoice in Xero again. {_BY_HAND}", "used")


def _check_invoice(client: Client, order: DateOrder) -> None:
    raw = _one(client, Purpose.WRITE, "get_invoice", "Invoices", order.invoice)
    if day_of(raw, order) == order.day:
        raise Rejected("The invoice has this date in Xero already; nothing is left to do.", "done")
    if _status(raw) in ("PAID", *_GONE):
        raise _closed("the invoice", raw)


def _check_income(_client: Client, order: InvoiceOrder) -> None:
    if not order.income:
        raise Rejected("Choose in the company's settings which account fees and interest are booked on.", "income")


def _check_expense(_client: Client, order: ExpenseOrder) -> None:
    if not order.expense:
        raise Rejected("Choose in the company's settings which account a processor's fees are booked on.", "expense")


def clearing(client: Client, purpose: Purpose, id: str) -> structs.Account | None:
    """The account that payments arrive on; None when Xero has none of this id."""
    raw = _one_or_none(client, "get_account", "Accounts", id, purpose) if id else None
    return structs.loose(raw or b"", structs.Account)


def _closed(what: str, raw: Raw) -> Rejected:
    words = f"In Xero {what} is {_status(raw).lower() or 'not approved'} now. Look at it there, then decide again."
    return Rejected(words, "closed")


# --- has it been done already? ---


def _find_payment(client: Client, order: PaymentOrder) -> Written | None:
    if not order.invoice:
        return _ours(client, _OVERPAYMENTS, _dated(order.paid_on), order)
    try:
        invoice = UUID(order.invoice)
    except ValueError as error:
        raise Rejected("This is not the id of a Xero invoice.", "invoice") from error
    return _ours(client, PAYMENTS, f'Invoice.InvoiceId==guid("{invoice}")', order)


def _find_credit(client: Client, order: CreditOrder) -> Written | None:
    return _ours(client, _CREDIT_NOTES, _dated(order.issued), order)


def _find_invoice(client: Client, order: InvoiceOrder) -> Written | None:
    return _ours(client, INVOICES, f"{INVOICES.where} AND {_dated(order.issued)}", order)


def _find_expense(client: Client, order: ExpenseOrder) -> Written | None:
    """Where it was booked, the account it was paid from says; everywhere when that is gone."""
    row = clearing(client, Purpose.FIND, order.paid_from)
    kinds = [_SPENT, _JOURNALS] if row is None else [_SPENT if row.Type == BANK else _JOURNALS]
    found = [_ours(client, kind, _dated(order.on), order) for kind in kinds]
    return min((one for one in found if one is not None), key=lambda one: one.gone, default=None)


def expenses(client: Client, ids: Sequence[str]) -> tuple[LedgerExpense, ...]:
    """First among the bank transactions, and what is not there among the journals, of which Xero tells no total."""
    found: list[LedgerExpense] = []
    for kind in (_SPENT, _JOURNALS):
        left = sorted({str(UUID(id)) for id in ids} - {one.id for one in found})
        for start in range(0, len(left), IDS_MOST):
            found += _named(client, kind, left[start : start + IDS_MOST])
    return tuple(found)


def _named(client: Client, kind: Kind, ids: Sequence[str]) -> list[LedgerExpense]:
    """Those of one list that stand."""
    raws: list[Raw] = []

    def keep(rows: list[Raw]) -> Page:
        raws.extend(rows)
        return Page()

    where = " OR ".join(f'{kind.id_name}==guid("{id}")' for id in ids)
    for _page in Reading(client, Purpose.FIND).pages([Ask(replace(kind, shape=None, read=keep, where=where))]):
        pass
    totals = [(raw, (structs.loose(raw, _Totalled) or _Totalled()).Total) for raw in raws if _status(raw) not in _GONE]
    return [LedgerExpense(structs.named(raw, kind.id_name), total) for raw, total in totals]


def _dated(day: date) -> str:
    """The day is asked for and not the contact, which may have been merged into another since."""
    return f"Date==DateTime({day.year},{day.month:02},{day.day:02})"


def _find_undone(client: Client, order: UndoPaymentOrder) -> Written | None:
    raw = _one_or_none(client, "get_payment", "Payments", order.payment)
    return Written(order.payment, version=version(raw)) if raw is not None and _status(raw) in _GONE else None


def _find_allocation(client: Client, order: AllocationOrder) -> Written | None:
    raw = _one_or_none(client, "get_credit_note", "CreditNotes", order.credit)
    row = structs.loose(raw or b"", structs.Credit) or structs.Credit()
    for one in row.Allocations or ():
        same = one.invoice is not None and one.invoice.InvoiceID == order.invoice
        if same and one.Amount == order.amount.decimal and structs.loose_day(one.Date) in (order.on, None):
            return Written(order.credit, version=structs.version(row.UpdatedDateUTC))
    return None


def _find_released(client: Client, order: UndoAllocationOrder) -> Written | None:
    raw = _one_or_none(client, "get_credit_note", "CreditNotes", order.credit)
    row = structs.loose(raw, structs.Credit) if raw is not None else structs.Credit()
    return Written(order.credit) if row is not None and not row.Allocations else None


def _find_withdrawn(client: Client, order: UndoCreditOrder) -> Written | None:
    raw = _one_or_none(client, "get_credit_note", "CreditNotes", order.credit)
    return Written(order.credit) if raw is None or _status(raw) in _GONE else None


def _find_date(client: Client, order: DateOrder) -> Written | None:
    raw = _one_or_none(client, "get_invoice", "Invoices", order.invoice)
    if raw is None or day_of(raw, order) != order.day:
        return None
    return Written(order.invoice, version=version(raw))


def _find_note(client: Client, order: NoteOrder) -> Written | None:
    answer = decoded(client.read(Purpose.FIND, "get_invoice_history", order.invoice))
    told = any(_holds(raw, order.reference) for raw in listed(answer, "HistoryRecords"))
    return Written(order.invoice) if told else None


def _ours(client: Client, kind: Kind, where: str, order: Order) -> Written | None:
    """The document with the order's reference, rather one that stands than one that is gone again."""
    found: list[Raw] = []

    def keep(raws: list[Raw]) -> Page:
        found.extend(raw for raw in raws if _holds(raw, order.reference))
        return Page()

    narrowed = replace(kind, shape=None, read=keep, where=where)
    for _page in Reading(client, Purpose.FIND).pages([Ask(narrowed)]):
        pass
    rows = [Written(structs.named(raw, kind.id_name), _status(raw) in _GONE, version(raw)) for raw in found]
    if isinstance(order, InvoiceOrder | ExpenseOrder):
        for raw, row in zip(found, rows, strict=True):
            if not row.gone:
                as_ordered(raw, order)
    if not all(row.id for row in rows):
        raise InDoubt("What Xero has under our reference could not be read; somebody must look at it there.")
    return min(rows, key=lambda row: row.gone, default=None)


def _holds(raw: Raw, reference: str) -> bool:
    return reference.encode() in bytes(raw)


def _one(client: Client, purpose: Purpose, method: str, name: str, id: str) -> Raw:
    """One document, whatever its state. Rejected (404) when there is none."""
    rows = listed(decoded(client.read(purpose, method, id)), name)
    if len(rows) != 1:
        raise faults.unreadable()
    return rows[0]


def _one_or_none(client: Client, method: str, name: str, id: str, purpose: Purpose = Purpose.FIND) -> Raw | None:
    try:
        return _one(client, purpose, method, name, id)
    except Rejected as error:
        if error.code != "404":
            raise
        return None


def _status(raw: Raw) -> str:
    return structs.named(raw, "Status")


_CHECKS: dict[type[Order], Callable[[Client, Any], None]] = {
    UndoPaymentOrder: _check_payment,
    AllocationOrder: _check_credit,
    UndoCreditOrder: _check_unused,
    InvoiceOrder: _check_income,
    ExpenseOrder: _check_expense,
    DateOrder: _check_invoice,
}
_FINDS: dict[type[Order], Callable[[Client, Any], Written | None]] = {
    PaymentOrder: _find_payment,
    UndoPaymentOrder: _find_undone,
    CreditOrder: _find_credit,
    AllocationOrder: _find_allocation,
    UndoAllocationOrder: _find_released,
    UndoCreditOrder: _find_withdrawn,
    InvoiceOrder: _find_invoice,
    ExpenseOrder: _find_expense,
    DateOrder: _find_date,
    NoteOrder: _find_note,
}
