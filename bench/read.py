"""`python -m bench read`: one page of 1,000 open invoices from bytes to the port's rows, beside the SDKs' own models.

Ours is the adapter with all that its client does around the bytes, on wires without sockets; the SDKs get the bytes
alone, which is an advantage for them. The floor is `json.loads`. One process, one run: only the ratios count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

from quickbooks.objects.invoice import Invoice as QuickBooksModel
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient

from bench import book, dialects
from bench.clock import ROUNDS, timed
from integrations.ledgers.base import Ledger, LedgerKind, LedgerSettings, Unmetered
from integrations.registry import LEDGERS
from integrations.transport import Transport
from sandbox.wires import Network

PAGE = 1000
ADDRESS = "http://ledger.test"


@dataclass(slots=True)
class Wire:
    """A WSGI app that answers from a book; `last` is the newest answer."""

    kind: str
    book: book.Book
    rows: dialects.Lists
    last: bytes = b""

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        query, body = dict(parse_qsl(environ["QUERY_STRING"])), environ["wsgi.input"].read()
        self.last = dialects.DIALECTS[self.kind](self.book, self.rows, environ["PATH_INFO"], query, body)
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(self.last)))])
        return [self.last]


def main() -> None:
    print(f"A page of {PAGE:,} invoices, median of {ROUNDS} rounds in this one run:")
    for kind, peer in (("quickbooks", _quickbooks_models), ("xero", _xero_models)):
        made = book.made(kind, 10 * PAGE)
        wire = Wire(kind, made, dialects.lists(made, 10 * PAGE))
        ledger = _ledger(wire)
        mine = timed(lambda: _first_page(ledger))  # noqa: B023 - called at once
        theirs, floor = timed(partial(peer, wire.last)), timed(partial(json.loads, wire.last))
        print(
            f"  {kind:<10} {len(wire.last) / 1e6:.1f} MB: ours {1000 * mine:.1f} ms; the SDK's models "
            f"{theirs / mine:.1f} times that; json.loads alone {floor / mine:.2f} times that"
        )


def _ledger(wire: Wire) -> Ledger:
    network = Network()
    network.route(ADDRESS.removeprefix("http://"), wire)
    settings = LedgerSettings("bench", "bench", "bench", ADDRESS, ADDRESS, ADDRESS, ADDRESS)
    kind: LedgerKind = LEDGERS[wire.kind](settings)  # type: ignore[assignment]
    return kind.open("bench", wire.book.tenant, Transport(network.adapter, network.pool), Unmetered())


def _first_page(ledger: Ledger) -> None:
    """Of all open invoices; there are exactly as many as a page holds."""
    page = next(iter(ledger.sweep()))
    if len(page.invoices) != PAGE:
        raise RuntimeError(f"{len(page.invoices)} invoices arrived.")


def _xero_models(body: bytes) -> object:
    client = ApiClient()
    finder = AccountingApi(client).get_model_finder()
    return client.deserialize(SimpleNamespace(text=body.decode(), data=body), "Invoices", finder)


def _quickbooks_models(body: bytes) -> list[object]:
    return [QuickBooksModel.from_json(row) for row in json.loads(body)["QueryResponse"]["Invoice"]]
