"""What may be written into a ledger: one frozen order for each kind of change, and what the ledger answered.

`reference` is our own uid (22 characters), written where it can be found again in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.money import Money
from integrations.ledgers.base.budget import Feature


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """A payment to book against one invoice; without `invoice` it is money on account (an unapplied payment)."""

    invoice: str
    customer: str
    amount: Money
    paid_on: date
    deposit_account: str
    reference: str


@dataclass(frozen=True, slots=True)
class UndoPaymentOrder:
    """Take back a payment that stands in the ledger: void or delete it, whichever the vendor has."""

    payment: str
    reference: str


@dataclass(frozen=True, slots=True)
class CreditOrder:
    """A credit note for a discount or goodwill. `income` is the vendor id of the account or item the bookkeeper chose;
    `words` stand on the note for the customer.
    """

    customer: str
    amount: Money
    issued: date
    income: str
    words: str
    reference: str


@dataclass(frozen=True, slots=True)
class AllocationOrder:
    """Use `amount` of an open credit (a credit note of ours) for an invoice."""

    credit: str
    invoice: str
    customer: str
    amount: Money
    on: date
    reference: str


@dataclass(frozen=True, slots=True)
class UndoAllocationOrder:
    """Release a credit note of ours from the one `invoice` it was used for, so that both stand open again."""

    credit: str
    invoice: str
    reference: str


@dataclass(frozen=True, slots=True)
class UndoCreditOrder:
    """Take a credit note of ours out of the books, void or deleted as the vendor has it. None of it may be in use."""

    credit: str
    reference: str


@dataclass(frozen=True, slots=True)
class InvoiceOrder:
    """An invoice of ours to a customer, for a late fee or interest: one line of `words` over `amount`, without any tax.

    `income` is the vendor id of the account or item the bookkeeper chose, `about` the number of the invoice that it
    belongs to. The ledger never mails it. `draft` leaves it to the accountant to approve, where the ledger has drafts.
    """

    customer: str
    amount: Money
    issued: date
    due: date
    income: str
    words: str
    reference: str
    about: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class ExpenseOrder:
    """Money that a processor (`payee`) kept back from a payout: spent from the deposit account `paid_from` on the
    account `expense` that the bookkeeper chose, without any tax. `words` stand on its line.
    """

    amount: Money
    on: date
    paid_from: str
    expense: str
    payee: str
    words: str
    reference: str


@dataclass(frozen=True, slots=True)
class DateOrder:
    """A new due date, or with `expected` the day on which the money is expected. Only these dates are touched."""

    invoice: str
    day: date
    expected: bool
    reference: str


@dataclass(frozen=True, slots=True)
class NoteOrder:
    """A line in the invoice's history, for whoever opens it in the ledger. At most 2,500 characters are kept."""

    invoice: str
    text: str
    reference: str


Order = (
    PaymentOrder
    | UndoPaymentOrder
    | CreditOrder
    | AllocationOrder
    | UndoAllocationOrder
    | UndoCreditOrder
    | InvoiceOrder
    | ExpenseOrder
    | DateOrder
    | NoteOrder
)


@dataclass(frozen=True, slots=True)
class Written:
    """The ledger's answer: the vendor id of what was made or changed. `gone` when it was taken back again since."""

    id: str
    gone: bool = False
    version: str = ""


def needs(order: Order) -> Feature:
    """The permission without which this order cannot be carried out."""
    if isinstance(order, PaymentOrder):
        return Feature.PAYMENTS if order.invoice else Feature.ON_ACCOUNT
    if isinstance(order, DateOrder):
        return Feature.EXPECTED if order.expected else Feature.DATES
    return _NEEDS[type(order)]


_NEEDS: dict[type[Order], Feature] = {
    UndoPaymentOrder: Feature.PAYMENTS,
    CreditOrder: Feature.CREDITS,
    AllocationOrder: Feature.CREDITS,
    UndoAllocationOrder: Feature.CREDITS,
    UndoCreditOrder: Feature.CREDITS,
    InvoiceOrder: Feature.INVOICES,
    ExpenseOrder: Feature.EXPENSES,
    NoteOrder: Feature.NOTES,
}
