"""How good forecasts were: error, ranking, calibration, coverage, each defined once. Counts only what it is given."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from math import ceil, comb, sqrt
from statistics import NormalDist

_BELL = NormalDist()


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def spread_of_mean(values: Sequence[float]) -> float:
    """The standard error of a mean."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    return sqrt(sum((one - middle) ** 2 for one in values) / (len(values) - 1) / len(values))


def ranking(scores: Sequence[float], happened: Sequence[bool]) -> float | None:
    """AUC: how often one to which it happened was ranked above one to which it did not; a tie counts half."""
    yes = sum(happened)
    no = len(happened) - yes
    if not yes or not no:
        return None
    ordered = sorted(scores)
    ranks: dict[float, float] = {}
    first = 0
    while first < len(ordered):
        last = first
        while last < len(ordered) and ordered[last] == ordered[first]:
            last += 1
        ranks[ordered[first]] = (first + 1 + last) / 2
        first = last
    total = sum(ranks[score] for score, one in zip(scores, happened, strict=True) if one)
    return (total - yes * (yes + 1) / 2) / (yes * no)


def concordance(scores: Sequence[float], truths: Sequence[float]) -> float | None:
    """Of all pairs that differ in truth, how many are in the forecast's order; a tie of the forecasts counts half."""
    places = sorted(set(scores))
    tree = [0] * (len(places) + 1)
    groups: dict[float, list[int]] = defaultdict(list)
    for score, truth in zip(scores, truths, strict=True):
        groups[truth].append(bisect_left(places, score))
    before, agreed, pairs = 0, 0.0, 0
    for truth in sorted(groups):
        for at in groups[truth]:
            below, upto = _count(tree, at), _count(tree, at + 1)
            agreed += below + (upto - below) / 2
        pairs += before * len(groups[truth])
        for at in groups[truth]:
            _add(tree, at)
        before += len(groups[truth])
    return agreed / pairs if pairs else None


def _count(tree: Sequence[int], at: int) -> int:
    """How many were added below place `at` (a Fenwick tree)."""
    found = 0
    while at:
        found += tree[at]
        at &= at - 1
    return found


def _add(tree: list[int], at: int) -> None:
    at += 1
    while at < len(tree):
        tree[at] += 1
        at += at & -at


def calibration_error(chances: Sequence[float], happened: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: in bins of equal width, how far the mean chance lies from how often it happened."""
    groups: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for chance, one in zip(chances, happened, strict=True):
        groups[min(int(chance * bins), bins - 1)].append((chance, one))
    gaps = [abs(sum(chance - one for chance, one in group)) for group in groups.values()]
    return sum(gaps) / len(chances)


def covered(fell: Sequence[float], share: float) -> float:
    """How often the truth fell into the central band that should hold `share`."""
    return mean([(1 - share) / 2 <= one <= (1 + share) / 2 for one in fell])


def likely(count: int, share: float) -> tuple[float, float]:
    """Between which shares the central 95 % of a binomial count of `count` lie."""
    low, high = _quantile(count, share, 0.025), _quantile(count, share, 0.975)
    return low / count, high / count


def at_most(count: int, share: float) -> int:
    """How many of `count` may happen before one doubts (5 %, one-sided) that each happens with chance `share`."""
    return max(0, _quantile(count, share, 0.95) - 1)


def _quantile(count: int, share: float, level: float) -> int:
    """The least number by which a binomial count is reached with the level."""
    if count > 2000:  # by then the normal curve is within a fraction of one
        return ceil(count * share + _BELL.inv_cdf(level) * sqrt(count * share * (1 - share)) - 0.5)
    total, chance = 0.0, 0
    while True:
        total += comb(count, chance) * share**chance * (1 - share) ** (count - chance)
        if total >= level - 1e-12 or chance == count:
            return chance
        chance += 1
