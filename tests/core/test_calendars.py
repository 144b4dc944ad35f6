"""Days and hours on which a company may speak, also on the two days a year when its clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars import Calendar

SECOND = timedelta(seconds=1)
EVERY_DAY = frozenset(range(7))
BERLIN = Calendar(zone="Europe/Berlin", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
NEW_YORK = Calendar(zone="America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("2026-03-02 07:59:59", False),
        ("2026-03-02 08:00:00", True),  # nine in Berlin
        ("2026-03-02 15:59:59", True),
        ("2026-03-02 16:00:00", False),
        ("2026-02-28 10:00:00", False),  # Saturday
        ("2026-03-01 10:00:00", False),  # Sunday
        ("2026-04-03 10:00:00", False),  # Good Friday
        ("2026-03-30 07:00:00", True),  # nine in Berlin, now in summer
        ("2026-03-30 15:00:00", False),
    ],
)
def test_sending_is_open_on_working_days_from_the_opening_to_just_before_the_closing(text: str, is_open: bool) -> None:
    assert BERLIN.is_open(utc(text)) is is_open


def test_today_is_the_day_on_the_companys_wall() -> None:
    late = utc("2026-03-03 03:30")
    assert NEW_YORK.today(late) == date(2026, 3, 2)
    assert BERLIN.today(late) == date(2026, 3, 3)
    assert Calendar(zone="Pacific/Auckland").today(utc("2026-03-02 12:00")) == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 4, 2), date(2026, 4, 2), date(2026, 4, 2)),
        (date(2026, 4, 3), date(2026, 4, 2), date(2026, 4, 7)),  # from Good Friday to Easter Monday
        (date(2026, 4, 5), date(2026, 4, 2), date(2026, 4, 7)),
        (date(2026, 4, 6), date(2026, 4, 2), date(2026, 4, 7)),
        (date(2026, 3, 7), date(2026, 3, 6), date(2026, 3, 9)),
    ],
)
def test_a_day_off_gives_way_to_the_working_day_before_or_after(day: date, before: date, after: date) -> None:
    assert (BERLIN.on_or_before(day), BERLIN.on_or_after(day)) == (before, after)
    assert BERLIN.opening(day) == BERLIN.at(after, time(9))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02 07:59:59", "2026-03-02 08:00"),
        ("2026-03-02 08:00:00", "2026-03-03 08:00"),  # strictly after
        ("2026-03-02 12:00:00", "2026-03-03 08:00"),
        ("2026-03-06 16:00:00", "2026-03-09 08:00"),  # Friday evening
        ("2026-03-27 16:00:00", "2026-03-30 07:00"),  # over the weekend of the change
        ("2026-04-02 15:00:00", "2026-04-07 07:00"),  # over Easter
        ("2026-10-23 15:00:00", "2026-10-26 08:00"),
    ],
)
def test_the_next_opening_is_the_first_one_after_now(now: str, opens: str) -> None:
    assert BERLIN.next_opening(utc(now)) == utc(opens)


@pytest.mark.parametrize(
    ("zone", "day", "clock", "moment"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(1, 59), "2026-03-29 00:59"),
        ("Europe/Berlin", date(2026, 3, 29), time(2, 0), "2026-03-29 01:00"),  # the clocks jump to three
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), time(3, 0), "2026-03-29 01:00"),
        ("Europe/Berlin", date(2026, 3, 29), time(3, 30), "2026-03-29 01:30"),
        ("America/New_York", date(2026, 3, 8), time(2, 45), "2026-03-08 07:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15, 30), "2026-10-03 15:30"),  # only half an hour
        ("Africa/Cairo", date(2026, 4, 24), time(0, 0), "2026-04-23 22:00"),  # a day without a midnight
        ("Pacific/Apia", date(2011, 12, 30), time(9, 0), "2011-12-30 10:00"),  # a day that never was
    ],
)
def test_a_time_the_clocks_skip_means_the_moment_the_gap_ends(zone: str, day: date, clock: time, moment: str) -> None:
    assert Calendar(zone=zone).at(day, clock) == utc(moment)


@pytest.mark.parametrize(
    ("zone", "day", "clock", "moment"),
    [
        ("Europe/Berlin", date(2026, 10, 25), time(1, 59), "2026-10-24 23:59"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),
        ("Europe/Berlin", date(2026, 10, 25), time(3, 0), "2026-10-25 02:00"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01 05:30"),
    ],
)
def test_a_time_the_clocks_show_twice_means_the_first(zone: str, day: date, clock: time, moment: str) -> None:
    assert Calendar(zone=zone).at(day, clock) == utc(moment)


def test_hours_that_begin_inside_a_gap_open_when_the_gap_ends() -> None:
    early = Calendar(zone="Europe/Berlin", opens=time(2, 30), closes=time(8, 0), weekdays=EVERY_DAY)
    assert not early.is_open(utc("2026-03-29 00:59:59"))
    assert early.next_opening(utc("2026-03-29 00:59:59")) == utc("2026-03-29 01:00")
    assert early.is_open(utc("2026-03-29 01:00"))


def test_an_hour_that_comes_twice_opens_once() -> None:
    early = Calendar(zone="Europe/Berlin", opens=time(2, 30), closes=time(8, 0), weekdays=EVERY_DAY)
    second = utc("2026-10-25 01:10")  # ten past two for the second time
    assert early.is_open(utc("2026-10-25 00:30"))
    assert early.is_open(second)
    assert early.next_opening(second) == utc("2026-10-26 01:30")


def test_hours_that_end_in_an_hour_that_comes_twice_end_the_first_time() -> None:
    short = Calendar(zone="America/New_York", opens=time(0, 30), closes=time(1, 30), weekdays=EVERY_DAY)
    assert short.is_open(utc("2026-11-01 05:29:59"))
    assert not short.is_open(utc("2026-11-01 05:30"))
    assert not short.is_open(utc("2026-11-01 06:10"))  # ten past one for the second time


CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("America/Havana", date(2026, 11, 1)),
]
QUARTERS = [time(hour, minute) for hour in range(24) for minute in (0, 15, 30, 45)]


@given(
    st.sampled_from(CHANGES),
    st.sets(st.sampled_from(QUARTERS), min_size=2, max_size=2).map(sorted),
    st.sampled_from(range(-30 * 60, 30 * 60, 5)),
    st.sets(st.sampled_from(range(7)), min_size=1),
    st.data(),
)
def test_nothing_is_open_between_a_closed_moment_and_the_next_opening(
    change: tuple[str, date], hours: list[time], minutes: int, weekdays: set[int], data: st.DataObject
) -> None:
    zone, day = change
    calendar = Calendar(zone=zone, opens=hours[0], closes=hours[1], weekdays=frozenset(weekdays | {day.weekday()}))
    now = calendar.at(day, time(3)) + timedelta(minutes=minutes)
    opening = calendar.next_opening(now)
    assert opening > now
    if calendar.is_open(now):
        return
    between = data.draw(st.sampled_from(range(100))) * (opening - now) / 100
    assert not calendar.is_open(now + between)
    assert not calendar.is_open(opening - SECOND)
    swallowed = calendar.at(calendar.today(opening), hours[0]) == calendar.at(calendar.today(opening), hours[1])
    assert calendar.is_open(opening) is not swallowed


def test_a_company_without_working_days_or_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one working day"):
        Calendar(weekdays=frozenset())
    with pytest.raises(ValueError, match="open before they close"):
        Calendar(opens=time(17), closes=time(9))
    with pytest.raises(ValueError, match="open before they close"):
        Calendar(opens=time(9), closes=time(9))
