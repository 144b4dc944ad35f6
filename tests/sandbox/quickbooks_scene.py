"""A small pretend QuickBooks with one company, and callers of it that are not our adapter.

It only sets the scene: a clock that stands still until told, ids in order, and the wires. `quickbooks_world` adds ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.transport import Transport
from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookPayment, BookTerm, Company
from sandbox.quickbooks import QuickBooksTwin
from sandbox.wires import Network

ACME = BookCompany("acme", "Acme Design Inc", "USD", "US", "America/Denver", "office@acme.test")
ABROAD = BookCompany("abroad", "Acme Abroad Inc", "USD", "US", "America/Denver", "office@acme.test", ("USD", "EUR"))
AMY = BookCustomer("amy", "Amy's Bird Sanctuary", "Amy Lauterbach", ("Birds@Amy.test", "books@amy.test"))
BILL = BookCustomer("bill", "Bill's Windsurf Shop", "Bill Lucchini", ("surf@bill.test",))
EARLY = BookTerm("2% 10 Net 30", 30, 10, Decimal(2))
CALLBACK = "https://dunlin.test/connect/quickbooks/callback"
SCOPE = "com.intuit.quickbooks.accounting"
START = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)


def invoice(number: str, customer: str = "amy", amount: str = "100.00", currency: str = "USD") -> BookInvoice:
    return BookInvoice(number, customer, date(2026, 10, 1), date(2026, 10, 31), Decimal(amount), currency)


def payment(number: str, amount: str, reference: str = "") -> BookPayment:
    return BookPayment(number, Decimal(amount), date(2026, 11, 1), reference)


class Scene:
    """`base` is where the twin answers; by default a name that only the in-process network knows."""

    def __init__(
        self,
        base: str = "https://quickbooks.test",
        about: BookCompany = ACME,
        invoices: Iterable[BookInvoice] = (invoice("1001"), invoice("1002", "bill", "46.60")),
    ) -> None:
        self.base = base
        self.now = START - timedelta(days=1)  # the books are a day old when the story begins
        ids = count(1)
        self.twin = QuickBooksTwin(lambda: self.now, lambda: f"id{next(ids)}")
        self.realm = self.twin.add_company(Company(about, [AMY, BILL], list(invoices), terms=[EARLY]))
        self.now = START
        self.network = Network()
        self.network.route("quickbooks.test", self.twin.app)
        self.transport = Transport(self.network.adapter, self.network.pool)

    def browser(self) -> requests.Session:
        return self.transport.mount(requests.Session())

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def row(self, entity: str, key: str) -> dict[str, Any]:
        """The twin's own row of one of our keys."""
        realm = self.twin.realms[self.realm]
        return realm.rows[entity][realm.keys[entity, key]]

    def asks(self) -> dict[str, str]:
        """What the app asks for in a consent."""
        asked = {"client_id": self.twin.client_id, "redirect_uri": CALLBACK, "state": "s1", "scope": SCOPE}
        return asked | {"response_type": "code"}

    def permit(self, realm: str = "", **chosen: str) -> dict[str, str]:
        """An admin answers the consent page, with `decision` and `admin` if they matter; the callback's query."""
        form = self.asks() | {"realm": realm or self.realm, "decision": "allow"} | chosen
        answer = self.browser().post(f"{self.base}/connect/oauth2", data=form, allow_redirects=False)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def ask_token(self, secret: str = "", headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
        """One call of the token endpoint."""
        auth = (self.twin.client_id, secret or self.twin.client_secret)
        url = f"{self.base}/oauth2/v1/tokens/bearer"
        return self.browser().post(url, data=fields, auth=auth, headers=headers or {})

    def sign_in(self, realm: str = "", **chosen: str) -> dict[str, Any]:
        """The whole dance; the token endpoint's answer."""
        code = self.permit(realm, **chosen)["code"]
        return dict(self.ask_token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK).json())

    def refresh(self, token: str, **headers: str) -> requests.Response:
        return self.ask_token(grant_type="refresh_token", refresh_token=token, headers=headers)

    def client(self, **chosen: str) -> Client:
        return Client(self, self.sign_in(**chosen)["access_token"])


class Client:
    """A caller of the API that is not our adapter."""

    def __init__(self, world: Scene, access: str) -> None:
        self.world, self.session = world, world.browser()
        self.session.headers.update({"Authorization": f"Bearer {access}", "Accept": "application/json"})
        self.root = f"{world.base}/v3/company/{world.realm}"

    def get(self, path: str, **params: str) -> requests.Response:
        return self.session.get(f"{self.root}/{path}", params=params)

    def post(self, path: str, body: object, **params: str) -> requests.Response:
        return self.session.post(f"{self.root}/{path}", json=body, params=params)

    def change(self, entity: str, id: str, **fields: object) -> requests.Response:
        """A sparse update of the row as it stands."""
        token = self.world.twin.realms[self.world.realm].rows[entity][id]["SyncToken"]
        return self.post(entity.lower(), {"Id": id, "SyncToken": token, "sparse": True, **fields})

    def query(self, statement: str, **params: str) -> dict[str, Any]:
        """The QueryResponse, or the first fault's error."""
        answer = self.get("query", query=statement, **params).json()
        return dict(answer["QueryResponse"] if "QueryResponse" in answer else answer["Fault"]["Error"][0])

    def cdc(self, since: datetime, entities: str = "Customer,Invoice,Payment,CreditMemo") -> list[dict[str, Any]]:
        answer = self.get("cdc", entities=entities, changedSince=since.isoformat()).json()
        return list(answer["CDCResponse"][0]["QueryResponse"])


def code(answer: requests.Response) -> str:
    """The code of the first error of an upper-case fault."""
    return str(answer.json()["Fault"]["Error"][0]["code"])
