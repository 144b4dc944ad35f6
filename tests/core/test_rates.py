"""Rates by half-year: what is shipped can be read, an installation's own come first, and a missing one is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.rates import RateError, parse_rates

SHIPPED = Path(__file__).parents[2] / "templates" / "rates"
HEAD = "name = 'a bank'\ncurrency = 'EUR'\nsteady = false\nyear_days = 365\n"
ROW = "[[rate]]\nday = 2024-01-01\nhundredths = 450\nsource = 'A bank'\nlink = 'https://b.test'\nchecked = 2026-11-22\n"


@pytest.mark.parametrize(
    ("code", "day", "hundredths"),
    [
        ("GB", date(2020, 6, 30), 75),
        ("GB", date(2020, 7, 1), 10),
        ("GB", date(2024, 6, 30), 525),
        ("EU", date(2022, 12, 31), 0),
        ("EU", date(2023, 1, 1), 250),
        ("EU", date(2024, 12, 31), 425),
    ],
)
def test_a_day_has_the_rate_of_its_half_year(code: str, day: date, hundredths: int) -> None:
    text = (SHIPPED / f"{code}.toml").read_text(encoding="utf-8")
    assert parse_rates(code, text).on(day).hundredths == hundredths


def test_a_missing_half_year_is_refused_by_name() -> None:
    words = (
        r"^The rate of a bank for the half-year from 2024-07-01 is missing; add a \[\[rate\]\] with day = 2024-07-01"
    )
    with pytest.raises(RateError, match=words):
        parse_rates("XX", HEAD + ROW).on(date(2024, 9, 9))


def test_an_installations_own_rates_are_laid_over_the_shipped_ones() -> None:
    own = ROW.replace("450", "460") + ROW.replace("2024-01-01", "2024-07-01")
    rates = parse_rates("XX", HEAD + ROW, own)
    assert [rates.on(date(2024, month, 1)).hundredths for month in (6, 7)] == [460, 450]


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("2024-01-01", "2024-02-01", "'day' is not a 1 January or 1 July"),
        ("450", "4.5", "'hundredths' is not a whole number"),
        ("2026-11-22", "'today'", "'checked' is not a day"),
        ("'A bank'", "' '", "'source' or 'link' is empty"),
        ("source = 'A bank'\n", "", "lack 'source'"),
        ("[[rate]]", "[[rate", "are no TOML"),
        ("365", "0", "'year_days' a number of days"),
    ],
)
def test_a_rate_that_cannot_be_used_is_refused_in_words(written: str, instead: str, words: str) -> None:
    with pytest.raises(RateError, match=words):
        parse_rates("XX", (HEAD + ROW).replace(written, instead))


def test_a_half_year_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(RateError, match="a half-year stands there twice"):
        parse_rates("XX", HEAD + ROW + ROW)
