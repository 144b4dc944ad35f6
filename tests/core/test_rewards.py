"""A discount is so many hundredths of a percent of a sum, rounded half up once, whatever decimals the currency has."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money
from core.rewards import discount

SUMS = st.builds(Money, st.integers(0, 10**12), st.sampled_from(["JPY", "EUR", "KWD"]))
POINTS = st.integers(0, 10_000)


@given(SUMS, POINTS)
def test_a_discount_is_the_exact_part_rounded_half_up_once(owed: Money, points: int) -> None:
    given_back = discount(owed, points)
    assert given_back.currency == owed.currency
    assert -Fraction(1, 2) < given_back.minor - Fraction(owed.minor * points, 10_000) <= Fraction(1, 2)


@given(SUMS, POINTS)
def test_a_discount_is_never_more_than_what_is_owed_and_never_less_than_nothing(owed: Money, points: int) -> None:
    assert 0 <= discount(owed, points).minor <= owed.minor
    assert (discount(owed, 0).minor, discount(owed, 10_000)) == (0, owed)


@given(SUMS, POINTS, POINTS)
def test_more_points_never_give_less(owed: Money, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert discount(owed, low).minor <= discount(owed, high).minor


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12), st.integers(1, 2_000))
def test_a_credit_over_several_invoices_is_within_half_a_unit_of_each_of_their_parts(
    sums: list[int], points: int
) -> None:
    whole = discount(Money(sum(sums), "EUR"), points).minor
    parts = sum(discount(Money(one, "EUR"), points).minor for one in sums)
    assert abs(whole - parts) <= Fraction(len(sums) + 1, 2)


@pytest.mark.parametrize(
    ("owed", "points", "back"),
    [
        (Money(25, "EUR"), 200, 1),  # half a cent
        (Money(24, "EUR"), 200, 0),
        (Money(1_250, "JPY"), 100, 13),  # 12.5 yen
        (Money(12_345, "KWD"), 1_000, 1_235),  # 1.2345 of 12.345 dinars
    ],
)
def test_half_of_the_smallest_unit_goes_to_the_customer(owed: Money, points: int, back: int) -> None:
    assert discount(owed, points).minor == back
