"""Days and hours on which a company may speak, in its own time zone.

Holidays come in as dates: this module looks nothing up and reads no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Calendar:
    """A company's working days and sending hours.

    `zone` is an IANA name; `holidays` are local dates; `opens` ≤ t < `closes` are local times;
    `weekdays` counts Monday as 0.
    """

    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    opens: time = time(9, 0)
    closes: time = time(17, 0)
    weekdays: frozenset[int] = field(default=frozenset({0, 1, 2, 3, 4}))

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ValueError("A company needs at least one working day.")
        if self.opens >= self.closes:
            raise ValueError("Sending hours must open before they close.")

    def local(self, moment: datetime) -> datetime:
        """The moment on the company's wall clock."""
        return moment.astimezone(ZoneInfo(self.zone))

    def today(self, moment: datetime) -> date:
        return self.local(moment).date()

    def is_working(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def is_open(self, moment: datetime) -> bool:
        """True on a working day inside the sending hours, which are one stretch also on the day a clock is changed."""
        day = self.today(moment)
        return self.is_working(day) and self.at(day, self.opens) <= moment < self.at(day, self.closes)

    def on_or_after(self, day: date) -> date:
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day

    def at(self, day: date, clock: time) -> datetime:
        """UTC instant of a wall-clock time; in an overlap the first, in a gap the moment the gap ends."""
        wanted = datetime.combine(day, clock, tzinfo=ZoneInfo(self.zone))
        moment, early = wanted.astimezone(UTC), wanted.replace(fold=1).astimezone(UTC)
        while early < moment:  # a gap: the clock before and after it disagree, and its end lies between the two
            middle = early + (moment - early) // 2
            if self.local(middle).replace(tzinfo=None) < wanted.replace(tzinfo=None):
                early = middle + timedelta(microseconds=1)
            else:
                moment = middle
        return moment

    def opening(self, day: date) -> datetime:
        """When sending opens on the first working day on or after `day`."""
        return self.at(self.on_or_after(day), self.opens)

    def next_opening(self, moment: datetime) -> datetime:
        """The first moment strictly after `moment` at which sending opens."""
        day = self.today(moment)
        opening = self.opening(day)
        return opening if opening > moment else self.opening(day + timedelta(days=1))
