"""A small pretend QuickBooks with one connected company, for the tests of the twin and of the adapter.

It only sets the scene: a clock that stands still until told, ids in order, and the wires between the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from core.money import Money
from integrations import oauth
from integrations.ledgers.base import Consent, LedgerInvoice, LedgerSettings, Page, PaymentOrder
from integrations.ledgers.quickbooks import QuickBooks, QuickBooksLedger
from integrations.oauth import Token
from integrations.transport import Transport
from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, Company
from sandbox.quickbooks import QuickBooksTwin
from sandbox.wires import Network

ACME = BookCompany("acme", "Acme Design Inc", "USD", "US", "America/Denver", "office@acme.test")
ABROAD = BookCompany("abroad", "Acme Abroad Inc", "USD", "US", "America/Denver", "office@acme.test", ("USD", "EUR"))
AMY = BookCustomer("amy", "Amy's Bird Sanctuary", "Amy Lauterbach", ("Birds@Amy.test", "books@amy.test"))
BILL = BookCustomer("bill", "Bill's Windsurf Shop", "Bill Lucchini", ("surf@bill.test",))
CALLBACK = "https://dunlin.test/connect/quickbooks/callback"
START = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)


def invoice(number: str, customer: str = "amy", amount: str = "100.00", currency: str = "USD") -> BookInvoice:
    return BookInvoice(number, customer, date(2026, 10, 1), date(2026, 10, 31), Decimal(amount), currency)


def payment(number: str, amount: str, reference: str = "") -> BookPayment:
    return BookPayment(number, Decimal(amount), date(2026, 11, 1), reference)


class World:
    """`base` is where the twin answers; by default a name that only the in-process network knows."""

    def __init__(self, base: str = "https://quickbooks.test", about: BookCompany = ACME) -> None:
        self.now = START - timedelta(days=1)  # the books are a day old when the story begins
        ids = count(1)
        self.twin = QuickBooksTwin(lambda: self.now, lambda: f"id{next(ids)}")
        books = Company(about, [AMY, BILL], [invoice("1001"), invoice("1002", "bill", "46.60")])
        self.realm = self.twin.add_company(books)
        self.now = START
        self.network = Network()
        self.network.route("quickbooks.test", self.twin.app)
        self.transport = Transport(self.network.adapter, self.network.pool)
        self.calls: list[str] = []
        self.settle(base)

    def settle(self, base: str) -> None:
        """Point the adapter at `base`."""
        self.base = base
        keys = (self.twin.client_id, self.twin.client_secret, self.twin.webhook_key)
        self.quickbooks = QuickBooks(LedgerSettings(*keys, **self.twin.addresses(base)))

    def answer_consent(self, decision: str = "allow", realm: str = "") -> dict[str, str]:
        """The person answers the consent page; the callback's query."""
        url, _state, _ = oauth.begin(self.quickbooks.oauth, CALLBACK)
        form = {"realm": realm or self.realm, "decision": decision}
        answer = self.browser().post(url, data=form, allow_redirects=False)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def browser(self) -> requests.Session:
        return self.transport.mount(requests.Session())

    def connect(self) -> tuple[Token, Consent]:
        """The whole dance: consent, code, tokens, and which company it is."""
        callback = self.answer_consent()
        token = oauth.exchange(self.quickbooks.oauth, CALLBACK, callback["code"], "", self.transport, self.now)
        return token, self.quickbooks.consent(token, callback, self.transport)

    def ledger(self) -> QuickBooksLedger:
        """A freshly connected company, opened."""
        return self.open(self.connect()[0].access)

    def open(self, access: str) -> QuickBooksLedger:
        return self.quickbooks.open(access, self.realm, self.transport, self.calls.append)

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def order(self, amount: str = "100.00", currency: str = "USD", deposit: str = "") -> PaymentOrder:
        """A payment for invoice 1001."""
        row = self.row("Invoice", "1001")
        money, reference = Money.parse(amount, currency), "Ref-abcdefghijklmnopqr"
        return PaymentOrder(row["Id"], row["CustomerRef"]["value"], money, date(2026, 11, 2), deposit, reference)

    def row(self, entity: str, key: str) -> dict[str, Any]:
        """The twin's own row of one of our keys."""
        realm = self.twin.realms[self.realm]
        return realm.rows[entity][realm.keys[entity, key]]

    def client(self) -> Client:
        return Client(self, self.connect()[0].access)


class Client:
    """A caller of the API that is not our adapter."""

    def __init__(self, world: World, access: str) -> None:
        self.world, self.session = world, world.browser()
        self.session.headers.update({"Authorization": f"Bearer {access}", "Accept": "application/json"})
        self.root = f"{world.base}/v3/company/{world.realm}"

    def get(self, path: str, **params: str) -> requests.Response:
        return self.session.get(f"{self.root}/{path}", params=params)

    def post(self, path: str, body: object, **params: str) -> requests.Response:
        return self.session.post(f"{self.root}/{path}", json=body, params=params)

    def query(self, statement: str) -> dict[str, Any]:
        """The QueryResponse, or the first fault's error."""
        answer = self.get("query", query=statement).json()
        return dict(answer["QueryResponse"] if "QueryResponse" in answer else answer["Fault"]["Error"][0])

    def cdc(self, since: datetime, entities: str = "Customer,Invoice,Payment,CreditMemo") -> list[dict[str, Any]]:
        answer = self.get("cdc", entities=entities, changedSince=since.isoformat()).json()
        return list(answer["CDCResponse"][0]["QueryResponse"])


def gathered(pages: Iterable[Page]) -> Page:
    """All pages as one; the cursor is the last page's."""
    held = list(pages)
    assert [page.cursor for page in held[:-1]] == [None] * (len(held) - 1), "only the last page has a cursor"
    names = ("customers", "invoices", "payments", "credits", "deleted", "unreadable")
    rows = {name: tuple(row for page in held for row in getattr(page, name)) for name in names}
    return Page(**rows, cursor=held[-1].cursor)


def by_number(rows: Iterable[LedgerInvoice]) -> dict[str, LedgerInvoice]:
    return {row.number: row for row in rows}
