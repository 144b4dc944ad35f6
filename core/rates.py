"""Central banks' rates by half-year, as data: reading them from TOML and finding the one that holds on a day.

Text comes in and nothing is looked up. A half-year that the table lacks is refused, never guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


class RateError(ValueError):
    """A rate is missing or cannot be used; the message is one sentence for the person who keeps the table."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What counts in the half-year that begins on `day`, in hundredths of a percent a year; may be below zero."""

    day: date
    hundredths: int
    source: str
    link: str
    checked: date


@dataclass(frozen=True, slots=True)
class Rates:
    """A bank's rates and how a law uses them.

    `steady`: the rate of the half-year in which interest begins counts for the whole time. A year has `year_days`.
    Fixed sums are known in `currency` only.
    """

    code: str
    name: str
    currency: str
    steady: bool
    year_days: int
    of_half: Mapping[date, Rate]

    def on(self, day: date) -> Rate:
        """The rate of the half-year of this day; RateError where nobody wrote it down."""
        begins = half_of(day)
        if begins not in self.of_half:
            raise RateError(
                f"The rate of {self.name} for the half-year from {begins} is missing; "
                f"add a [[rate]] with day = {begins} and its source to rates/{self.code}.toml in the folder DUNLIN_VAR."
            )
        return self.of_half[begins]


def half_of(day: date) -> date:
    """The 1 January or 1 July on which the half-year of this day begins."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def parse_rates(code: str, text: str, own: str = "") -> Rates:
    """The rates in `text`, under those an installation wrote in `own`; RateError names what is wrong."""
    try:
        data, added = tomllib.loads(text), tomllib.loads(own)
        found = [_rate(one) for one in data["rate"]]
        mine = [_rate(one) for one in added.get("rate", ())]
        _once(found)
        _once(mine)
        if unknown := added.keys() - {"rate"}:
            raise ValueError(f"{min(unknown)!r} is not known here; only [[rate]] is")
        if type(data["steady"]) is not bool or type(data["year_days"]) is not int or data["year_days"] < 1:
            raise ValueError("'steady' is true or false, 'year_days' a number of days")
        by_day = {one.day: one for one in [*found, *mine]}
        return Rates(code, data["name"], data["currency"], data["steady"], data["year_days"], by_day)
    except tomllib.TOMLDecodeError as error:
        raise RateError(f"The rates of {code} are no TOML: {error}.") from error
    except KeyError as error:
        raise RateError(f"The rates of {code} lack {error.args[0]!r}; add it.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise RateError(f"A rate of {code} cannot be used: {error}.") from error


def _rate(one: Mapping[str, Any]) -> Rate:
    rate = Rate(one["day"], one["hundredths"], one["source"], one["link"], one["checked"])
    if type(rate.day) is not date or rate.day != half_of(rate.day):
        raise ValueError("'day' is not a 1 January or 1 July")
    if type(rate.hundredths) is not int:
        raise ValueError("'hundredths' is not a whole number")
    if type(rate.checked) is not date:
        raise ValueError("'checked' is not a day")
    if not rate.source.strip() or not rate.link.strip():
        raise ValueError("'source' or 'link' is empty")
    return rate


def _once(rates: list[Rate]) -> None:
    days = [one.day for one in rates]
    if len(days) != len(set(days)):
        raise ValueError("a half-year stands there twice")
