"""`python -m bench`: how fast a page of 1,000 invoices is read beside the vendors' SDKs, and how fast `plan()` answers.

The peer is the SDK's own models, the floor is `json.loads`. All in one process and one run; only the ratios count.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from statistics import median
from time import perf_counter
from types import SimpleNamespace

import msgspec
import requests
from quickbooks.objects.invoice import Invoice as QuickBooksModel
from sqlalchemy import select
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient

from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts, InvoiceStatus
from core.money import Money
from core.plan import plan
from integrations.ledgers.quickbooks import mapping as quickbooks
from integrations.ledgers.quickbooks import structs as quickbooks_rows
from integrations.ledgers.xero import mapping as xero
from integrations.ledgers.xero import structs as xero_rows
from models import Grant
from sandbox.books import BookInvoice
from tests.town import Town
from workflows import cadences

ROUNDS, PAGE = 9, 1000


def timed(act: Callable[[], object]) -> float:
    """Milliseconds: the median of several rounds."""
    spent = []
    for _ in range(ROUNDS):
        start = perf_counter()
        act()
        spent.append(1000 * (perf_counter() - start))
    return median(spent)


def pages() -> dict[str, bytes]:
    """A page of invoices from each twin, as bytes on the wire."""
    town = Town()
    for kind in ("quickbooks", "xero"):
        town.customer(kind, "someone")
        about = town.books[kind].about
        for number in range(PAGE):
            day = date(2026, 1, 1) + timedelta(days=number % 60)
            town.books[kind].invoices.append(
                BookInvoice(f"{kind[0]}-{number}", "someone", day, day, Decimal("99.50"), about.currency)
            )
    town.begin(live=False)
    try:
        return {kind: _page(town, kind) for kind in ("quickbooks", "xero")}
    finally:
        town.close()


def _page(town: Town, kind: str) -> bytes:
    """Ask the twin with a good token, over the town's wires."""
    access = town.rt.vault.unseal(_grant(town, kind).access_sealed).decode()
    http = town.rt.transport.mount(requests.Session())
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
    if kind == "quickbooks":
        url = f"http://quickbooks.test/v3/company/{town.tenants[kind]}/query"
        query = {"query": f"SELECT * FROM Invoice MAXRESULTS {PAGE}", "minorversion": "75"}
    else:
        url, headers["xero-tenant-id"] = "http://xero.test/api.xro/2.0/Invoices", town.tenants[kind]
        query = {"page": "1", "pageSize": str(PAGE)}
    answer = http.get(url, params=query, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.content


def _grant(town: Town, kind: str) -> Grant:
    with town.rt.store.read() as session:
        return session.scalars(select(Grant).where(Grant.kind == kind)).one()


def read_quickbooks(body: bytes) -> list[object]:
    rows = msgspec.json.decode(body, type=quickbooks_rows.Envelope).query["Invoice"]
    items = msgspec.json.decode(bytes(rows), type=list[quickbooks_rows.Invoice])
    return [quickbooks.invoice(row, lambda: "USD") for row in items]


def read_xero(body: bytes) -> list[object]:
    rows = msgspec.json.decode(body, type=xero_rows.Envelope, strict=False).Invoices or []
    return [xero.invoice(msgspec.json.decode(row, type=xero_rows.Invoice, strict=False)) for row in rows]


def sdk_xero(body: bytes) -> object:
    client = ApiClient()
    finder = AccountingApi(client).get_model_finder()
    return client.deserialize(SimpleNamespace(text=body.decode(), data=body), "Invoices", finder)


def sdk_quickbooks(body: bytes) -> list[object]:
    return [QuickBooksModel.from_json(row) for row in json.loads(body)["QueryResponse"]["Invoice"]]


def planning() -> float:
    """Microseconds for one answer about an account with six open invoices."""
    cadence, calendar = cadences.parsed(cadences.shipped("default")), Calendar("Europe/London")
    now, some = datetime(2026, 3, 2, 10, tzinfo=UTC), Money(10_000, "GBP")
    invoices = tuple(
        InvoiceFacts(
            number,
            f"INV-{number}",
            InvoiceStatus.OPEN,
            date(2026, 1, 1),
            date(2026, 1, 31) + timedelta(days=9 * number),
            some,
            some,
            ("someone@customers.example",),
        )
        for number in range(6)
    )
    account = AccountFacts(1, live=True, read_at=now, invoices=invoices)
    return timed(lambda: [plan(account, cadence, calendar, now) for _ in range(1000)])


def main() -> None:
    print(f"A page of {PAGE} invoices, median of {ROUNDS} rounds in this one run:")
    wire = pages()
    for kind, ours, peer in (
        ("quickbooks", read_quickbooks, sdk_quickbooks),
        ("xero", read_xero, sdk_xero),
    ):
        body = wire[kind]
        mine, theirs = timed(partial(ours, body)), timed(partial(peer, body))
        floor = timed(partial(json.loads, body))
        print(
            f"  {kind:<10} {len(body) / 1e6:.1f} MB: ours {mine:.1f} ms; the SDK's models {theirs / mine:.1f} times "
            f"that; json.loads alone {floor / mine:.2f} times that"
        )
    print(f"plan() for an account with six open invoices: {planning():.0f} microseconds.")


if __name__ == "__main__":
    main()
