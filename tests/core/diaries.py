"""A story told day by day: what one account hears at ten each morning, or why it hears nothing.

Only runs `plan()` and writes down its answer; nothing is decided or checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, Hold
from core.plan import done, plan
from tests.core.builders import DEFAULT, OFFICE, moment, parsed, step

Event = Callable[[AccountFacts], AccountFacts]

# A ladder of its own for whatever can happen; every step by mail but the calls.
FULL = parsed(
    step("heads-up", -3, "friendly"),
    step("due-today", 0, "friendly"),
    step("late-4", 4),
    step("late-12", 12),
    step("late-21", 21, "clear"),
    step("late-35", 35, "firm"),
    step("promise-passed", 2, anchor="'promise'"),
    step("promise-passed-again", 9, "clear", anchor="'promise'"),
    step("part-soon", -3, "friendly", anchor="'instalment'"),
    step("part-today", 0, "friendly", anchor="'instalment'"),
    step("part-missed", 3, anchor="'instalment'"),
    step("part-call", 10, anchor="'instalment'", channel="'call'"),
    step("settled", 4, anchor="'dispute-resolved'"),
)


def diary(
    facts: AccountFacts,
    first: date,
    last: date,
    events: Mapping[str, Event] | None = None,
    cadence: Cadence = DEFAULT,
    calendar: Calendar = OFFICE,
) -> list[str]:
    """Each day from `first` to `last`, days with the same answer together: "03-02 late-4", "03-03..03-09 not-yet".

    An event changes the facts on the morning of its day. The answer is the leading step, or the cause of the first
    invoice; a task for a person is named with its channel.
    """
    told = []
    for day in (first + timedelta(days=count) for count in range((last - first).days + 1)):
        facts = (events or {}).get(f"{day:%m-%d}", _nothing)(facts)
        now = moment(f"{day} 10:00")
        answer = plan(facts, cadence, calendar, now)
        facts = done(facts, answer.actions, now)
        if answer.actions:
            (action,) = answer.actions
            told.append((day, action.lead if action.channel == "email" else f"{action.lead} ({action.channel})"))
        else:
            told.append((day, answer.because[0].cause.value))
    return [_line([day for day, _ in days], what) for what, days in _runs(told)]


def _runs(told: list[tuple[date, str]]) -> list[tuple[str, list[tuple[date, str]]]]:
    return [(what, list(days)) for what, days in groupby(told, key=lambda one: one[1])]


def _line(days: list[date], what: str) -> str:
    ends = f"{days[0]:%m-%d}" if len(days) == 1 else f"{days[0]:%m-%d}..{days[-1]:%m-%d}"
    return f"{ends} {what}"


def _nothing(facts: AccountFacts) -> AccountFacts:
    return facts


def change(**changes: Any) -> Event:
    """The first invoice changes."""
    return lambda facts: replace(facts, invoices=(replace(facts.invoices[0], **changes), *facts.invoices[1:]))


def change_all(**changes: Any) -> Event:
    """The account changes."""
    return lambda facts: replace(facts, **changes)


def hold(*holds: Hold) -> Event:
    return change(holds=holds)
