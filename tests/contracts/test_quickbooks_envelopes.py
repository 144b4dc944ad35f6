"""Odd answers of QuickBooks around the rows: times, nulls, single rows, and bodies that are not quite JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from integrations.errors import Transient
from integrations.ledgers.quickbooks import mending
from integrations.transport import Transport
from sandbox.wires import serve
from tests.contracts.test_quickbooks_tolerance import ABSENT, INVOICE, sorted_page
from tests.sandbox.quickbooks_world import World, gathered


@contextmanager
def answering(world: World, *bodies: object, headers: tuple[tuple[str, str], ...] = ()) -> Iterator[list[str]]:
    """While it lasts, the ledger gives these answers in turn, the last one for ever; what it was asked."""
    asked: list[str] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.append(environ["wsgi.input"].read().decode() or environ["QUERY_STRING"])
        body = bodies[min(len(asked), len(bodies)) - 1]
        start("200 OK", [("Content-Type", "application/json"), *headers])
        return [body if isinstance(body, bytes) else json.dumps(body).encode()]

    world.network.route("quickbooks.test", app)
    yield asked
    world.network.route("quickbooks.test", world.twin.app)


EARLY = date(2026, 1, 1)
TIME = "2026-11-02T09:00:00-08:00"
PAGE = {"Invoice": [INVOICE], "startPosition": "1", "maxResults": "1", "totalCount": None}


@pytest.mark.parametrize("time", [TIME, None, 1793638800000, "/Date(1793638800000)/", "yesterday", ABSENT])
def test_an_odd_time_never_loses_the_rows_beside_it(time: object) -> None:
    world = World()
    ledger = world.ledger()
    body = {"CDCResponse": [{"QueryResponse": [PAGE, {}, None]}], "time": time}
    cursor = "2026-11-01T00:00:00+00:00"
    with answering(world, {name: value for name, value in body.items() if value is not ABSENT}):
        page = gathered(ledger.changes(cursor))
    assert [row.id for row in page.invoices] == ["7"]
    told = mending.moment(time) is not None
    assert page.cursor is not None
    assert (page.cursor == cursor) is not told, "without a time the same stretch is read once more"
    if told:
        assert datetime.fromisoformat(page.cursor).astimezone(UTC) == datetime(2026, 11, 2, 17, tzinfo=UTC)


def test_a_body_without_its_time_has_that_of_the_header() -> None:
    world = World()
    ledger = world.ledger()
    dated = (("Date", "Mon, 02 Nov 2026 17:00:00 GMT"),)
    with answering(world, {"CDCResponse": [{"QueryResponse": [PAGE]}]}, headers=dated):
        page = gathered(ledger.changes("2026-11-01T00:00:00+00:00"))
    assert page.cursor == "2026-11-02T17:00:00+00:00"


def test_nothing_found_may_be_said_as_null_and_a_single_row_without_a_list() -> None:
    world = World()
    ledger = world.ledger()
    single = {"QueryResponse": {"Invoice": INVOICE}, "time": TIME}
    with answering(world, single, {"QueryResponse": None, "time": None}):
        page = gathered(ledger.sweep())
    assert [row.id for row in page.invoices] == ["7"]


@pytest.mark.parametrize("body", [{}, [], {"QueryResponse": "none"}, {"QueryResponse": {"Invoice": "none"}}, b"\xff"])
def test_an_answer_that_is_none_is_never_taken_for_an_empty_book(body: object) -> None:
    world = World()
    ledger = world.ledger()
    with answering(world, body), pytest.raises(Transient):
        gathered(ledger.sweep())


def test_a_control_character_or_half_a_character_in_a_text_loses_nothing() -> None:
    world = World()
    ledger = world.ledger()
    page = json.dumps({"QueryResponse": {"Invoice": [{**INVOICE, "DocNumber": "A-B"}, {**INVOICE, "Id": "8"}]}})
    bell, half = page.replace("A-B", "A\x07B").encode(), page.replace("A-B", "A\\ud83dB").encode()
    empty = {"QueryResponse": {}}
    for body in (bell, half, b"\xef\xbb\xbf" + page.encode()):
        with answering(world, body, empty):
            rows = gathered(ledger.sweep()).invoices
        assert [row.id for row in rows] == ["7", "8"]
        assert rows[0].number.encode() in (b"A B", "A\ufffdB".encode(), b"A-B")


@pytest.mark.parametrize("odd", [None, 5, "row", [], {}])
def test_a_row_that_is_no_row_is_shown_and_its_neighbours_arrive(odd: object) -> None:
    page = sorted_page("Invoice", [INVOICE, odd, {**INVOICE, "Id": "8"}])
    assert [row.id for row in page.invoices] == ["7", "8"]
    assert [(row.entity, row.id, json.loads(row.raw)) for row in page.unreadable] == [("invoice", "", odd)]


def test_a_list_says_the_same_read_in_one_go_or_row_by_row() -> None:
    """A row that does not fit makes the whole answer be read row by row; its neighbours must not change for it."""
    world = World()
    world.row("Invoice", "1001")["BillEmail"] = {"Address": "Ann Lee <ann@x.test>, b@x.test"}
    world.row("Invoice", "1002")["TotalAmt"] = 1e3
    ledger = world.ledger()
    together = gathered(ledger.snapshot(EARLY))
    for entity in ("customer", "invoice"):
        numbers = {"customer": ("amy", "SyncToken", 7), "invoice": ("1001", "ShipDate", "soon")}
        key, field, odd = numbers[entity]
        world.twin.spoil(world.realm, entity, key, **{field: odd})
    alone = gathered(ledger.snapshot(EARLY))
    assert alone.unreadable == ()
    assert alone.invoices == together.invoices
    assert [one.name for one in alone.customers] == [one.name for one in together.customers]


def test_a_row_that_fits_and_makes_no_sense_is_kept_raw_and_its_neighbour_arrives() -> None:
    world = World()
    world.twin.spoil(world.realm, "invoice", "1001", CurrencyRef={"value": "dollars"})
    page = gathered(world.ledger().snapshot(EARLY))
    assert [row.number for row in page.invoices] == ["1002"]
    assert {json.loads(row.raw)["DocNumber"] for row in page.unreadable} == {"1001"}
    assert "'dollars' is not an ISO currency code" in page.unreadable[0].reason


def test_an_answer_that_breaks_off_is_lost() -> None:
    def app(_environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "1000000")])
        return [b'{"QueryResponse":{']

    world = World()
    token, _ = world.connect()
    with serve(app) as server:
        world.transport = Transport()
        world.settle(server.url)
        with pytest.raises(Transient, match="could not be reached"):
            gathered(world.open(token.access).sweep())
