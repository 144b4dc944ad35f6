"""The equal parts of an arrangement: how much, and on which days. Agreed on and kept elsewhere."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

from core.money import Money

Parts = tuple[tuple[date, Money], ...]


class Every(StrEnum):
    """How far apart the parts are."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"


def equal_parts(total: Money, count: int, first: date, every: Every) -> Parts:
    """`count` parts from `first` on that make up `total`; the first parts get the minor units that do not divide.

    ValueError when there are fewer minor units than parts. A month has a last day: what begins on the 31st comes on
    the 30th where there is none, and on the 31st again after it.
    """
    if not 1 <= count <= total.minor:
        raise ValueError(f"{total} cannot be paid in {count} parts.")
    each, more = divmod(total.minor, count)
    return tuple((_day(first, place, every), Money(each + (place < more), total.currency)) for place in range(count))


def _day(first: date, place: int, every: Every) -> date:
    if every is not Every.MONTH:
        return first + timedelta(days=place * (7 if every is Every.WEEK else 14))
    years, month = divmod(first.month - 1 + place, 12)
    year = first.year + years
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
