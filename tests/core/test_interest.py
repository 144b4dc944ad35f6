"""Interest by the day: what is charged for, what is refused, and what holds for all sums and days."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interest import NoInterest, Terms, interest
from core.money import Money
from core.rates import RateError
from tests.core.lawful import law

DUE = date(2023, 5, 31)
DAYS = st.integers(1, 500).map(lambda days: DUE + timedelta(days))
GB, FR = law("GB"), law("FR")


def test_a_part_payment_lowers_the_interest_from_its_day_and_a_paid_invoice_earns_none() -> None:
    balances = [
        (DUE, Money(100_000, "EUR")),
        (date(2023, 6, 11), Money(40_000, "EUR")),
        (date(2023, 7, 6), Money(0, "EUR")),
    ]
    found = interest(balances, DUE, date(2023, 8, 1), FR, business=True)
    assert [(one.days, one.balance.minor, one.hundredths) for one in found.lines] == [
        (10, 100_000, 1250),
        (20, 40_000, 1250),
        (5, 40_000, 1400),
    ]


def test_the_british_rate_stays_and_the_european_one_changes_on_1_july() -> None:
    through = date(2023, 7, 31)
    assert {one.hundredths for one in interest([(DUE, Money(1, "GBP"))], DUE, through, GB, business=True).lines} == {
        1150
    }
    assert {one.hundredths for one in interest([(DUE, Money(1, "EUR"))], DUE, through, FR, business=True).lines} == {
        1250,
        1400,
    }


def test_nothing_is_asked_on_the_due_day_itself() -> None:
    found = interest([(DUE, Money(100_000, "GBP"))], DUE, DUE, GB, business=True)
    assert (found.lines, found.total, found.fixed) == ((), Money(0, "GBP"), Money(0, "GBP"))


def test_a_statute_asks_nothing_of_a_consumer_but_a_contract_may() -> None:
    balances = [(DUE, Money(100_000, "GBP"))]
    with pytest.raises(NoInterest, match="between businesses only"):
        interest(balances, DUE, DUE + timedelta(9), GB, business=False)
    assert interest(balances, DUE, DUE + timedelta(9), Terms("the contract", 400), business=False).total


def test_a_debt_in_another_currency_has_no_fixed_sum_and_a_sentence() -> None:
    found = interest([(DUE, Money(100_000, "USD"))], DUE, DUE + timedelta(9), FR, business=True)
    assert not found.fixed
    assert found.note == f"{FR.name} names its fixed sums in EUR; the debt is in USD."


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(NoInterest, match="What was open on the day after the due day is not known"):
        interest([(DUE + timedelta(2), Money(1, "EUR"))], DUE, DUE + timedelta(9), FR, business=True)
    with pytest.raises(RateError, match="2019-07-01 is missing"):
        interest([(date(2019, 1, 1), Money(1, "EUR"))], date(2019, 12, 30), DUE, FR, business=True)


def exact(minor: int, first: date, through: date, terms: Terms = FR) -> Fraction:
    balances = [(DUE, Money(minor, "EUR"))]
    found = interest(balances, first, through, terms, business=True)
    return sum((one.exact for one in found.lines), Fraction(0))


@given(st.integers(0, 10**9), DAYS, DAYS)
def test_interest_over_two_stretches_is_that_over_both(minor: int, one: date, other: date) -> None:
    between, last = sorted((one, other))
    assert exact(minor, DUE, last) == exact(minor, DUE, between) + exact(minor, between, last)


@given(st.integers(0, 10**9), st.integers(0, 10**9), DAYS, st.sampled_from([GB, FR]))
def test_a_lower_balance_never_earns_more_and_none_earns_less_than_nothing(
    a: int, b: int, last: date, terms: Terms
) -> None:
    low, high = sorted((a, b))
    assert 0 <= exact(low, DUE, last, terms) <= exact(high, DUE, last, terms)


@given(st.dictionaries(DAYS, st.integers(0, 10**9), min_size=1), DAYS)
def test_days_without_change_may_be_written_down_again_and_change_nothing(moves: dict[date, int], again: date) -> None:
    plain = [(DUE, Money(1_000, "EUR")), *((day, Money(minor, "EUR")) for day, minor in sorted(moves.items()))]
    held = [money for day, money in plain if day <= again][-1]
    repeated = sorted([*plain, (again, held)], key=lambda one: one[0])
    last = DUE + timedelta(600)
    found, other = (interest(one, DUE, last, FR, business=True) for one in (plain, repeated))
    assert (found.total, found.fixed) == (other.total, other.fixed)


@given(st.integers(0, 10**9), DAYS)
def test_a_day_more_never_costs_less_and_no_days_cost_nothing(minor: int, last: date) -> None:
    assert exact(minor, DUE, last) <= exact(minor, DUE, last + timedelta(1))
    assert exact(minor, last, last) == 0


@given(st.integers(0, 10**9), DAYS)
def test_the_sum_is_rounded_once_at_the_end_and_never_by_more_than_half(minor: int, last: date) -> None:
    found = interest([(DUE, Money(minor, "EUR"))], DUE, last, FR, business=True)
    assert -Fraction(1, 2) < found.total.minor - exact(minor, DUE, last) <= Fraction(1, 2)


@given(st.integers(0, 10**9), st.integers(0, 10**9), DAYS)
def test_of_two_balances_on_one_day_the_later_counts(first: int, later: int, day: date) -> None:
    last = DUE + timedelta(600)
    both = [(DUE, Money(1_000, "EUR")), (day, Money(first, "EUR")), (day, Money(later, "EUR"))]
    found, alone = (interest(one, DUE, last, FR, business=True) for one in (both, [both[0], both[2]]))
    assert found == alone
