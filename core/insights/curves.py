"""How many are still unpaid day by day, and the mean days until paid within a horizon, with open invoices counted in.

Kaplan and Meier's curve over whole days, the area under it, and the difference of two with an interval whose unit is
the account: invoices of one account pay alike. It describes; whether a test may stop is decided elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt

_TWO_SIDED_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Spell:
    """One invoice: `days` from its start until it was paid, or, where not `ended`, until it was last seen unpaid."""

    account: str
    days: int
    ended: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Day by day from 0: the share still unpaid after it, and what was at risk and ended on it."""

    left: tuple[float, ...]
    at_risk: tuple[int, ...]
    ended: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean days unpaid within the horizon: the area under the curve."""
        return sum(self.left)


def curve(spells: Sequence[Spell], horizon: int) -> Curve:
    """Kaplan and Meier's estimate for days 0 to `horizon` - 1."""
    ended, gone = [0] * (horizon + 1), [0] * (horizon + 1)
    for one in spells:
        at = min(one.days, horizon)
        gone[at] += 1
        ended[at] += one.ended and at < horizon
    at_risk = [len(spells) - before for before in accumulate([0, *gone[:-1]])]
    kept = [1 - (d / n if n else 0.0) for d, n in zip(ended[:horizon], at_risk[:horizon], strict=True)]
    left = accumulate(kept, lambda before, stay: before * stay)
    return Curve(tuple(left), tuple(at_risk[:horizon]), tuple(ended[:horizon]))


def seen_to(spells: Iterable[Spell], longest: int) -> int:
    """A horizon up to which somebody was still followed, at most `longest` days."""
    return max(1, min(longest, max((one.days for one in spells), default=0)))


def spread_of_mean_days(spells: Sequence[Spell], horizon: int) -> float:
    """The standard error of the restricted mean with the account as the unit (infinitesimal jackknife)."""
    found = curve(spells, horizon)
    moved = _influences(spells, found, horizon)
    count = len(moved)
    if count < 2:
        return float("inf")
    return sqrt(sum(one * one for one in moved.values()) * count / (count - 1))


def _influences(spells: Sequence[Spell], found: Curve, horizon: int) -> dict[str, float]:
    """By how much each account moves the mean: through the days it ended on, and those it was at risk on."""
    after = [*accumulate(reversed(found.left))][::-1]
    weights = [area / (n - d) if n > d else 0.0 for area, n, d in zip(after, found.at_risk, found.ended, strict=True)]
    hazards = [d / n if n else 0.0 for d, n in zip(found.ended, found.at_risk, strict=True)]
    stayed = [0.0, *accumulate(weight * hazard for weight, hazard in zip(weights, hazards, strict=True))]
    moved: dict[str, float] = defaultdict(float)
    for one in spells:
        moved[one.account] += stayed[min(one.days + 1, horizon)]
        if one.ended and one.days < horizon:
            moved[one.account] -= weights[one.days]
    return moved


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean days of the second group less those of the first, within `horizon` days, and its central 95 % interval."""

    days: float
    low: float
    high: float
    horizon: int


def difference(first: Sequence[Spell], second: Sequence[Spell], longest: int = 90) -> Difference:
    """Within as many days as both groups were followed, at most `longest`."""
    horizon = min(seen_to(first, longest), seen_to(second, longest))
    gap = curve(second, horizon).mean - curve(first, horizon).mean
    wide = _TWO_SIDED_95 * sqrt(spread_of_mean_days(first, horizon) ** 2 + spread_of_mean_days(second, horizon) ** 2)
    return Difference(gap, gap - wide, gap + wide, horizon)
