"""The settings of a company's forecast, chosen on its earlier invoices alone and then frozen.

Each candidate walks along the past and foretells invoices whose end was known before the test begins, each on its first
day (rolling origin); the least ranked probability score wins. It never sees an invoice settled after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from core.insights.around import AMOUNTS, EVERYTHING, TREND, USUAL, Around, Place
from core.insights.forecaster import Settings, kind
from core.insights.grid import Grid
from core.insights.groups import ACCOUNTS, BOTH, TERMS, Chain, Groups
from core.insights.levels import step_for
from core.insights.survival import summed
from core.insights.timeline import Invoice, timeline
from core.insights.usual import Known, Usual

HALF_LIVES = (None, 365, 120)
PULLS = (1.0, 3.0, 8.0)
COLUMNS = (USUAL, TREND, AMOUNTS, EVERYTHING)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
PLAIN = Settings(None, False, ACCOUNTS, 3.0, USUAL, (1.0, 0.5, 0.5, 0.5))
ENOUGH = 60
_NAMES = tuple(dict.fromkeys(name for chain in (ACCOUNTS, TERMS, BOTH) for name in chain))
_MOST = 1000
_SKIPPED = 5


@dataclass(frozen=True, slots=True)
class _Past:
    """What is walked along: every invoice, the day on which the settings freeze, and which invoices are tried."""

    invoices: Sequence[Invoice]
    until: int
    tried: frozenset[int]
    grid: Grid
    chains: tuple[Chain, ...]

    @property
    def start(self) -> int:
        return min(one.issued for one in self.invoices)


class _Trial:
    """Some candidates on one walk."""

    def __init__(
        self, past: _Past, memories: Sequence[tuple[int | None, bool]], columns: Sequence[tuple[int, ...]]
    ) -> None:
        self._past = past
        self.memories = {one: Groups(past.grid, *one, past.start) for one in memories}
        self.arounds = {one: Around(past.grid, one, past.start) for one in columns}
        self._usual = Usual()
        self._open: dict[int, tuple[Known, list[Place]]] = {}

    def __iter__(self) -> Iterator[tuple[Known, dict[tuple[int, ...], Place]]]:
        """Each invoice that is tried, on its first day, with the places where it was expected."""
        for day, settled, issued in timeline(self._past.invoices, self._past.until):
            for one in settled:
                self._settle(one)
            today = [
                (known, [one.place(known) for one in self.arounds.values()]) for known in self._usual.open(day, issued)
            ]
            for known, places in today:
                if known.invoice.place in self._past.tried:
                    yield known, dict(zip(self.arounds, places, strict=True))
            for known, places in today:
                self._issue(known, places)

    def _settle(self, one: Invoice) -> None:
        known, places = self._open.pop(one.place)
        self._usual.settle(known)
        for groups in self.memories.values():
            groups.settle(known, _NAMES)
        for around, place in zip(self.arounds.values(), places, strict=True):
            around.settle(place)

    def _issue(self, known: Known, places: list[Place]) -> None:
        self._open[known.invoice.place] = (known, places)
        for groups in self.memories.values():
            groups.issue(known, _NAMES)
        for around, place in zip(self.arounds.values(), places, strict=True):
            around.issue(place)


def choose(invoices: Sequence[Invoice], earlier: Sequence[Invoice], until: int, grid: Grid) -> Settings:
    """The settings for a test that begins on day `until`; `earlier` are the invoices before it that can be tried."""
    settled = [one for one in earlier if one.settled is not None and one.settled < until]
    first = earlier[len(earlier) // _SKIPPED].issued if earlier else until
    known = [one for one in settled if one.issued >= first]
    if len(known) < ENOUGH:
        return PLAIN
    tried = frozenset(one.place for one in known[:: max(1, len(known) // _MOST)])
    several = len({one.terms for one in earlier}) > 1
    past = _Past(invoices, until, tried, grid, (ACCOUNTS, TERMS, BOTH) if several else (ACCOUNTS,))
    memory, chain, pull = _view(past)
    columns = _columns(past)
    half_life, drifting = memory
    shares = _shares(past, memory, chain, pull, columns)
    days = until - past.start
    return Settings(half_life, drifting, chain, pull, columns, shares, step_for(len(settled), days))


def _view(past: _Past) -> tuple[tuple[int | None, bool], Chain, float]:
    """The memory, the groups and the pull that foretold best."""
    trial = _Trial(past, list(product(HALF_LIVES, (False, True))), ())
    views = list(product(trial.memories, past.chains, PULLS))
    scores = [0.0] * len(views)
    for known, _ in trial:
        late = past.grid.place(known.invoice.late)
        for at, (memory, chain, pull) in enumerate(views):
            scores[at] += ranked(summed(trial.memories[memory].chances(known, chain, pull)), late)
    return views[min(range(len(views)), key=scores.__getitem__)]


def _columns(past: _Past) -> tuple[int, ...]:
    """The traits with which the place of an invoice was foretold best."""
    trial = _Trial(past, (), COLUMNS)
    scores: dict[tuple[int, ...], float] = defaultdict(float)
    for known, places in trial:
        for columns, place in places.items():
            scores[columns] += ranked(trial.arounds[columns].summed(place), past.grid.place(known.invoice.late))
    return min(COLUMNS, key=scores.__getitem__)


def _shares(
    past: _Past, memory: tuple[int | None, bool], chain: Chain, pull: float, columns: tuple[int, ...]
) -> tuple[float, ...]:
    """How much the groups' view counts, by how much is known of the account."""
    trial = _Trial(past, (memory,), (columns,))
    scores = [[0.0] * len(SHARES) for _ in PLAIN.shares]
    for known, places in trial:
        late = past.grid.place(known.invoice.late)
        own = summed(trial.memories[memory].chances(known, chain, pull))
        around = trial.arounds[columns].summed(places[columns])
        for at, share in enumerate(SHARES):
            mixed = [share * one + (1 - share) * other for one, other in zip(own, around, strict=True)]
            scores[kind(known.count)][at] += ranked(mixed, late)
    return tuple(
        SHARES[min(range(len(SHARES)), key=score.__getitem__)] if any(score) else plain
        for score, plain in zip(scores, PLAIN.shares, strict=True)
    )


def ranked(below: Sequence[float], late: int) -> float:
    """The ranked probability score: how far the summed chances lie from the truth, squared, over all days."""
    return sum([one * one for one in below[:late]]) + sum([(1 - one) ** 2 for one in below[late:]])
