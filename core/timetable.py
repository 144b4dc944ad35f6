"""On which days the steps of a cadence may be said: each ladder laid on a calendar.

Worked out once for every day it is asked about, and remembered; that is not visible from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from core.cadence import ALWAYS, Anchor, Cadence, Step
from core.calendars import FIRST, LAST, Calendar

_WELCOME = timedelta(days=10)  # some days later a welcome would only puzzle
_KEPT = 5_000  # answers kept of each kind

Detail = tuple[tuple[str, str], ...]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Episode:
    """Which ladder an invoice stands on now, from which day, and the name of that instance of its anchor."""

    ladder: Anchor
    base: date
    name: str


@dataclass(frozen=True, slots=True)
class Laid:
    """For each step of a ladder its working day, and the last day on which it is true."""

    days: tuple[date, ...]
    lasts: tuple[date, ...]


class Ladder:
    """The steps on one anchor, with what is asked of them again and again.

    `rungs`, `nudges` and `asks` say of each step how firm it is, whether it is a nudge and whether it has a condition;
    `places` is where it stands.
    """

    def __init__(self, steps: tuple[Step, ...], calendar: Calendar) -> None:
        self.steps = steps
        self.rungs = tuple(step.rung for step in steps)
        self.nudges = tuple(step.is_nudge for step in steps)
        self.asks = tuple(step.when != ALWAYS for step in steps)
        self.places = {step.name: place for place, step in enumerate(steps)}
        self._calendar = calendar
        self._needs_delivery = any(step.anchor is Anchor.ISSUED for step in steps)
        self._laid: dict[tuple[date, date, int], Laid] = {}

    def on(self, base: date, delivered: date, patience: int) -> Laid:
        """The ladder standing on the day `base`: nudges come early, follow-ups late, where the day is off.

        Steps anchored to ISSUED stand on `delivered`; follow-ups come `patience` days later.
        """
        key = (base, delivered if self._needs_delivery else base, patience)
        return self._laid.get(key) or _kept(self._laid, key, self._lay(base, delivered, patience))

    def _lay(self, base: date, delivered: date, patience: int) -> Laid:
        days = tuple(
            self._day(step, delivered if step.anchor is Anchor.ISSUED else base, patience) for step in self.steps
        )
        return Laid(days, tuple(_last(step, day, base) for step, day in zip(self.steps, days, strict=True)))

    def _day(self, step: Step, base: date, patience: int) -> date:
        base = min(max(base, FIRST), LAST)
        if not step.is_nudge:
            base += timedelta(days=patience)
        day = self._calendar.shifted(base, step.offset, step.working)
        early = step.is_nudge and step.anchor is not Anchor.ISSUED
        return self._calendar.on_or_before(day) if early else self._calendar.on_or_after(day)


def _last(step: Step, day: date, base: date) -> date:
    """A nudge speaks of a day to come; after that its words would be false."""
    if not step.is_nudge:
        return date.max
    return min(base, day + _WELCOME) if step.anchor is Anchor.ISSUED else base


class Timetable:
    """A cadence on a calendar. Get one from `timetable`, which makes each pair once.

    `to` says of each step whom it is written to.
    """

    def __init__(self, cadence: Cadence, calendar: Calendar) -> None:
        self.cadence = cadence
        self.calendar = calendar
        self.ladders = {anchor: Ladder(steps, calendar) for anchor, steps in cadence.ladders.items()}
        self.due = self.ladders[Anchor.DUE]
        self.settle = timedelta(days=cadence.settle_days)
        self.statement = next(iter(cadence.ladders[Anchor.MONTH]), None)
        self.to = {step.name: cadence.voice(step).to for step in cadence.steps}
        self._on_due: dict[date, Episode] = {}
        self._waits: dict[tuple[str, date], tuple[datetime, Detail]] = {}

    def on_due(self, due: date) -> Episode:
        """The episode of an invoice to which nothing has happened."""
        return self._on_due.get(due) or _kept(self._on_due, due, Episode(Anchor.DUE, due, f"due/{due.isoformat()}"))

    def wait(self, step: str, day: date) -> tuple[datetime, Detail]:
        """Until when a step waits whose day is `day`, and the words for that."""
        key = (step, day)
        return self._waits.get(key) or _kept(
            self._waits, key, (self.calendar.opening(day), (("step", step), ("day", day.isoformat())))
        )

    def of_month(self, step: Step, today: date) -> date:
        """The working day in the month of `today` on which a statement is reached."""
        wanted = today.replace(day=step.offset)
        day = self.calendar.on_or_after(wanted)
        return day if day.month == wanted.month else self.calendar.on_or_before(wanted)


def timetable(cadence: Cadence, calendar: Calendar) -> Timetable:
    """The one timetable of this cadence on this calendar."""
    found: Timetable | None = calendar.memory.get(id(cadence))
    if found is None or found.cadence is not cadence:
        found = _kept(calendar.memory, id(cadence), Timetable(cadence, calendar))
    return found


def _kept(memory: dict[Key, Value], key: Key, value: Value) -> Value:
    """Remember an answer; a full memory begins anew."""
    if len(memory) >= _KEPT:
        memory.clear()
    memory[key] = value
    return value
