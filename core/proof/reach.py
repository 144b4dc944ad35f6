"""Warnings: steps that can never be said, or not where another's condition does not hold. They break no promise."""

from __future__ import annotations

from collections.abc import Iterator

from core.cadence import ALWAYS, Step
from core.proof.case import Case, choice
from core.proof.ladders import Found, Search
from core.proof.promises import Record


def warnings(case: Case, found: Found) -> Iterator[str]:
    """One sentence for each."""
    reached = _names(found)
    for step in case.cadence.steps:
        if step.name not in reached:
            yield f"“{step.name}” can never be said{_why(case, step)}."
    conditional = [step for step in case.cadence.steps if step.when != ALWAYS]
    for number, step in enumerate(conditional):
        holding = choice([one for one in range(len(conditional)) if one != number])
        without = _names(Search(case, Record(), plain=holding).run())
        for lost in case.cadence.steps:
            if lost.name in reached - without and lost is not step:
                yield f"“{lost.name}” can never be said where the condition of “{step.name}” does not hold."


def _names(found: Found) -> set[str]:
    return {one.word.step.name for one in found.spoken.values()}


def _why(case: Case, step: Step) -> str:
    oldest = case.cadence.oldest_days
    return f": from {oldest} days late on a person takes over" if step.offset > oldest else ""
