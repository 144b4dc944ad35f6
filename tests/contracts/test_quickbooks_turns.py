"""The first load of a QuickBooks company in turns, while its people go on working: it ends, and nothing is passed over.

Pages are small here, so that a small book has many.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import pytest

from integrations.errors import Transient
from integrations.ledgers.base import Page, Purpose
from integrations.ledgers.quickbooks import reads, snapshot
from sandbox.books import BookCustomer
from tests.sandbox.quickbooks_world import World, invoice, payment

SINCE = date(2026, 9, 1)
LONG_AGO = date(2023, 1, 5)
SELECTIONS = 6


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "PAGE", 10)
    monkeypatch.setattr(reads, "OVERLAP", 2)
    monkeypatch.setattr(snapshot, "_CUSTOMERS_AT_ONCE", 2)


@pytest.fixture
def world() -> World:
    return World()


class Load(NamedTuple):
    pages: list[Page]
    calls: int

    @property
    def old_money(self) -> Counter[str]:
        return Counter(row.id for page in self.pages for row in page.credits if row.issued == LONG_AGO)

    @property
    def payments(self) -> Counter[str]:
        return Counter(row.id for page in self.pages for row in page.payments)


def in_turns(world: World, most: int, rest: float = 0) -> Load:
    """Load with so many pages a turn, each in a process of its own, resting so many minutes in between."""
    world.calls.clear()
    pages, mark = list[Page](), ""
    for _ in range(200):
        turn = list(islice(world.ledger().snapshot(SINCE, mark), most))
        pages, mark = pages + turn, turn[-1].mark
        if turn[-1].cursor is not None:
            return Load(pages, world.calls.count(Purpose.SNAPSHOT))
        world.later(minutes=rest)
    raise AssertionError("the load never ends")


def at_once(world: World) -> Load:
    return in_turns(world, 1000)


def old_money(world: World, customers: int = 9) -> set[str]:
    """Customers who owe something, each with money of long ago that nobody has applied; the last has a lot of it."""
    found = set()
    for number in range(customers):
        world.twin.add_customer(world.realm, BookCustomer(f"c{number}", f"Customer {number}", "", ()))
        world.twin.add_invoice(world.realm, invoice(f"C{number}", f"c{number}"))
        for part in range(25 if number == customers - 1 else 1):
            key, who = f"old {number} {part}", f"c{number}"
            found.add(world.twin.receive_on_account(world.realm, key, who, LONG_AGO, Decimal("1.00")))
            world.later(seconds=5)
    return found


def paid_one_by_one(world: World, many: int = 40) -> list[str]:
    """So many payments of one big invoice, some seconds apart."""
    world.twin.add_invoice(world.realm, invoice("BIG", amount="1000.00"))
    ids = []
    for _ in range(many):
        world.later(seconds=5)
        ids.append(world.twin.receive(world.realm, payment("BIG", "1.00")))
    world.later(minutes=5)
    return ids


# --- old money ---


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_however_short_the_turns_old_money_is_asked_for_once_and_the_load_ends(world: World, most: int) -> None:
    wanted = old_money(world)
    whole, parts = at_once(world), in_turns(world, most)
    assert set(whole.old_money) == set(parts.old_money) == wanted
    assert set(parts.old_money.values()) == {1}
    assert parts.calls == whole.calls
    assert len({page.mark for page in parts.pages}) == len(parts.pages), "every page has a mark of its own"


@pytest.mark.parametrize("why", ["it rests too long", "too many customers owe something"])
def test_balances_that_are_no_longer_known_are_read_again_once(
    world: World, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    wanted = old_money(world)
    whole = at_once(world)
    if why != "it rests too long":
        monkeypatch.setattr(snapshot, "SUMS_MOST", 0)
    parts = in_turns(world, 1, rest=30 if why == "it rests too long" else 0)
    assert set(parts.old_money) == wanted
    customers = sum(bool(page.customers) for page in whole.pages)
    invoices = sum(any(row.balance for row in page.invoices) for page in whole.pages)
    assert parts.calls == whole.calls + customers + invoices + 1, "once more, and the credit memos"


def test_balances_read_again_are_not_lost_when_the_next_call_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = old_money(world)
    monkeypatch.setattr(snapshot, "SUMS_MOST", 0)
    first = next(world.ledger().snapshot(SINCE))
    pages = world.ledger().snapshot(SINCE, first.mark)
    found = next(page for page in pages if '"suspects":[' in page.mark)
    assert (found.size, found.cursor) == (0, None)
    world.twin.plan_fault("/query", "500")
    with pytest.raises(Transient):
        next(pages)
    world.calls.clear()
    last = list(world.ledger().snapshot(SINCE, found.mark))
    assert {row.id for page in last for row in page.credits} == wanted
    assert len(world.calls) == len(last) - 1


# --- what moves meanwhile ---


@pytest.mark.parametrize("touched", [1, 5, 12, 30])
def test_rows_that_move_to_the_end_while_the_load_rests_hide_no_other(world: World, touched: int) -> None:
    ids = paid_one_by_one(world)
    pages = list[Page]()
    for page in world.ledger().snapshot(SINCE):
        pages.append(page)
        if page.payments:
            break
    for id in ids[:touched]:
        world.twin.deposit(world.realm, id)
    world.later(hours=3)
    rest = list(world.ledger().snapshot(SINCE, pages[-1].mark))
    assert Load(pages + rest, 0).payments.keys() == set(ids)


def test_rows_that_move_at_one_stroke_between_two_pages_hide_no_other(world: World) -> None:
    ids = paid_one_by_one(world)
    pages = list[Page]()
    for page in world.ledger().snapshot(SINCE):
        if page.payments and not any(before.payments for before in pages):
            for id in ids[:8]:
                world.twin.deposit(world.realm, id)
        pages.append(page)
    assert Load(pages, 0).payments.keys() == set(ids)


def test_invoices_that_are_paid_between_two_turns_hide_no_open_one(world: World) -> None:
    numbers = [f"N{number}" for number in range(30)]
    for number in numbers:
        world.later(seconds=5)
        world.twin.add_invoice(world.realm, invoice(number))
    pages = list[Page]()
    for page in world.ledger().snapshot(SINCE):
        pages.append(page)
        if page.invoices:
            break
    world.later(hours=1)
    for number in numbers[:8]:
        world.twin.receive(world.realm, payment(number, "100.00"))
    pages += world.ledger().snapshot(SINCE, pages[-1].mark)
    assert {row.number for page in pages for row in page.invoices} >= set(numbers)


def test_where_nothing_moves_every_row_comes_once_and_no_call_is_added(world: World) -> None:
    ids = paid_one_by_one(world)
    load = at_once(world)
    assert load.payments == Counter(ids)
    assert load.calls == 1 + SELECTIONS + 4, "forty payments of which ten make a page, with some of each again"


@pytest.mark.parametrize("told", [{}, {"MetaData": None}, {"MetaData": {"LastUpdatedTime": "soon"}}])
def test_rows_whose_times_do_not_help_are_counted_and_all_come(world: World, told: dict[str, object]) -> None:
    """Rows of one moment, without a time, or with one that makes no sense."""
    world.twin.add_invoice(world.realm, invoice("BIG", amount="1000.00"))
    ids = [world.twin.receive(world.realm, payment("BIG", "1.00")) for _ in range(40)]
    for id in ids:
        world.twin.spoil(world.realm, "payment", id, **told)
    assert at_once(world).payments == Counter(ids)
