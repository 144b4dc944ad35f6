"""When a company's ledger is read and its messages leave: a few rounds a day, so that one reading serves many.

Only times; whether there is anything to read or to send is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from core.calendars import Calendar
from models import Company
from workflows.calendars import calendar_of

A_DAY = 4  # rounds in the sending hours of a working day
NIGHT = time(3, 0)
SPREAD = 90  # minutes over which the nightly readings of many companies are spread
LASTS = timedelta(minutes=15)


def next_reading(calendar: Calendar, now: datetime, spread: int = 0) -> datetime:
    """The first round after `now`, or the nightly reading, whichever comes first. `spread` tells companies apart."""
    today = _rounds(calendar, calendar.today(now))
    return min([next_night(calendar, now, spread), *(moment for moment in today if moment > now)])


def next_night(calendar: Calendar, now: datetime, spread: int = 0) -> datetime:
    """The first nightly reading after `now`."""
    today = calendar.today(now)
    nights = (calendar.at(today + timedelta(days=ahead), NIGHT) for ahead in range(3))
    return next(moment for night in nights if (moment := night + timedelta(minutes=spread % SPREAD)) > now)


def next_of(company: Company, now: datetime) -> datetime:
    """The company's next reading: the next round, or the next night while it may not speak yet."""
    calendar = calendar_of(company, now)
    following = next_night if company.live_at is None else next_reading
    return following(calendar, now, company.id * 7)


def leaves_at(calendar: Calendar, now: datetime) -> datetime:
    """When a message planned now may leave: now while a round lasts, else at the next round of this day.

    After the day's last round it is now again: one more reading is better than a word that comes a day late.
    """
    rounds = list(_rounds(calendar, calendar.today(now)))
    if any(moment <= now < moment + LASTS for moment in rounds):
        return now
    return min((moment for moment in rounds if moment > now), default=now)


def is_night(calendar: Calendar, now: datetime) -> bool:
    """The hours before a working day begins, in which nobody waits for an answer."""
    return calendar.local(now).time() < calendar.opens


def _rounds(calendar: Calendar, day: date) -> Iterator[datetime]:
    if not calendar.is_working(day):
        return
    opens, closes = calendar.at(day, calendar.opens), calendar.at(day, calendar.closes)
    for number in range(A_DAY):
        yield opens + (closes - opens) * number / A_DAY
