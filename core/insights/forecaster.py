"""The forecast of a company, day by day: for each invoice issued, the chance of being settled on each day.

Two views are mixed, by how much is known of the account: the groups' own days, and a place with a spread around it. The
mixture is then set right by how often it was right so far. It learns from what is settled and from what stays open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.insights.around import Around, Place
from core.insights.grid import Grid
from core.insights.groups import Chain, Groups
from core.insights.levels import Levels, Stand, level, right
from core.insights.timeline import Invoice
from core.insights.usual import Known, Usual

KNOWN_WELL = (1, 4, 12)
_EVER = 0.995


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen on the earlier part of a book and then frozen. `shares`: how much the groups' view counts for an
    account with none, few, some and many settled invoices. `step`: how fast its levels are set right.
    """

    half_life: int | None
    drifting: bool
    chain: Chain
    pull: float
    columns: tuple[int, ...]
    shares: tuple[float, ...]
    step: float = 0.0025


@dataclass(frozen=True, slots=True)
class Forecast:
    """When one invoice will be settled, as foretold on the day it was issued. Days late are signed."""

    known: Known
    grid: Grid
    summed: list[float]
    stand: Stand

    @property
    def point(self) -> int:
        """The median: as likely earlier as later."""
        return self.quantile(0.5)

    @property
    def expected(self) -> float:
        """The mean, in days late: finer than the median where two invoices are put in order."""
        return self.grid.last - sum(self.summed[:-1])

    def quantile(self, share: float) -> int:
        return self.grid.median(self.summed, level(self.stand, share))

    def band(self, share: float) -> tuple[int, int]:
        """The days between which that share falls, as much left out below as above."""
        return self.quantile((1 - share) / 2), self.quantile((1 + share) / 2)

    def by(self, late: int) -> float:
        """The chance of being settled by so many days past the due date."""
        if late < self.grid.first:
            return 0.0
        return right(self.stand, self.summed[self.grid.place(late)])

    def still(self, age: int, days: Iterable[int]) -> list[float]:
        """Of those like it that are still open `age` days past due, the shares settled within so many more days each;
        0 where it has been open for longer than such invoices ever were.
        """
        gone = self.by(age - 1)
        if age > self.grid.last or gone > _EVER:
            return [0.0 for _ in days]
        return [(self.by(age + more) - gone) / (1 - gone) for more in days]

    @property
    def late(self) -> float:
        """The chance of being settled after the due date."""
        return 1.0 - self.by(0)

    def around(self, late: int) -> tuple[float, float]:
        """What the forecast, before it was set right, gave to the days before this one and to those up to it."""
        at = self.grid.place(late)
        return (self.summed[at - 1] if at else 0.0), self.summed[at]

    def fell(self, late: int, chance: float) -> float:
        """Where a truth falls in the forecast, 0 to 1; `chance` places it within its day."""
        below, upto = self.around(late)
        return right(self.stand, below + chance * (upto - below))


class Forecaster:
    """One walk along a company's timeline."""

    def __init__(self, grid: Grid, settings: Settings, start: int) -> None:
        self.grid, self.settings = grid, settings
        self._usual = Usual()
        self._groups = Groups(grid, settings.half_life, settings.drifting, start)
        self._around = Around(grid, settings.columns, start)
        self._levels = [Levels(settings.step) for _ in settings.shares]
        self._open: dict[int, tuple[Place, Forecast]] = {}

    def settle(self, invoices: Iterable[Invoice]) -> None:
        """What had been settled when the day began."""
        for one in invoices:
            place, forecast = self._open.pop(one.place)
            self._usual.settle(place.known)
            self._groups.settle(place.known, self.settings.chain)
            self._around.settle(place)
            self._levels[kind(place.known.count)].learn(*forecast.around(one.late))

    def issue(self, day: int, invoices: Iterable[Invoice]) -> list[Forecast]:
        """Forecasts of what is issued on the day; from then on it is open."""
        found = []
        for known in self._usual.open(day, invoices):
            place = self._around.place(known)
            stand = self._levels[kind(known.count)].stand()
            forecast = Forecast(known, self.grid, self._mixed(place), stand)
            self._open[known.invoice.place] = (place, forecast)
            found.append(forecast)
        for forecast in found:
            self._groups.issue(forecast.known, self.settings.chain)
            self._around.issue(self._open[forecast.known.invoice.place][0])
        return found

    @property
    def open(self) -> list[Forecast]:
        """What was foretold of the invoices that are open now."""
        return [forecast for _, forecast in self._open.values()]

    def _mixed(self, place: Place) -> list[float]:
        share = self.settings.shares[kind(place.known.count)]
        own = self._groups.chances(place.known, self.settings.chain, self.settings.pull)
        total, found = 0.0, []
        for chance, around in zip(own, self._around.summed(place), strict=True):
            total += chance
            found.append(share * total + (1 - share) * around)
        found[-1] = 1.0
        return found


def kind(count: int) -> int:
    """0 to 3: none, few, some or many settled invoices of the account."""
    return sum(count >= least for least in KNOWN_WELL)
