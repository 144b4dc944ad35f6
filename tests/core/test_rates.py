"""Rates by half-year: what is shipped can be read, an installation's own come first, and a missing one is named."""

from __future__ import annotations

from datetime import date

import pytest

from core.rates import RateError, parse_rates
from tests.core.lawful import ROOT, table

CODES = sorted(file.stem for file in (ROOT / "templates/rates").glob("*.toml"))
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
        ("EU", date(2026, 7, 1), 240),
        ("DE", date(2022, 12, 31), -88),
        ("AT", date(2023, 7, 1), 338),
    ],
)
def test_a_day_has_the_rate_of_its_half_year(code: str, day: date, hundredths: int) -> None:
    assert table(code).on(day).hundredths == hundredths


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_table_has_every_half_year_from_2020_to_the_end_of_2026(code: str) -> None:
    assert sorted(table(code).of_half) == [date(year, month, 1) for year in range(2020, 2027) for month in (1, 7)]


def test_tables_from_different_sources_bear_each_other_out() -> None:
    """§ 247 BGB moves the base rate with the European one; Austria's follows it by half a point or more."""
    european, german, austrian = (table(code).of_half for code in ("EU", "DE", "AT"))
    assert {european[day].hundredths - german[day].hundredths for day in european} == {88}
    assert all(abs(european[day].hundredths - austrian[day].hundredths - 62) < 50 for day in european)


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


def test_own_rates_hold_nothing_but_rates() -> None:
    with pytest.raises(RateError, match="'rates' is not known here; only \\[\\[rate\\]\\] is"):
        parse_rates("XX", HEAD + ROW, ROW.replace("[[rate]]", "[[rates]]"))


def test_a_half_year_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(RateError, match="a half-year stands there twice"):
        parse_rates("XX", HEAD + ROW + ROW)
