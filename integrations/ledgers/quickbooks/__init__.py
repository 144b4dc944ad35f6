"""QuickBooks Online as a ledger: how it is connected, read and written, in the port's words.

What is odd about it stays in this package: the faults, the voids without a status, the changes feed, the request ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from integrations.errors import Rejected
from integrations.ledgers.base import (
    Consent,
    DepositAccount,
    LedgerCompany,
    LedgerEvent,
    LedgerPayment,
    LedgerSettings,
    Meter,
    Page,
    PaymentOrder,
    Tenant,
)
from integrations.ledgers.quickbooks import webhooks, writes
from integrations.ledgers.quickbooks.reads import Reader
from integrations.ledgers.quickbooks.wire import Wire
from integrations.oauth import OAuthApp, Token
from integrations.transport import Transport

SCOPES = ("com.intuit.quickbooks.accounting",)  # read and write; the vendor has no read-only scope


class QuickBooks:
    """The kind. `settings.api_url` is the host alone, for example https://quickbooks.api.intuit.com."""

    kind = "quickbooks"
    label = "QuickBooks Online"
    # The vendor promises that a repeated request id books nothing new but not for how long. A day is a guess on the
    # safe side of what is told; later than this, look the payment up first.
    key_memory = 24 * 60 * 60

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self.oauth = OAuthApp(
            label=self.label,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            authorize_url=settings.authorize_url,
            token_url=settings.token_url,
            revoke_url=settings.revoke_url,
            scopes=SCOPES,
            headers={"x-include-refresh-token-hard-expires-in": "true"},
            revoke_as_json=True,
        )

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:
        """One company a consent: its id arrives only in the callback, and there the token set belongs to it."""
        realm = callback.get("realmId", "")
        if not (realm.isascii() and realm.isdigit()):
            raise Rejected(f"{self.label} did not say which company was connected; start the connection again.")
        info = Reader(self._wire(token.access, realm, transport, _unmetered), realm).info()
        return Consent(holder=realm, tenants=(Tenant(realm, info.company_name),))

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Nothing: a grant covers one company, so withdrawing it (`oauth.revoke`) is the disconnection."""

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> QuickBooksLedger:
        return QuickBooksLedger(self._wire(access_token, tenant, transport, meter), tenant)

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        return webhooks.events(raw, headers, self._settings.webhook_key)

    def _wire(self, access_token: str, realm: str, transport: Transport, meter: Meter) -> Wire:
        return Wire(self._settings.api_url, access_token, realm, transport, meter)


def _unmetered(_purpose: str) -> None:
    """The call at the moment of consent belongs to no company's budget yet."""


class QuickBooksLedger:
    """One company, as `integrations.ledgers.base.Ledger` asks it."""

    def __init__(self, wire: Wire, realm: str) -> None:
        self._wire = wire
        self._reader = Reader(wire, realm)

    def company(self) -> LedgerCompany:
        return self._reader.company()

    def snapshot(self, since: date) -> Iterator[Page]:
        return self._reader.snapshot(since)

    def changes(self, cursor: str) -> Iterator[Page]:
        return self._reader.changes(cursor)

    def door(self, cursor: str, customers: Sequence[str]) -> Iterator[Page]:  # noqa: ARG002 (the port's)
        """The changes feed again: one call makes every balance of the company fresh, whoever is asked about."""
        return self._reader.changes(cursor, "door")

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        return self._reader.deposit_accounts()

    def payment_body(self, order: PaymentOrder) -> bytes:
        return writes.payment_body(order, self._reader.home())

    def record_payment(self, body: bytes, key: str) -> LedgerPayment:
        return writes.record_payment(self._wire, self._reader, body, key)

    def find_payment(self, order: PaymentOrder) -> LedgerPayment | None:
        return writes.find_payment(self._reader, order)
