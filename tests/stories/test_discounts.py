"""A discount for paying early, from the offer to the credit in the ledger; whoever is a day late meets a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Company, Reward
from sandbox.books import BookPayment, BookTerm
from tests.stories.days import BOTH, EVENING, diary, town_of
from tests.town import Town, last_part
from workflows import companies, money_rules, reconcile, rewards, sync
from workflows.errors import Refusal
from workflows.money_rules import Wanted

DUE = date(2026, 4, 1)
MONDAY = date(2026, 3, 2)
LAST = date(2026, 3, 12)  # ten days after A-1 is issued
TWO_PERCENT = Wanted(early_points=200, early_days=10)
ME = 1


@contextmanager
def offering(kind: str, rules: Wanted = TWO_PERCENT) -> Iterator[Town]:
    """Fern owes A-1 over 100.00, issued today; the company gives two percent within ten days."""
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        allow(town, kind, rules)
        yield town


def allow(town: Town, kind: str, rules: Wanted) -> None:
    company = town.company(kind)
    choice = companies.income_choices(town.rt, company.id)[0].id
    with town.rt.store.write() as session:
        session.get_one(Company, company.id).income_choice = choice
    money_rules.keep(town.rt, company.id, rules, ME)
    sync.request(town.rt, company.id)
    town.settle()


def reward(town: Town) -> Reward:
    with town.rt.store.read() as session:
        return session.scalars(select(Reward)).one()


def balance(town: Town, kind: str, number: str = "A-1") -> Decimal:
    return town.twin(kind).balance(town.tenants[kind], number)


@BOTH
def test_who_pays_in_time_pays_less_and_the_ledger_gets_a_credit_for_the_rest(kind: str) -> None:
    with offering(kind) as town:
        assert (reward(town).state, str(reward(town).amount), reward(town).until) == (
            "open",
            f"2.00 {town.company(kind).currency}",
            LAST,
        )
        town.pay("A-1")
        told = diary(town, "A-1", MONDAY, date(2026, 3, 4))
        assert told[-1].endswith("paid")
        (payment,) = town.twin(kind).payments(town.tenants[kind])
        assert (payment.amount, balance(town, kind)) == (Decimal(98), Decimal(0))
        assert reward(town).state == "granted"
        assert list(reconcile.differences(town.rt)) == []
        assert "THANKS" in " ".join(told)
        assert all("2.00" not in mail.text for mail in town.mails("A-1") if mail.header("X-Dunlin-Step") == "thanks")


@BOTH
def test_the_offer_stands_in_the_message_and_is_gone_the_day_after(kind: str) -> None:
    with offering(kind) as town:
        diary(town, "A-1", MONDAY, date(2026, 4, 6))
        said = {mail.header("X-Dunlin-Step"): mail.text for mail in town.mails("A-1")}
        for step, text in said.items():
            offered = "settles it" in text and "98.00" in text
            assert offered == (step == "welcome"), step


def test_one_minute_before_midnight_where_the_customer_is_counts_and_is_booked_the_next_day() -> None:
    with offering("quickbooks") as town:  # New York: until 8 March five hours behind, then four
        town.at(LAST, EVENING)
        page = town.checkout("A-1")
        town.clock.move(datetime(2026, 3, 13, 3, 59, tzinfo=UTC))
        town.stripe.pay(last_part(page))
        town.carry()
        town.at(date(2026, 3, 13), EVENING)
        assert (reward(town).state, balance(town, "quickbooks")) == ("granted", Decimal(0))


def test_one_minute_after_midnight_a_person_decides_and_nobody_asks_for_the_rest_meanwhile() -> None:
    with offering("quickbooks") as town:
        town.at(LAST, EVENING)
        page = town.checkout("A-1")
        town.clock.move(datetime(2026, 3, 13, 4, 1, tzinfo=UTC))
        town.stripe.pay(last_part(page))
        town.carry()
        told = diary(town, "A-1", date(2026, 3, 13), date(2026, 4, 20))
        assert (reward(town).state, balance(town, "quickbooks")) == ("desk", Decimal("2.00"))
        assert reward(town).note.startswith("It was paid a day after the last day of the offer")
        assert told[-1].endswith("being-changed")
        rewards.decide(town.rt, reward(town).id, ME, give=True)
        town.at(date(2026, 4, 21), EVENING)
        assert (reward(town).state, balance(town, "quickbooks")) == ("granted", Decimal(0))
        with pytest.raises(Refusal, match="no longer on the desk"):
            rewards.decide(town.rt, reward(town).id, ME, give=False)


@pytest.mark.slow
def test_what_a_person_does_not_give_is_asked_for_kindly() -> None:
    with offering("xero") as town:
        late = BookPayment("A-1", Decimal(98), LAST + timedelta(days=2), "bank 1")
        town.at(LAST + timedelta(days=2), 7)
        town.twin("xero").receive(town.tenants["xero"], late)
        town.at(LAST + timedelta(days=3), EVENING)
        assert reward(town).state == "desk"
        rewards.decide(town.rt, reward(town).id, ME, give=False)
        assert any("heads-up" in one.lower() for one in diary(town, "A-1", LAST + timedelta(days=4), DUE))


@pytest.mark.slow
@BOTH
def test_a_transfer_of_the_last_day_counts_although_the_bookkeeper_enters_it_days_later(kind: str) -> None:
    with offering(kind) as town:
        town.at(LAST + timedelta(days=4), 7)
        town.twin(kind).receive(town.tenants[kind], BookPayment("A-1", Decimal(98), LAST, "bank 1"))
        town.at(LAST + timedelta(days=5), EVENING)
        assert (reward(town).state, balance(town, kind)) == ("granted", Decimal(0))


@pytest.mark.slow
@BOTH
def test_who_pays_all_of_it_is_owed_nothing_and_the_offer_lapses(kind: str) -> None:
    with offering(kind) as town:
        town.transfer(kind, "A-1", "100.00")
        town.at(date(2026, 3, 3), EVENING)
        assert (reward(town).state, reward(town).note) == ("lapsed", rewards.WHOLE)


@pytest.mark.slow
@BOTH
def test_an_offer_that_nobody_took_ends_and_the_whole_sum_is_asked_for(kind: str) -> None:
    with offering(kind) as town:
        town.at(LAST + timedelta(days=16), EVENING)
        assert (reward(town).state, balance(town, kind)) == ("lapsed", Decimal(100))
        town.pay("A-1")
        town.at(LAST + timedelta(days=17), EVENING)
        assert balance(town, kind) == 0


@pytest.mark.slow
def test_an_offer_stands_although_the_rule_has_changed() -> None:
    with offering("xero") as town:
        money_rules.keep(town.rt, town.company("xero").id, Wanted(), ME)
        town.pay("A-1")
        town.at(date(2026, 3, 4), EVENING)
        assert (reward(town).state, balance(town, "xero")) == ("granted", Decimal(0))


def test_a_refused_rule_changes_nothing() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        company = town.company("xero").id
        for wanted, why in (
            (TWO_PERCENT, "what credit notes are booked on"),
            (Wanted(early_points=200), "both a percentage and a number of days"),
            (Wanted(early_points=9_000, early_days=10), "from 0.01 to 20 percent"),
        ):
            with pytest.raises(Refusal, match=why):
                money_rules.keep(town.rt, company, wanted, ME)
        with town.rt.store.read() as session:
            assert money_rules.of(session, company) == Wanted()


@pytest.mark.slow
def test_the_discount_of_quickbooks_own_terms_is_offered_and_the_better_of_two_counts() -> None:
    town = Town()
    town.books["quickbooks"].terms.append(BookTerm("2% 10 Net 30", 30, 10, Decimal(2)))
    town.customer("quickbooks", "fern")
    town.open("quickbooks", "A-1", "fern", DUE, term="2% 10 Net 30")
    with closing(town.begin(kinds=["quickbooks"])):
        allow(town, "quickbooks", Wanted(from_terms=True, early_points=100, early_days=20))
        assert (reward(town).points, reward(town).until) == (200, LAST)
