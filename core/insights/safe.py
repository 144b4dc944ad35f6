"""A log-rank test that may be looked at every day: an e-process (ter Schure, Pérez-Ortiz, Ly and Grünwald, 2024).

Of those at risk at the same age some are paid on a day. If the groups do not differ, which of them is chance alone, as
when drawing from an urn. Each draw multiplies the evidence by how much likelier it is under a difference; without one
the evidence has mean 1 at every moment, so it ever reaches 20 in at most 1 of 20 tests (Ville, 1939), however often one
looks. Exact only if every unit at risk is one of its own: the caller gives one invoice an account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb, exp, log

ALPHA = 0.05
BOTH_WAYS = (-1.0, -0.7, -0.45, -0.25, -0.1, 0.1, 0.25, 0.45, 0.7, 1.0)
MORE_OFTEN = (0.25, 0.45, 0.7, 1.0, 1.5)


@dataclass(slots=True)
class Evidence:
    """Evidence against "no difference". `tried`: logarithms of the ratios of hazards, second group to first, that share
    the bet equally.
    """

    tried: Sequence[float] = BOTH_WAYS
    logs: list[float] = field(default_factory=list)
    surplus: float = 0.0
    information: float = 0.0
    events: int = 0

    def __post_init__(self) -> None:
        self.logs = [0.0] * len(self.tried)

    def add(self, at_risk: tuple[int, int], ended: tuple[int, int]) -> None:
        """One age of one wave: who was at risk and who ended, first and second group."""
        first, second = at_risk
        drawn, theirs = sum(ended), ended[1]
        if not drawn or not first or not second:
            return
        whole = first + second
        share = second / whole
        self.events += drawn
        self.surplus += theirs - drawn * share
        if whole > 1:
            self.information += drawn * share * (1 - share) * (whole - drawn) / (whole - 1)
        urn = _urn(first, second, drawn)
        for at, bet in enumerate(self.tried):
            self.logs[at] += theirs * bet - _expected(urn, bet)

    @property
    def value(self) -> float:
        return sum(exp(min(one, 600.0)) for one in self.logs) / len(self.logs)

    @property
    def enough(self) -> bool:
        """Whether the test may stop: "no difference" would get here in at most 1 of 20 tests, ever."""
        return self.value >= 1 / ALPHA

    @property
    def ratio(self) -> float:
        """The logarithm of the ratio of hazards, drawn towards 0 while little is known (one step, Peto)."""
        return self.surplus / (self.information + 1)

    @property
    def chi_square(self) -> float:
        """The plain log-rank statistic, for comparison; it must not be looked at more than once."""
        return self.surplus**2 / self.information if self.information else 0.0


def _urn(first: int, second: int, drawn: int) -> list[tuple[int, float]]:
    """(how many of the second group, the chance of that) when so many are drawn of both without looking."""
    if drawn == 1:
        return [(0, first / (first + second)), (1, second / (first + second))]
    ways = comb(first + second, drawn)
    least, most = max(0, drawn - first), min(drawn, second)
    return [(count, comb(second, count) * comb(first, drawn - count) / ways) for count in range(least, most + 1)]


def _expected(urn: Sequence[tuple[int, float]], bet: float) -> float:
    return log(sum(chance * exp(bet * count) for count, chance in urn))
