"""Proof that a cadence keeps its promises for every account there can be, or the smallest story in which it does not.

Each veto is proved apart, on all there is for it to look at: it can only remove, so no other can undo it. The ladders
are searched exhaustively. Both ask the same functions that decide every day. What is assumed stands in docs/proof.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.cadence import Cadence, Cap
from core.calendars import Calendar
from core.proof import approvals, holds, ladders, often, pairs, reach, statements, wallclock
from core.proof.case import Case, Rules
from core.proof.promises import PROMISED, Counterexample, Promise, Proof, Proved, Record, Scene

__all__ = ["PROMISED", "Counterexample", "Promise", "Proof", "Proved", "Rules", "Scene", "prove"]

_ANY_YEAR = 2028  # a leap year


def prove(
    cadence: Cadence,
    calendar: Calendar,
    caps: Sequence[Cap] = (),
    *,
    year: int = _ANY_YEAR,
    rules: Rules | None = None,
) -> Proof:
    """Look at every situation that can differ. `cadence` is the one in force, after all overrides; `caps` are limits
    from outside it; `year` is the one whose days, holidays and changes of the clock are gone through.

    `rules` are the functions that decide, for trying out whether a broken one is caught.
    """
    case, record = Case(cadence, calendar, tuple(caps), year, rules or Rules()), Record()
    search, *more = ladders.searches(case, record)
    found = search.run()
    for other in more:
        other.run()
    pairs.look(case, search.stage, found, record)
    approvals.look(case, search.stage, found, record)
    statements.look(case, record)
    often.look(case, record)
    wallclock.look(case, record)
    holds.look(case, record)
    return Proof(cadence.name, record.found(), tuple(reach.warnings(case, found)))
