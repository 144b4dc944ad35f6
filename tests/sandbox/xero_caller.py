"""Plain HTTP to a small pretend Xero with one connected organisation, as any client in the world would speak it.

Nothing of Dunlin is in here: the twin is held to Xero's rules, not to what our adapter happens to ask.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from werkzeug.test import TestResponse

from sandbox.books import BookCompany, BookCustomer, BookInvoice, BookTerm, Company
from sandbox.xero import XeroTwin

KIWI = BookCompany("kiwi", "Kiwi Trading Ltd", "NZD", "NZ", "Pacific/Auckland", "office@kiwi.test", ("AUD",))
EURO = BookCompany("euro", "Euro Service GmbH", "EUR", "DE", "Europe/Berlin", "buero@euro.test")
BARNEY = BookCustomer("barney", "Barney Rubble Gravel", "Barney Rubble", ("Barney@rubble.test",))
WILMA = BookCustomer("wilma", "Wilma's Pottery", "Wilma Flint", ("wilma@pottery.test", "ann.lee@pottery.test"))
CALLBACK = "https://dunlin.test/connect/xero/callback"
AREAS = ("invoices", "payments", "contacts", "settings", "banktransactions")
EVERYTHING = " ".join(("openid", "offline_access", *(f"accounting.{area}" for area in AREAS)))
APP = {"Authorization": "Basic " + base64.b64encode(b"xero-client:xero-secret").decode()}
DAY = date(2026, 11, 2)


def invoice(number: str, customer: str = "barney", amount: str = "115.00", currency: str = "NZD") -> BookInvoice:
    return BookInvoice(number, customer, date(2026, 10, 1), date(2026, 10, 21), Decimal(amount), currency)


class Place:
    """It is 9 o'clock, UTC, on 2 November 2026; the books were filled a day earlier, and nobody has been let in."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
        ids = count(1)
        self.twin = XeroTwin(lambda: self.now, lambda: f"id{next(ids)}", "https://xero.test")
        people, terms = [BARNEY, WILMA], [BookTerm("20 days", 20)]
        books = Company(KIWI, people, [invoice("INV-1"), invoice("INV-2", "wilma", "46.00")], terms=terms)
        self.tenant = self.twin.add_company(books)
        self.books = self.twin.organisations[self.tenant]
        self.later(days=1)
        self.http = self.twin.app.test_client()

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


class Caller(Place):
    """Let in, with these scopes."""

    def __init__(self, scope: str = EVERYTHING) -> None:
        super().__init__()
        self.tokens = self.connect(scope)

    # The front door

    def connect(self, scope: str = EVERYTHING, tenant: str = "") -> dict[str, Any]:
        """A person consents, and the code becomes tokens, which are used from now on."""
        asked = {"response_type": "code", "client_id": "xero-client", "redirect_uri": CALLBACK, "scope": scope}
        address = f"/identity/connect/authorize?{urlencode(asked)}"
        answer = self.http.post(address, data={"tenant": tenant or self.tenant, "decision": "allow"})
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        self.tokens = self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        return self.tokens

    def token(self, **form: str) -> dict[str, Any]:
        """What the token endpoint says, good or bad."""
        return dict(self.http.post("/connect/token", data=form, headers=APP).get_json())

    def refresh(self, token: str = "") -> dict[str, Any]:
        return self.token(grant_type="refresh_token", refresh_token=token or self.tokens["refresh_token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}", "xero-tenant-id": self.tenant}

    # The accounting API

    def send(self, method: str, path: str, body: Any = None, key: str = "", **headers: str) -> TestResponse:
        given = self.headers | headers | ({"Idempotency-Key": key} if key else {})
        return self.http.open(f"/api.xro/2.0/{path}", method=method, json=body, headers=given)

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> TestResponse:
        return self.http.get(f"/api.xro/2.0/{path}", query_string=query, headers=self.headers | (headers or {}))

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()[path.partition("/")[0]])

    def row(self, number: str = "INV-1") -> dict[str, Any]:
        """The invoice as it is handed out now."""
        [found] = self.rows("Invoices", page=1, InvoiceNumbers=number)
        return found

    def id(self, number: str = "INV-1") -> str:
        return self.twin.invoice(self.tenant, number).id

    def since(self, path: str = "Invoices", **ago: float) -> list[dict[str, Any]]:
        """What a delta shows that reaches back so far."""
        moment = (self.now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S")
        return list(self.get(path, {"If-Modified-Since": moment}, page=1).get_json()[path])

    def pay(self, key: str = "", query: str = "", **changes: Any) -> TestResponse:
        body = {
            "Invoice": {"InvoiceID": self.id()},
            "Account": {"Code": "090"},
            "Date": "2026-11-02",
            "Amount": 15.5,
        } | changes
        return self.send("PUT", f"Payments{query}", {"Payments": [body]}, key)

    def edit(self, number: str = "INV-1", **fields: Any) -> TestResponse:
        return self.send("POST", f"Invoices/{self.id(number)}", {"Invoices": [fields]})

    def told(self) -> list[tuple[str, str]]:
        """(category, type) of every webhook event that is waiting."""
        events = [event for hook in self.twin.webhooks() for event in json.loads(hook.raw)["events"]]
        return [(event["eventCategory"], event["eventType"]) for event in events]


def messages(answer: TestResponse) -> list[str]:
    """Xero's words about the first wrong row of a refusal."""
    assert answer.status_code == 400, answer.text
    return [error["Message"] for error in answer.get_json()["Elements"][0]["ValidationErrors"]]
