"""Interest by the day: the examples a bookkeeper reads in docs/interest.md, and what holds for all sums and days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interest import NoInterest, Terms, interest, statutory
from core.law import Topic, parse_preset
from core.money import Money
from core.rates import RateError, parse_rates

ROOT = Path(__file__).parents[2]
DUE = date(2023, 5, 31)
DAYS = st.integers(1, 500).map(lambda days: DUE + timedelta(days))


def law(code: str) -> Terms:
    preset = parse_preset(code, (ROOT / "templates/law" / f"{code}.toml").read_text(encoding="utf-8"))
    rule = next(one for one in preset.rules if one.topic is Topic.INTEREST)
    rates = parse_rates(code, (ROOT / "templates/rates" / f"{code}.toml").read_text(encoding="utf-8"))
    return statutory(rule.name, rule.points, rule.sums, rates)


GB, EU = law("GB"), law("EU")


def examples() -> list[list[str]]:
    lines = (
        (ROOT / "docs/interest.md").read_text(encoding="utf-8").split("|---|---|---|---|---|---|---|\n")[1].splitlines()
    )
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", examples(), ids=lambda row: row[-1])
def test_each_worked_example_comes_out_to_the_cent(row: list[str]) -> None:
    rule, owed, due, through, total, fixed, _ = row
    amount, currency = owed.split()
    terms = {"GB": GB, "EU": EU}.get(rule) or Terms("the contract", int(Decimal(rule) * 100))
    balances = [(date.fromisoformat(due), Money.parse(amount, currency))]
    found = interest(balances, date.fromisoformat(due), date.fromisoformat(through), terms, business=True)
    assert (found.total, found.fixed) == (Money.parse(total, currency), Money.parse(fixed, currency))


def test_a_part_payment_lowers_the_interest_from_its_day_and_a_paid_invoice_earns_none() -> None:
    balances = [
        (DUE, Money(100_000, "EUR")),
        (date(2023, 6, 11), Money(40_000, "EUR")),
        (date(2023, 7, 6), Money(0, "EUR")),
    ]
    found = interest(balances, DUE, date(2023, 8, 1), EU, business=True)
    assert [(one.days, one.balance.minor, one.hundredths) for one in found.lines] == [
        (10, 100_000, 1050),
        (20, 40_000, 1050),
        (5, 40_000, 1200),
    ]


def test_the_british_rate_stays_and_the_european_one_changes_on_1_july() -> None:
    through = date(2023, 7, 31)
    assert {one.hundredths for one in interest([(DUE, Money(1, "GBP"))], DUE, through, GB, business=True).lines} == {
        1150
    }
    assert {one.hundredths for one in interest([(DUE, Money(1, "EUR"))], DUE, through, EU, business=True).lines} == {
        1050,
        1200,
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
    found = interest([(DUE, Money(100_000, "USD"))], DUE, DUE + timedelta(9), EU, business=True)
    assert not found.fixed
    assert found.note == "Directive 2011/7/EU names its fixed sums in EUR; the debt is in USD."


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(NoInterest, match="What was open on the day after the due day is not known"):
        interest([(DUE + timedelta(2), Money(1, "EUR"))], DUE, DUE + timedelta(9), EU, business=True)
    with pytest.raises(RateError, match="2025-01-01 is missing"):
        interest([(DUE, Money(1, "EUR"))], DUE, date(2025, 1, 1), EU, business=True)


def exact(minor: int, first: date, through: date, terms: Terms = EU) -> Fraction:
    balances = [(DUE, Money(minor, "EUR"))]
    found = interest(balances, first, through, terms, business=True)
    return sum((one.exact for one in found.lines), Fraction(0))


@given(st.integers(0, 10**9), DAYS, DAYS)
def test_interest_over_two_stretches_is_that_over_both(minor: int, one: date, other: date) -> None:
    between, last = sorted((one, other))
    assert exact(minor, DUE, last) == exact(minor, DUE, between) + exact(minor, between, last)


@given(st.integers(0, 10**9), st.integers(0, 10**9), DAYS, st.sampled_from([GB, EU]))
def test_a_lower_balance_never_earns_more_and_none_earns_less_than_nothing(
    a: int, b: int, last: date, terms: Terms
) -> None:
    low, high = sorted((a, b))
    assert 0 <= exact(low, DUE, last, terms) <= exact(high, DUE, last, terms)
