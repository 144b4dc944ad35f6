"""The first load of a QuickBooks company: in pages, resumable behind any of them, old money too; sweep and names."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import RateLimited
from integrations.ledgers.base import Page, Purpose
from integrations.ledgers.quickbooks import reads, snapshot
from tests.sandbox.quickbooks_world import EARLY, World, by_number, gathered, invoice, payment

SINCE = date(2026, 9, 1)
NAMES = ("customers", "invoices", "payments", "credits", "terms")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ten, so that a small book has many; the vendor's page of a thousand is tested beside the adapter."""
    monkeypatch.setattr(reads, "PAGE", 10)
    monkeypatch.setattr(reads, "OVERLAP", 2)


def ids(pages: list[Page]) -> set[tuple[str, str]]:
    return {(name, row.id) for page in pages for name in NAMES for row in getattr(page, name)}


def busy(world: World) -> None:
    """Some thirty more invoices, half of them paid, and credit of every kind, new and old."""
    for number in range(30):
        world.twin.add_invoice(world.realm, invoice(f"B{number}", "amy" if number % 3 else "bill", "10.00"))
    for number in range(0, 30, 2):
        world.twin.receive(world.realm, payment(f"B{number}", "10.00"))
    world.twin.credit(world.realm, "CN-1", "amy", date(2025, 3, 2), Decimal("30.00"))
    world.twin.receive_on_account(world.realm, "new", "bill", date(2026, 10, 5), Decimal("7.00"))
    world.twin.receive_on_account(world.realm, "old", "bill", date(2024, 5, 5), Decimal("9.00"))


# --- whole ---


def test_a_first_load_says_how_many_rows_it_expects_and_brings_them(world: World) -> None:
    busy(world)
    pages = list(world.ledger().snapshot(SINCE))
    found = Counter(name for name, _ in ids(pages))
    assert found == {"customers": 2, "invoices": 32, "payments": 17, "credits": 3, "terms": 5}
    assert {page.total for page in pages} == {2 + 32 + 16 + 1 + 5}, "without old money, which nobody can count"


def test_counting_fails_and_the_load_goes_on_without_a_total(world: World) -> None:
    ledger = world.ledger()
    world.twin.plan_fault("/batch", "4002")
    pages = list(ledger.snapshot(SINCE))
    assert {page.total for page in pages} == {None}
    assert pages[-1].cursor is not None
    world.twin.plan_fault("/batch", "429")
    with pytest.raises(RateLimited):
        list(ledger.snapshot(SINCE))


def test_unapplied_money_older_than_the_history_is_found_without_reading_all_of_it(world: World) -> None:
    busy(world)
    ledger = world.ledger()
    world.calls.clear()
    page = gathered(ledger.snapshot(SINCE))
    old = [row for row in page.credits if row.issued == date(2024, 5, 5)]
    assert [(row.kind, row.remaining, row.customer) for row in old] == [
        ("unapplied payment", Money(900, "USD"), world.row("Customer", "bill")["Id"])
    ]
    assert [row.id for row in page.payments if row.paid_on < SINCE] == [old[0].id]
    assert set(world.calls) == {Purpose.SNAPSHOT}
    assert len(world.calls) == 1 + 6 + 1, "counts, six selections, and the payments of the one customer in question"


def test_when_every_balance_is_explained_no_old_payment_is_asked_for(world: World) -> None:
    world.twin.receive_on_account(world.realm, "new", "bill", date(2026, 10, 5), Decimal("7.00"))
    world.twin.credit(world.realm, "CN-1", "amy", date(2025, 3, 2), Decimal("30.00"))
    ledger = world.ledger()
    world.calls.clear()
    gathered(ledger.snapshot(SINCE))
    assert len(world.calls) == 1 + 6


def test_a_credit_memo_tells_its_number_and_day(world: World) -> None:
    world.twin.credit(world.realm, "CN-1", "amy", date(2025, 3, 2), Decimal("30.00"))
    [credit] = gathered(world.ledger().snapshot(SINCE)).credits
    assert (credit.number, credit.issued, credit.applied) == ("CN-1", date(2025, 3, 2), ())


# --- going on ---


def test_a_load_goes_on_behind_any_page_and_brings_all_the_rest(world: World, small_pages: None) -> None:
    busy(world)
    whole = list(world.ledger().snapshot(SINCE))
    cursor = whole[-1].cursor
    assert len(whole) > 9
    for place, page in enumerate(whole[:-1]):
        assert page.mark
        world.later(minutes=1)
        rest = list(world.ledger().snapshot(SINCE, page.mark))
        assert ids(whole[place + 1 :]) <= ids(rest) | ids(whole[: place + 1])
        assert len(ids(rest) - ids(whole[place + 1 :])) <= 2, "only what overlaps comes again"
        assert rest[-1].cursor == cursor, "whatever moved since the very beginning is read again"
        assert {one.total for one in rest} == {whole[0].total}


def test_a_load_that_goes_on_asks_for_nothing_again(world: World, small_pages: None) -> None:
    busy(world)
    ledger = world.ledger()
    whole = list(ledger.snapshot(SINCE))
    *_, old, _ = whole
    assert old.credits, "the last page before the cursor has the old money"
    for place, page in enumerate(whole[:-2]):
        world.calls.clear()
        rest = list(ledger.snapshot(SINCE, page.mark))
        assert len(world.calls) == len(whole) - 2 - place
        assert Counter(ids(rest)) == Counter(ids(whole[place + 1 :]))
        assert rest[-2].credits == old.credits, "what is not explained was in the mark"


@pytest.mark.parametrize("why", ["it rested too long", "too many customers owe something"])
def test_balances_that_the_mark_does_not_explain_are_read_again(
    world: World, small_pages: None, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    busy(world)
    ledger = world.ledger()
    monkeypatch.setattr(snapshot, "SUMS_MOST", 10 if why == "it rested too long" else 0)
    pages = ledger.snapshot(SINCE)
    first, second = next(pages), next(pages)
    world.later(hours=2 if why == "it rested too long" else 0)
    rest = list(world.ledger().snapshot(SINCE, second.mark))
    old = [row for page in rest for row in page.credits if row.issued == date(2024, 5, 5)]
    assert [row.remaining for row in old] == [Money(900, "USD")]
    assert len(second.mark) < 1000
    assert ids(rest).isdisjoint(ids([first, second])), "rows that are read again are not handed out again"


def test_what_is_paid_while_the_load_rests_is_found_by_the_changes_after_it(world: World, small_pages: None) -> None:
    busy(world)
    first = next(iter(world.ledger().snapshot(SINCE)))
    world.later(hours=3)
    world.twin.receive(world.realm, payment("1001", "100.00"))
    ledger = world.ledger()
    cursor = gathered(ledger.snapshot(SINCE, first.mark)).cursor
    assert by_number(gathered(ledger.changes(cursor or "")).invoices)["1001"].status is InvoiceStatus.PAID


@pytest.mark.parametrize("mark", ["{}", "nonsense", '{"selection": "x"}'])
def test_a_mark_nobody_knows_begins_anew(world: World, mark: str) -> None:
    assert len(gathered(world.ledger().snapshot(SINCE, mark)).invoices) == 2


def test_memory_does_not_grow_with_the_book(world: World, small_pages: None) -> None:
    """What is kept between pages is the same after 100 and after 400 invoices."""
    ledger = world.ledger()
    kept = []
    for more in (100, 300):
        for number in range(more):
            world.twin.add_invoice(world.realm, invoice(f"M{more}-{number}", amount="1.00"))
        tracemalloc.start()
        pages = ledger.snapshot(SINCE)
        for page in pages:
            if page.invoices and page.invoices[-1].number.endswith("-80"):
                break
        del page
        held = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/ledgers/quickbooks/*")])
        kept.append(sum(one.size for one in held.statistics("filename")))
        tracemalloc.stop()
        pages.close()  # type: ignore[attr-defined]
    assert kept[1] < kept[0] * 1.5 + 20_000


# --- sweep ---


def test_a_sweep_reads_what_is_open_and_every_credit_memo_and_nothing_else(world: World) -> None:
    busy(world)
    world.twin.credit(world.realm, "CN-2", "amy", date(2026, 10, 2), Decimal("10.00"), "B1")
    ledger = world.ledger()
    world.calls.clear()
    page = gathered(ledger.sweep())
    assert all(row.balance for row in page.invoices)
    assert len(page.invoices) == 2 + 15 - 1
    left = {row.number: row.remaining for row in page.credits}
    assert left == {"CN-1": Money(3000, "USD"), "CN-2": Money(0, "USD")}, "that one is used up is news too"
    assert (page.customers, page.payments, page.cursor) == ((), (), None)
    assert world.calls == [Purpose.SWEEP, Purpose.SWEEP]


# --- by name ---


def test_named_rows_are_read_whatever_their_state_and_the_missing_are_deleted(world: World) -> None:
    world.twin.void(world.realm, "1001")
    world.twin.add_invoice(world.realm, invoice("1003"))
    void, open_, gone = (world.row("Invoice", number)["Id"] for number in ("1001", "1002", "1003"))
    world.twin.delete(world.realm, "1003")
    ledger = world.ledger()
    world.calls.clear()
    page = gathered(ledger.named("invoice", [void, open_, gone, "no'body"], Purpose.LOOK))
    states = {row.id: row.status for row in page.invoices}
    assert states == {void: InvoiceStatus.VOIDED, open_: InvoiceStatus.OPEN}
    assert page.deleted == (("invoice", gone), ("invoice", "no'body"))
    assert world.calls == [Purpose.LOOK]


def test_an_archived_customer_is_not_taken_for_a_deleted_one(world: World) -> None:
    world.twin.archive(world.realm, "bill")
    page = gathered(world.ledger().named("customer", [world.row("Customer", "bill")["Id"]]))
    assert ([row.active for row in page.customers], page.deleted) == ([False], ())


def test_a_named_credit_is_a_credit_memo_or_a_payment_with_money_left(world: World) -> None:
    memo = world.twin.credit(world.realm, "CN-1", "amy", date(2026, 3, 2), Decimal("30.00"))
    money = world.twin.receive_on_account(world.realm, "on", "bill", date(2026, 10, 5), Decimal("7.00"))
    page = gathered(world.ledger().named("credit", [memo, money, "999"]))
    assert {row.id: row.remaining.minor for row in page.credits} == {memo: 3000, money: 700}
    assert page.deleted == (("credit", "999"),)


def test_a_deleted_payment_that_is_named_takes_its_credit_with_it(world: World) -> None:
    page = gathered(world.ledger().named("payment", ["77"]))
    assert page.deleted == (("payment", "77"), ("credit", "77"))


def test_a_row_that_cannot_be_read_is_not_missing(world: World) -> None:
    id = world.row("Invoice", "1001")["Id"]
    world.twin.spoil(world.realm, "invoice", "1001", Balance="soon")
    page = gathered(world.ledger().named("invoice", [id]))
    assert ([row.id for row in page.unreadable], page.deleted) == ([id], ())


def test_many_names_are_asked_for_in_a_few_calls(world: World) -> None:
    ledger = world.ledger()
    world.calls.clear()
    page = gathered(ledger.named("invoice", [str(number) for number in range(1000, 1450)]))
    assert len(page.deleted) == 450
    assert len(world.calls) == 3


def test_nothing_named_asks_nothing(world: World) -> None:
    ledger = world.ledger()
    world.calls.clear()
    assert list(ledger.named("invoice", [])) == []
    assert world.calls == []


# --- the changes ---


def test_new_terms_arrive_with_the_changes(world: World) -> None:
    ledger = world.ledger()
    cursor = gathered(ledger.snapshot(SINCE)).cursor or ""
    world.later(minutes=10)
    term = world.client().query(f"SELECT * FROM Term WHERE Name = '{EARLY.name}'")["Term"][0]
    changed: dict[str, Any] = {"DueDays": 45}
    assert world.client().change("Term", term["Id"], **changed).status_code == 200
    assert [(row.name, row.days) for row in gathered(ledger.changes(cursor)).terms] == [(EARLY.name, 45)]


def test_merged_customers_show_the_first_inactive_and_its_invoices_with_the_second(world: World) -> None:
    ledger = world.ledger()
    cursor = gathered(ledger.snapshot(SINCE)).cursor or ""
    world.later(minutes=10)
    world.twin.merge(world.realm, "bill", "amy")
    page = gathered(ledger.changes(cursor))
    amy, bill = (world.row("Customer", key)["Id"] for key in ("amy", "bill"))
    assert {row.id: row.active for row in page.customers}[bill] is False
    assert by_number(page.invoices)["1002"].customer == amy


def test_the_home_currency_is_read_once_however_many_jobs_there_are(world: World) -> None:
    token, _ = world.connect()
    world.row("Invoice", "1001").pop("CurrencyRef")
    world.calls.clear()
    for _ in range(3):
        assert by_number(gathered(world.open(token.access).sweep()).invoices)["1001"].balance == Money(10000, "USD")
    assert world.calls.count(Purpose.COMPANY) == 1


def test_the_closing_date_is_the_day_up_to_which_nothing_may_be_booked(world: World) -> None:
    assert world.ledger().company().locked_until is None
    world.twin.lock(world.realm, date(2026, 6, 30))
    company = world.ledger().company()
    assert (company.locked_until, company.own_reminders) == (date(2026, 6, 30), None)
    assert company.locked_until + timedelta(days=1) == date(2026, 7, 1)
