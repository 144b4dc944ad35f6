"""How each ledger asks for a page and what an answer looks like around its rows: just enough for a whole reading.

A question that it does not understand is an error, never a wrong answer: figures made from one would be worth nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bench.book import Book, customers_in, is_open

_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_WINDOW = re.compile(r"\bSTARTPOSITION\s+(\d+)|\bMAXRESULTS\s+(\d+)", re.IGNORECASE)
_ASKED = re.compile(r"\b([A-Za-z.]+)\s*(?:[<>!]?=|[<>]|\bIN\b)", re.IGNORECASE)
_KNOWN = {"balance", "txndate", "metadata.lastupdatedtime", "active"}
LIGHT = ", light"
Lists = Mapping[str, Sequence[bytes]]
Dialect = Callable[[Book, Lists, str, Mapping[str, str], bytes], bytes]


class NotUnderstood(Exception):
    """Nobody asked this when the bench was written."""


def lists(book: Book, rows: int) -> Lists:
    """The beginning of the book with so many invoices, whole and light, also parted into the open ones and the rest."""
    shown = {"customers": book.customers[: customers_in(rows)]}
    for beside, invoices in (("", book.invoices[:rows]), (LIGHT, book.light[:rows])):
        shown["invoices" + beside] = invoices
        shown["open" + beside] = [row for number, row in enumerate(invoices) if is_open(number)]
        shown["rest" + beside] = [row for number, row in enumerate(invoices) if not is_open(number)]
    return shown


def quickbooks(book: Book, rows: Lists, path: str, query: Mapping[str, str], body: bytes) -> bytes:
    """Below /v3/company/<realm>/: query, batch of queries, cdc (nothing changed), and the single documents."""
    name = path.split("/")[4]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").encode()
    if name == "query":
        answer = b'"QueryResponse":' + _selected(rows, query.get("query") or body.decode())
    elif name == "batch":
        items = json.loads(body)["BatchItemRequest"]
        parts = [
            b'{"QueryResponse":%b,"bId":"%b"}' % (_selected(rows, one["Query"]), one["bId"].encode()) for one in items
        ]
        answer = b'"BatchItemResponse":[' + b",".join(parts) + b"]"
    elif name == "cdc":
        answer = b'"CDCResponse":[{"QueryResponse":[]}]'
    elif name in book.about:
        answer = book.about[name][1:-1]
    else:
        raise NotUnderstood(path)
    return b"{" + answer + b',"time":"' + now + b'"}'


def _selected(rows: Lists, statement: str) -> bytes:
    """A QueryResponse. Entities that the book does not have are empty."""
    entity = found[1] if (found := _FROM.search(statement)) else ""
    chosen = _chosen(rows, entity, statement) if entity in ("Customer", "Invoice") else ()
    if "COUNT(" in statement.upper():
        return b'{"totalCount":%d}' % len(chosen)
    window = _WINDOW.findall(statement)
    start = next((int(first) for first, _ in window if first), 1)
    most = next((int(second) for _, second in window if second), 100)
    page = chosen[start - 1 : start - 1 + most]
    if not page:
        return b"{}"
    joined = b",".join(page)
    return b'{"%b":[%b],"startPosition":%d,"maxResults":%d}' % (entity.encode(), joined, start, len(page))


def _chosen(rows: Lists, entity: str, statement: str) -> Sequence[bytes]:
    """All dates lie in the period that anybody asks for, so of the conditions only the balance chooses."""
    where = re.split(r"\bORDER", statement, maxsplit=1, flags=re.IGNORECASE)[0].partition("WHERE")[2]
    asked = {name.lower() for name in _ASKED.findall(where)}
    if not asked <= _KNOWN:
        raise NotUnderstood(statement)
    if entity == "Customer":
        return rows["customers"]
    if "balance" not in asked:
        return rows["invoices"]
    return rows["open"] if re.search(r"Balance\s*>", where) else rows["rest"]


def xero(book: Book, rows: Lists, path: str, query: Mapping[str, str], _body: bytes) -> bytes:
    """Below /api.xro/2.0/: paged lists, and the organisation. Lists that the book does not have are empty."""
    if path == "/connections":
        tenant = {
            "id": book.tenant,
            "tenantId": book.tenant,
            "tenantType": "ORGANISATION",
            "tenantName": "Heron & Sons",
        }
        return json.dumps([tenant]).encode()
    name = path.removeprefix("/api.xro/2.0/").split("/")[0]
    if name in book.about:
        answer, pages = book.about[name][1:-1], b""
    else:
        chosen = _listed(rows, name, query)
        page, size = int(query.get("page", 1)), int(query.get("pageSize", 100))
        joined = b",".join(chosen[(page - 1) * size : page * size])
        counts = (page, size, -(-len(chosen) // size), len(chosen))
        answer = b'"%b":[%b]' % (name.encode(), joined)
        pages = b'"pagination":{"page":%d,"pageSize":%d,"pageCount":%d,"itemCount":%d},' % counts
    stamp = b"/Date(%d)/" % int(datetime.now(UTC).timestamp() * 1000)
    head = b'{"Id":"%b","Status":"OK","ProviderName":"Bench","DateTimeUTC":"%b",' % (book.tenant.encode(), stamp)
    return head + pages + answer + b"}"


def _listed(rows: Lists, name: str, query: Mapping[str, str]) -> Sequence[bytes]:
    if {"IDs", "ContactIDs", "InvoiceNumbers"} & query.keys():
        raise NotUnderstood(f"{name} {dict(query)}")
    if name == "Contacts":
        return rows["customers"]
    if name != "Invoices":
        return ()
    statuses = set(query.get("Statuses", "AUTHORISED,PAID").split(","))
    part = "invoices" if statuses >= {"AUTHORISED", "PAID"} else "open" if "AUTHORISED" in statuses else "rest"
    return rows[part + (LIGHT if query.get("summaryOnly") == "true" else "")]


DIALECTS: dict[str, Dialect] = {"quickbooks": quickbooks, "xero": xero}
