"""Days late as a place and a spread around it: what is usual for the account, moved by what is known of the invoice.

It learns a linear rule (amount, terms, weekday, what else is open) and how far the truth lay from it, open invoices
included. Good where an account's days scatter; where they are the same again and again, the groups know better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.insights.grid import Grid, bell
from core.insights.ridge import Ridge
from core.insights.survival import shrunk, summed
from core.insights.usual import Known

_SIZE, _STEP, _LOWEST = 240, 0.1, -12.0
_FIRST = bell(_SIZE, -_LOWEST / _STEP, 0.6 / _STEP)
_PULL = 5.0
_PENALTY = 60.0
_HALF_LIFE = 365
_ENOUGH = 60

USUAL: tuple[int, ...] = ()
TREND: tuple[int, ...] = (0, 3)
AMOUNTS = (0, 1, 2, 3, 4, 5)
EVERYTHING = tuple(range(16))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an invoice was expected, in days late, and how far around."""

    known: Known
    middle: float
    spread: float
    traits: tuple[float, ...]

    def step(self, late: float) -> int:
        step = int((late - self.middle) / (self.spread * _STEP) - _LOWEST / _STEP)
        return 0 if step < 0 else step if step < _SIZE else _SIZE - 1


class Around:
    """`columns`: which traits the rule may use; none at all: the account's usual days as they are."""

    def __init__(self, grid: Grid, columns: Sequence[int], start: int) -> None:
        self.grid, self._columns, self._start = grid, tuple(columns), start
        self._rule = Ridge(len(self._columns), _PENALTY)
        self._open: dict[int, Place] = {}
        self._ended = [0.0] * _SIZE
        self._seen = 0
        self._spread = (0.0, 0.0)
        self._spreads: dict[str, tuple[float, int]] = {}
        self._month = self._today = -1
        self._summed: list[float] = []

    def _weight(self, day: int) -> float:
        return float(2.0 ** ((day - self._start) / _HALF_LIFE))

    def place(self, known: Known) -> Place:
        """Where the invoice is expected on its first day; from then on it is open."""
        day = known.invoice.issued
        if day // 30 != self._month:
            self._month = day // 30
            if self._seen >= _ENOUGH and self._columns:
                self._rule.solve(self._weight(day))
        traits = tuple(known.traits[at] for at in self._columns)
        company = self._company()
        off, count = self._spreads.get(known.invoice.account, (0.0, 0))
        spread = max(0.4, (off + 4 * company) / (count + 4))
        return Place(known, known.usual + 10 * self._rule.at(traits), spread, traits)

    def issue(self, place: Place) -> None:
        self._open[place.known.invoice.place] = place

    def settle(self, place: Place) -> None:
        known, one = place.known, place.known.invoice
        assert one.settled is not None
        self._open.pop(one.place)
        self._seen += 1
        company, weight = self._company(), self._weight(one.settled)
        off = abs(one.late - place.middle)
        if self._columns:
            limit = 3 * company + 1
            answer = max(-limit, min(limit, one.late - known.usual)) / 10
            self._rule.add(place.traits, answer, weight * company / max(off, company / 4, 0.1))
        self._ended[place.step(one.late)] += weight
        off = min(off, 6 * company + 2)
        total, count = self._spread
        fade = 0.999 if count > 300 else 1.0
        self._spread = (total * fade + off, count * fade + 1)
        own, times = self._spreads.get(one.account, (0.0, 0))
        self._spreads[one.account] = (own + off, times + 1)

    def _company(self) -> float:
        total, count = self._spread
        return max(0.5, total / count) if count else 10.0

    def summed(self, place: Place) -> list[float]:
        """The chance of being settled by each day of the grid."""
        day = place.known.invoice.issued
        if day != self._today:
            self._today, self._summed = day, [0.0, *self._off(day)]
        off, width = self._summed, 1 / (place.spread * _STEP)
        start = (self.grid.first + 0.5 - place.middle) * width - _LOWEST / _STEP
        found = []
        for at in range(self.grid.size):
            step = start + at * width
            if step <= 0:
                found.append(0.0)
            elif step >= _SIZE:
                found.append(1.0)
            else:
                whole = int(step)
                low = off[whole]
                found.append(low + (off[whole + 1] - low) * (step - whole))
        found[-1] = 1.0
        return found

    def _off(self, day: int) -> list[float]:
        """How far from their places the invoices so far were settled, summed, in steps of their spreads."""
        still = [one.step(day - one.known.invoice.due - 0.5) for one in self._open.values()]
        return summed(shrunk(_FIRST, _PULL, self._ended, 1 / self._weight(day), still))
