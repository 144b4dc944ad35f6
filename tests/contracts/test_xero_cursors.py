"""How far each kind of Xero's rows was read, and what need not be read again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.money import Money
from integrations.errors import Rejected
from integrations.ledgers.xero import cursors
from sandbox.books import BookPayment
from tests.contracts.test_xero_reading import YEAR_START, reading
from tests.sandbox.xero_world import World


@pytest.fixture
def world() -> World:
    return World()


T0, T1 = "2026-11-02T08:00:00+00:00", "2026-11-02T09:00:00+00:00"


def test_the_cursor_remembers_for_each_kind_how_far_it_was_read(world: World) -> None:
    ledger = world.ledger()
    cursor = list(ledger.snapshot(YEAR_START))[-1].cursor or ""
    world.later(minutes=10)
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(115), date(2026, 11, 2)))
    world.later(minutes=9)
    *_, last = ledger.changes(cursor, {"invoice"})
    world.later(minutes=8)
    pages = list(ledger.changes(last.cursor or "", {"payment", "invoice"}))
    assert [row.amount for page in pages for row in page.payments] == [Money(11_500, world.order().amount.currency)]
    assert not [row for page in pages for row in page.invoices], "that was read before"


def test_the_door_spares_what_was_read_a_moment_ago(world: World) -> None:
    ledger = world.ledger()
    cursor = list(ledger.snapshot(YEAR_START))[-1].cursor or ""
    customers = [world.order().customer]
    assert reading(world, lambda: list(ledger.door(cursor, customers))) == ["GET /Invoices"]
    world.later(minutes=3)
    assert len(reading(world, lambda: list(ledger.door(cursor, customers)))) == 6


def test_a_cursor_is_a_bare_time_while_all_kinds_were_read_at_once() -> None:
    start = cursors.read(T0)
    moved = start.moved({"invoice": T1})
    assert cursors.read(moved).times["invoice"] > cursors.read(moved).times["credit"]
    assert cursors.read(moved).moved(dict.fromkeys(cursors.ALL, T1)) == T1


@pytest.mark.parametrize("text", ["", "yesterday", "{}", '{"invoice": 5}', "{"])
def test_a_cursor_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        cursors.read(text)
