"""How often the truth fell below each level of a forecast, and the level that would have been right instead.

A forecast that says "one in ten is earlier than this" is wrong where it happens to two in ten; here that is followed
invoice by invoice (a running quantile of where the truth fell, after Gibbs and Candès, 2021) and set right from the
next day on. It uses only invoices that have been settled; the forecasts themselves it leaves as they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_MEMORY = 240
_LONGEST_STEP = 0.0025
Stand = tuple[float, ...]


def step_for(settled: int, days: int) -> float:
    """How much one more invoice counts in a company that sees so many settled in so many days. The memory is eight
    months, many times what an invoice takes to be paid: a shorter one would run after what is long over.
    """
    return min(_LONGEST_STEP, max(1, days) / (_MEMORY * max(1, settled)))


class Levels:
    """Where each of LEVELS really lies in what is forecast. `step`: how much one more invoice counts."""

    def __init__(self, step: float) -> None:
        self._found = list(LEVELS)
        self._step = step

    def learn(self, below: float, upto: float) -> None:
        """One more truth: what the forecast gave to the days before it, and to those up to it."""
        for at, level in enumerate(LEVELS):
            self._found[at] += self._step * (level - _part(self._found[at], below, upto))

    def stand(self) -> Stand:
        """As it stands now, in order and within bounds, with both ends."""
        return (0.0, *sorted(min(max(one, 0.001), 0.999) for one in self._found), 1.0)


def _part(level: float, below: float, upto: float) -> float:
    """How much of the truth's own day lies under the level."""
    if level >= upto:
        return 1.0
    return (level - below) / (upto - below) if level > below else 0.0


_ENDS = (0.0, *LEVELS, 1.0)


def right(stand: Stand, chance: float) -> float:
    """What a chance of the forecast really means."""
    return _between(stand, _ENDS, chance)


def level(stand: Stand, wanted: float) -> float:
    """The forecast's own level at which the wanted share really falls below."""
    return _between(_ENDS, stand, wanted)


def _between(these: Sequence[float], those: Sequence[float], value: float) -> float:
    if value >= 1.0:
        return 1.0
    at = max(1, bisect_right(these, value))
    low, high = these[at - 1], these[at]
    if high <= low:
        return those[at]
    return those[at - 1] + (those[at] - those[at - 1]) * (value - low) / (high - low)
