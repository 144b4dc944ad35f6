"""A credit for paying in time again and again: counted from the day of the rule on, each invoice once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import Company, Credit, Reward
from tests.stories.days import EVENING, town_of
from tests.town import Town
from workflows import companies, loyalty, money_rules, reconcile
from workflows.money_rules import Wanted

DUE = date(2026, 3, 20)
ME = 1
THREE = Wanted(loyal_points=100, loyal_after=3)
INVOICES = [(f"A-{number}", "fern", DUE + timedelta(days=number)) for number in range(1, 6)]


@pytest.fixture(params=["quickbooks", "xero"])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    with town_of(request.param, *INVOICES) as made:
        company = made.company(request.param).id
        choice = companies.income_choices(made.rt, company)[0].id
        with made.rt.store.write() as session:
            session.get_one(Company, company).income_choice = choice
        money_rules.keep(made.rt, company, THREE, ME)
        yield made


def paid(town: Town, *numbers: str) -> None:
    for number in numbers:
        town.transfer(next(iter(town.tenants)), number, "100.00")
    town.at(town.now.date() + timedelta(days=2), EVENING)


def credits(town: Town) -> list[int]:
    """What stands as open credit in the ledger, after a night."""
    loyalty.thank(town.rt)
    town.settle()
    town.at(town.now.date() + timedelta(days=1), EVENING)
    with town.rt.store.read() as session:
        return list(session.scalars(select(Credit.remaining_minor).order_by(Credit.id)))


def test_the_third_in_a_row_earns_one_percent_of_the_three_and_each_counts_once(town: Town) -> None:
    paid(town, "A-1", "A-2")
    assert credits(town) == []
    paid(town, "A-3")
    assert credits(town) == [300]
    paid(town, "A-4", "A-5")
    assert credits(town) == [300]
    with town.rt.store.read() as session:
        assert [one.kind for one in session.scalars(select(Reward))] == ["loyal"]
    assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
def test_one_that_was_late_begins_the_row_anew(town: Town) -> None:
    paid(town, "A-1", "A-2")
    town.at(DUE + timedelta(days=10), 7)
    paid(town, "A-3", "A-4", "A-5")
    assert credits(town) == []
