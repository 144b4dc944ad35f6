"""The cadence language: named steps on a ladder of firmness, read from TOML, checked, and never changed once used.

Parses and validates only; what is said on which day is decided in `plan.py`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from core.calendars import Calendar

# Some books write 9999-12-31 for "never". A year from either end of all dates there is room for any offset and any days
# off; an invoice due beyond that counts as due on that day.
_ROOM = timedelta(days=366)
_FIRST, _LAST = date.min + _ROOM, date.max - _ROOM


class Tone(StrEnum):
    """How a step sounds, from softest to firmest. Never a threat."""

    FRIENDLY = "friendly"
    KIND = "kind"
    CLEAR = "clear"
    FIRM = "firm"


class CadenceError(ValueError):
    """The cadence cannot be used; the message is one sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Step:
    """`offset` calendar days from the due date (negative: before). Nudges stand on rung 0, follow-ups on 1, 2, 3 …"""

    name: str
    offset: int
    rung: int
    tone: Tone
    template: str

    @property
    def is_nudge(self) -> bool:
        """Said on or before the due date; its words are untrue afterwards."""
        return self.offset <= 0

    def day(self, due: date, calendar: Calendar) -> date:
        """The working day on which the step is reached: nudges come early, follow-ups late, where the day is off."""
        day = min(max(due, _FIRST), _LAST) + timedelta(days=self.offset)
        return calendar.on_or_before(day) if self.is_nudge else calendar.on_or_after(day)


@dataclass(frozen=True, slots=True)
class Cadence:
    """An ordered ladder with its budget.

    `gap_days`: fewest days between two messages to one recipient; `week_limit`: most messages to one account
    in 7 days; `month_limit`: in 30 days; `oldest_days`: an invoice later than this is left to a person;
    `grace_days`: days after a promised date before it counts as broken; `stale_hours`: how old a reading may be.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    gap_days: int = 3
    week_limit: int = 2
    month_limit: int = 6
    oldest_days: int = 180
    grace_days: int = 5
    stale_hours: int = 36

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    @property
    def fingerprint(self) -> str:
        """Changes with anything that could change a decision or a template."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


_LIMITS = {
    "gap_days": (1, 30),
    "week_limit": (1, 3),
    "month_limit": (1, 10),
    "oldest_days": (30, 720),
    "grace_days": (0, 15),
    "stale_hours": (1, 48),
}


def parse_cadence(text: str) -> Cadence:
    """Read a cadence from TOML text; CadenceError names the first thing that is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CadenceError(f"The cadence is not valid TOML: {error}.") from error
    unknown = set(raw) - {"name", "title", "step", *_LIMITS}
    if unknown:
        raise CadenceError(f"Unknown field {sorted(unknown)[0]!r} in the cadence.")
    steps = _ladder([_step(place, entry) for place, entry in enumerate(_steps(raw), start=1)])
    limits = {name: _limit(raw, name, *bounds) for name, bounds in _LIMITS.items() if name in raw}
    return Cadence(name=_text(raw, "name"), title=_text(raw, "title"), steps=steps, **limits)


def _steps(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = raw.get("step")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise CadenceError("A cadence needs at least one [[step]].")
    return entries


def _step(place: int, entry: Mapping[str, Any]) -> Step:
    unknown = set(entry) - {"name", "offset", "tone", "template"}
    if unknown:
        raise CadenceError(f"Unknown field {sorted(unknown)[0]!r} in step {place}.")
    name = _text(entry, "name")
    offset = entry.get("offset")
    if not isinstance(offset, int) or isinstance(offset, bool) or not -60 <= offset <= 180:
        raise CadenceError(f"Step {name!r} needs an offset between -60 and 180 days from the due date.")
    try:
        tone = Tone(entry.get("tone", ""))
    except ValueError as error:
        raise CadenceError(f"Step {name!r} needs a tone: {', '.join(Tone)}.") from error
    return Step(name=name, offset=offset, rung=0, tone=tone, template=str(entry.get("template", name)))


def _text(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise CadenceError(f"A cadence and each of its steps need a {field}.")
    return value.strip()


def _limit(raw: Mapping[str, Any], field: str, low: int, high: int) -> int:
    value = raw[field]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise CadenceError(f"{field} must be a whole number from {low} to {high}.")
    return value


def _ladder(entries: list[Step]) -> tuple[Step, ...]:
    """The steps with their rungs counted, once their order has been checked."""
    _check_ladder(entries)
    nudges = sum(step.is_nudge for step in entries)
    return tuple(replace(step, rung=max(0, place - nudges + 1)) for place, step in enumerate(entries))


def _check_ladder(steps: list[Step]) -> None:
    names = [step.name for step in steps]
    if len(set(names)) != len(names):
        raise CadenceError("Two steps have the same name; a step is known by its name.")
    tones = list(Tone)
    for before, after in pairwise(steps):
        if after.offset <= before.offset:
            raise CadenceError(f"Step {after.name!r} must come after {before.name!r}: steps stand in order of days.")
        if tones.index(after.tone) < tones.index(before.tone):
            raise CadenceError(f"Step {after.name!r} is softer than {before.name!r}: a ladder only grows firmer.")
    follow_ups = [step for step in steps if not step.is_nudge]
    if not follow_ups:
        raise CadenceError("A cadence needs at least one follow-up after the due date.")
    if follow_ups[0].tone not in (Tone.FRIENDLY, Tone.KIND):
        raise CadenceError(f"The first follow-up, {follow_ups[0].name!r}, must be friendly or kind.")
