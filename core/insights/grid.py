"""The days late that are told apart: one by one between two ends; what lies beyond counts with them. No more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp

_LEAST, _MOST = -200, 400


@dataclass(frozen=True, slots=True)
class Grid:
    """Days late from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def place(self, late: int) -> int:
        return min(max(late, self.first), self.last) - self.first

    def median(self, summed: Sequence[float], level: float = 0.5) -> int:
        """The first day by which the chance has reached the level."""
        return self.first + min(bisect_left(summed, level - 1e-12), self.size - 1)


def grid_of(late: Iterable[int]) -> Grid:
    """Wide enough for nearly all that was seen, with room for a company that drifts."""
    seen = sorted(late) or [-30, 60]
    low, high = seen[len(seen) // 200], seen[-1 - len(seen) // 200]
    room = max(20, (high - low) // 4)
    return Grid(max(_LEAST, min(0, low) - room), min(_MOST, max(0, high) + room))


def bell(size: int, middle: float, spread: float) -> list[float]:
    """A wide, smooth guess for where nothing is known yet (logistic)."""
    below = [1 / (1 + exp(-max(-60.0, min(60.0, (at - 0.5 - middle) / spread)))) for at in range(size + 1)]
    below[0], below[-1] = 0.0, 1.0
    return [after - before for before, after in pairwise(below)]
