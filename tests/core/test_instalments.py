"""Equal parts: they make up the sum to the last minor unit, and come on the days that were agreed on."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instalments import Every, Part, coming, day_of, raised, split
from core.money import Money


def test_the_first_parts_get_the_pennies_that_do_not_divide() -> None:
    parts = split(Money(10_001, "GBP"), 3, date(2026, 3, 2), Every.WEEK)
    assert [amount.minor for _, amount in parts] == [3334, 3334, 3333]
    assert [day for day, _ in parts] == [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]


def test_a_fortnight_is_two_weeks() -> None:
    days = [day for day, _ in split(Money(100, "GBP"), 2, date(2026, 12, 24), Every.FORTNIGHT)]
    assert days == [date(2026, 12, 24), date(2027, 1, 7)]


def test_the_last_day_of_a_month_comes_back_after_a_short_one() -> None:
    days = [day for day, _ in split(Money(100, "GBP"), 4, date(2026, 12, 31), Every.MONTH)]
    assert days == [date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]


@given(st.integers(1, 10**9), st.integers(1, 36), st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.sampled_from(Every))
def test_the_parts_make_up_the_sum_on_days_that_follow_each_other(
    minor: int, count: int, first: date, every: Every
) -> None:
    count = min(count, minor)
    parts = split(Money(minor, "EUR"), count, first, every)
    amounts, days = [amount.minor for _, amount in parts], [day for day, _ in parts]
    assert (len(parts), sum(amounts), days[0]) == (count, minor, first)
    assert max(amounts) - min(amounts) <= 1
    assert all(before < after for before, after in pairwise(days))


@pytest.mark.parametrize(("minor", "count"), [(100, 0), (2, 3), (0, 1)])
def test_what_cannot_be_divided_is_refused(minor: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be paid"):
        split(Money(minor, "GBP"), count, date(2026, 3, 2), Every.MONTH)


def test_a_deposit_comes_first_and_the_rest_is_equal() -> None:
    parts = split(Money(10_000, "GBP"), 4, date(2026, 3, 2), Every.MONTH, deposit=40)
    assert [amount.minor for _, amount in parts] == [4000, 2000, 2000, 2000]


def test_a_deposit_below_an_equal_part_changes_nothing() -> None:
    assert split(Money(100, "GBP"), 3, date(2026, 3, 2), Every.WEEK, deposit=30) == split(
        Money(100, "GBP"), 3, date(2026, 3, 2), Every.WEEK
    )


@given(st.integers(1, 10**9), st.integers(1, 36), st.integers(0, 100))
def test_with_a_deposit_no_minor_unit_is_lost_and_no_part_is_empty(minor: int, count: int, deposit: int) -> None:
    count = min(count, minor)
    amounts = [one.minor for _, one in split(Money(minor, "EUR"), count, date(2026, 3, 2), Every.WEEK, deposit)]
    assert sum(amounts) == minor
    assert min(amounts) > 0
    assert amounts[0] == max(amounts)
    assert amounts[0] * 100 + 50 >= min(minor * deposit, (minor - count + 1) * 100)


class Plan:
    """An arrangement over one invoice of `face`, followed as the workflow follows it."""

    def __init__(self, amounts: list[int]) -> None:
        self.face = self.fitted = self.open = sum(amounts)
        lefts = [sum(amounts[place + 1 :]) for place in range(len(amounts))]
        days = [day_of(date(2026, 3, 2), place, Every.WEEK) for place in range(len(amounts))]
        self.parts = [Part(day, amount, left) for day, amount, left in zip(days, amounts, lefts, strict=True)]

    def missing(self) -> list[int]:
        return [one.missing for one in coming(self.parts, max(self.face - self.fitted, 0), self.open)]

    def days(self) -> list[date]:
        return [one.day for one in coming(self.parts, max(self.face - self.fitted, 0), self.open)]

    def fit(self) -> None:
        lefts = raised(self.parts, max(self.face - self.fitted, 0), self.open)
        self.parts = [Part(one.day, one.amount, left) for one, left in zip(self.parts, lefts, strict=True)]
        self.fitted = self.face


def test_what_comes_off_counts_for_the_next_part() -> None:
    plan = Plan([100, 100, 100])
    plan.open -= 60
    assert plan.missing() == [40, 100, 100]
    plan.open -= 90
    assert plan.missing() == [0, 50, 100]


def test_what_an_invoice_grew_by_goes_onto_the_last_part_also_when_as_much_was_paid_meanwhile() -> None:
    plan = Plan([100, 100, 100])
    plan.face, plan.open = plan.face + 50, plan.open + 50 - 50
    assert plan.missing() == [50, 100, 150]
    plan.fit()
    assert plan.missing() == [50, 100, 150], "fitting it for good shows the same"
    plan.open -= 50
    assert plan.missing() == [0, 100, 150]


def test_a_single_part_grows_itself() -> None:
    plan = Plan([100])
    plan.face, plan.open = 130, 130
    assert plan.missing() == [130]


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 400)),
        st.tuples(st.just("credit"), st.integers(1, 400)),
        st.tuples(st.just("edit"), st.integers(-400, 400)),
        st.tuples(st.just("bounce"), st.integers(1, 400)),
        st.tuples(st.just("fit"), st.just(0)),
    ),
    max_size=12,
)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), EVENTS)
def test_whatever_happens_to_the_invoice_the_parts_to_come_are_what_is_open(
    amounts: list[int], events: list[tuple[str, int]]
) -> None:
    plan = Plan(amounts)
    days, taken = plan.days(), 0
    for what, by in events:
        before, agreed_to = plan.open, plan.missing()
        if what in ("pay", "credit"):
            by = min(by, plan.open)
            plan.open, taken = plan.open - by, taken + by
        elif what == "edit":  # never below what was paid of it
            by = max(by, -plan.open)
            plan.open, plan.face = plan.open + by, plan.face + by
        elif what == "bounce":  # a payment is taken back
            by = min(by, taken)
            plan.open, taken = plan.open + by, taken - by
        else:
            plan.fit()
        missing = plan.missing()
        assert sum(missing) == plan.open
        assert min(missing) >= 0
        assert plan.days() == days
        if plan.open <= before and what != "edit":
            assert all(after <= before for after, before in zip(missing, agreed_to, strict=True)), (what, by)
    plan.open = 0
    assert not any(plan.missing()), "kept when all is paid"
