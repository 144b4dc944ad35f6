"""Whether the forecast has lately been better than the naive rule: where it was not, it steps back.

Looks only at invoices that have been settled. It compares and says; the forecasts themselves are made elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from core.insights.scores import mean, spread_of_mean

_LOOKS_BACK = 180
ENOUGH = 60


class Verdict(StrEnum):
    BETTER = "better"
    ALIKE = "alike"
    WORSE = "worse"
    TOO_FEW = "too few"


def verdict(differences: Sequence[float], least: int = 20) -> Verdict:
    """From error minus naive error, invoice by invoice: further apart than one standard error, or alike."""
    if len(differences) < least:
        return Verdict.TOO_FEW
    gap, spread = mean(differences), spread_of_mean(differences)
    if abs(gap) <= spread:
        return Verdict.ALIKE
    return Verdict.WORSE if gap > 0 else Verdict.BETTER


class Standing:
    """The differences of the last half year, as they became known."""

    def __init__(self) -> None:
        self._lately: deque[tuple[int, float]] = deque()
        self._month = -1
        self.steps_back = False

    def settle(self, day: int, difference: float) -> None:
        self._lately.append((day, difference))

    def look(self, day: int) -> bool:
        """Whether to step back on this day; looked at once every thirty days."""
        if day // 30 != self._month:
            self._month = day // 30
            while self._lately and self._lately[0][0] < day - _LOOKS_BACK:
                self._lately.popleft()
            self.steps_back = verdict([one for _, one in self._lately], ENOUGH) is Verdict.WORSE
        return self.steps_back
