"""The books of one pretend Xero organisation: records and what bookkeeping may do to them.

It holds the rules Xero enforces and their exact messages. It knows no HTTP, no JSON and no tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sandbox.books import BookCompany

ZERO = Decimal("0.00")
OPEN, PAID, VOIDED, DELETED = "AUTHORISED", "PAID", "VOIDED", "DELETED"


class Invalid(ValueError):
    """Xero's validation said no; `messages` are its words."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


@dataclass(slots=True)
class Contact:
    """`status` is ACTIVE, ARCHIVED or GDPRREQUEST. The first address is the contact's, the others persons'."""

    id: str
    key: str
    name: str
    person: str
    emails: tuple[str, ...]
    updated: datetime
    status: str = "ACTIVE"
    merged_into: str = ""


@dataclass(slots=True)
class Account:
    id: str
    code: str
    name: str
    type: str
    currency: str
    takes_payments: bool = False
    status: str = "ACTIVE"


@dataclass(slots=True)
class Payment:
    id: str
    invoice: Invoice
    account: Account
    on: date
    amount: Decimal
    reference: str
    updated: datetime
    status: str = OPEN


@dataclass(slots=True)
class Allocation:
    id: str
    invoice: Invoice
    amount: Decimal
    on: date


@dataclass(slots=True)
class Credit:
    """A credit note, an overpayment or a prepayment (`kind` is Xero's collection)."""

    id: str
    key: str
    kind: str
    contact: Contact
    on: date
    total: Decimal
    currency: str
    updated: datetime
    status: str = OPEN
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        return self.total - sum((one.amount for one in self.allocations), ZERO)


@dataclass(slots=True)
class Invoice:
    id: str
    number: str
    contact: Contact
    issued: date
    due: date | None
    total: Decimal
    currency: str
    description: str
    updated: datetime
    status: str = OPEN
    payments: list[Payment] = field(default_factory=list)
    credited: list[tuple[Credit, Decimal]] = field(default_factory=list)

    @property
    def paid(self) -> Decimal:
        return sum((one.amount for one in self.payments if one.status == OPEN), ZERO)

    @property
    def credit(self) -> Decimal:
        return sum((amount for _, amount in self.credited), ZERO)

    @property
    def open(self) -> Decimal:
        """What is still owed; nothing once voided or deleted."""
        return ZERO if self.status in (VOIDED, DELETED) else self.total - self.paid - self.credit

    def settle(self, now: datetime) -> None:
        """Xero's own change of status: PAID when nothing is open, AUTHORISED again when something is."""
        if self.status in (OPEN, PAID):
            self.status = PAID if self.open == 0 else OPEN
        self.updated = now


class Organisation:
    """One organisation. `changed` is told of every change: (category, "CREATE" or "UPDATE", id)."""

    def __init__(
        self, id: str, about: BookCompany, short_code: str, new_id: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        self.id, self.about, self.short_code, self._new_id, self._clock = id, about, short_code, new_id, clock
        self.created = clock()
        self.lock_date: date | None = None
        self.contacts: dict[str, Contact] = {}
        self.invoices: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.credits: dict[str, Credit] = {}
        self._contact_ids: dict[str, str] = {}
        self._invoice_ids: dict[str, str] = {}
        self.changed: Callable[[str, str, str], None] = lambda *_change: None
        self.accounts = {one.id: one for one in self._chart(about.currency)}

    def _chart(self, currency: str) -> list[Account]:
        return [
            Account(self._new_id(), "090", "Business Bank Account", "BANK", currency),
            Account(self._new_id(), "200", "Sales", "REVENUE", ""),
            Account(self._new_id(), "620", "Online payments clearing", "CURRENT", "", takes_payments=True),
            Account(self._new_id(), "091", "Old Savings Account", "BANK", currency, status="ARCHIVED"),
        ]

    @property
    def bank(self) -> Account:
        return next(one for one in self.accounts.values() if one.type == "BANK")

    def contact(self, key: str) -> Contact:
        return self.contacts[self._contact_ids[key]]

    def invoice(self, number: str) -> Invoice:
        return self.invoices[self._invoice_ids[number]]

    def has(self, number: str) -> bool:
        return number in self._invoice_ids

    def touch(self, contact: Contact) -> None:
        contact.updated = self._clock()
        self.changed("CONTACT", "UPDATE", contact.id)

    def add_contact(self, key: str, name: str, person: str, emails: tuple[str, ...], archived: bool) -> Contact:
        status = "ARCHIVED" if archived else "ACTIVE"
        contact = Contact(self._new_id(), key, name, person, emails, self._clock(), status)
        self.contacts[contact.id] = contact
        self._contact_ids[key] = contact.id
        self.changed("CONTACT", "CREATE", contact.id)
        return contact

    def add_invoice(
        self, number: str, contact_key: str, issued: date, due: date, total: Decimal, currency: str, text: str
    ) -> Invoice:
        if number in self._invoice_ids:
            raise Invalid("Invoice # must be unique.")
        now = self._clock()
        invoice = Invoice(self._new_id(), number, self.contact(contact_key), issued, due, total, currency, text, now)
        self.invoices[invoice.id] = invoice
        self._invoice_ids[number] = invoice.id
        self.changed("INVOICE", "CREATE", invoice.id)
        return invoice

    def pay(self, invoice: Invoice, account: Account | None, on: date, amount: Decimal, reference: str) -> Payment:
        """Book a payment, or Invalid with every message Xero would give."""
        self._may_pay(invoice, account, on, amount)
        assert account is not None
        payment = Payment(self._new_id(), invoice, account, on, amount, reference, self._clock())
        self.payments[payment.id] = payment
        invoice.payments.append(payment)
        invoice.settle(payment.updated)
        self.changed("INVOICE", "UPDATE", invoice.id)
        return payment

    def _may_pay(self, invoice: Invoice, account: Account | None, on: date, amount: Decimal) -> None:
        wrong = []
        if account is None or account.status != "ACTIVE":
            wrong.append("Account could not be found")
        elif account.type != "BANK" and not account.takes_payments:
            wrong.append("Account type is invalid for making a payment to/from")
        if invoice.status != OPEN:
            wrong.append("Payments can only be made against Authorised documents")
        if amount > invoice.open:
            wrong.append("Payment amount exceeds the amount outstanding on this document")
        if amount <= 0:
            wrong.append("Payment amount must be greater than zero")
        if self.lock_date is not None and on <= self.lock_date:
            day = self.lock_date.strftime("%d %B %Y")
            wrong.append(f"The document date cannot be before the period lock date, currently set at {day}")
        if wrong:
            raise Invalid(*wrong)

    def unpay(self, payment: Payment) -> None:
        """Delete a payment; its invoice is open again."""
        if payment.status == DELETED:
            raise Invalid("This payment has already been deleted")
        payment.status, payment.updated = DELETED, self._clock()
        payment.invoice.settle(payment.updated)
        self.changed("INVOICE", "UPDATE", payment.invoice.id)

    def void(self, invoice: Invoice) -> None:
        if invoice.paid or invoice.credit:
            raise Invalid("This document cannot be edited as it has a payment or credit note allocated to it.")
        if invoice.status != OPEN:
            raise Invalid("Invoice not of valid status for modification")
        invoice.status, invoice.updated = VOIDED, self._clock()
        self.changed("INVOICE", "UPDATE", invoice.id)

    def add_credit(self, kind: str, key: str, contact_key: str, on: date, total: Decimal, currency: str) -> Credit:
        credit = Credit(self._new_id(), key, kind, self.contact(contact_key), on, total, currency, self._clock())
        self.credits[credit.id] = credit
        self.changed(credit_category(kind), "CREATE", credit.id)
        return credit

    def allocate(self, credit: Credit, invoice: Invoice, on: date) -> None:
        """Use as much of the credit as the invoice can take."""
        amount = min(credit.remaining, invoice.open)
        if amount <= 0:
            raise Invalid("The amount to allocate must be greater than zero")
        credit.allocations.append(Allocation(self._new_id(), invoice, amount, on))
        credit.updated = self._clock()
        credit.status = PAID if credit.remaining == 0 else OPEN
        invoice.credited.append((credit, amount))
        invoice.settle(credit.updated)
        self.changed(credit_category(credit.kind), "UPDATE", credit.id)
        self.changed("INVOICE", "UPDATE", invoice.id)


def credit_category(kind: str) -> str:
    """The webhook category of a credit collection: CreditNotes becomes CREDITNOTE."""
    return kind.rstrip("s").upper()
