"""A forecast watched month by month: its error and its calibration beside the naive rule, and a verdict in words.

Counts what was foretold on the first day of each invoice. It changes no forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from core.insights.assessing import Judged
from core.insights.scores import covered, mean
from core.insights.standing import Verdict, verdict
from core.insights.timeline import day_of


@dataclass(frozen=True, slots=True)
class Month:
    """The invoices issued in a month and settled since. Errors in days; the others are shares of 1.

    `verdict` compares the forecast itself with the naive rule; `steps_back`: what was shown was the naive rule's.
    """

    month: str
    n: int
    mae: float
    naive_mae: float
    late: float
    foretold_late: float
    coverage_50: float
    coverage_80: float
    verdict: Verdict
    steps_back: bool
    tested: bool


def by_month(judged: Iterable[Judged]) -> tuple[Month, ...]:
    """`judged` in the order of issue."""
    return tuple(
        _month(month, list(group))
        for month, group in groupby(judged, lambda one: f"{day_of(one.invoice.issued):%Y-%m}")
    )


def _month(month: str, judged: Sequence[Judged]) -> Month:
    errors = [abs(one.model - one.invoice.late) for one in judged]
    naive = [abs(one.naive - one.invoice.late) for one in judged]
    return Month(
        month=month,
        n=len(judged),
        mae=mean(errors),
        naive_mae=mean(naive),
        late=mean([one.invoice.late > 0 for one in judged]),
        foretold_late=mean([one.late for one in judged]),
        coverage_50=covered([one.fell for one in judged], 0.5),
        coverage_80=covered([one.fell for one in judged], 0.8),
        verdict=verdict([ours - theirs for ours, theirs in zip(errors, naive, strict=True)]),
        steps_back=any(one.stepped for one in judged),
        tested=any(one.tested for one in judged),
    )
