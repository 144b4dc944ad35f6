"""The ledger port: what Dunlin asks of an accounting system, in words common to all of them.

Vendor oddities stay inside the adapters; nothing here knows QuickBooks or Xero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from core.facts import InvoiceStatus
from core.money import Money
from integrations.oauth import OAuthApp, Token
from integrations.transport import Transport


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where a ledger lives and with which keys we speak to it. Base URLs are configurable for the sandbox."""

    client_id: str
    client_secret: str
    webhook_key: str
    authorize_url: str
    token_url: str
    revoke_url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation given in a consent. `connection` is the vendor's id of the connection, or ""."""

    id: str
    name: str
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person granted: `holder` identifies the token set (Xero user; QuickBooks realm), and its tenants."""

    holder: str
    tenants: tuple[Tenant, ...]


@dataclass(frozen=True, slots=True)
class LedgerCompany:
    """`zone` is an IANA name, None when the ledger does not say or says something unknown: then a person is asked."""

    name: str
    currency: str
    country: str
    zone: str | None
    email: str = ""
    short_code: str = ""


@dataclass(frozen=True, slots=True)
class LedgerCustomer:
    """A customer or contact. `bills_to` is the parent's id where the ledger bills with the parent, else ""."""

    id: str
    name: str
    contact: str = ""
    emails: tuple[str, ...] = ()
    active: bool = True
    erased: bool = False
    merged_into: str = ""
    bills_to: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    """A sales invoice. `balance` is the ledger's own open amount, never computed by us. `raw_status` is verbatim."""

    id: str
    customer: str
    number: str
    issued: date
    due: date | None
    total: Money
    balance: Money
    status: InvoiceStatus
    raw_status: str = ""
    emails: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class LedgerPayment:
    """Money received. `reference` is what the booker wrote (ours when we booked it); `applied` is per invoice id."""

    id: str
    customer: str
    paid_on: date
    amount: Money
    reference: str = ""
    applied: tuple[tuple[str, Money], ...] = ()
    gone: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class LedgerCredit:
    """A credit note, over- or prepayment; `remaining` is what is still open (zero once used or void)."""

    id: str
    customer: str
    kind: str
    remaining: Money
    gone: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read: `entity` (invoice, customer …), its id if known, and one sentence."""

    entity: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows. `deleted` are (entity, id) pairs the ledger says are gone.

    `cursor` is set on the last page only: keep it once every page before it is stored.
    """

    customers: tuple[LedgerCustomer, ...] = ()
    invoices: tuple[LedgerInvoice, ...] = ()
    payments: tuple[LedgerPayment, ...] = ()
    credits: tuple[LedgerCredit, ...] = ()
    deleted: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class DepositAccount:
    """Where a payment may be booked; chosen by the bookkeeper."""

    id: str
    name: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """A payment to book against one invoice. `reference` is our own uid (22 characters), findable in the ledger."""

    invoice: str
    customer: str
    amount: Money
    paid_on: date
    deposit_account: str
    reference: str


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One thing a webhook told us: `tenant` (vendor id), `entity`, `id`, and a key that repeats on redelivery."""

    tenant: str
    entity: str
    id: str
    key: str


class Ledger(Protocol):
    """One organisation, with a good access token. One object per job; not shared between threads.

    Every method may raise the errors of `integrations.errors`. Reads raise Transient on a lost answer.
    """

    def company(self) -> LedgerCompany: ...

    def snapshot(self, since: date) -> Iterator[Page]:
        """First sync: every customer and open invoice, and invoices, payments and credits dated on or after `since`."""
        ...

    def changes(self, cursor: str) -> Iterator[Page]:
        """Everything changed since the cursor, with overlap; safe to upsert repeatedly."""
        ...

    def door(self, cursor: str, customers: Sequence[str]) -> Iterator[Page]:
        """The cheapest reading that makes balances and credit of `customers` fresh. Its cursor may be None."""
        ...

    def deposit_accounts(self) -> tuple[DepositAccount, ...]: ...

    def payment_body(self, order: PaymentOrder) -> bytes:
        """The exact bytes to send; stored before the call so that a repeat sends the same."""
        ...

    def record_payment(self, body: bytes, key: str) -> LedgerPayment:
        """Book once: the same key and bytes within the vendor's memory book nothing new. InDoubt on a lost answer."""
        ...

    def find_payment(self, order: PaymentOrder) -> LedgerPayment | None:
        """Look for a payment already booked for this order, by our reference."""
        ...


Meter = Callable[[str], None]
"""Called once per HTTP call with its purpose: company, snapshot, changes, door, write, find."""


class LedgerKind(Protocol):
    """A kind of ledger, built from its settings. `key_memory` is how many seconds the vendor remembers a write key."""

    kind: str
    label: str
    oauth: OAuthApp
    key_memory: int

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:
        """Who granted and which tenants, read after the code was exchanged. `callback` is the redirect's query."""
        ...

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Remove one tenant's connection at the vendor, where the vendor has such a thing."""
        ...

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> Ledger: ...

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        """Verify a webhook's signature on its raw bytes and read it. BadSignature, or Rejected when unreadable."""
        ...
