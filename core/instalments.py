"""The parts of an arrangement: how much, on which days, and what each still lacks as what is open changes.

Pure sums and days; agreed on and kept elsewhere.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core.money import Money

Parts = tuple[tuple[date, Money], ...]


class Every(StrEnum):
    """How far apart the parts are."""

    WEEK = "week"
    FORTNIGHT = "fortnight"
    MONTH = "month"


def split(total: Money, count: int, first: date, every: Every, deposit: int = 0) -> Parts:
    """`count` parts from `first` on that make up `total`, the first of at least `deposit` percent of it.

    Else they are equal, and the first ones get the minor units that do not divide. ValueError when there are fewer
    minor units than parts. A month has a last day: what begins on the 31st comes on the 30th where there is none, and
    on the 31st again after it.
    """
    least = min((total.minor * deposit + 50) // 100, total.minor - count + 1)  # rounded half up, some left for the rest
    if not 1 <= count <= total.minor:
        raise ValueError(f"{total} cannot be paid in {count} parts.")
    amounts = _equal(total.minor, count)
    if count > 1 and least > amounts[0]:
        amounts = [least, *_equal(total.minor - least, count - 1)]
    return tuple((day_of(first, place, every), Money(each, total.currency)) for place, each in enumerate(amounts))


def _equal(minor: int, count: int) -> list[int]:
    each, more = divmod(minor, count)
    return [each + (place < more) for place in range(count)]


def day_of(first: date, place: int, every: Every) -> date:
    """The day of the part at `place` (0: the first itself)."""
    if every is not Every.MONTH:
        return first + timedelta(days=place * (7 if every is Every.WEEK else 14))
    years, month = divmod(first.month - 1 + place, 12)
    year = first.year + years
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it was agreed, and what is to be left open after it (minor units; 0 after the last)."""

    day: date
    amount: int
    left: int


@dataclass(frozen=True, slots=True)
class Coming:
    """A part as it stands: `whole` is what it comes to now, `missing` what of that is not there yet (minor units)."""

    day: date
    whole: int
    missing: int


def coming(parts: Sequence[Part], grown: int, left: int) -> tuple[Coming, ...]:
    """What each part (in the order of their days) lacks while `left` is open; together that is exactly `left`.

    What comes off, however it does, counts for the next part: nobody is asked for a part that is covered. What was
    `grown` since the parts were fitted, and what is open beyond all of them, goes onto the last.
    """
    afters = raised(parts, grown, left)
    befores = (max(parts[0].amount + afters[0], left), *afters)
    return tuple(
        Coming(part.day, before - after, min(max(left - after, 0), before - after))
        for part, before, after in zip(parts, befores, afters, strict=False)
    )


def raised(parts: Sequence[Part], grown: int, left: int) -> tuple[int, ...]:
    """What is to be left after each part once growth has gone onto the last."""
    more = max(grown, left - parts[0].amount - parts[0].left, 0)
    return (*(part.left + more for part in parts[:-1]), parts[-1].left)
