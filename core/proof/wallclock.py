"""Quiet hours and days off: a year of half hours on the company's calendar, and every kind of day of every time zone.

Days over which the clocks of two zones go alike are of one kind, so one of them stands for all; a day on which a clock
is changed is a kind of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from core.calendars import Calendar
from core.proof.case import Case
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import moments, speaker

_DAY, _HALF_HOUR, _SECOND = timedelta(days=1), timedelta(minutes=30), timedelta(seconds=1)

_EVERY_DAY = frozenset(range(7))


def look(case: Case, record: Record) -> None:
    """Every half hour of the year, the seconds around opening and closing, and each holiday there is."""
    for day in _days(case):
        for now in _half_hours(case.calendar, day):
            _check(case.calendar, now, case.rules.outside_hours(case.calendar, now) is None, record)
    for zone, day in kinds_of_days(case.year):
        away = replace(case.calendar, hours_zone=zone, weekdays=_EVERY_DAY, holidays=frozenset())
        for now in _half_hours(away, day):
            _check(away, now, case.rules.outside_hours(away, now) is None, record)
    _plan_asks(case, record)


def _plan_asks(case: Case, record: Record) -> None:
    """`plan()` itself, on every day, with something to say on each."""
    for day in _days(case):
        facts = None
        for now in moments(case, day):
            if facts is None or case.calendar.today(now) != day:
                facts = speaker(case, now)
            if facts is not None:
                asked = replace(facts, read_at=now)
                spoken = bool(case.rules.plan(asked, case.free, case.calendar, now).actions)
                _check(case.calendar, now, spoken, record)


def _check(calendar: Calendar, now: datetime, spoken: bool, record: Record) -> None:
    """One moment; `spoken` is whether a message may go out. Read off the customer's wall clock, independently."""
    wall = now.astimezone(ZoneInfo(calendar.hours_zone or calendar.zone))
    off = wall.weekday() not in calendar.weekdays or wall.date() in calendar.holidays
    quiet = not calendar.opens <= wall.time() < calendar.closes
    if off:
        record.check(Promise.HOLIDAYS, not spoken, lambda: _story(calendar, wall, "a day off"))
    if quiet:
        record.check(Promise.HOURS, not spoken, lambda: _story(calendar, wall, "a quiet hour"))


def _story(calendar: Calendar, wall: datetime, what: str) -> Iterator[Scene]:
    zone = calendar.hours_zone or calendar.zone
    hours = f"from {calendar.opens:%H:%M} to {calendar.closes:%H:%M}"
    if wall.date() in calendar.holidays:
        yield Scene(wall.date(), f"A public holiday in {zone}.")
    elif wall.weekday() not in calendar.weekdays:
        yield Scene(wall.date(), "Not a working day.")
    else:
        yield Scene(wall.date(), f"A working day in {zone}, {hours}.")
    yield Scene(wall, f"A message goes out in {what}.")


def _days(case: Case) -> list[date]:
    first = date(case.year, 1, 1)
    return sorted({first + shift * _DAY for shift in range(366)} | case.calendar.holidays)


def _half_hours(calendar: Calendar, day: date) -> Iterator[datetime]:
    """The half hours of a local day of the customer's, and the seconds around opening and closing."""
    zone = calendar.hours_zone or calendar.zone
    now, end = calendar.at(day, time.min, zone), calendar.at(day + _DAY, time.min, zone)
    for clock in (calendar.opens, calendar.closes):
        edge = calendar.at(day, clock, zone)
        yield from (edge - _SECOND, edge, edge + _SECOND)
    while now < end:
        yield now
        now += _HALF_HOUR


@lru_cache(maxsize=8)
def kinds_of_days(year: int) -> tuple[tuple[str, date], ...]:
    """For each way in which a clock anywhere goes over a day, one zone and day on which it does."""
    found: dict[tuple[timedelta | None, ...], tuple[str, date]] = {}
    for name in sorted(available_timezones()):
        for day in {date(year, 1, 15), date(year, 7, 15), *changes(name, year)}:
            found.setdefault(_offsets(name, day), (name, day))
    return tuple(found.values())


@lru_cache(maxsize=1024)
def changes(zone: str, year: int) -> tuple[date, ...]:
    """The local days around each change of a zone's clock in a year."""
    where = ZoneInfo(zone)
    noons = [datetime.combine(date(year, 1, 1) + shift * _DAY, time(12), UTC) for shift in range(-1, 367)]
    local = [noon.astimezone(where) for noon in noons]
    turns = [pair for pair in pairwise(local) if len({moment.utcoffset() for moment in pair}) > 1]
    return tuple(sorted({moment.date() for pair in turns for moment in pair}))


def _offsets(zone: str, day: date) -> tuple[timedelta | None, ...]:
    """How far from UTC the clock is in each half hour of a local day."""
    midnight = datetime.combine(day, time.min, ZoneInfo(zone))
    return tuple((midnight + count * _HALF_HOUR).utcoffset() for count in range(48))
