"""Money: whole minor units, one rounding, and never a sum over two currencies."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money, exponent, totals

amounts = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("currency", "places"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4), ("ZZZ", 2)]
)
def test_a_currency_has_the_decimal_places_of_its_minor_unit(currency: str, places: int) -> None:
    assert exponent(currency) == places
    assert Money(1, currency).decimal == Decimal(1).scaleb(-places)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        ("12", "EUR", 1200),
        ("-0.50", "EUR", -50),
        ("1234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("1e3", "EUR", 100_000),
    ],
)
def test_an_amount_is_read_in_the_units_people_write(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("0.005", 1), ("0.004", 0), ("0.015", 2), ("0.025", 3), ("-0.005", -1), ("-0.004", 0), ("2.675", 268)],
)
def test_a_half_is_rounded_away_from_zero_and_less_is_left_out(text: str, minor: int) -> None:
    assert Money.parse(text, "EUR") == Money(minor, "EUR")


def test_it_is_rounded_once_however_many_digits_come_in() -> None:
    assert Money.parse("0.004" + "9" * 40, "EUR") == Money.zero("EUR")


@given(st.integers(-(10**9), 10**9), st.integers(0, 8))
def test_reading_is_never_more_than_half_a_cent_off(digits: int, places: int) -> None:
    exact = Fraction(digits, 10**places) * 100
    size = floor(abs(exact) + Fraction(1, 2))
    assert Money.parse(Decimal(digits).scaleb(-places), "EUR").minor == (size if exact >= 0 else -size)


@given(amounts, st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_what_is_written_is_read_back_the_same(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.decimal, currency) == money
    assert Money.parse(str(money).removesuffix(f" {currency}"), currency) == money


@pytest.mark.parametrize("text", ["", "ten", "1,50", "NaN", "sNaN", "Infinity", "-Infinity", "1e1000000", "9" * 40])
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of money") as refusal:
        Money.parse(text, "EUR")
    assert repr(text) in str(refusal.value)


@pytest.mark.parametrize("code", ["", "EU", "EURO", "eur", "Eur", "EÜR", "E1R", "E R", "€€€"])
def test_a_currency_is_three_capital_letters(code: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO currency code such as EUR"):
        Money(1, code)
    with pytest.raises(ValueError, match="is not an ISO currency code such as EUR"):
        Money.parse("1", code)


@pytest.mark.parametrize("minor", [1.0, 0.1, True, Decimal(1), "1", None])
def test_minor_units_are_whole_numbers_and_nothing_else(minor: object) -> None:
    with pytest.raises(TypeError, match=r"^Money holds whole minor units; use Money\.parse for decimals\.$"):
        Money(minor, "EUR")  # type: ignore[arg-type]


@given(amounts, amounts)
def test_sums_and_orders_are_those_of_the_minor_units(a: int, b: int) -> None:
    one, two = Money(a, "EUR"), Money(b, "EUR")
    assert one + two == two + one == Money(a + b, "EUR")
    assert one + two - two == one
    assert (one < two, one <= two, one > two, one >= two) == (a < b, a <= b, a > b, a >= b)
    assert bool(one) is (a != 0)


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: max(a, b),
    ],
    ids=["+", "-", "<", "<=", ">", "max"],
)
def test_two_currencies_are_never_added_or_compared(mix: Callable[[Money, Money], object]) -> None:
    with pytest.raises(ValueError, match=r"(EUR and USD|USD and EUR) are never added or compared"):
        mix(Money(1, "EUR"), Money(1, "USD"))


def test_the_same_number_of_another_currency_is_another_amount() -> None:
    assert Money(1, "EUR") != Money(1, "USD")
    assert len({Money(1, "EUR"), Money(1, "USD"), Money(1, "EUR")}) == 2


def test_totals_are_kept_apart_by_currency_in_order_of_appearance() -> None:
    owed = [Money(100, "USD"), Money(250, "EUR"), Money(-30, "USD"), Money(5, "JPY")]
    assert list(totals(owed).items()) == [
        ("USD", Money(70, "USD")),
        ("EUR", Money(250, "EUR")),
        ("JPY", Money(5, "JPY")),
    ]
    assert totals([]) == {}


def test_money_is_written_with_all_its_places() -> None:
    assert [str(Money(*one)) for one in ((1200, "EUR"), (-5, "EUR"), (0, "EUR"), (7, "JPY"), (1, "KWD"))] == [
        "12.00 EUR",
        "-0.05 EUR",
        "0.00 EUR",
        "7 JPY",
        "0.001 KWD",
    ]
