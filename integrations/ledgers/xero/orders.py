"""What each kind of order is in Xero: the call and its small explicit body.

Pure, one function a kind. A body names only what is to change; nothing is ever read to be saved back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.money import Money
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    NoteOrder,
    Order,
    PaymentOrder,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
)

NOTE_LENGTH = 2500
_ABOUT_LENGTH = 200  # of the 255 that a number or reference may have


@dataclass(frozen=True, slots=True)
class Call:
    """The SDK's `method`, the ids in its address, its `body`, and the list that its answer comes in.

    `about` names the order in sentences. What was made has its id in one of `id_names`; without them it is `changed`,
    which was there before.
    """

    about: str
    method: str
    answer: str
    body: dict[str, Any]
    path: tuple[str, ...] = ()
    id_names: tuple[str, ...] = ()
    changed: str = ""


def call(order: Order) -> Call:
    """How this order is sent; equal orders make equal calls. An expense is `spent` or a `journal` instead."""
    return _CALLS[type(order)](order)


def sent(order: Order, content: Any) -> Call:
    """How stored content is sent. Of an expense it says itself which of the two ways was chosen, and of the release of
    a credit note which allocation is removed.
    """
    if isinstance(order, ExpenseOrder):
        return _JOURNAL if "ManualJournals" in content else _SPENT
    if isinstance(order, UndoAllocationOrder):
        return release(order, content["AllocationID"])
    return call(order)


def date_name(order: DateOrder) -> str:
    return "ExpectedPaymentDate" if order.expected else "DueDate"


def _payment(order: PaymentOrder) -> Call:
    if not order.invoice:
        return _on_account(order)
    one = {
        "Invoice": {"InvoiceID": order.invoice},
        "Account": {"AccountID": order.deposit_account},
        "Date": order.paid_on.isoformat(),
        "Amount": order.amount.decimal,
        "Reference": order.reference,
    }
    return Call("the payment", "create_payments", "Payments", {"Payments": [one]}, id_names=("PaymentID",))


def _on_account(order: PaymentOrder) -> Call:
    """Money without an invoice is an overpayment: Xero holds it for the customer by itself.

    A prepayment would need an account and a tax treatment that nobody has chosen, and takes no foreign currency. The
    reference stands in the line too, because Xero keeps it for some kinds of bank transactions only.
    """
    words = f"Payment on account {order.reference}"
    one = {
        "Type": "RECEIVE-OVERPAYMENT",
        "BankAccount": {"AccountID": order.deposit_account},
        **_document(order.customer, order.paid_on, order.amount, order.reference, "NoTax", {"Description": words}),
    }
    name, ids = "BankTransactions", ("OverpaymentID", "BankTransactionID")
    return Call("the payment on account", "create_bank_transactions", name, {name: [one]}, id_names=ids)


def _undo(order: UndoPaymentOrder) -> Call:
    body, ids = {"Status": "DELETED"}, (order.payment,)
    return Call("the undoing of the payment", "delete_payment", "Payments", body, ids, changed=order.payment)


def _credit(order: CreditOrder) -> Call:
    """The total is what was promised, tax included; which tax it is, the chosen account says."""
    line = {"Description": order.words or "Credit", "AccountCode": order.income}
    one = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        **_document(order.customer, order.issued, order.amount, order.reference, "Inclusive", line),
    }
    name = "CreditNotes"
    return Call("the credit note", "create_credit_notes", name, {name: [one]}, id_names=("CreditNoteID",))


def _invoice(order: InvoiceOrder) -> Call:
    """Xero gives it its number, and mails no invoice that is made over the API. Its reference is seen by the customer,
    so the number of the other invoice comes first.
    """
    reference = " ".join(part for part in (order.about[:_ABOUT_LENGTH], order.reference) if part)
    line = {"Description": order.words, "AccountCode": order.income}
    one = {
        "Type": "ACCREC",
        "Status": "DRAFT" if order.draft else "AUTHORISED",
        **_document(order.customer, order.issued, order.amount, reference, "NoTax", line),
        "DueDate": order.due.isoformat(),
    }
    return Call("the invoice", "create_invoices", "Invoices", {"Invoices": [one]}, id_names=("InvoiceID",))


def spent(order: ExpenseOrder, payee: dict[str, str]) -> Call:
    """Money spent from a bank account. `payee` names the contact."""
    one = {
        "Type": "SPEND",
        "Contact": payee,
        "BankAccount": {"AccountID": order.paid_from},
        "Date": order.on.isoformat(),
        "LineAmountTypes": "NoTax",
        "LineItems": [
            {
                "Description": order.words,
                "Quantity": 1,
                "UnitAmount": order.amount.decimal,
                "AccountCode": order.expense,
            }
        ],
        "Reference": order.reference,
    }
    return replace(_SPENT, body={_SPENT.answer: [one]})


def journal(order: ExpenseOrder, clearing: str) -> Call:
    """The same from an account that is no bank account, named by its code: Xero lets money be spent from banks alone.

    A journal has no contact, reference or currency: the first two stand in its narration.
    """
    sides = ((order.expense, order.amount.decimal), (clearing, -order.amount.decimal))
    one = {
        "Narration": f"{order.words} ({order.payee}, {order.reference})",
        "Date": order.on.isoformat(),
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "JournalLines": [
            {"LineAmount": amount, "AccountCode": code, "Description": order.words} for code, amount in sides
        ],
    }
    return replace(_JOURNAL, body={_JOURNAL.answer: [one]})


_SPENT = Call("the expense", "create_bank_transactions", "BankTransactions", {}, id_names=("BankTransactionID",))
_JOURNAL = Call("the expense", "create_manual_journals", "ManualJournals", {}, id_names=("ManualJournalID",))


def _document(
    customer: str, day: date, amount: Money, reference: str, taxes: str, line: dict[str, Any]
) -> dict[str, Any]:
    """A document of one line. Of the contact only the id: anything more would change the contact."""
    return {
        "Contact": {"ContactID": customer},
        "Date": day.isoformat(),
        "LineAmountTypes": taxes,
        "LineItems": [{**line, "Quantity": 1, "UnitAmount": amount.decimal}],
        "CurrencyCode": amount.currency,
        "Reference": reference,
    }


def _allocation(order: AllocationOrder) -> Call:
    invoice = {"InvoiceID": order.invoice}
    one = {"Amount": order.amount.decimal, "Date": order.on.isoformat(), "Invoice": invoice}
    about, method, name = "the use of the credit note", "create_credit_note_allocation", "Allocations"
    return Call(about, method, name, {name: [one]}, (order.credit,), changed=order.credit)


def release(order: UndoAllocationOrder, allocation: str) -> Call:
    """The removal of an allocation: the one change without a body or a key. Done twice, it finds nothing to remove."""
    about, method = "the release of the credit note", "delete_credit_note_allocations"
    return Call(about, method, "", {"AllocationID": allocation}, (order.credit, allocation), changed=order.credit)


def _withdraw(order: UndoCreditOrder) -> Call:
    about, method, name = "the voiding of the credit note", "update_credit_note", "CreditNotes"
    return Call(about, method, name, {name: [{"Status": "VOIDED"}]}, (order.credit,), changed=order.credit)


def _date(order: DateOrder) -> Call:
    body = {"Invoices": [{date_name(order): order.day.isoformat()}]}
    return Call("the new date", "update_invoice", "Invoices", body, (order.invoice,), changed=order.invoice)


def _note(order: NoteOrder) -> Call:
    """The text with our reference behind it, by which it is found again."""
    end = f" ({order.reference})"
    text = order.text.strip()[: NOTE_LENGTH - len(end)] + end
    name = "HistoryRecords"
    body = {name: [{"Details": text}]}
    return Call("the note", "create_invoice_history", name, body, (order.invoice,), changed=order.invoice)


_CALLS: dict[type[Order], Callable[[Any], Call]] = {
    PaymentOrder: _payment,
    UndoPaymentOrder: _undo,
    CreditOrder: _credit,
    AllocationOrder: _allocation,
    UndoCreditOrder: _withdraw,
    InvoiceOrder: _invoice,
    DateOrder: _date,
    NoteOrder: _note,
}
