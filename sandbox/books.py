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
    """`emails` may be empty. `parent` is a customer key billed in this one's stead (QuickBooks only)."""

    key: str
    name: str
    contact: str
    emails: tuple[str, ...]
    archived: bool = False
    parent: str = ""


@dataclass(frozen=True, slots=True)
class BookInvoice:
    key: str
    customer: str
    issued: date
    due: date
    amount: Decimal
    currency: str
    description: str = "Services"
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BookPayment:
    """A payment against one invoice, booked on `booked_on` with the date `paid_on`. `id` is the vendor's."""

    invoice: str
    amount: Decimal
    paid_on: date
    reference: str = ""
    id: str = ""


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


@dataclass(frozen=True, slots=True)
class Webhook:
    """A delivery waiting to be posted to the product: raw bytes, signed headers."""

    kind: str
    raw: bytes
    headers: dict[str, str]


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

    def archive(self, tenant: str, customer_key: str) -> None: ...

    def balance(self, tenant: str, invoice_key: str) -> Decimal: ...

    def payments(self, tenant: str) -> list[BookPayment]:
        """Every payment that stands in the books, with reference and vendor id."""
        ...

    def webhooks(self) -> list[Webhook]:
        """Take the deliveries that are waiting; each is handed out once."""
        ...
