"""QuickBooks Online as a ledger: how it is connected, read and written, in the port's words.

What is odd about it stays in this package: the faults, the voids without a status, the changes feed, the request ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from urllib.parse import quote, urlsplit

from integrations.errors import Rejected
from integrations.ledgers.base import (
    ENTITIES,
    Consent,
    DepositAccount,
    Feature,
    LedgerCompany,
    LedgerEvent,
    LedgerExpense,
    LedgerSettings,
    Limit,
    Meter,
    Order,
    Pace,
    Page,
    Purpose,
    Scopes,
    Tenant,
    Unmetered,
    Written,
)
from integrations.ledgers.quickbooks import finding, webhooks, writes
from integrations.ledgers.quickbooks.reads import Reader
from integrations.ledgers.quickbooks.snapshot import Snapshot
from integrations.ledgers.quickbooks.wire import Wire
from integrations.oauth import OAuthApp, Token
from integrations.openid import OpenId
from integrations.transport import Transport

SCOPE = "com.intuit.quickbooks.accounting"  # read and write; the vendor has no read-only scope
FREE_READS = 500_000  # a month, over all companies
# One scope allows all there is; a day on which the money is expected is not kept there.
_SCOPES: Scopes = {feature: (frozenset({SCOPE}),) for feature in Feature if feature is not Feature.EXPECTED}
_MONTH = 30 * 24 * 60 * 60
_PAGES = {
    "invoice": "invoice?txnId=",
    "credit": "creditmemo?txnId=",
    "payment": "recvpayment?txnId=",
    "customer": "customerdetail?nameId=",
}


class QuickBooks:
    """The kind. `settings.api_url` is the host alone, for example https://quickbooks.api.intuit.com."""

    kind = "quickbooks"
    label = "QuickBooks"
    reminders_place = "Switch them off in QuickBooks under Settings, Account and settings, Sales, Reminders."
    # The vendor promises that a repeated request id books nothing new but not for how long. A day is a guess on the
    # safe side of what is told; later than this, look the payment up first.
    key_memory = 24 * 60 * 60
    scopes: Scopes = _SCOPES
    pace = Pace(at_once=10, per_second=10)
    metered = "reads"
    drafts = False  # an invoice stands in the books as soon as it is made
    changes_tell_all = True  # the changes feed has every row that moved, with its balance

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self._homes: dict[str, str] = {}
        monthly = Limit("month", _MONTH, settings.quota or FREE_READS, whole_app=True, metered=True)
        self.limits: tuple[Limit, ...] = (Limit("minute", 60, 500), monthly)
        self.oauth = OAuthApp(
            label=self.label,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            authorize_url=settings.authorize_url,
            token_url=settings.token_url,
            revoke_url=settings.revoke_url,
            scopes=tuple(settings.scopes.split()) or (SCOPE,),
            headers={"x-include-refresh-token-hard-expires-in": "true"},
            revoke_as_json=True,
            openid=OpenId(
                "Intuit",
                settings.discovery_url,
                from_userinfo=True,
                given="givenName",
                family="familyName",
                verified="emailVerified",
            ),
        )

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:
        """One company a consent: its id arrives only in the callback, and there the token set belongs to it."""
        realm = callback.get("realmId", "")
        if not (realm.isascii() and realm.isdigit()):
            raise Rejected(f"{self.label} did not say which company was connected; start the connection again.")
        info = Reader(self._wire(token.access, realm, transport, Unmetered()), realm).info()
        return Consent(holder=realm, tenants=(Tenant(realm, info.company_name),))

    def tenants(self, token: Token, transport: Transport) -> tuple[Tenant, ...] | None:  # noqa: ARG002 (the port's)
        """QuickBooks does not tell; whether a company still lets us in shows when it is read."""
        return None

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Nothing: a grant covers one company, so withdrawing it (`oauth.revoke`) is the disconnection."""

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> QuickBooksLedger:
        wire = self._wire(access_token, tenant, transport, meter)
        return QuickBooksLedger(wire, Reader(wire, tenant, self._homes))

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        return webhooks.events(raw, headers, self._settings.webhook_key)

    def deep_link(self, entity: str, id: str, short_code: str) -> str:  # noqa: ARG002 (the port's)
        """QuickBooks' own pages; the sandbox companies have a site of their own."""
        sandbox = "sandbox" in (urlsplit(self._settings.api_url).hostname or "")
        site = "https://sandbox.qbo.intuit.com" if sandbox else "https://qbo.intuit.com"
        page = _PAGES.get(entity)
        return f"{site}/app/{page}{quote(id, safe='')}" if page and id else ""

    def _wire(self, access_token: str, realm: str, transport: Transport, meter: Meter) -> Wire:
        return Wire(self._settings.api_url, access_token, realm, transport, meter)


class QuickBooksLedger:
    """One company, as `integrations.ledgers.base.Ledger` asks it."""

    def __init__(self, wire: Wire, reader: Reader) -> None:
        self._wire, self._reader = wire, reader

    def company(self) -> LedgerCompany:
        return self._reader.company()

    def snapshot(self, since: date, mark: str = "") -> Iterator[Page]:
        return Snapshot(self._reader, since).pages(mark)

    def changes(self, cursor: str, wanted: Collection[str] = ENTITIES) -> Iterator[Page]:  # noqa: ARG002 (the port's)
        """Everything in one call; asking for less would save none."""
        return self._reader.changes(cursor, Purpose.CHANGES)

    def door(self, cursor: str, customers: Sequence[str], purpose: Purpose = Purpose.DOOR) -> Iterator[Page]:  # noqa: ARG002
        """The changes feed again: one call makes every balance of the company fresh, whoever is asked about."""
        return self._reader.changes(cursor, purpose)

    def sweep(self) -> Iterator[Page]:
        return self._reader.sweep()

    def named(self, entity: str, ids: Sequence[str], purpose: Purpose = Purpose.SWEEP) -> Iterator[Page]:
        return self._reader.named(entity, ids, purpose)

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        return self._reader.deposit_accounts()

    def income_choices(self) -> tuple[DepositAccount, ...]:
        return self._reader.income_choices()

    def expense_choices(self) -> tuple[DepositAccount, ...]:
        return self._reader.expense_choices()

    def expenses(self, ids: Sequence[str]) -> tuple[LedgerExpense, ...]:
        return finding.expenses(self._reader, ids)

    def pdf(self, invoice: str) -> bytes:
        return self._reader.pdf(invoice)

    def pay_link(self, invoice: str) -> str:
        """QuickBooks' page for the invoice, where online payment is allowed and there is somebody to pay."""
        row = self._reader.row("Invoice", invoice, Purpose.DOCUMENT, include="invoiceLink")
        link: str = row.invoice_link or ""
        return link if urlsplit(link).scheme in ("https", "http") else ""

    def prepare(self, order: Order) -> bytes:
        return writes.prepare(self._reader, order)

    def write(self, order: Order, body: bytes, key: str) -> Written:
        return writes.write(self._wire, order, body, key)

    def find(self, order: Order) -> Written | None:
        return finding.find(self._reader, order)
