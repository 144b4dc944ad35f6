"""What a proof is about: a cadence on a calendar under limits from outside, and the rules that decide.

The rules are an argument, so that a broken one can be given and must be caught. By default they are the very functions
that `plan()` is made of, never copies of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from math import ceil

from core import ladder, vetoes
from core.because import Because
from core.cadence import ALWAYS, BRANCHES, Branch, Cadence, Cap, Condition, Reason, Step
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts, TouchFacts
from core.language import LIMITS
from core.plan import Plan, plan
from core.timetable import Timetable, timetable

# What no cadence may go beyond, whoever wrote it.
HOUSE_CAPS = (Cap(LIMITS["week_limit"][1], 7), Cap(LIMITS["month_limit"][1], 30))
HOUSE_GAP = LIMITS["gap_hours"][0]
# Days that a working day can take: none is off, every weekend is, and holidays as well.
PACES = (1, 7 / 5, 2)
HOUSE_STALE = LIMITS["stale_hours"][1]

Propose = Callable[[InvoiceFacts, AccountFacts, Timetable, date], tuple[ladder.Proposal, ...] | Because]
TooOften = Callable[[tuple[str, ...], Sequence[TouchFacts], Cadence, Sequence[Cap], Calendar, datetime], Because | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The functions that decide. A veto answers None or why not; it cannot do anything else."""

    plan: Callable[[AccountFacts, Cadence, Calendar, datetime], Plan] = plan
    propose: Propose = ladder.propose
    not_owed: Callable[[InvoiceFacts], Because | None] = vetoes.not_owed
    account_closed: Callable[[AccountFacts, Cadence, Calendar, datetime], Because | None] = vetoes.account_closed
    invoice_held: Callable[[InvoiceFacts, Cadence, Calendar, date], Because | None] = vetoes.invoice_held
    covered: Callable[[AccountFacts, Cadence, Calendar, date], frozenset[int]] = vetoes.covered
    no_address: Callable[[tuple[str, ...], AccountFacts], Because | None] = vetoes.no_address
    too_often: TooOften = vetoes.too_often
    outside_hours: Callable[[Calendar, datetime], Because | None] = vetoes.outside_hours


@dataclass(frozen=True)
class Case:
    """`caps` are the limits from outside the cadence; `year` is the one whose days are looked at one by one."""

    cadence: Cadence
    calendar: Calendar
    caps: tuple[Cap, ...]
    year: int
    rules: Rules = field(default_factory=Rules)

    @cached_property
    def free(self) -> Cadence:
        """The cadence with each condition made a free choice: `choice` names the segment for which some hold.

        What a condition asks about the customer stands apart from the ladder, so every combination is looked at.
        """
        conditions = [step.name for step in self.cadence.steps if step.when != ALWAYS]
        return replace(self.cadence, steps=tuple(_freed(step, conditions) for step in self.cadence.steps))

    def paced(self, days: float) -> Case:
        """The same where a working day takes so many days, for steps that are counted in working days."""
        if days == PACES[0]:
            return self
        steps = (
            replace(step, working=False, offset=ceil(step.offset * days)) if step.working else step
            for step in self.cadence.steps
        )
        return replace(self, cadence=replace(self.cadence, steps=tuple(steps)))

    def table(self, calendar: Calendar | None = None) -> Timetable:
        return timetable(self.free, calendar or self.calendar)

    @cached_property
    def all_hold(self) -> str:
        """The choice in which every condition holds."""
        return choice(range(sum(step.when != ALWAYS for step in self.cadence.steps)))

    @cached_property
    def promised_caps(self) -> tuple[Cap, ...]:
        return tuple(sorted({*self.cadence.caps, *self.caps, *HOUSE_CAPS}, key=lambda cap: (cap.limit, cap.days)))

    @property
    def promised_gap(self) -> int:
        """Hours."""
        return max(self.cadence.gap_hours, HOUSE_GAP)

    def promised_branch(self, reason: Reason) -> Branch:
        """What a reason does at the least: a cadence may only be quieter than the shipped one."""
        ours, shipped = self.cadence.branch(reason), BRANCHES[reason]
        days = None if None in (ours.hold_days, shipped.hold_days) else max(ours.hold_days or 0, shipped.hold_days or 0)
        return Branch(days, approve=ours.approve or shipped.approve)


def choice(numbers: Sequence[int]) -> str:
    """The segment of a customer for whom exactly these conditions hold."""
    return f"holds:{sum(1 << number for number in numbers)}"


def _freed(step: Step, conditions: list[str]) -> Step:
    if step.name not in conditions:
        return step
    bit = 1 << conditions.index(step.name)
    every = range(1 << len(conditions))
    return replace(step, when=Condition(segments=frozenset(f"holds:{mask}" for mask in every if mask & bit)))
