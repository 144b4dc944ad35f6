"""Which step one invoice has reached: the proposing half of `plan()`.

Rule 6 lives here: missed is not owed, one rung at a time, and the first word is gentle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.because import Because, Cause
from core.cadence import Cadence, Step
from core.calendars import Calendar
from core.facts import InvoiceFacts


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step to say about an invoice now, and the earlier steps that were passed over unsaid."""

    invoice: InvoiceFacts
    step: Step
    missed: tuple[str, ...] = ()


def propose(invoice: InvoiceFacts, cadence: Cadence, calendar: Calendar, today: date) -> Proposal | Because:
    """The step to say today about an open invoice, or why there is none yet or no more."""
    if invoice.due is None:
        return Because(Cause.NO_DUE_DATE, invoice.id)
    late = (today - invoice.due).days
    if late > cadence.oldest_days:
        return Because(Cause.TOO_OLD, invoice.id, detail=(("days", str(late)),))
    last = _last_said(invoice, cadence)
    ahead = _allowed(cadence, last)
    if not ahead:
        return Because(Cause.LADDER_DONE, invoice.id)
    ready = {step: _ready(step, last, invoice, invoice.due, calendar) for step in ahead}
    reached = [step for step in ahead if ready[step] <= today and _still_true(step, invoice.due, today)]
    if reached:
        return Proposal(invoice, reached[-1], _missed(cadence, last, reached[-1]))
    day, step = min((ready[step], step.name) for step in ahead if ready[step] > today)
    return Because(
        Cause.NOT_YET,
        invoice.id,
        until=calendar.opening(day),
        detail=(("step", step), ("day", day.isoformat())),
    )


def _last_said(invoice: InvoiceFacts, cadence: Cadence) -> Step | None:
    """The furthest step said; steps no longer in the cadence do not count."""
    names = {said.step for said in invoice.said}
    return next((step for step in reversed(cadence.steps) if step.name in names), None)


def _allowed(cadence: Cadence, last: Step | None) -> list[Step]:
    """Steps after the last said one that are at most one rung firmer; at first only the gentle rungs 0 and 1."""
    if last is None:
        return [step for step in cadence.steps if step.rung <= 1]
    after = cadence.steps[cadence.steps.index(last) + 1 :]
    return [step for step in after if step.rung <= last.rung + 1]


def _ready(step: Step, last: Step | None, invoice: InvoiceFacts, due: date, calendar: Calendar) -> date:
    """The first day the step may be said: its own day, and after a late follow-up the ladder's own spacing."""
    day = max(step.day(due, calendar), invoice.issued)
    if last is not None and not last.is_nudge:
        said = max(said.day for said in invoice.said if said.step == last.name)
        day = max(day, said + (step.day(due, calendar) - last.day(due, calendar)))
    return day


def _still_true(step: Step, due: date, today: date) -> bool:
    """A nudge speaks of a day to come; after the due date its words would be false."""
    return not step.is_nudge or today <= due


def _missed(cadence: Cadence, last: Step | None, chosen: Step) -> tuple[str, ...]:
    start = 0 if last is None else cadence.steps.index(last) + 1
    return tuple(step.name for step in cadence.steps[start : cadence.steps.index(chosen)])
