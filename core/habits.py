"""How an account pays, from its own past alone: which kind of payer, and how many days late it usually is.

It looks at days that have been, never at amounts, other accounts or other companies, and only at what it is given:
whoever asks for a day of the past hands in what was known on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low

from core.cadence import Payer

# The last so many paid invoices tell; fewer than ENOUGH tell nothing.
REMEMBERED = 12
ENOUGH = 3
_FEW_DAYS = 7
_SLACK = 3


def habit(delays: Sequence[int]) -> tuple[Payer, int]:
    """(kind of payer, usual days late) from the days each paid invoice was late (negative: early), oldest first.

    The usual delay is never below 0. A habit changes with a payment and not with the passing of days.
    """
    recent = delays[-REMEMBERED:]
    if len(recent) < ENOUGH:
        return Payer.NEW, 0
    usual = max(median_low(recent), 0)
    latest = usual + _SLACK
    if min(recent[-2:]) > latest:  # the last two were both later than ever: the habit broke
        return Payer.UNSURE, usual
    if usual > _FEW_DAYS:
        return Payer.SLOW, usual
    as_usual = sum(delay <= latest for delay in recent)
    return (Payer.STEADY if 5 * as_usual >= 4 * len(recent) else Payer.UNSURE), usual
