"""Writing into QuickBooks: the bytes of an order, and the call that carries them.

Small explicit bodies only; nothing is read, changed and saved back whole. Amounts go out as JSON numbers. Before a
body is made, what it changes is read: its version, what is open, and the very currency QuickBooks names on it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import InDoubt, Rejected, Transient
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    NoteOrder,
    Order,
    PaymentOrder,
    Purpose,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
    Written,
)
from integrations.ledgers.quickbooks import mapping, mending, releasing, structs
from integrations.ledgers.quickbooks.envelope import open_envelope
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.reads import GONE, Reader, takes_money
from integrations.ledgers.quickbooks.wire import Wire

REFERENCE_LENGTH = 21  # what PaymentRefNum holds; our references differ well before that
KEY_LENGTH = 50
NOTE_LENGTH = 4000
OURS_LENGTH = 2500
WORDS_LENGTH = 1000
_LEAST_NOTE = 60
_encoder = msgspec.json.Encoder(decimal_format="number")

Body = dict[str, Any]


def prepare(reader: Reader, order: Order) -> bytes:
    """The same order and the same books always give the same bytes."""
    return _encoder.encode(_PREPARED[type(order)](reader, order))


def write(wire: Wire, order: Order, body: bytes, key: str) -> Written:
    """Post the bytes under the key. An answer we cannot read may well mean that it was booked: InDoubt."""
    if not 0 < len(key) <= KEY_LENGTH:
        raise ValueError(f"A key for {LABEL} has 1 to {KEY_LENGTH} characters.")
    entity = _ENTITY[type(order)]
    answer = wire.post(entity, body, key, **_PARAMS.get(type(order), {}))
    try:
        row = mending.read(open_envelope(answer).one(entity) or b"null", structs.Booked)
    except (Transient, ValueError):
        raise InDoubt(f"{LABEL} answered the booking with something that cannot be read.") from None
    if isinstance(order, InvoiceOrder | ExpenseOrder):
        as_ordered(row.total_amt, order)
    if isinstance(order, UndoAllocationOrder):
        return Written(order.credit)  # what was deleted is the link
    return Written(row.id, version=row.sync_token)


def signed(reference: str) -> str:
    """How our reference stands in a note, where a person sees it and we find it again."""
    return f"Dunlin, reference {reference}"


def as_ordered(total: Decimal | None, order: InvoiceOrder | ExpenseOrder) -> None:
    """InDoubt when QuickBooks booked it over another amount: rules of its own, for a tax or rounding, changed it."""
    if total != order.amount.decimal:
        words = f"{LABEL} has this over {total} instead of {order.amount}"
        raise InDoubt(f"{words}. Correct or delete it there; its note says {signed(order.reference)}.")


def _payment(reader: Reader, order: PaymentOrder) -> Body:
    """On an invoice, or without one as money on account."""
    if order.invoice:
        row = _open_invoice(reader, order.invoice, order.amount)
        lines = [_line(order.amount, "Invoice", order.invoice)]
    else:
        row = reader.row("Customer", order.customer, Purpose.WRITE)
        lines = []
    body = {
        "CustomerRef": {"value": order.customer},
        "TotalAmt": order.amount.decimal,
        "TxnDate": order.paid_on.isoformat(),
        "PaymentRefNum": order.reference[:REFERENCE_LENGTH],
        "PrivateNote": f"Booked by {signed(order.reference)}",
        **_currency(row, order.amount),
    }
    if lines:
        body["Line"] = lines
    if order.deposit_account:
        body["DepositToAccountRef"] = {"value": order.deposit_account}
    return body


def _allocation(reader: Reader, order: AllocationOrder) -> Body:
    """QuickBooks links a credit memo to an invoice by a payment of nothing with a line for each."""
    row = _open_invoice(reader, order.invoice, order.amount)
    return {
        "CustomerRef": {"value": order.customer},
        "TotalAmt": 0,
        "TxnDate": order.on.isoformat(),
        "PaymentRefNum": order.reference[:REFERENCE_LENGTH],
        "PrivateNote": f"Linked by {signed(order.reference)}",
        **_currency(row, order.amount),
        "Line": [_line(order.amount, "Invoice", order.invoice), _line(order.amount, "CreditMemo", order.credit)],
    }


def _credit(reader: Reader, order: CreditOrder) -> Body:
    """The reference stands in the private note: a document number is QuickBooks' own unless the company says else."""
    if not order.income:
        raise Rejected("Choose in the company's settings which item credit notes are booked on.", "income")
    customer = reader.row("Customer", order.customer, Purpose.WRITE)
    line = {
        "Amount": order.amount.decimal,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": order.income}},
    }
    return {
        "CustomerRef": {"value": order.customer},
        "TxnDate": order.issued.isoformat(),
        "CustomerMemo": {"value": order.words[:WORDS_LENGTH]},
        "PrivateNote": f"Booked by {signed(order.reference)}",
        **_currency(customer, order.amount),
        "Line": [line],
    }


def _invoice(reader: Reader, order: InvoiceOrder) -> Body:
    """An invoice that QuickBooks is told not to mail or print; its number is QuickBooks' own, as for credit memos."""
    if order.draft:
        raise Rejected(f"{LABEL} knows no drafts of invoices; have it written as an invoice, or by hand.", "draft")
    if not order.income:
        raise Rejected("Choose in the company's settings which item fees and interest are booked on.", "income")
    customer = reader.row("Customer", order.customer, Purpose.WRITE)
    whole, detail = _untaxed(reader)
    line = {
        "Description": order.words[:WORDS_LENGTH],
        "Amount": order.amount.decimal,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": order.income}, **detail},
    }
    about = f" for invoice {order.about}" if order.about else ""
    return {
        "CustomerRef": {"value": order.customer},
        "TxnDate": order.issued.isoformat(),
        "DueDate": order.due.isoformat(),
        "EmailStatus": "NotSet",
        "PrintStatus": "NotSet",
        "PrivateNote": f"Booked{about} by {signed(order.reference)}",
        **_currency(customer, order.amount),
        **whole,
        "Line": [line],
    }


def _expense(reader: Reader, order: ExpenseOrder) -> Body:
    """The payee stands in the note: as a vendor it would have to be in the company's list first."""
    if not order.expense:
        raise Rejected("Choose in the company's settings which account a processor's fees are booked on.", "expense")
    account = _clearing(reader, order.paid_from)
    whole, detail = _untaxed(reader)
    line = {
        "Description": order.words[:WORDS_LENGTH],
        "Amount": order.amount.decimal,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": order.expense}, **detail},
    }
    return {
        "PaymentType": "Cash",
        "AccountRef": {"value": order.paid_from},
        "TxnDate": order.on.isoformat(),
        "DocNumber": order.reference[:REFERENCE_LENGTH],
        "PrivateNote": f"Kept back by {order.payee[:WORDS_LENGTH]}. Booked by {signed(order.reference)}",
        **_currency(account, order.amount),
        **whole,
        "Line": [line],
    }


def _clearing(reader: Reader, id: str) -> structs.Choice:
    """The account that payments arrive on. Rejected when it is gone, or no account that money passes through."""
    try:
        row = reader.account(id) if id else None
    except Rejected as refusal:
        if refusal.code not in (GONE, "2030"):
            raise
        row = None
    if row is None or not row.active or not takes_money(row):
        words = "The account that payments are booked on is gone from QuickBooks, or money cannot be spent from it."
        raise Rejected(f"{words} Choose another one in the company's settings.", "account")
    return row


def _untaxed(reader: Reader) -> tuple[Body, Body]:
    """How QuickBooks is told that there is no tax: on the whole document, and on the detail of its line.

    In the US a line names one of two codes. Everywhere else codes are a list of the company's own, but the document can
    say that tax does not apply; where a company's tax rules do not take that, QuickBooks refuses in its own words.
    https://developer.intuit.com/app/developer/qbo/docs/workflows/manage-sales-tax-for-non-us-locales
    """
    country = (reader.info(Purpose.WRITE).country or "").upper()
    if not country:
        words = "QuickBooks does not say in which country the company is, and each enters no tax in its own way."
        raise Rejected(f"{words} Enter this in QuickBooks by hand.", "country")
    if country in ("US", "USA"):
        return {}, {"TaxCodeRef": {"value": "NON"}}
    return {"GlobalTaxCalculation": "NotApplicable"}, {}


def _undo(reader: Reader, order: UndoPaymentOrder) -> Body:
    row: structs.Payment = reader.row("Payment", order.payment, Purpose.WRITE)
    if mapping.payment_gone(row):
        raise Rejected("This payment has already been voided in QuickBooks.", "void")
    return _sparse(row)


def _date(reader: Reader, order: DateOrder) -> Body:
    if order.expected:
        raise Rejected("QuickBooks keeps no date on which a payment is expected; only Dunlin knows it.", "unsupported")
    row = reader.row("Invoice", order.invoice, Purpose.WRITE)
    if _status(row) is not InvoiceStatus.OPEN:
        raise Rejected(f"{_name(row)} is not open in QuickBooks any more; its due date is left alone.", "closed")
    if row.due_date == order.day:
        raise Rejected(f"{_name(row)} is already due on {order.day.isoformat()} in QuickBooks.", "same")
    return {**_sparse(row), "DueDate": order.day.isoformat()}


def _note(reader: Reader, order: NoteOrder) -> Body:
    """Behind what stands there, of which nothing is lost; ours is shortened when there is little room."""
    row = reader.row("Invoice", order.invoice, Purpose.WRITE)
    note = row.private_note or ""
    if order.reference in note:
        raise Rejected(f"This note already stands on {_name(row)} in QuickBooks.", "same")
    before, mark = f"{note}\n" if note else "", f" ({signed(order.reference)})"
    room = min(NOTE_LENGTH - len(before), OURS_LENGTH) - len(mark)
    if room < min(len(order.text), _LEAST_NOTE):
        raise Rejected(f"The memo of {_name(row)} is full in QuickBooks; make room there, or leave the note.", "full")
    return {**_sparse(row), "PrivateNote": before + order.text[:room] + mark}


def _sparse(row: Any) -> Body:
    """A change of only what is named with it, and only if nobody has changed the row since."""
    return {"Id": row.id, "SyncToken": row.sync_token, "sparse": True}


def _line(amount: Money, kind: str, id: str) -> Body:
    return {"Amount": amount.decimal, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def _open_invoice(reader: Reader, id: str, amount: Money) -> structs.Invoice:
    """The invoice, with at least this much open. Rejected otherwise."""
    row: structs.Invoice = reader.row("Invoice", id, Purpose.WRITE)
    status = _status(row)
    if status in (InvoiceStatus.VOIDED, InvoiceStatus.DELETED):
        raise Rejected(f"{_name(row)} has been voided in QuickBooks; decide there what the money is for.", "void")
    if row.balance < amount.decimal:
        words = f"exceeds the open balance of {_name(row)} ({row.balance}) in QuickBooks"
        raise Rejected(f"{amount} {words}; book the rest on account, or pay it back.", "balance")
    return row


def _status(row: structs.Invoice) -> InvoiceStatus:
    return mapping.status(row)[0]


def _name(row: structs.Invoice) -> str:
    return f"Invoice {row.doc_number}" if row.doc_number else "The invoice"


def _currency(row: structs.Invoice | structs.Customer | structs.Choice, amount: Money) -> Body:
    """The currency as QuickBooks itself names it on invoice, customer or account, or not at all where it names none.

    It is required where a company keeps several currencies, and then every row names its own; so nobody needs to ask
    for the home currency, and the reading before a booking tells what is open as well.
    """
    if row.currency_ref is None:
        return {}
    if row.currency_ref.value != amount.currency:
        raise Rejected(f"This is kept in {row.currency_ref.value} in QuickBooks, not in {amount.currency}.", "currency")
    return {"CurrencyRef": {"value": amount.currency}}


_PREPARED: dict[type[Order], Callable[[Reader, Any], Body]] = {
    PaymentOrder: _payment,
    UndoPaymentOrder: _undo,
    CreditOrder: _credit,
    AllocationOrder: _allocation,
    UndoAllocationOrder: releasing.release,
    UndoCreditOrder: releasing.delete,
    InvoiceOrder: _invoice,
    ExpenseOrder: _expense,
    DateOrder: _date,
    NoteOrder: _note,
}
_ENTITY: dict[type[Order], str] = {
    PaymentOrder: "Payment",
    UndoPaymentOrder: "Payment",
    CreditOrder: "CreditMemo",
    AllocationOrder: "Payment",
    UndoAllocationOrder: "Payment",
    UndoCreditOrder: "CreditMemo",
    InvoiceOrder: "Invoice",
    ExpenseOrder: "Purchase",
    DateOrder: "Invoice",
    NoteOrder: "Invoice",
}
_PARAMS: dict[type[Order], dict[str, str]] = {
    UndoPaymentOrder: {"operation": "update", "include": "void"},
    UndoAllocationOrder: {"operation": "delete"},
    UndoCreditOrder: {"operation": "delete"},
}
