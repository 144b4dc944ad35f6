"""The cash forecast: what of the invoices open today will be paid in which week, with bands.

Drawn many times over: each invoice falls somewhere in its own forecast, given that it is still open; invoices of one
account fall alike, and those of the company a little, as much as they did so far. Invoices not yet written are no part
of it, nor are promises and arrangements.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from statistics import NormalDist

from core.insights.chance import Draws
from core.insights.forecaster import Forecast, Forecaster, Settings
from core.insights.grid import grid_of
from core.insights.timeline import Invoice, timeline
from core.money import Money

WEEKS = 13
_DRAWN, _LEAST_DRAWN, _ENOUGH = 400, 100, 1_000_000
_BELL = NormalDist()
_MOST_ALIKE = 0.95


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `first` (an ordinal): what is expected, and between which sums 50 and 80 of 100 weeks fall."""

    first: int
    expected: Money
    half: tuple[Money, Money]
    most: tuple[Money, Money]


@dataclass(frozen=True, slots=True)
class Alike:
    """How alike invoices fall in their forecasts, as correlations: of one account, and of the company at all."""

    account: float
    company: float


def ahead(
    invoices: Sequence[Invoice], amounts: Mapping[int, Money], settings: Settings, day: int, weeks: int = WEEKS
) -> dict[str, tuple[Week, ...]]:
    """What of the invoices open in the morning of `day` will be paid in the weeks from then on, by currency."""
    known = [one for one in invoices if one.issued < day]
    if not known:
        return {}
    grid = grid_of(one.late for one in known if one.settled is not None and one.settled < day)
    forecaster = Forecaster(grid, settings, min(one.issued for one in known))
    together = walked(known, forecaster, day)
    return cash(forecaster.open, amounts, together, day, weeks)


def walked(invoices: Sequence[Invoice], forecaster: Forecaster, day: int) -> Alike:
    """Walk to the morning of a day with what was known by then; `forecaster` then holds what is open."""
    known = [_on(one, day) for one in invoices if one.issued < day]
    settled: set[int] = set()
    found: list[Forecast] = []
    for _, paid, issued in timeline(known):
        forecaster.settle(paid)
        settled.update(one.place for one in paid)
        found += (one for one in forecaster.issue(issued[0].issued, issued) if one.known.invoice.settled is not None)
    rest = [one for one in known if one.settled is not None and one.place not in settled]
    forecaster.settle(sorted(rest, key=lambda one: (one.due + one.late, one.place)))
    return alike(found)


def _on(one: Invoice, day: int) -> Invoice:
    return replace(one, settled=None) if one.settled is not None and one.settled >= day else one


def alike(found: Sequence[Forecast]) -> Alike:
    """From settled invoices in the order of issue: how one and the next fell, of one account and across accounts."""
    scores = [_BELL.inv_cdf(min(max(one.fell(one.known.invoice.late, 0.5), 0.005), 0.995)) for one in found]
    accounts: dict[str, list[float]] = defaultdict(list)
    across: list[tuple[float, float]] = []
    for (one, score), (other, following) in pairwise(zip(found, scores, strict=True)):
        if one.known.invoice.account != other.known.invoice.account:
            across.append((score, following))
    for one, score in zip(found, scores, strict=True):
        accounts[one.known.invoice.account].append(score)
    own = _together([pair for each in accounts.values() for pair in pairwise(each)])
    company = min(_together(across), _MOST_ALIKE)
    return Alike(min(max(own, company), _MOST_ALIKE), company)


def _together(pairs: Sequence[tuple[float, float]]) -> float:
    """A correlation around 0 with spread 1, never below 0; drawn towards 0 while there is little to see."""
    return max(0.0, sum(one * other for one, other in pairs) / (len(pairs) + 20))


def cash(
    open_now: Iterable[Forecast], amounts: Mapping[int, Money], together: Alike, day: int, weeks: int = WEEKS
) -> dict[str, tuple[Week, ...]]:
    """By currency the next weeks from `day` on. `amounts`: what is left of each invoice, by its place."""
    currencies: dict[str, list[Forecast]] = defaultdict(list)
    for one in open_now:
        currencies[amounts[one.known.invoice.place].currency].append(one)
    return {code: _weeks(these, amounts, together, day, weeks, code) for code, these in sorted(currencies.items())}


def _weeks(
    these: Sequence[Forecast], amounts: Mapping[int, Money], together: Alike, day: int, weeks: int, code: str
) -> tuple[Week, ...]:
    ends = range(6, 7 * weeks, 7)
    lines = [
        (
            one.known.invoice.account,
            amounts[one.known.invoice.place].minor,
            one.still(day - one.known.invoice.due, ends),
        )
        for one in these
    ]
    drawn = max(_LEAST_DRAWN, min(_DRAWN, _ENOUGH // len(lines)))
    sums = [_once(lines, together, weeks, Draws("cash", day, at)) for at in range(drawn)]
    found = []
    for at in range(weeks):
        ordered = sorted(one[at] for one in sums)
        low, lower, upper, high = (Money(ordered[round(share * (drawn - 1))], code) for share in (0.1, 0.25, 0.75, 0.9))
        expected = Money(round(sum(ordered) / drawn), code)
        found.append(Week(day + 7 * at, expected, (lower, upper), (low, high)))
    return tuple(found)


def _once(lines: Sequence[tuple[str, int, Sequence[float]]], together: Alike, weeks: int, draws: Draws) -> list[int]:
    """One way it may come: the sums of each week, in minor units."""
    company = sqrt(together.company) * draws.bell()
    shared, own = sqrt(together.account - together.company), sqrt(1 - together.account)
    accounts: dict[str, float] = {}
    sums = [0] * (weeks + 1)
    for account, minor, by_week in lines:
        if account not in accounts:
            accounts[account] = company + shared * draws.bell()
        share = _BELL.cdf(accounts[account] + own * draws.bell())
        sums[bisect_left(by_week, share)] += minor
    return sums
