"""A book in the order in which it became known: day by day what had been settled, and what was issued.

Everything that learns or foretells walks along this one line, so that nothing can look ahead. It keeps nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import log

from core.columns import Row


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; days as ordinals. `place` is its place in the file, `size` the logarithm of its amount."""

    place: int
    account: str
    issued: int
    due: int
    settled: int | None
    size: float
    currency: str

    @property
    def late(self) -> int:
        """Signed days late. Only of a settled invoice."""
        assert self.settled is not None
        return self.settled - self.due

    @property
    def terms(self) -> int:
        return self.due - self.issued


def invoices_of(rows: Iterable[Row]) -> tuple[Invoice, ...]:
    """The rows of a book, in the order of the file."""
    return tuple(
        Invoice(
            place,
            row.customer,
            row.issued.toordinal(),
            row.due.toordinal(),
            None if row.settled is None else row.settled.toordinal(),
            log(max(row.amount.minor, 1)),
            row.amount.currency,
        )
        for place, row in enumerate(rows)
    )


def day_of(ordinal: int) -> date:
    return date.fromordinal(ordinal)


def timeline(
    invoices: Sequence[Invoice], until: int | None = None
) -> Iterator[tuple[int, list[Invoice], list[Invoice]]]:
    """(day, settled before it since the last day, issued on it) for each day before `until` on which one was issued.

    What is settled on a day is known from the next day on: an answer in the morning cannot count on it.
    """
    issued = sorted(invoices, key=lambda one: (one.issued, one.place))
    paid = sorted((one for one in invoices if one.settled is not None), key=lambda one: (one.settled, one.place))
    known = at = 0
    while at < len(issued):
        day = issued[at].issued
        if until is not None and day >= until:
            return
        upto = known
        while upto < len(paid) and paid[upto].issued < day and _before(paid[upto], day):
            upto += 1
        last = at
        while last < len(issued) and issued[last].issued == day:
            last += 1
        yield day, paid[known:upto], issued[at:last]
        known, at = upto, last


def _before(one: Invoice, day: int) -> bool:
    return one.settled is not None and one.settled < day


def split(invoices: Sequence[Invoice], share: float = 0.3) -> tuple[list[Invoice], list[Invoice]]:
    """(earlier, test): the last `share` of the settled invoices by invoice date, ties by their place in the file."""
    settled = sorted((one for one in invoices if one.settled is not None), key=lambda one: (one.issued, one.place))
    first = len(settled) - int(share * len(settled) + 1e-9)
    return settled[:first], settled[first:]
