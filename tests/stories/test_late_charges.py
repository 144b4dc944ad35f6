"""What lateness costs: shown first, left out for who then pays, asked for by a person alone, and booked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models import Charge, Company, Invoice, Touch, User
from tests.stories.days import BOTH, EVENING, town_of
from tests.town import Town
from web import waiting_queries
from workflows import charges, companies, money_rules, reconcile, terms
from workflows.errors import Refusal
from workflows.money_rules import Wanted
from workflows.reaching import Reach

DUE = date(2026, 3, 9)
ME = 1
# 3.65 % a year on 100.00 is a cent a day.
CONTRACT = {"late": "contract", "late_points": 365, "grace_days": 3, "notice_days": 10}


def switch_on(town: Town, kind: str, **rules: object) -> None:
    company = town.company(kind)
    income = companies.income_choices(town.rt, company.id)[0].id
    with town.rt.store.write() as session:
        ann = User(
            role="accountant", id=ME, uid="ann", practice_id=company.practice_id, email="ann@example.com", name="Ann"
        )
        ann.password_hash, ann.created_at = "-", town.now
        session.add(ann)
        session.get_one(Company, company.id).income_choice = income
    terms.give(town.rt, company.id, None, date(2026, 1, 1), "Terms of payment", "3.65 % a year when late.", b"", ME)
    wanted = {**CONTRACT, "late_booking": "invoice", "late_income": income, **rules}
    money_rules.keep(town.rt, company.id, Wanted(**wanted), ME)  # type: ignore[arg-type]


@contextmanager
def charging(kind: str, **rules: object) -> Iterator[Town]:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        switch_on(town, kind, **rules)
        yield town


def live(town: Town, last: date) -> None:
    """Each day with its night."""
    while town.now.date() < last:
        town.at(town.now.date() + timedelta(days=1), EVENING)
        charges.show_all(town.rt)
        town.settle()


def charge(town: Town) -> Charge:
    with town.rt.store.read() as session:
        return session.scalars(select(Charge)).one()


def on_the_desk(town: Town) -> int:
    with town.rt.store.read() as session:
        return waiting_queries.counts(session, Reach(town.practice_id), town.now)["charges"].total()


def mentions(town: Town) -> list[str]:
    return [mail.text for mail in town.mails("A-1") if "has come on top" in mail.text]


@BOTH
def test_it_is_shown_first_and_left_out_for_who_then_pays(kind: str) -> None:
    with charging(kind) as town:
        live(town, date(2026, 3, 20))
        shown = charge(town)
        assert (shown.state, shown.sum_minor) == ("shown", 0)
        told = mentions(town)
        assert len(told) == 1
        day = (
            f"{shown.asked_from.day} {shown.asked_from:%B}"
            if kind == "xero"
            else f"{shown.asked_from:%B} {shown.asked_from.day}"
        )
        assert f"We leave it out if the invoice is paid by {day}." in " ".join(told[0].split())
        town.pay("A-1")
        live(town, date(2026, 4, 10))
        assert (charge(town).state, charge(town).note) == ("waived", charges.PAID_IN_TIME)
        assert list(reconcile.differences(town.rt)) == []


@BOTH
def test_after_its_day_a_person_asks_for_it_and_the_ledger_gets_one_invoice(kind: str) -> None:
    with charging(kind, late_sum_minor=4_000) as town:
        live(town, date(2026, 3, 20))
        with pytest.raises(Refusal, match="was told that it is left out until"):
            charges.ask(town.rt, charge(town).id, ME)
        last = charge(town).asked_from
        assert on_the_desk(town) == 0
        live(town, last + timedelta(days=2))
        assert on_the_desk(town) == 1
        days = (town.now.date() - DUE).days - 1  # up to yesterday
        assert (charge(town).interest_minor, charge(town).sum_minor) == (days, 4_000)
        charges.ask(town.rt, charge(town).id, ME)
        with pytest.raises(Refusal, match="decided about already"):
            charges.ask(town.rt, charge(town).id, ME)
        live(town, last + timedelta(days=4))
        assert (charge(town).state, on_the_desk(town)) == ("booked", 0)
        with town.rt.store.read() as session:
            made = session.scalars(select(Invoice).where(Invoice.number != "A-1")).one()
        assert (made.total_minor, made.customer) == (4_000 + days, town.invoice("A-1").customer)
        live(town, last + timedelta(days=25))
        with town.rt.store.read() as session:
            assert len(session.scalars(select(Charge)).all()) == 1  # nothing comes of what came of a charge


def test_nothing_is_asked_for_before_the_customer_was_told() -> None:
    with charging("xero") as town:
        companies.set_paused(town.rt, town.company("xero").id, True)
        live(town, date(2026, 4, 20))
        assert mentions(town) == []
        assert charge(town).asked_from > town.now.date()
        with pytest.raises(Refusal, match="has not been told of it yet"):
            charges.ask(town.rt, charge(town).id, ME)


def test_a_call_tells_nobody_what_has_come_on_top() -> None:
    with charging("xero") as town:
        live(town, date(2026, 3, 20))
        assert charge(town).asked_from < town.now.date() + timedelta(days=10)
        with town.rt.store.write() as session:
            session.execute(update(Touch).values(channel="call"))
        live(town, date(2026, 3, 21))
        assert charge(town).asked_from == town.now.date() + timedelta(days=10)
        shown = charge(town)
        with town.rt.store.read() as session:
            assert not charges.told(session, shown)


def test_who_named_a_day_disputes_or_is_short_of_cash_is_shown_nothing() -> None:
    with charging("xero") as town:
        town.at(date(2026, 3, 10), EVENING)
        town.dispute("A-1")
        live(town, date(2026, 3, 25))
        with town.rt.store.read() as session:
            assert session.scalars(select(Charge)).all() == []


def test_what_is_left_out_is_left_out_for_good() -> None:
    with charging("quickbooks") as town:
        live(town, date(2026, 3, 12))
        charges.waive(town.rt, charge(town).id, ME)
        live(town, date(2026, 4, 20))
        assert charge(town).state == "waived"
        assert mentions(town) == []


def test_what_is_paid_in_parts_bears_by_the_day_on_what_was_open() -> None:
    with charging("quickbooks") as town:
        town.at(date(2026, 3, 14), EVENING)
        town.transfer("quickbooks", "A-1", "50.00")
        live(town, date(2026, 3, 25))
        # 10 to 13 March on 100.00, a cent a day; then half a cent a day.
        days = (charge(town).until - date(2026, 3, 13)).days
        assert charge(town).interest_minor == (4 * 2 + days + 1) // 2


def test_switched_off_nothing_stays() -> None:
    with charging("quickbooks") as town:
        live(town, date(2026, 3, 16))
        money_rules.keep(town.rt, town.company("quickbooks").id, Wanted(), ME)
        live(town, date(2026, 3, 18))
        assert (charge(town).state, charge(town).note) == ("waived", charges.SWITCHED_OFF)


def test_without_terms_it_is_refused() -> None:
    refused = pytest.raises(Refusal, match="need terms that the customer can read")
    with town_of("xero", ("A-1", "fern", DUE)) as town, refused:
        money_rules.keep(town.rt, town.company("xero").id, Wanted(late="contract", late_points=365), ME)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"late_points": 0}, "a yearly rate"),
        ({"late": "whatever"}, "by what right"),
        ({"notice_days": 3}, "days' notice"),
        ({"late_booking": "draft"}, "how it is booked"),
        ({"late_income": ""}, "booked on"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rules: dict[str, object], why: str) -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town, pytest.raises(Refusal, match=why):
        switch_on(town, "quickbooks", **rules)
