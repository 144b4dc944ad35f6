"""A company is read, and its messages leave, in a few rounds a day; at night everything is gone through."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core.calendars import Calendar
from workflows import rounds

LONDON = Calendar("Europe/London", holidays=frozenset({date(2026, 3, 4)}))
TUESDAY = date(2026, 3, 3)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def readings(calendar: Calendar, since: datetime, days: int, spread: int = 0) -> list[datetime]:
    found, now = [], since
    while (now := rounds.next_reading(calendar, now, spread)) <= since + timedelta(days=days):
        found.append(now)
    return found


def test_a_working_day_has_a_nightly_reading_and_four_rounds() -> None:
    day = readings(LONDON, at(TUESDAY, 0), 1)
    assert day == [at(TUESDAY, 3), at(TUESDAY, 9), at(TUESDAY, 11), at(TUESDAY, 13), at(TUESDAY, 15)]


def test_a_holiday_and_a_weekend_have_only_their_nights() -> None:
    assert readings(LONDON, at(date(2026, 3, 4), 0), 1) == [at(date(2026, 3, 4), 3)]
    assert readings(LONDON, at(date(2026, 3, 7), 0), 2) == [at(date(2026, 3, 7), 3), at(date(2026, 3, 8), 3)]


def test_nights_of_many_companies_are_spread_and_never_skipped() -> None:
    nights = {rounds.next_reading(LONDON, at(TUESDAY, 0), company * 7) for company in range(50)}
    assert len(nights) > 20
    assert max(nights) - min(nights) < timedelta(minutes=90)
    for spread in range(90):
        assert len(readings(LONDON, at(TUESDAY, 0), 1, spread)) == 5


@pytest.mark.parametrize(
    ("planned", "leaves"),
    [
        (at(TUESDAY, 9), at(TUESDAY, 9)),
        (at(TUESDAY, 9, 10), at(TUESDAY, 9, 10)),
        (at(TUESDAY, 9, 20), at(TUESDAY, 11)),
        (at(TUESDAY, 10, 59), at(TUESDAY, 11)),
        (at(TUESDAY, 15, 5), at(TUESDAY, 15, 5)),
        (at(TUESDAY, 16), at(TUESDAY, 16)),
    ],
)
def test_a_message_planned_between_two_rounds_leaves_with_the_next_of_the_day(
    planned: datetime, leaves: datetime
) -> None:
    assert rounds.leaves_at(LONDON, planned) == leaves


def test_rounds_follow_the_clock_of_the_company_also_when_it_is_changed() -> None:
    new_york = Calendar("America/New_York")
    sunday_night = at(date(2026, 3, 8), 0)  # clocks go forward there on this day
    assert readings(new_york, sunday_night, 3)[:3] == [
        at(date(2026, 3, 8), 7),
        at(date(2026, 3, 9), 7),
        at(date(2026, 3, 9), 13),
    ]


def test_only_the_hours_before_work_are_night() -> None:
    assert rounds.is_night(LONDON, at(TUESDAY, 3))
    assert not rounds.is_night(LONDON, at(TUESDAY, 9))
    assert not rounds.is_night(LONDON, at(TUESDAY, 20))
