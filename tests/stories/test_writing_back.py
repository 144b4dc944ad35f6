"""What we write into a ledger when the books have moved on: paid twice, closed, taken back, out of reach for days.

Each story ends with what stands in the books, seen from outside, and with what a person was told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from models import AuditEvent
from sandbox.quickbooks import records
from tests.stories.days import EVENING
from tests.workflows.books import WISHES, Books, give_credit
from workflows import desk, reconcile
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

BOTH = pytest.mark.parametrize("books", ["quickbooks", "xero"], indirect=True)
TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(request.param)
    yield made
    made.close()


def paid_twice(books: Books, transferred: str = "100.00") -> None:
    """A card payment of an invoice that was paid at the bank while the card page was open."""
    page = books.town.checkout("A-1")
    books.town.transfer(books.kind, "A-1", transferred)
    books.town.stripe.pay(urlsplit(page).path.rpartition("/")[2])
    books.town.settle()


def booked(books: Books) -> list[tuple[Decimal, date]]:
    """Every payment that carries our reference: (sum, date)."""
    ours = books.line().uid
    found = books.twin.payments(books.tenant)
    return [(one.amount, one.paid_on) for one in found if one.reference and ours.startswith(one.reference)]


def settle(books: Books, how: str) -> None:
    desk.settle_booking(books.rt, books.line().id, how, books.me)
    books.town.settle()


@BOTH
def test_a_second_payment_is_put_on_account_by_one_click(books: Books) -> None:
    paid_twice(books)
    assert (books.line().state, bool(books.line().note)) == ("desk", True)
    settle(books, "on-account")
    assert (books.line().state, books.on_account(), booked(books)) == ("booked", 100, [])
    books.town.at(TOMORROW, EVENING)
    assert (books.line().state, books.on_account()) == ("confirmed", 100)
    assert books.town.steps("A-1") == [], "money on account is no cause for a thank-you"
    assert list(reconcile.differences(books.rt)) == []
    with pytest.raises(Refusal, match="no longer on the desk"):
        settle(books, "on-account")


@BOTH
def test_a_second_payment_over_more_than_what_is_left_names_what_is_open(books: Books) -> None:
    paid_twice(books, "40.00")
    books.town.at(TODAY, EVENING)
    settle(books, "retry")
    assert books.line().state == "desk"
    assert books.line().note.startswith("100.00 ")
    assert "only 60.00" in books.line().note
    settle(books, "on-account")
    assert (books.line().state, books.on_account(), books.balance()) == ("booked", 100, 60)


@BOTH
def test_a_second_payment_is_paid_back_by_hand(books: Books) -> None:
    paid_twice(books)
    settle(books, "paid-back")
    books.town.at(TOMORROW, EVENING)
    assert (books.line().state, books.line().note) == ("void", "Paid back by hand.")
    assert (books.on_account(), booked(books), list(reconcile.differences(books.rt))) == (0, [], [])


@BOTH
def test_money_that_was_put_on_account_after_a_lost_answer_stands_there_once(books: Books) -> None:
    paid_twice(books)
    books.twin.plan_fault(WISHES["on-account"].path(books), "drop")
    settle(books, "on-account")
    assert books.on_account() == 100
    books.town.at(TODAY + timedelta(days=2), EVENING)
    assert (books.line().state, books.on_account()) == ("confirmed", 100)


@BOTH
def test_a_payment_of_the_closed_books_is_dated_on_the_first_open_day(books: Books) -> None:
    books.town.at(TODAY, 12)
    books.twin.plan_fault(WISHES["undo-payment"].path(books).replace("POST", "PUT"), "503", seconds=66_000)
    books.town.pay("A-1")
    books.town.at(TOMORROW, 6)
    books.twin.lock(books.tenant, TODAY)
    books.set_company(locked_until=TODAY)
    books.town.at(TOMORROW, EVENING)
    assert booked(books) == [(100, TOMORROW)], books.line().note
    assert "2 March 2026 lies in the closed books" in books.line().note
    assert "dated 3 March 2026" in books.line().note
    uid = books.line().uid
    with books.rt.store.read() as session:
        facts = session.scalars(select(AuditEvent.kind).where(AuditEvent.subject == uid)).all()
    assert facts == ["payment-booked"]


@BOTH
def test_a_payment_waits_for_a_person_while_no_open_day_has_come(books: Books) -> None:
    books.twin.lock(books.tenant, TOMORROW)
    books.set_company(locked_until=TOMORROW)
    books.town.pay("A-1")
    books.town.settle()
    assert (books.line().state, booked(books)) == ("desk", [])
    assert "try again from 4 March 2026 on" in books.line().note
    books.town.at(TODAY + timedelta(days=2), 12)
    settle(books, "retry")
    assert booked(books) == [(100, date(2026, 3, 4))]


@BOTH
def test_what_was_written_before_the_books_were_closed_is_found_under_its_own_date(books: Books) -> None:
    give_credit(books)
    books.twin.plan_fault(WISHES["credit"].path(books), "drop")
    books.perform(1)
    books.twin.lock(books.tenant, TODAY)
    books.set_company(locked_until=TODAY)
    books.wait(days=1, hours=2)
    books.perform()
    assert (books.credit_notes(), books.states()[0]) == (1, ("credit", "written"))


def test_a_booking_voided_before_we_knew_of_it_is_never_repeated_unseen() -> None:
    books = Books("quickbooks")
    books.twin.plan_fault("/payment?", "drop")
    books.town.pay("A-1")
    books.town.settle()
    realm = books.town.quickbooks.realms[books.tenant]
    (row,) = realm.rows["Payment"].values()
    records.void(realm, "Payment", {"Id": row["Id"], "SyncToken": row["SyncToken"]})
    books.wait(seconds=books.rt.ledgers["quickbooks"].key_memory + 60)
    books.perform()
    assert (books.line().state, books.balance()) == ("desk", 100)
    assert "taken back in the ledger" in books.line().note
    desk.settle_booking(books.rt, books.line().id, "retry", books.me)
    books.perform()
    assert (books.line().state, books.balance()) == ("booked", 0), "a person has seen it and says: again"
    books.close()


@BOTH
def test_a_ledger_out_of_reach_for_days_is_told_at_the_desk_and_caught_up_with(books: Books) -> None:
    page = books.town.checkout("A-1")
    books.twin.disconnect(books.tenant)
    books.wait(hours=1)
    books.town.stripe.pay(urlsplit(page).path.rpartition("/")[2])
    books.town.at(TODAY, EVENING)
    assert books.line().state == "taken", "it waits: a person may connect again any minute"
    books.town.at(TOMORROW, EVENING)
    assert books.line().state == "desk"
    books.town.connect(books.kind)
    settle(books, "retry")
    assert booked(books) == [(100, TODAY)]


@BOTH
def test_a_goodwill_credit_lowers_what_the_customer_owes(books: Books) -> None:
    give_credit(books, amount="30")
    books.town.settle()
    assert (books.credit_notes(), books.balance()) == (1, 70)
    books.town.at(TODAY, EVENING)
    assert books.town.invoice("A-1").balance == books.money("70")
    assert books.on_account() == 0
