"""The forecast put to the test over a book: each invoice foretold on the day it was issued, beside the naive rule.

The last part of the book by invoice date is the test; settings are chosen on what was known before it began. Only what
was known on a day is used on it, and the answer says so where the naive rule was as good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.insights.chance import even
from core.insights.choosing import choose
from core.insights.forecaster import Forecast, Forecaster, Settings
from core.insights.grid import grid_of
from core.insights.naive import Naive
from core.insights.scores import calibration_error, concordance, covered, likely, mean, ranking
from core.insights.standing import Standing, Verdict, verdict
from core.insights.timeline import Invoice, split, timeline

LEAST = 20
SEED = "coverage"


@dataclass(frozen=True, slots=True)
class Judged:
    """One settled invoice and what was foretold of it; days late are signed. `tested`: it belongs to the test.

    `fell`: where the truth fell in the forecast, 0 to 1. `stepped`: the point is the naive rule's.
    """

    invoice: Invoice
    point: float
    order: float
    late: float
    fell: float
    model: float
    naive: float
    naive_late: float
    naive_fell: float
    stepped: bool
    tested: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """How good forecasts were; None where there is nothing to rank. Coverage is of the central 50 and 80 % bands."""

    n: int
    mae: float
    auc: float | None
    concordance: float | None
    expected_calibration_error: float
    coverage_50: float
    coverage_80: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of it. `judged` are all settled invoices in the order of their issue, those of the test last."""

    judged: tuple[Judged, ...]
    settings: Settings
    before: Verdict
    forecast: Figures
    naive: Figures

    @property
    def tested(self) -> list[Judged]:
        return [one for one in self.judged if one.tested]

    @property
    def steps_back(self) -> bool:
        """Whether some invoice of the test was left to the naive rule."""
        return any(one.stepped for one in self.tested)


class TooFew(ValueError):
    """The book holds too little to be put to the test; the message says what it would take."""


def assess(invoices: Sequence[Invoice]) -> Assessment:
    """Put the forecast to the test over a book. TooFew, in one sentence, where nothing can be said."""
    earlier, test = split(invoices)
    if len(earlier) + len(test) < LEAST:
        raise TooFew(
            f"Only {len(earlier) + len(test)} invoices of this book have been settled; "
            f"a forecast is put to the test from {LEAST} on."
        )
    until = test[0].issued
    grid = grid_of(one.late for one in earlier if one.settled is not None and one.settled < until)
    settings = choose(invoices, earlier, until, grid)
    walk = _Walk(invoices, Forecaster(grid, settings, min(one.issued for one in invoices)), test)
    judged = tuple(walk.judged())
    tested = [one for one in judged if one.tested]
    return Assessment(judged, settings, walk.before, _figures(tested), _naive_figures(tested))


class _Walk:
    def __init__(self, invoices: Sequence[Invoice], forecaster: Forecaster, test: Sequence[Invoice]) -> None:
        self._invoices, self._forecaster = invoices, forecaster
        self._test = {one.place for one in test}
        self._until = test[0].issued
        self._naive, self._standing = Naive(), Standing()
        self._open: dict[int, Forecast] = {}
        self._differences: list[float] = []
        self._end = _last_day(invoices)
        self.before = Verdict.TOO_FEW
        self._frozen = False

    def judged(self) -> list[Judged]:
        found = []
        for day, settled, issued in timeline(self._invoices):
            self._forecaster.settle(settled)
            for one in settled:
                self._learn(self._open.pop(one.place))
            if day >= self._until and not self._frozen:
                self._freeze()
            stepped = self._standing.look(day) or (self._frozen and self.before is Verdict.WORSE)
            for forecast in self._forecaster.issue(day, issued):
                one = forecast.known.invoice
                self._open[one.place] = forecast
                if one.settled is not None:
                    found.append(self._judge(forecast, stepped))
        return found

    def _learn(self, forecast: Forecast) -> None:
        known = forecast.known
        late = known.invoice.late
        self._naive.settle(known)
        difference = abs(forecast.point - late) - abs(known.naive - late)
        self._differences.append(difference)
        self._standing.settle(known.invoice.due + late, difference)

    def _freeze(self) -> None:
        """Look at all that was foretold before the test, without the first fifth, in which there was little to know."""
        self._frozen = True
        self.before = verdict(self._differences[len(self._differences) // 5 :])

    def _judge(self, forecast: Forecast, stepped: bool) -> Judged:
        known, one = forecast.known, forecast.known.invoice
        chance = even(SEED, one.place)
        below, upto = self._naive.around(known, one.late)
        return Judged(
            invoice=one,
            point=known.naive if stepped else forecast.point,
            order=known.naive if stepped else forecast.expected,
            late=forecast.late,
            fell=self._seen(forecast, forecast.fell(one.late, chance)),
            model=forecast.point,
            naive=known.naive,
            naive_late=known.naive_late,
            naive_fell=below + chance * (upto - below),
            stepped=stepped,
            tested=one.place in self._test,
        )

    def _seen(self, forecast: Forecast, fell: float) -> float:
        """An invoice stands among the settled ones only if it was settled before the book ends: among those it fell
        here.
        """
        if self._end is None:
            return fell
        seen = forecast.by(self._end - forecast.known.invoice.due)
        return min(1.0, fell / seen) if seen > 0 else fell


def _last_day(invoices: Sequence[Invoice]) -> int | None:
    """The day on which the book ends; None where all was waited for."""
    if all(one.settled is not None for one in invoices):
        return None
    return max(max(one.issued, one.settled or 0) for one in invoices)


def _figures(judged: Sequence[Judged]) -> Figures:
    late = [one.invoice.late > 0 for one in judged]
    days = [float(one.invoice.late) for one in judged]
    return Figures(
        n=len(judged),
        mae=mean([abs(one.point - one.invoice.late) for one in judged]),
        auc=ranking([one.late for one in judged], late),
        concordance=concordance([one.order for one in judged], days),
        expected_calibration_error=calibration_error([one.late for one in judged], late),
        coverage_50=covered([one.fell for one in judged], 0.5),
        coverage_80=covered([one.fell for one in judged], 0.8),
    )


def _naive_figures(judged: Sequence[Judged]) -> Figures:
    late = [one.invoice.late > 0 for one in judged]
    days = [float(one.invoice.late) for one in judged]
    return Figures(
        n=len(judged),
        mae=mean([abs(one.naive - one.invoice.late) for one in judged]),
        auc=ranking([one.naive_late for one in judged], late),
        concordance=concordance([one.naive for one in judged], days),
        expected_calibration_error=calibration_error([one.naive_late for one in judged], late),
        coverage_50=covered([one.naive_fell for one in judged], 0.5),
        coverage_80=covered([one.naive_fell for one in judged], 0.8),
    )


def within(share: float, wanted: float, count: int) -> bool:
    """Whether a coverage lies where chance alone would leave it in 95 of 100 tests."""
    low, high = likely(count, wanted)
    return low <= share <= high
