"""The books of the pretend world, in words no vendor owns, and what every ledger twin can be told to do.

`key` is ours (an invoice's key is its number); vendor ids are made by the twins. Dates are local to the company.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from flask import Flask


@dataclass(frozen=True, slots=True)
class BookCompany:
    """`zone` is an IANA name; the twin writes it as its vendor would."""

    key: str
    name: str
    currency: str
    country: str
    zone: str
    email: str
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BookCustomer:
    """`emails` may be empty. `parent` is a customer key billed in this one's stead (QuickBooks only).

    `term` is one of the company's terms by name.
    """

    key: str
    name: str
    contact: str
    emails: tuple[str, ...]
    archived: bool = False
    parent: str = ""
    term: str = ""


@dataclass(frozen=True, slots=True)
class BookTerm:
    """Payment within `days` of the invoice's date; QuickBooks also knows a discount for paying early."""

    name: str
    days: int
    discount_days: int = 0
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BookInvoice:
    """`term` is one of the company's terms by name; the due date stands as given."""

    key: str
    customer: str
    issued: date
    due: date
    amount: Decimal
    currency: str
    description: str = "Services"
    emails: tuple[str, ...] = ()
    term: str = ""


@dataclass(frozen=True, slots=True)
class BookPayment:
    """A payment against one invoice, booked on `booked_on` with the date `paid_on`. `id` is the vendor's."""

    invoice: str
    amount: Decimal
    paid_on: date
    reference: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class BookCredit:
    """A credit note that stands in the books. `note` is what the booker wrote beside it; `id` is the vendor's."""

    customer: str
    amount: Decimal
    note: str
    id: str


@dataclass(frozen=True, slots=True)
class BookExpense:
    """Money spent from one account on another, both as the vendor names them to an app. `note` is what the booker wrote
    beside it; `id` is the vendor's.
    """

    amount: Decimal
    spent_on: date
    paid_from: str
    expense: str
    words: str
    note: str
    id: str


@dataclass(slots=True)
class Company:
    """Everything of one company as it stands on the first day."""

    about: BookCompany
    customers: list[BookCustomer] = field(default_factory=list)
    invoices: list[BookInvoice] = field(default_factory=list)
    payments: list[BookPayment] = field(default_factory=list)
    credits: list[tuple[str, str, date, Decimal, str]] = field(default_factory=list)
    """(credit key, customer key, date, amount, invoice key it is applied to or "" while open)"""
    voids: list[tuple[str, date]] = field(default_factory=list)
    terms: list[BookTerm] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A delivery waiting to be posted to the product: raw bytes, signed headers, and where to, if anybody said so."""

    kind: str
    raw: bytes
    headers: dict[str, str]
    url: str = ""


class LedgerTwin(Protocol):
    """A pretend ledger with many organisations. All changes are stamped with the world's clock.

    `calls` counts API requests by their path's shape, e.g. "GET /Invoices", so that a judge can count from outside.
    """

    kind: str
    app: Flask
    calls: Counter[str]

    def add_company(self, company: Company) -> str:
        """Load a company; its vendor id (realm or tenant)."""
        ...

    def add_customer(self, tenant: str, customer: BookCustomer) -> str: ...

    def add_invoice(self, tenant: str, invoice: BookInvoice) -> str: ...

    def receive(self, tenant: str, payment: BookPayment) -> str:
        """The bookkeeper books a bank transfer. ValueError when it exceeds what is open."""
        ...

    def void(self, tenant: str, invoice_key: str) -> None: ...

    def credit(
        self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal, apply_to: str = ""
    ) -> str: ...

    def withdraw_expense(self, tenant: str, expense_id: str) -> None:
        """The bookkeeper deletes it."""
        ...

    def withdraw_credit(self, tenant: str, credit_id: str) -> None:
        """The bookkeeper takes a credit note back, wherever it was used; what it covered is open again."""
        ...

    def archive(self, tenant: str, customer_key: str) -> None: ...

    def merge(self, tenant: str, customer_key: str, into: str) -> None:
        """Two customers were one: the documents of the first now belong to the other."""
        ...

    def change_due(self, tenant: str, invoice_key: str, due: date) -> None:
        """As at the vendor: Xero does not move the time stamp of a document that is part-paid."""
        ...

    def reissue(self, tenant: str, invoice_key: str, issued: date, amount: Decimal) -> None:
        """Another date and sum on the invoice, as far as the vendor lets one once money is booked on it."""
        ...

    def delete(self, tenant: str, invoice_key: str) -> None:
        """Remove an invoice that nothing is booked on, as far as the vendor lets one."""
        ...

    def unreceive(self, tenant: str, payment_id: str) -> None:
        """The bookkeeper takes a payment back; what it paid is open again."""
        ...

    def receive_on_account(self, tenant: str, key: str, customer_key: str, on: date, amount: Decimal) -> str:
        """Money without an invoice: an unapplied payment in QuickBooks, a prepayment in Xero; its vendor id."""
        ...

    def mail(self, tenant: str, invoice_key: str) -> None:
        """The bookkeeper has the ledger mail the invoice."""
        ...

    def lock(self, tenant: str, until: date | None) -> None:
        """Close the books up to and including that day."""
        ...

    def spoil(self, tenant: str, entity: str, key: str, **fields: object) -> None:
        """Hand a row out with these raw fields over its own (customer, invoice, payment or credit; None: null).

        Payments go by vendor id. Without fields it is itself again.
        """
        ...

    def balance(self, tenant: str, invoice_key: str) -> Decimal: ...

    def payments(self, tenant: str) -> list[BookPayment]:
        """Every payment that stands in the books, with reference and vendor id."""
        ...

    def received(self, tenant: str) -> list[BookPayment]:
        """All money that stands in the books, each sum once and whole, whatever it is used for; `invoice` is empty."""
        ...

    def credit_notes(self, tenant: str) -> list[BookCredit]:
        """Every credit note that stands in the books, used or not."""
        ...

    def expenses(self, tenant: str) -> list[BookExpense]:
        """Every expense that stands in the books."""
        ...

    def open_credit(self, tenant: str) -> dict[str, Decimal]:
        """What is left of credit notes, over- and prepayments and unapplied payments, by customer key."""
        ...

    # What goes wrong

    def plan_fault(self, path_contains: str, kind: str, times: int = 1, seconds: float = 0) -> None:
        """The next `times` requests whose "METHOD path" contains `path_contains` go wrong, or all within `seconds`.

        Kinds every twin knows: "drop" (done, the answer is lost), "lost" (nothing is done, the answer breaks off),
        "429" (with how long to wait), "429-bare" (without), "503" (an HTML page), "500", "401" (token expired).
        """
        ...

    def rotate_now(self, tenant: str) -> None:
        """The next refresh gives a new refresh token, and the one before it dies without grace."""
        ...

    def disconnect(self, tenant: str) -> None:
        """The customer disconnects Dunlin on the vendor's own page."""
        ...

    def webhooks(self, how: str = "") -> list[Webhook]:
        """Take the deliveries that are waiting; each is handed out once.

        `how`: "" as they came; "twice"; "backwards"; "unsigned" (beside each real one a forged one).
        """
        ...
