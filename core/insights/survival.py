"""When something ends, from what has ended and what is still open: the discrete-time survival estimate, shrunk.

The hazard of each day is that of the prior and of the cases together, each with its weight:
h(t) = (k·f(t) + d(t)) / (k·S(t) + r(t)), where f and S are the prior's chances and survival, d(t) what ended on day t,
r(t) what was at risk on it. With nothing open that is the plain weighted mean; with k = 0 it is Kaplan and Meier's.
(The beta-Stacy process of Walker and Muliere, 1997; Susarla and Van Ryzin, 1976.) It knows nothing of invoices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

_NOTHING = 1e-12


def shrunk(
    prior: Sequence[float], weight: float, ended: Sequence[float], scale: float, still: Iterable[int]
) -> list[float]:
    """The chances of each day. `ended` counts by day, times `scale`; a case of `still` is open before day `still`
    (it did not end on any day below it).
    """
    size = len(prior)
    count = scale * sum(ended)
    waiting = [0] * size
    days = [day for day in still if day > 0]
    for day in days:
        waiting[day if day < size else size - 1] += 1
    if not days:
        whole = weight + count
        mine, theirs = weight / whole, scale / whole
        return [mine * before + theirs * seen for before, seen in zip(prior, ended, strict=True)]
    return _with_open(prior, weight, [scale * seen for seen in ended], waiting, count)


def _with_open(
    prior: Sequence[float], weight: float, ended: Sequence[float], waiting: Sequence[int], count: float
) -> list[float]:
    at_risk = weight + count + sum(waiting)
    left = 1.0
    found = []
    for before, seen, gone in zip(prior, ended, waiting, strict=True):
        at_risk -= gone
        ending = weight * before + seen
        hazard = ending / at_risk if at_risk > ending and at_risk > _NOTHING else 1.0
        found.append(left * hazard)
        left *= 1.0 - hazard
        at_risk -= ending
    found[-1] += left
    return found


def summed(chances: Iterable[float]) -> list[float]:
    """The chance of ending on each day or before it."""
    found = list(accumulate(chances))
    found[-1] = 1.0
    return found
