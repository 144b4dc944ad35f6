"""Xero as a kind of ledger: its OAuth app, consent, connections, webhooks, and the opening of one organisation.

What is odd about Xero stays in this package. It keeps no state and stores nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Raw

from integrations.errors import BadSignature, Misconfigured, Rejected
from integrations.ledgers.base import (
    ENTITIES,
    Consent,
    DepositAccount,
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
    Tenant,
    Written,
)
from integrations.ledgers.xero import documents, faults, reads, standing, structs, writes
from integrations.ledgers.xero.client import Client, answer_of, identity
from integrations.ledgers.xero.scopes import ASKED, SCOPES
from integrations.oauth import OAuthApp, Token
from integrations.openid import OpenId
from integrations.transport import Transport

STARTER = 1000  # calls a day that the first of Xero's tiers allows for one organisation
_ORGANISATION = "ORGANISATION"
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

    def snapshot(self, since: date, mark: str = "") -> Iterator[Page]:
        return reads.snapshot(self._client, since, mark)

    def changes(self, cursor: str, wanted: Collection[str] = ENTITIES) -> Iterator[Page]:
        return reads.changes(self._client, cursor, wanted)

    def door(self, cursor: str, customers: Sequence[str], purpose: Purpose = Purpose.DOOR) -> Iterator[Page]:
        return reads.door(self._client, cursor, customers, purpose)

    def sweep(self) -> Iterator[Page]:
        return reads.sweep(self._client)

    def named(self, entity: str, ids: Sequence[str], purpose: Purpose = Purpose.SWEEP) -> Iterator[Page]:
        return reads.named(self._client, entity, ids, purpose)

    def deposit_accounts(self) -> tuple[DepositAccount, ...]:
        return reads.deposit_accounts(self._client)

    def income_choices(self) -> tuple[DepositAccount, ...]:
        return reads.income_choices(self._client)

    def expense_choices(self) -> tuple[DepositAccount, ...]:
        return reads.expense_choices(self._client)

    def expenses(self, ids: Sequence[str]) -> tuple[LedgerExpense, ...]:
        return standing.expenses(self._client, ids)

    def pdf(self, invoice: str) -> bytes:
        return documents.pdf(self._client, invoice)

    def pay_link(self, invoice: str) -> str:
        return documents.pay_link(self._client, invoice)

    def prepare(self, order: Order) -> bytes:
        return writes.prepare(self._client, order)

    def write(self, order: Order, body: bytes, key: str) -> Written:
        return writes.write(self._client, order, body, key)

    def find(self, order: Order) -> Written | None:
        return standing.find(self._client, order)


class Xero:
    """A `LedgerKind`. A key is trusted for five of the six minutes that Xero remembers it."""

    kind = "xero"
    label = "Xero"
    reminders_place = "Switch them off in Xero under Sales, Invoices, Invoice reminders."
    key_memory = 300
    scopes = SCOPES
    pace = Pace(at_once=5, per_second=5)  # Xero has no limit a second; nobody uses up a minute's calls in one
    metered = "bytes"
    drafts = True
    changes_tell_all = False  # a new due date of a part-paid invoice moves no time stamp

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self.limits: tuple[Limit, ...] = (
            Limit("minute", 60, 60),
            Limit("day", 86_400, settings.quota or STARTER),
            Limit("appminute", 60, 10_000, whole_app=True),
        )
        self.oauth = OAuthApp(
            label=self.label,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            authorize_url=settings.authorize_url,
            token_url=settings.token_url,
            revoke_url=settings.revoke_url,
            scopes=tuple(settings.scopes.split()) or ASKED,
            pkce=True,
            openid=OpenId("Xero", settings.discovery_url, subject="xero_userid", verified=""),
        )

    def consent(self, token: Token, callback: Mapping[str, str], transport: Transport) -> Consent:  # noqa: ARG002
        """The person and the act of consent are named in the access token; every organisation they have ever connected
        comes, and only one of another act is not fresh.
        """
        holder, event = _claims(token.access)
        return Consent(holder, tuple(_tenant(row, event) for row in self._connections(token, transport)))

    def tenants(self, token: Token, transport: Transport) -> tuple[Tenant, ...]:
        """Every organisation that the token still opens. Transient when the answer is not wholly readable."""
        return tuple(_tenant(row) for row in self._connections(token, transport))

    def _connections(self, token: Token, transport: Transport) -> list[structs.Connection]:
        answer = answer_of(identity(self._settings, token.access, transport).get_connections)
        try:
            rows = [structs.read(row, structs.Connection) for row in structs.read(answer.body, list[Raw])]
        except ValueError as error:
            raise faults.unreadable() from error
        return [row for row in rows if row.tenantId and row.id and (row.tenantType or _ORGANISATION) == _ORGANISATION]

    def disconnect(self, token: Token, connection: str, transport: Transport) -> None:
        """Remove one connection (by its own id, not the organisation's); one that is gone already is no error."""
        try:
            answer_of(identity(self._settings, token.access, transport).delete_connection, connection)
        except Rejected as error:
            if error.code != "404":
                raise

    def open(self, access_token: str, tenant: str, transport: Transport, meter: Meter) -> XeroLedger:
        return XeroLedger(Client(self._settings, access_token, tenant, transport, meter))

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[LedgerEvent, ...]:
        """The events of a delivery whose signature fits; none in Xero's handshake. Unknown and odd ones are left out:
        the next reading of the changes brings what they were about. Misconfigured without a key to check it with.
        """
        if not self._settings.webhook_key:
            raise Misconfigured("There is no webhooks key for Xero's messages.")
        given = next((value for name, value in headers.items() if name.lower() == "x-xero-signature"), "")
        digest = hmac.new(self._settings.webhook_key.encode(), raw, hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
            raise BadSignature("The signature of this Xero message does not fit.")
        try:
            raw.decode()
            rows = structs.read(raw, structs.Delivery).events or []
        except ValueError as error:
            raise Rejected("This Xero message could not be read.", "unreadable") from error
        known = (structs.loose(row, structs.Event) for row in rows)
        return tuple(event for row in known if row is not None and (event := _event(row)) is not None)

    def deep_link(self, entity: str, id: str, short_code: str) -> str:
        return documents.deep_link(entity, id, short_code)


def _event(row: structs.Event) -> LedgerEvent | None:
    """One event; its key is the same when Xero delivers it again. resourceUrl may lack the id, so it is not read."""
    entity = _ENTITIES.get((row.eventCategory or "").upper())
    if entity is None or not row.tenantId or not row.resourceId:
        return None
    parts = (row.tenantId, row.resourceId, row.eventDateUtc or "", (row.eventType or "").upper())
    return LedgerEvent(row.tenantId, entity, row.resourceId, ":".join(parts))


def _tenant(row: structs.Connection, event: str = "") -> Tenant:
    """Given in the consent named `event` unless both sides say something else."""
    other = bool(event and row.authEventId) and event.casefold() != (row.authEventId or "").casefold()
    return Tenant(row.tenantId or "", row.tenantName or "", row.id or "", fresh=not other)


def _claims(access_token: str) -> tuple[str, str]:
    """(user id, id of the act of consent or "") inside the access token. It came straight from Xero over TLS, so no
    signature is checked.
    """
    try:
        payload = access_token.split(".")[1]
        claims = structs.read(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), structs.Claims)
    except (IndexError, ValueError) as error:
        raise Rejected("Xero's access token does not say whose it is.", "token") from error
    if not claims.xero_userid:
        raise Rejected("Xero's access token does not say whose it is.", "token")
    return claims.xero_userid, claims.authentication_event_id or ""
