"""The cash forecast: what is open today, by the week in which it is paid; currencies apart, nothing of later days."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from core.insights.choosing import PLAIN
from core.insights.forecaster import Forecaster
from core.insights.grid import grid_of
from core.insights.timeline import Invoice
from core.insights.weeks import Week, ahead, walked
from core.money import Money
from tests.core.insight_books import START, book

TODAY = START + 400


def amounts_of(invoices: list[Invoice], code: str = "EUR") -> dict[int, Money]:
    return {one.place: Money(round(100 * exp(one.size)), code) for one in invoices}


def coming(invoices: list[Invoice], day: int = TODAY, weeks: int = 8) -> tuple[Week, ...]:
    return ahead(invoices, amounts_of(invoices), PLAIN, day, weeks)["EUR"]


def test_where_everybody_pays_on_a_day_of_their_own_the_sums_are_certain() -> None:
    """All pay seven days late; a week from now is paid what fell due on the week's days, seven days before."""
    past = book("all alike", 900)
    for week in coming(past, weeks=2):
        truly = [one for one in past if one.issued < TODAY and week.first <= (one.settled or 0) < week.first + 7]
        assert week.expected.minor == pytest.approx(sum(amounts_of(truly)[one.place].minor for one in truly), rel=0.1)


def test_bands_nest_and_hold_what_is_expected() -> None:
    for week in coming(book("mostly on the day", 600)):
        sums = [week.most[0], week.half[0], week.half[1], week.most[1]]
        assert sums == sorted(sums, key=lambda one: one.minor)


def test_nothing_that_is_settled_or_written_later_is_used() -> None:
    past = book("a long tail", 500)
    known = [one for one in past if one.issued < TODAY]
    later = [replace(one, settled=None) if (one.settled or 0) >= TODAY else one for one in known]
    assert coming(past) == coming(later)


def test_what_has_been_open_for_longer_than_anything_ever_was_is_not_expected() -> None:
    past = book("early payers", 400)
    forgotten = Invoice(1000, "Alder", START, START + 30, None, 14.0, "EUR")
    assert (
        sum(one.expected.minor for one in coming([*past, forgotten], START + 690))
        < Money(round(100 * exp(14)), "EUR").minor / 10
    )


def test_currencies_stand_apart() -> None:
    past = book("a long tail", 900)
    amounts = amounts_of(past)
    amounts.update({one.place: replace(amounts[one.place], currency="USD") for one in past if one.place % 2})
    found = ahead(past, amounts, PLAIN, TODAY, 4)
    assert list(found) == ["EUR", "USD"]
    assert {week.expected.currency for week in found["USD"]} == {"USD"}


def test_before_the_first_invoice_there_is_nothing_to_expect() -> None:
    assert ahead(book("early payers", 50), {}, PLAIN, START - 1) == {}


def test_invoices_of_one_account_that_fall_together_are_seen_to_do_so() -> None:
    """Whoever is slow in a month is slow with all that month: the same days late for neighbours of one account."""
    apart = [replace(one, account=str(one.place % 5)) for one in book("early payers", 600)]
    moods = [
        replace(one, settled=one.due + 25 * ((one.issued // 40 + int(one.account)) % 2) + one.place % 3)
        for one in apart
    ]
    alikes = []
    for past in (apart, moods):
        grid = grid_of(one.late for one in past if one.settled is not None)
        alikes.append(walked(past, Forecaster(grid, PLAIN, START), TODAY + 300).account)
    assert alikes[0] < 0.15 < alikes[1]


@pytest.mark.slow
@pytest.mark.parametrize("habit", ["of two minds", "a drifting company", "a long tail"])
def test_four_of_five_weeks_lie_in_their_band(habit: str) -> None:
    past = book(habit, 1500)
    held = []
    for day in range(START + 450, START + 680, 10):
        still = [one for one in past if one.issued < day and (one.settled or 0) >= day]
        for week in coming(past, day, 6):
            paid = [one for one in still if week.first <= (one.settled or 0) < week.first + 7]
            came = sum(one.minor for one in amounts_of(paid).values())
            held.append(week.most[0].minor <= came <= week.most[1].minor)
    assert 0.72 <= sum(held) / len(held) <= 0.88
