"""A real payment history becomes a world: dealt by hash, true to its dates, and lived through without a slip."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.columns import Book, read_book
from sandbox.book_file import world_from_book
from sandbox.habits import Kind
from sandbox.world import World, booked_on
from tests.sandbox.standin import StandIn

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

IBM = Path(__file__).resolve().parents[2] / "../shared/data/ibm_accounts_receivable.csv"
START = date(2024, 3, 4)
needs_ibm = pytest.mark.skipif(not IBM.exists(), reason="the sample book lies beside the checkout")


def made_up_book() -> Book:
    """Ninety customers with four invoices each around the start; every fifth is disputed, some are never paid."""
    lines = ["customer,number,issued,due,amount,settled,disputed"]
    for place in range(360):
        issued = START + timedelta(days=place % 97 - 60)
        due = issued + timedelta(days=(10, 14, 30)[place % 3])
        settled = due + timedelta(days=place % 31 - 4) if place % 12 else ""
        said = "yes" if place % 5 == 0 else "no"
        lines.append(f"Client {place % 90},{place + 1},{issued},{due},{100 + place}.50,{settled},{said}")
    return read_book("\n".join(lines), {}, "EUR", None)


@pytest.fixture(scope="module")
def world() -> World:
    return world_from_book(made_up_book(), START)


@pytest.fixture(scope="module")
def lived() -> StandIn:
    run = StandIn(world_from_book(made_up_book(), START))
    run.live(60)
    return run


def test_the_same_book_makes_the_same_world_whatever_the_order_of_its_lines(world: World) -> None:
    book = made_up_book()
    turned = Book(tuple(reversed(book.rows)), (), book.date_format)
    again = world_from_book(turned, START)
    assert (again.companies, again.stories) == (world.companies, world.stories)


def test_a_customer_has_all_invoices_in_one_company_and_an_address_of_its_own(world: World) -> None:
    names = [one.name for company in world.companies for one in company.customers]
    assert len(names) == len(set(names)) == 90
    assert all(len(company.customers) > 15 for company in world.companies)
    addresses = [address for company in world.companies for one in company.customers for address in one.emails]
    assert len(set(addresses)) == 90
    assert all(address.endswith(".example") for address in addresses)


def test_each_company_keeps_its_books_in_the_currency_of_the_book(world: World) -> None:
    assert {company.about.currency for company in world.companies} == {"EUR"}
    assert {one.currency for company in world.companies for one in company.invoices} == {"EUR"}


def test_an_invoice_is_in_the_ledger_from_its_issue_date_and_not_before(world: World) -> None:
    known = {one.key for company in world.companies for one in company.invoices}
    for row in made_up_book().rows:
        arrived = {invoice.key for _, invoice in world.arrivals(row.issued)}
        assert (row.number in known) == (row.issued <= START)
        assert (row.number in arrived) == (row.issued > START)


def test_what_was_settled_before_the_start_is_booked_or_on_its_way(world: World) -> None:
    booked = {one.invoice for company in world.companies for one in company.payments}
    pending = {one.invoice: day for day, _, one in world.pending}
    for story in world.stories.values():
        number, settled = story.invoice.key, story.pays[0][0] if story.pays else START
        assert ((number in booked) or (number in pending)) == (settled < START)
        if number in pending:
            assert START <= pending[number] == booked_on(settled, story.lag) <= settled + timedelta(days=5)


def test_about_a_quarter_pays_by_card(world: World) -> None:
    cards = [habit.by_card for habit in world.habits.values()]
    assert 0.12 < sum(cards) / len(cards) < 0.38
    assert {habit.kind for habit in world.habits.values()} == {Kind.REAL}


def test_the_pretend_customers_pay_when_the_real_ones_did(lived: StandIn) -> None:
    run, end = lived, START + timedelta(days=60)
    assert run.people.troubles == []
    for key, story in run.world.stories.items():
        settled = story.pays[0][0] if story.pays else date.max
        if START <= settled < end:
            assert run.people.paid_on[key] == settled, story
        elif settled >= end:
            assert key not in run.people.paid_on


def test_money_is_in_the_ledger_at_most_five_days_later_and_never_twice(lived: StandIn) -> None:
    run = lived
    for key, story in run.world.stories.items():
        settled = story.pays[0][0] if story.pays else date.max
        twin, tenant = run.books[key[0]]
        if settled < START + timedelta(days=55):
            assert twin.balance(tenant, key[1]) == Decimal(0), story
    assert run.judge.figures()["payments_unreconciled"] == 0


def test_disputed_invoices_are_disputed_on_the_portal_once_a_message_came(lived: StandIn) -> None:
    run = lived
    assert len(run.people.disputes) >= 10
    assert len(set(run.people.disputes)) == len(run.people.disputes)
    assert all(run.world.stories[key].disputes for key in run.people.disputes)
    written = {number for one in run.mailbox.messages() for number in one.header("X-Dunlin-Invoices").split(", ")}
    assert {number for _, number in run.people.disputes} <= written


def test_rows_in_several_currencies_stay_in_their_own() -> None:
    text = "customer,number,issued,due,amount,currency\n" + "".join(
        f"Client {n},{n},2024-01-02,2024-02-01,10,{'USD' if n % 3 else 'JPY'}\n" for n in range(30)
    )
    world = world_from_book(read_book(text, {}, None, None), START)
    for company in world.companies:
        assert company.about.currency == "USD"
        assert set(company.about.currencies) == {one.currency for one in company.invoices}


@pytest.mark.shared
@needs_ibm
def test_the_public_sample_book_is_lived_through_without_a_slip() -> None:
    mapping = {
        "customer": "customerID",
        "number": "invoiceNumber",
        "issued": "InvoiceDate",
        "due": "DueDate",
        "amount": "InvoiceAmount",
        "settled": "SettledDate",
    }
    run = StandIn(world_from_book(read_book(IBM.read_text(), mapping, "USD", None), date(2012, 7, 3)))
    run.live(90)
    figures = run.judge.figures()
    assert figures["touches_sent"] > 200
    assert figures["payments_taken"] == figures["payments_written_back"] > 30
    assert figures["disputes"] > 30
    for name in ("duplicate_touches", "touches_about_paid_invoices", "payments_unreconciled", "visits_failed"):
        assert figures[name] == 0, name
