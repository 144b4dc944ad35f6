"""Equal parts: they make up the sum to the last minor unit, and come on the days that were agreed on."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instalments import Every, equal_parts
from core.money import Money


def test_the_first_parts_get_the_pennies_that_do_not_divide() -> None:
    parts = equal_parts(Money(10_001, "GBP"), 3, date(2026, 3, 2), Every.WEEK)
    assert [amount.minor for _, amount in parts] == [3334, 3334, 3333]
    assert [day for day, _ in parts] == [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]


def test_a_fortnight_is_two_weeks() -> None:
    days = [day for day, _ in equal_parts(Money(100, "GBP"), 2, date(2026, 12, 24), Every.FORTNIGHT)]
    assert days == [date(2026, 12, 24), date(2027, 1, 7)]


def test_the_last_day_of_a_month_comes_back_after_a_short_one() -> None:
    days = [day for day, _ in equal_parts(Money(100, "GBP"), 4, date(2026, 12, 31), Every.MONTH)]
    assert days == [date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]


@given(st.integers(1, 10**9), st.integers(1, 36), st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.sampled_from(Every))
def test_the_parts_make_up_the_sum_on_days_that_follow_each_other(
    minor: int, count: int, first: date, every: Every
) -> None:
    count = min(count, minor)
    parts = equal_parts(Money(minor, "EUR"), count, first, every)
    amounts, days = [amount.minor for _, amount in parts], [day for day, _ in parts]
    assert (len(parts), sum(amounts), days[0]) == (count, minor, first)
    assert max(amounts) - min(amounts) <= 1
    assert all(before < after for before, after in pairwise(days))


@pytest.mark.parametrize(("minor", "count"), [(100, 0), (2, 3), (0, 1)])
def test_what_cannot_be_divided_is_refused(minor: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be paid"):
        equal_parts(Money(minor, "GBP"), count, date(2026, 3, 2), Every.MONTH)
