"""Days and hours on which a company may speak: dates in its own time zone, hours in the customer's where known.

Holidays come in as dates: this module looks nothing up and reads no clock. What it has once worked out it remembers;
that is not visible from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

_Value = TypeVar("_Value")
_DAY = timedelta(days=1)
_ROOM = 5_000  # answers kept per calendar
# Some books write 9999-12-31 for "never". A year from either end of all dates there is room for any offset and any days
# off; what lies beyond counts as that day.
FIRST, LAST = date.min + 400 * _DAY, date.max - 400 * _DAY


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days and sending hours.

    `zone` is an IANA name: the company's dates. `hours_zone` is the customer's ("" where not known): the wall clock on
    which `opens` ≤ t < `closes`, `weekdays` (Monday is 0) and `holidays` (local dates) are read.
    """

    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    opens: time = time(9, 0)
    closes: time = time(17, 0)
    weekdays: frozenset[int] = field(default=frozenset({0, 1, 2, 3, 4}))
    hours_zone: str = ""
    memory: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ValueError("A company needs at least one working day.")
        if self.opens >= self.closes:
            raise ValueError("Sending hours must open before they close.")

    def today(self, moment: datetime) -> date:
        """The company's date."""
        return moment.astimezone(_zone(self.zone)).date()

    def local(self, moment: datetime) -> datetime:
        """The moment on the company's wall clock."""
        return moment.astimezone(_zone(self.zone))

    def is_working(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def is_open(self, moment: datetime) -> bool:
        """True on a working day inside the sending hours, which are one stretch also on the day a clock is changed."""
        day = moment.astimezone(_zone(self.hours_zone or self.zone)).date()
        if not self.is_working(day):
            return False
        opens, closes = self._hours(day)
        return opens <= moment < closes

    def on_or_after(self, day: date) -> date:
        while not self.is_working(day):
            day += _DAY
        return day

    def on_or_before(self, day: date) -> date:
        while not self.is_working(day):
            day -= _DAY
        return day

    def shifted(self, day: date, offset: int, working: bool) -> date:
        """`offset` days later (earlier where negative), counted in calendar or in working days."""
        if not working:
            return day + timedelta(days=offset)
        for _ in range(abs(offset)):
            day = self.on_or_after(day + _DAY) if offset > 0 else self.on_or_before(day - _DAY)
        return day

    def at(self, day: date, clock: time, zone: str = "") -> datetime:
        """UTC instant of a wall-clock time; in an overlap the first, in a gap the moment the gap ends."""
        where = _zone(zone or self.zone)
        wanted = datetime.combine(day, clock, tzinfo=where)
        moment, early = wanted.astimezone(UTC), wanted.replace(fold=1).astimezone(UTC)
        while early < moment:  # a gap: the clock before and after it disagree, and its end lies between the two
            middle = early + (moment - early) // 2
            if middle.astimezone(where).replace(tzinfo=None) < wanted.replace(tzinfo=None):
                early = middle + timedelta(microseconds=1)
            else:
                moment = middle
        return moment

    def opening(self, day: date) -> datetime:
        """The first moment of the company's `day` or of a later one at which sending is open."""
        found: datetime | None = self.memory.get(day)
        return found or self._kept(day, self._first_open(day))

    def next_opening(self, moment: datetime) -> datetime:
        """The first moment strictly after `moment` at which sending opens."""
        day = self.on_or_after(moment.astimezone(_zone(self.hours_zone or self.zone)).date())
        opening = self._hours(day)[0]
        return opening if opening > moment else self._hours(self.on_or_after(day + _DAY))[0]

    def _first_open(self, day: date) -> datetime:
        begins = self.at(min(day, LAST), time.min)
        return begins if self.is_open(begins) else self.next_opening(begins - timedelta(microseconds=1))

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        """When the hours of the customer's day begin and end."""
        found: tuple[datetime, datetime] | None = self.memory.get(("hours", day))
        if found is None:
            hours = self.at(day, self.opens, self.hours_zone), self.at(day, self.closes, self.hours_zone)
            found = self._kept(("hours", day), hours)
        return found

    def _kept(self, key: Any, value: _Value) -> _Value:
        """Remember an answer; a full memory begins anew."""
        if len(self.memory) > _ROOM:
            self.memory.clear()
        self.memory[key] = value
        return value


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
