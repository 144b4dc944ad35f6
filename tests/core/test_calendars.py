"""Days and hours on which a company may speak, also on the two days a year when its clocks are changed."""

from __future__ import annotations

from dataclasses import replace
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
    assert f"{NEW_YORK.local(late):%d %H:%M}" == "02 22:30"


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
    found = Calendar(zone=zone).at(day, clock)
    assert found == utc(moment)
    assert found.tzinfo is UTC


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
    found = Calendar(zone=zone).at(day, clock)
    assert found == utc(moment)
    assert found.tzinfo is UTC


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
    with pytest.raises(ValueError, match=r"^A company needs at least one working day\.$"):
        Calendar(weekdays=frozenset())
    with pytest.raises(ValueError, match=r"^Sending hours must open before they close\.$"):
        Calendar(opens=time(17), closes=time(9))
    with pytest.raises(ValueError, match=r"^Sending hours must open before they close\.$"):
        Calendar(opens=time(9), closes=time(9))


TO_AUCKLAND = Calendar(zone="Europe/Berlin", hours_zone="Pacific/Auckland")
TO_NEW_YORK = Calendar(zone="Europe/Berlin", hours_zone="America/New_York")
TO_KIRITIMATI = Calendar(zone="Pacific/Pago_Pago", hours_zone="Pacific/Kiritimati")  # 25 hours ahead


def test_the_hours_are_those_of_the_customer_and_the_dates_those_of_the_company() -> None:
    assert TO_NEW_YORK.today(utc("2026-03-02 23:30")) == date(2026, 3, 3), "past midnight in Berlin"
    assert not TO_NEW_YORK.is_open(utc("2026-03-02 10:00")), "nine in Berlin, four in New York"
    assert TO_NEW_YORK.is_open(utc("2026-03-02 14:00"))
    assert TO_NEW_YORK.is_open(utc("2026-03-02 21:59:59"))
    assert not TO_NEW_YORK.is_open(utc("2026-03-02 22:00"))


def test_a_weekend_and_a_holiday_are_the_customers_own() -> None:
    assert TO_AUCKLAND.is_open(utc("2026-03-01 20:00")), "Sunday evening in Berlin, Monday morning there"
    assert not TO_AUCKLAND.is_open(utc("2026-03-06 20:00")), "Friday evening in Berlin, Saturday there"
    easter = Calendar(zone="Europe/Berlin", hours_zone="Pacific/Auckland", holidays=frozenset({date(2026, 4, 3)}))
    assert not easter.is_open(utc("2026-04-02 21:00")), "Good Friday morning there"


@pytest.mark.parametrize(
    ("calendar", "day", "opens"),
    [
        (BERLIN, date(2026, 3, 3), "2026-03-03 08:00"),
        (TO_NEW_YORK, date(2026, 3, 3), "2026-03-03 14:00"),
        (TO_NEW_YORK, date(2026, 3, 7), "2026-03-09 13:00"),  # a Saturday; summer begins there on the Sunday
        (TO_AUCKLAND, date(2026, 3, 3), "2026-03-02 23:00"),  # midnight in Berlin is noon there
        (TO_AUCKLAND, date(2026, 3, 7), "2026-03-08 20:00"),  # a Saturday: Monday begins there on Berlin's Sunday
        (TO_KIRITIMATI, date(2026, 3, 3), "2026-03-03 19:00"),  # at midnight it is one in the morning of the next day
        (TO_KIRITIMATI, date(2026, 3, 6), "2026-03-08 19:00"),  # which on this Friday is a Saturday
    ],
)
def test_a_day_opens_at_its_first_moment_inside_the_customers_hours(calendar: Calendar, day: date, opens: str) -> None:
    assert calendar.opening(day) == utc(opens)
    assert calendar.today(calendar.opening(day)) >= day
    assert calendar.is_open(calendar.opening(day))
    assert calendar.opening(day) == utc(opens), "and again from memory"


@given(
    st.sampled_from(["Europe/Berlin", "Pacific/Pago_Pago", "Pacific/Kiritimati", "America/New_York"]),
    st.sampled_from(["", "Asia/Kolkata", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Australia/Lord_Howe"]),
    st.dates(date(2026, 2, 20), date(2026, 4, 10)),
    st.sets(st.dates(date(2026, 2, 20), date(2026, 4, 10)), max_size=9),
    st.sampled_from(range(0, 24 * 60, 7)),
)
def test_nothing_is_open_between_the_beginning_of_a_day_and_its_opening(
    zone: str, theirs: str, day: date, off: set[date], minute: int
) -> None:
    calendar = Calendar(zone=zone, hours_zone=theirs, holidays=frozenset(off))
    opening = calendar.opening(day)
    for back in range(3):
        probe = calendar.at(day, time(0)) + timedelta(days=back, minutes=minute)
        assert probe >= opening or not calendar.is_open(probe)
    assert opening <= calendar.opening(day + timedelta(days=1)), "a later day never opens earlier"


def test_a_calendar_made_from_another_remembers_nothing_of_it() -> None:
    day = date(2026, 4, 3)
    assert BERLIN.opening(day) == utc("2026-04-07 07:00")
    assert replace(BERLIN, holidays=frozenset()).opening(day) == utc("2026-04-03 07:00")
    assert replace(BERLIN, hours_zone="America/New_York").opening(day) == utc("2026-04-07 13:00")
    assert replace(BERLIN) == BERLIN


def test_hours_in_the_evening_open_on_the_same_day_of_the_customer() -> None:
    """Half past seven in New York is the next day already in UTC."""
    evening = Calendar("America/New_York", opens=time(20), closes=time(22))
    assert evening.next_opening(utc("2026-03-03 00:30")) == utc("2026-03-03 01:00")


def test_what_a_calendar_remembers_is_bounded() -> None:
    calendar = Calendar()
    first = calendar.opening(date(2026, 3, 3))
    for count in range(12_000):
        calendar.opening(date(2000, 1, 1) + timedelta(days=count))
    assert len(calendar.memory) < 6_000
    assert calendar.opening(date(2026, 3, 3)) == first


@pytest.mark.parametrize("day", [date.max, date.max - timedelta(days=2)])
def test_a_day_that_stands_for_never_opens_far_away(day: date) -> None:
    assert Calendar(hours_zone="Pacific/Pago_Pago").opening(day).year >= 9998
    assert Calendar(zone="Pacific/Kiritimati", weekdays=frozenset({0})).opening(day).year >= 9998


@pytest.mark.parametrize(
    ("day", "offset", "working", "shifted"),
    [
        (date(2026, 4, 2), 1, True, date(2026, 4, 7)),
        (date(2026, 4, 7), -1, True, date(2026, 4, 2)),
        (date(2026, 4, 4), 0, True, date(2026, 4, 4)),
        (date(2026, 4, 4), 2, True, date(2026, 4, 8)),
        (date(2026, 4, 2), 1, False, date(2026, 4, 3)),
        (date(2026, 4, 2), -7, False, date(2026, 3, 26)),
    ],
)
def test_days_are_counted_as_calendar_days_or_as_working_days(
    day: date, offset: int, working: bool, shifted: date
) -> None:
    assert BERLIN.shifted(day, offset, working) == shifted
