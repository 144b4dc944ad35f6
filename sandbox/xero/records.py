"""The records of a pretend Xero organisation, and what follows from each of them alone.

What bookkeeping allows across records is the ledger's part. It knows no HTTP, no JSON and no tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ZERO, CENT = Decimal("0.00"), Decimal("0.01")
DRAFT, SUBMITTED, OPEN, PAID, VOIDED, DELETED = "DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"


class Invalid(ValueError):
    """Xero's validation said no; `messages` are its words."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a contact. `mailed`: Xero's IncludeInEmails."""

    first: str
    last: str
    email: str
    mailed: bool = True


@dataclass(slots=True)
class Contact:
    """`status` is ACTIVE, ARCHIVED or GDPRREQUEST. The first address is the contact's, the others persons'.

    `term` is (day, Xero's rule) of the sales terms, where there are any; `phone` (country, area, number).
    """

    id: str
    key: str
    name: str
    person: str
    emails: tuple[str, ...]
    updated: datetime
    status: str = "ACTIVE"
    merged_into: str = ""
    term: tuple[int, str] | None = None
    phone: tuple[str, str, str] = ("", "", "")
    others: list[Person] = field(default_factory=list)

    @property
    def persons(self) -> list[Person]:
        """Everybody besides the contact's own address."""
        return [_named(email) for email in self.emails[1:]] + self.others


def _named(email: str) -> Person:
    first, _, last = email.partition("@")[0].partition(".")
    return Person(first.capitalize(), last.capitalize(), email)


@dataclass(slots=True)
class Account:
    """`tax` is the rate that lines on this account bear unless they say otherwise."""

    id: str
    code: str
    name: str
    type: str
    currency: str
    takes_payments: bool = False
    status: str = "ACTIVE"
    tax: Decimal = Decimal(0)


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


@dataclass(frozen=True, slots=True)
class Allocation:
    """So much of a credit used for an invoice; both hold it."""

    id: str
    credit: Credit
    invoice: Invoice
    amount: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document; `amount` is the line's, with or without tax as the document says."""

    text: str
    amount: Decimal
    account: Account | None = None
    tax: Decimal = ZERO


@dataclass(slots=True)
class Credit:
    """A credit note, an overpayment or a prepayment (`kind` is Xero's collection).

    `account` is the bank account an over- or prepayment came into, `transaction` the id of that bank transaction.
    """

    id: str
    key: str
    kind: str
    contact: Contact
    on: date
    total: Decimal
    currency: str
    updated: datetime
    status: str = OPEN
    reference: str = ""
    transaction: str = ""
    account: Account | None = None
    amounts: str = "NoTax"
    lines: list[Line] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def remaining(self) -> Decimal:
        return self.total - sum((one.amount for one in self.allocations), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((one.tax for one in self.lines), ZERO)

    def settle(self, now: datetime) -> None:
        """PAID when it is used up, AUTHORISED again when it is not."""
        if self.status in (OPEN, PAID):
            self.status = PAID if self.remaining == 0 else OPEN
        self.updated = now


@dataclass(slots=True)
class Expense:
    """Money spent from one account on another: a bank transaction with a contact, or without one a manual journal."""

    id: str
    on: date
    amount: Decimal
    paid_from: Account
    expense: Account
    words: str
    reference: str
    updated: datetime
    contact: Contact | None = None
    status: str = OPEN


@dataclass(slots=True)
class Invoice:
    """`sent` is SentToContact, `expected` ExpectedPaymentDate, `theme` the branding theme's id.

    `lines` are those of an invoice made over the API; one of the books has a line of its description.
    """

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
    sent: bool = False
    expected: date | None = None
    theme: str = ""
    reference: str = ""
    url: str = ""
    amounts: str = "NoTax"
    lines: list[Line] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def tax(self) -> Decimal:
        return sum((one.tax for one in self.lines), ZERO)

    @property
    def paid(self) -> Decimal:
        return sum((one.amount for one in self.payments if one.status == OPEN), ZERO)

    @property
    def credit(self) -> Decimal:
        return sum((one.amount for one in self.allocations), ZERO)

    @property
    def touched(self) -> bool:
        """A payment or credit stands on it: most of it may not be edited any more."""
        return bool(self.paid or self.credit)

    @property
    def open(self) -> Decimal:
        """What is still owed; nothing once voided or deleted."""
        return ZERO if self.status in (VOIDED, DELETED) else self.total - self.paid - self.credit

    def settle(self, now: datetime) -> None:
        """Xero's own change of status: PAID when nothing is open, AUTHORISED again when something is."""
        if self.status in (OPEN, PAID):
            self.status = PAID if self.open == 0 else OPEN
        self.updated = now
