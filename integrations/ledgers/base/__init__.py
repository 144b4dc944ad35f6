"""The ledger port: what Dunlin asks of an accounting system, in words common to all of them.

Vendor oddities stay inside the adapters; nothing here knows QuickBooks or Xero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from integrations.ledgers.base.budget import (
    Answered,
    Feature,
    Limit,
    Meter,
    Pace,
    Purpose,
    Scopes,
    Unmetered,
    features,
)
from integrations.ledgers.base.orders import (
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
    Written,
    needs,
)
from integrations.ledgers.base.rows import (
    DepositAccount,
    LedgerCompany,
    LedgerCredit,
    LedgerCustomer,
    LedgerExpense,
    LedgerInvoice,
    LedgerPayment,
    LedgerPerson,
    LedgerTerm,
    Page,
    TermRule,
    Unreadable,
)
from integrations.oauth import OAuthApp, Token
from integrations.transport import Transport

__all__ = [
    "AllocationOrder",
    "Answered",
    "Consent",
    "CreditOrder",
    "DateOrder",
    "DepositAccount",
    "ExpenseOrder",
    "Feature",
    "InvoiceOrder",
    "Ledger",
    "LedgerCompany",
    "LedgerCredit",
    "LedgerCustomer",
    "LedgerEvent",
    "LedgerExpense",
    "LedgerInvoice",
    "LedgerKind",
    "LedgerPayment",
    "LedgerPerson",
    "LedgerSettings",
    "LedgerTerm",
    "Limit",
    "Meter",
    "NoteOrder",
    "Order",
    "Pace",
    "Page",
    "PaymentOrder",
    "Purpose",
    "Scopes",
    "Tenant",
    "TermRule",
    "UndoAllocationOrder",
    "UndoCreditOrder",
    "UndoPaymentOrder",
    "Unmetered",
    "Unreadable",
    "Written",
    "features",
    "needs",
]

ENTITIES = frozenset({"customer", "invoice", "payment", "credit", "term"})


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where a ledger lives and with which keys we speak to it. Base URLs are configurable for the sandbox.

    `scopes` replaces what is asked for in a consent, `quota` the vendor's largest budget (calls a day at Xero, metered
    reads a month at QuickBooks), where the operator has another arrangement; empty or 0: the adapter's own.
    """

    client_id: str
    client_secret: str = field(repr=False)
    webhook_key: str = field(repr=False)
    authorize_url: str
    token_url: str
    revoke_url: str
    api_url: str
    scopes: str = ""
    quota: int = 0
    discovery_url: str = ""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation that a person lets us into. `connection` is the vendor's id of the connection, or "".

    `fresh` is False where the vendor says that it was given in an earlier consent than the one just read.
    """

    id: str
    name: str
    connection: str = ""
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person granted: `holder` identifies the token set (Xero user; QuickBooks realm), and its tenants."""

    holder: str
    tenants: tuple[Tenant, ...]


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One thing a webhook told us: `tenant` (vendor id), `entity`, `id`, and a key that repeats on redelivery."""

    tenant: str
    entity: str
    id: str
    key: str


class Ledger(Protocol):
    """One organisation, with a good access token. One object per job; not shared between threads.

    Every method may raise the errors of `integrations.errors`. Reads raise Transient on a lost answer. A row that
    cannot be read costs that row alone: it is in `unreadable` with its bytes.
    """

    def company(self) -> LedgerCompany: ...

    def snapshot(self, since: date, mark: str = "") -> Iterator[Page]:
        """The whole book: every customer, open invoice and open credit, and what is dated on or after `since`.

        With the `mark` of a page it goes on behind that page, also in another process. Its memory does not grow with
        the book.
        """
        ...

    def changes(self, cursor: str, wanted: Collection[str] = ENTITIES) -> Iterator[Page]:
        """Everything changed since the cursor, with overlap; safe to upsert repeatedly.

        Kinds of rows that are not `wanted` (see ENTITIES) may be left out where that saves a call; the cursor that
        comes back remembers for each kind how far it was read.
        """
        ...

    def door(self, cursor: str, customers: Sequence[str], purpose: Purpose = Purpose.DOOR) -> Iterator[Page]:
        """The cheapest reading that makes address, balances and credit of `customers` fresh.

        It ends with a cursor only if it has seen everything that changed since the one given.
        """
        ...

    def sweep(self) -> Iterator[Page]:
        """Every open invoice and open credit as it stands: shows what the changes did not tell. No cursor."""
        ...

    def named(self, entity: str, ids: Sequence[str], purpose: Purpose = Purpose.SWEEP) -> Iterator[Page]:
        """These invoices, customers or payments, whatever their state; one that is not there any more is `deleted`.

        Of credits only those that are still open: any other may be `deleted`, for nothing of it is left.
        """
        ...

    def deposit_accounts(self) -> tuple[DepositAccount, ...]: ...

    def income_choices(self) -> tuple[DepositAccount, ...]:
        """What a credit note or an invoice of ours can be booked on: accounts or items, whichever the vendor wants."""
        ...

    def expense_choices(self) -> tuple[DepositAccount, ...]:
        """What a processor's fee can be booked on; an `ExpenseOrder` names one by its id."""
        ...

    def expenses(self, ids: Sequence[str]) -> tuple[LedgerExpense, ...]:
        """Those of these expenses of ours that stand, whatever was changed of them; many are asked for in one call."""
        ...

    def pdf(self, invoice: str) -> bytes:
        """The ledger's own picture of the invoice. Rejected when there is none."""
        ...

    def pay_link(self, invoice: str) -> str:
        """The ledger's own page on which the customer can see or pay the invoice; "" where there is none."""
        ...

    def prepare(self, order: Order) -> bytes:
        """The exact bytes to send; stored before the call so that a repeat sends the same.

        For a change of something that exists it reads the present version first, and raises Rejected when the order
        makes no sense any more (already undone, already so dated, closed).
        """
        ...

    def write(self, order: Order, body: bytes, key: str) -> Written:
        """Carry the order out once: the same key and bytes within the vendor's memory change nothing more.

        InDoubt on a lost answer; Stale when the row has changed since `prepare`: prepare again; Rejected otherwise,
        with a sentence that says what an accountant can do.
        """
        ...

    def find(self, order: Order) -> Written | None:
        """Look whether this very order has been carried out already, by our reference or by what it would change."""
        ...


class LedgerKind(Protocol):
    """A kind of ledger, built from its settings. `key_memory` is how many seconds the vendor remembers a write key.
    `label` is what people call it, `reminders_place` a sentence on where its own reminders are switched off.

    `scopes` says what each feature needs, `limits` and `pace` what an organisation stands, `metered` what the vendor
    puts on its bill ("reads" or "bytes"). `changes_tell_all` is whether nothing can change without showing in
    `changes`: then such a reading is as good as one at the door. `drafts` is whether an invoice of ours can be left to
    the accountant as a draft.
    """

    kind: str
    label: str
    reminders_place: str
    oauth: OAuthApp
    key_memory: int
    scopes: Scopes
    limits: tuple[Limit, ...]
    pace: Pace
    metered: str
    changes_tell_all: bool
    drafts: bool

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:
        """Who granted and which tenants, read after the code was exchanged. `callback` is the redirect's query."""
        ...

    def tenants(self, token: Token, transport: Transport) -> tuple[Tenant, ...] | None:
        """The organisations the token still opens; None where the vendor cannot tell."""
        ...

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Remove one tenant's connection at the vendor, where the vendor has such a thing."""
        ...

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> Ledger: ...

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        """Verify a webhook's signature on its raw bytes and read it. BadSignature, or Rejected when unreadable."""
        ...

    def deep_link(self, entity: str, id: str, short_code: str) -> str:
        """Where the accountant sees this invoice, customer, payment or credit in the ledger; "" where unknown."""
        ...
