"""The rule every forecast has to beat: an account pays as late as it did on average so far, else as the company.

Its bands are how far it was off so far, whoever the account; its chance of being late is the share that was late. What
is still open it leaves out, as anybody would who does it by hand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from core.insights.usual import Known

_ENOUGH = 10


class Naive:
    """How far the naive rule was off so far."""

    def __init__(self) -> None:
        self._off: list[float] = []

    def settle(self, known: Known) -> None:
        insort(self._off, known.invoice.late - known.naive)

    def around(self, known: Known, late: int) -> tuple[float, float]:
        """What share of its errors so far lies below this one, and up to it."""
        if len(self._off) < _ENOUGH:
            return 0.0, 1.0
        off = late - known.naive
        return bisect_left(self._off, off) / len(self._off), bisect_right(self._off, off) / len(self._off)
