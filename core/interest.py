"""Interest on late money: simple, by the day, on what was really open, with the lines a paper can show.

Rates and sums come in. Whether a company wants to charge is not decided here, nor is anything booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor

from core.money import Money
from core.rates import Rates

_DAY = timedelta(days=1)


class NoInterest(ValueError):
    """Nothing can be charged by this rule; the message is one sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what right interest is asked: `hundredths` of a percent a year over `rates`, or alone where there are none.

    `sums` (debts from this amount, fixed sum) are in whole units of `currency`; a contract that names none has none.
    """

    name: str
    hundredths: int
    rates: Rates | None = None
    year_days: int = 365
    currency: str = ""
    sums: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """From `first` to `last`, both counted, at one balance and one rate; `exact` is in minor units, unrounded."""

    first: date
    last: date
    balance: Money
    hundredths: int
    exact: Fraction

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Interest:
    """What may be asked: `total` is rounded half up once. `note` says why there is no fixed sum where one is usual."""

    lines: tuple[Line, ...]
    total: Money
    fixed: Money
    note: str = ""


def statutory(name: str, hundredths: int, sums: tuple[tuple[int, int], ...], rates: Rates) -> Terms:
    """A law's terms from its rule (`core.law.Rule`) and the rates it stands on."""
    return Terms(name, hundredths, rates, rates.year_days, rates.currency, sums)


def interest(
    balances: Sequence[tuple[date, Money]], due: date, through: date, terms: Terms, business: bool
) -> Interest:
    """From the day after `due` to `through`, both counted; `balances` says what is open from each day on, in order.

    NoInterest where a statute is asked of a debtor who is no business; RateError where a rate is missing.
    """
    if terms.rates and not business:
        raise NoInterest(f"{terms.name} holds between businesses only; mark the customer as a business or leave it.")
    if not balances or balances[0][0] > due + _DAY:
        raise NoInterest("What was open on the day after the due day is not known; sync the invoice and try again.")
    currency = balances[0][1].currency
    lines = tuple(_lines(balances, due + _DAY, through, terms))
    exact = sum((one.exact for one in lines), Fraction(0))
    fixed, note = _fixed(lines[0].balance, terms) if lines else (Money.zero(currency), "")
    return Interest(lines, Money(_half_up(exact), currency), fixed, note)


def _lines(balances: Sequence[tuple[date, Money]], first: date, through: date, terms: Terms) -> list[Line]:
    """One line for each stretch of days with the same balance and rate; days with nothing open have none."""
    starts = {first, *(day for day, _ in balances if day > first)}
    if terms.rates and not terms.rates.steady:
        starts.update(date(year, month, 1) for year in range(first.year, through.year + 1) for month in (1, 7))
    days = sorted(day for day in starts if first <= day <= through)
    lines = []
    for begins, after in pairwise([*days, through + _DAY]):
        balance = [money for day, money in balances if day <= begins][-1]
        if balance.minor <= 0:
            continue
        hundredths = _yearly(terms, first, begins)
        exact = Fraction(balance.minor * hundredths * (after - begins).days, 10_000 * terms.year_days)
        lines.append(Line(begins, after - _DAY, balance, hundredths, exact))
    return lines


def _yearly(terms: Terms, first: date, day: date) -> int:
    """Never below zero, however low a bank's rate falls."""
    if not terms.rates:
        return terms.hundredths
    counts = terms.rates.on(first if terms.rates.steady else day)
    return max(0, terms.hundredths + counts.hundredths)


def _fixed(debt: Money, terms: Terms) -> tuple[Money, str]:
    """The sum of the largest size that the debt reaches; only in the money in which it was laid down."""
    nothing = Money.zero(debt.currency)
    if not terms.sums:
        return nothing, ""
    if debt.currency != terms.currency:
        return nothing, f"{terms.name} names its fixed sums in {terms.currency}; the debt is in {debt.currency}."
    reached = [given for least, given in terms.sums if debt.decimal >= least]
    return (Money.parse(reached[-1], debt.currency) if reached else nothing), ""


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))
