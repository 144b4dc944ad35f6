"""A small pretend Xero with one connected organisation, for the tests of the twin and of the adapter.

It only sets the scene: a clock that stands still until told, ids in order, and the wires between the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from urllib.parse import parse_qs, urlsplit

import requests

from core.money import Money
from integrations import oauth
from integrations.ledgers.base import Consent, LedgerSettings, Page, PaymentOrder, Purpose
from integrations.ledgers.xero import Xero, XeroLedger
from integrations.oauth import Token
from integrations.transport import Transport
from sandbox.books import Company
from sandbox.wires import Network
from sandbox.xero import XeroTwin
from tests.meters import Noting
from tests.sandbox.xero_caller import BARNEY, CALLBACK, EURO, KIWI, WILMA, invoice

__all__ = ["CALLBACK", "EURO", "World", "gathered", "invoice"]


class World:
    """`base` is where the twin answers; by default a name that only the in-process network knows."""

    def __init__(self, base: str = "https://xero.test") -> None:
        self.now = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
        ids = count(1)
        self.twin = XeroTwin(lambda: self.now, lambda: f"id{next(ids)}", base)
        books = Company(KIWI, [BARNEY, WILMA], [invoice("INV-1"), invoice("INV-2", "wilma", "46.00")])
        self.tenant = self.twin.add_company(books)
        self.later(days=1)
        self.network = Network()
        self.network.route("xero.test", self.twin.app)
        self.transport = Transport(self.network.adapter, self.network.pool)
        self.meter = Noting()
        self.settle(base)

    def settle(self, base: str) -> None:
        """Point the adapter at `base`."""
        keys = (self.twin.client_id, self.twin.client_secret, self.twin.webhook_key)
        paths = ("/identity/connect/authorize", "/connect/token", "/connect/revocation", "")
        self.xero = Xero(LedgerSettings(*keys, *(base + path for path in paths)))

    def answer_consent(self, *tenants: str, decision: str = "allow") -> tuple[dict[str, str], str]:
        """The person answers the consent page. (the callback's query, the PKCE verifier)"""
        url, _state, verifier = oauth.begin(self.xero.oauth, CALLBACK)
        browser = self.transport.mount(requests.Session())
        answer = browser.post(url, data={"tenant": tenants, "decision": decision}, allow_redirects=False)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}, verifier

    @property
    def calls(self) -> list[Purpose]:
        """What the calls so far were for."""
        return self.meter.calls

    def connect(self, *tenants: str) -> tuple[Token, Consent]:
        """The whole dance: consent, code, tokens, who and what was given."""
        callback, verifier = self.answer_consent(*(tenants or (self.tenant,)))
        token = oauth.exchange(self.xero.oauth, CALLBACK, callback["code"], verifier, self.transport, self.now)
        return token, self.xero.consent(token, callback, self.transport)

    def ledger(self, tenant: str = "") -> XeroLedger:
        """A freshly connected organisation, opened."""
        token, _ = self.connect(tenant or self.tenant)
        return self.open(token, tenant)

    def open(self, token: Token, tenant: str = "") -> XeroLedger:
        return self.xero.open(token.access, tenant or self.tenant, self.transport, self.meter)

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def order(
        self, number: str = "INV-1", amount: str = "115.00", reference: str = "uid-0000000000000001"
    ) -> PaymentOrder:
        record, books = self.twin.invoice(self.tenant, number), self.twin.organisations[self.tenant]
        money = Money.parse(Decimal(amount), record.currency)
        return PaymentOrder(record.id, record.contact.id, money, self.now.date(), books.bank.id, reference)


def gathered(pages: list[Page]) -> Page:
    """All pages as one; a later row of the same id replaces an earlier one, as the mirror does."""
    fields = {
        name: tuple({row.id: row for page in pages for row in getattr(page, name)}.values())
        for name in ("customers", "invoices", "payments", "credits", "unreadable")
    }
    return Page(**fields, cursor=pages[-1].cursor)  # type: ignore[arg-type]
