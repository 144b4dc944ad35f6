"""The figures of the trade about what is owed, each defined once: its formula, its source, the invoices behind it.

Works on invoices of one currency, with the payments that were booked; sums are never added up over currencies. What is
better or worse it does not say: DSO alone also rises when more is sold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.ageing import BANDS, Band
from core.backtest import Past
from core.money import Money

_MOST_MONTHS = 60


class MixedCurrencies(ValueError):
    """Invoices of several currencies in one figure; the caller asks for each apart."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the invoices it was worked out from; `value` None where it says nothing (nothing sold or due)."""

    value: float | None
    of: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """The invoices of one currency, looked at between two days, both included."""

    invoices: tuple[Past, ...]
    first: date
    last: date

    def __post_init__(self) -> None:
        if len({one.amount.currency for one in self.invoices}) > 1:
            raise MixedCurrencies("A figure is worked out for one currency at a time.")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> date:
        return self.first - timedelta(days=1)

    def sold(self) -> tuple[Past, ...]:
        return self.issued(self.first, self.last)

    def issued(self, first: date, last: date) -> tuple[Past, ...]:
        return self.where(lambda one: first <= one.issued <= last)

    def open(self, day: date) -> tuple[Past, ...]:
        """What was open in the evening of the day."""
        return self.where(lambda one: left(one, day) > 0)

    def current(self, day: date) -> tuple[Past, ...]:
        """Of that, what was not yet past its due day; without one it is not."""
        return tuple(one for one in self.open(day) if one.due is None or one.due >= day)

    def where(self, holds: Callable[[Past], bool]) -> tuple[Past, ...]:
        return tuple(one for one in self.invoices if holds(one))


def left(one: Past, day: date) -> int:
    """What was left to pay in the evening of a day, in minor units; 0 before it was issued."""
    if one.issued > day:
        return 0
    return max(0, one.amount.minor - sum(part.minor for paid, part in one.paid if paid <= day))


def _left(invoices: Iterable[Past], day: date) -> int:
    return sum(left(one, day) for one in invoices)


def _billed(invoices: Iterable[Past]) -> int:
    return sum(one.amount.minor for one in invoices)


def _together(*parts: Sequence[Past]) -> tuple[Past, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part))


def ageing(books: Books) -> tuple[tuple[Band, Money, tuple[Past, ...]], ...]:
    """What is open on the last day by days past due, in the bands of the trade."""
    if not books.invoices:
        return ()
    found = []
    for band in BANDS:
        these = tuple(one for one in books.open(books.last) if band.holds((books.last - (one.due or books.last)).days))
        found.append((band, Money(_left(these, books.last), books.invoices[0].amount.currency), these))
    return tuple(found)


def dso(books: Books) -> Figure:
    """Days sales outstanding: receivables at the end ÷ sales of the period × days of the period.

    Source: Credit Research Foundation, standard measures. Best over a quarter or a year; it moves with the season.
    """
    receivables, sold = books.open(books.last), books.sold()
    return Figure(_days(_left(receivables, books.last), sold, books), _together(receivables, sold))


def best_possible_dso(books: Books) -> Figure:
    """What DSO would be if nobody were late: receivables not yet due at the end ÷ sales × days.

    Source: Credit Research Foundation. DSO less this is the average days delinquent.
    """
    current, sold = books.current(books.last), books.sold()
    return Figure(_days(_left(current, books.last), sold, books), _together(current, sold))


def _days(receivables: int, sold: Sequence[Past], books: Books) -> float | None:
    billed = _billed(sold)
    return receivables / billed * books.days if billed else None


def countback(books: Books) -> Figure:
    """DSO by countback: receivables at the end are set against the sales of the last month, then of the one before, and
    so on; each month used up counts with its days, the last one with the part of it that is needed.

    Source: the countback (exhaustion) method of the trade (CICM). It does not move with the season as the simple one.
    Months are counted back from the last day; None where five years of sales do not reach.
    """
    receivables = books.open(books.last)
    missing, days, end = _left(receivables, books.last), 0.0, books.last
    used: list[Past] = []
    for _ in range(_MOST_MONTHS):
        if not missing:
            return Figure(days, _together(receivables, used))
        first = end.replace(day=1)
        sold = books.issued(first, end)
        billed, length = _billed(sold), (end - first).days + 1
        used += sold
        part = 1.0 if billed <= missing else missing / billed
        days += part * length
        missing -= min(billed, missing)
        end = first - timedelta(days=1)
    return Figure(None, _together(receivables, used))


def days_beyond_terms(books: Books) -> Figure:
    """Average days beyond terms: of invoices settled in the period, days past due weighted by amount; who paid early or
    on the day counts as 0.

    Source: Dun & Bradstreet's days beyond terms, over one's own invoices. It leaves out what is still open.
    """
    settled = books.where(lambda one: one.due is not None and _within(one.settled, books))
    weight = _billed(settled)
    late = sum(one.amount.minor * max(0, (one.settled - one.due).days) for one in settled if one.settled and one.due)
    return Figure(late / weight if weight else None, settled)


def effectiveness(books: Books) -> Figure:
    """Collection effectiveness index, in per cent: (receivables at the beginning + sales - receivables at the end) ÷
    (receivables at the beginning + sales - receivables not yet due at the end) × 100.

    Source: Credit Research Foundation and NACM. 100: all that could be collected was. It does not move with sales.
    """
    began, sold, open_now = books.open(books.before), books.sold(), books.open(books.last)
    to_collect = _left(began, books.before) + _billed(sold)
    could = to_collect - _left(books.current(books.last), books.last)
    value = 100 * (to_collect - _left(open_now, books.last)) / could if could else None
    return Figure(value, _together(began, sold, open_now))


def on_time(books: Books) -> Figure:
    """On-time rate, a share of 1: of the invoices that fell due in the period, how many were settled by their due day.

    By number and not by amount: one large customer does not hide ten small ones. Source: own definition.
    """
    due = books.where(lambda one: _within(one.due, books))
    kept = [one for one in due if one.settled is not None and one.due is not None and one.settled <= one.due]
    return Figure(len(kept) / len(due) if due else None, due)


def _within(day: date | None, books: Books) -> bool:
    return day is not None and books.first <= day <= books.last
