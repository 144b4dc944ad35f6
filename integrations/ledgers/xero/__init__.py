"""Xero as a kind of ledger: its OAuth app, consent, connections, webhooks, and the opening of one organisation.

What is odd about Xero stays in this package. It keeps no state and stores nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from integrations.errors import BadSignature, Rejected
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
from integrations.ledgers.xero import faults, reads, structs, writes
from integrations.ledgers.xero.client import Client, answer_of
from integrations.oauth import OAuthApp, Token
from integrations.transport import Transport

# Apps made since 2 March 2026 get these granular scopes; payments is the only one that may write.
SCOPES = (
    *("openid", "profile", "email", "offline_access"),
    *("accounting.invoices.read", "accounting.payments", "accounting.contacts.read", "accounting.settings.read"),
)
_ENTITIES = {
    "INVOICE": "invoice",
    "CONTACT": "customer",
    "CREDITNOTE": "credit",
    "OVERPAYMENT": "credit",
    "PREPAYMENT": "credit",
}


class XeroLedger:
    """A `Ledger`: one organisation with a good access token, for one job."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def company(self) -> LedgerCompany:
        return reads.company(self._client)

    def snapshot(self, since: date) -> Iterator[Page]:
        return reads.snapshot(self._client, since)

    def changes(self, cursor: str) -> Iterator[Page]:
        return reads.changes(self._client, cursor)

    def door(self, cursor: str, customers: Sequence[str]) -> Iterator[Page]:
        return reads.door(self._client, cursor, customers)

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        return reads.deposit_accounts(self._client)

    def payment_body(self, order: PaymentOrder) -> bytes:
        return writes.body(order)

    def record_payment(self, body: bytes, key: str) -> LedgerPayment:
        return writes.record(self._client, body, key)

    def find_payment(self, order: PaymentOrder) -> LedgerPayment | None:
        return writes.find(self._client, order)


class Xero:
    """A `LedgerKind`. A key is trusted for five of the six minutes that Xero remembers it."""

    kind = "xero"
    label = "Xero"
    key_memory = 300

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
            pkce=True,
        )

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:  # noqa: ARG002
        """The person is named in the access token; every organisation they have connected comes, old and new."""
        holder = _holder(token.access)
        client = Client(self._settings, token.access, "", transport, _unmetered)
        answer = answer_of(client.identity.get_connections)
        try:
            rows = msgspec.json.decode(answer.body, type=list[structs.Connection], strict=False)
        except ValueError as error:
            raise faults.unreadable(writing=False) from error
        tenants = [
            Tenant(row.tenantId, row.tenantName or "", row.id)
            for row in rows
            if row.tenantType == "ORGANISATION" and row.tenantId and row.id
        ]
        return Consent(holder, tuple(tenants))

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Remove one connection (by its own id, not the organisation's); one that is gone already is no error."""
        client = Client(self._settings, token.access, "", transport, _unmetered)
        try:
            answer_of(client.identity.delete_connection, connection)
        except Rejected as error:
            if error.code != "404":
                raise

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> XeroLedger:
        return XeroLedger(Client(self._settings, access_token, tenant, transport, meter))

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        """The events of a delivery whose signature fits; none in Xero's handshake. Unknown kinds are left out."""
        given = next((value for name, value in headers.items() if name.lower() == "x-xero-signature"), "")
        digest = hmac.new(self._settings.webhook_key.encode(), raw, hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
            raise BadSignature("The signature of this Xero message does not fit.")
        try:
            delivery = msgspec.json.decode(raw, type=structs.Delivery, strict=False)
        except ValueError as error:
            raise Rejected("This Xero message could not be read.", "unreadable") from error
        return tuple(event for row in delivery.events or [] if (event := _event(row)) is not None)


def _event(row: structs.Event) -> LedgerEvent | None:
    """One event; its key is the same when Xero delivers it again. resourceUrl may lack the id, so it is not read."""
    entity = _ENTITIES.get((row.eventCategory or "").upper())
    if entity is None or not row.tenantId or not row.resourceId:
        return None
    parts = (row.tenantId, row.resourceId, row.eventDateUtc or "", (row.eventType or "").upper())
    return LedgerEvent(row.tenantId, entity, row.resourceId, ":".join(parts))


def _holder(access_token: str) -> str:
    """The user id inside the access token. It came straight from Xero over TLS, so no signature is checked."""
    try:
        payload = access_token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=structs.Claims)
    except (IndexError, ValueError) as error:
        raise Rejected("Xero's access token does not say whose it is.", "token") from error
    if not claims.xero_userid:
        raise Rejected("Xero's access token does not say whose it is.", "token")
    return claims.xero_userid


def _unmetered(_purpose: str) -> None:
    """Connections are not counted against an organisation's limits."""
