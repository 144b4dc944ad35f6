"""The calendar of a company, and of one customer of it: whose dates, whose hours, whose public holidays.

Looks holidays up in a library; the same question gives the same calendar, which remembers what it has worked out.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import available_timezones

import holidays

from core.cadence import Cap
from core.calendars import Calendar
from core.law import hours_within
from models import Account, Company
from workflows import law, places


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones, in order; looked for in the file system once."""
    return tuple(sorted(available_timezones()))


def calendar_of(company: Company, now: datetime) -> Calendar:
    """The company's working days and hours; UTC while nobody has said where it is."""
    return _of_place(company, "", company.country, company.region, now)


def today_of(company: Company, now: datetime) -> date:
    """The company's date at a moment."""
    return calendar_of(company, now).today(now)


def caps_of(company: Company, country: str = "") -> tuple[Cap, ...]:
    """Limits beside the cadence's own: those of the company's preset, and of the customer's `country` where known."""
    return law.caps_in(company.caps or company.country, country)


def drafts_until(company: Company, now: datetime) -> date:
    """The first day on which a newly live company's messages leave without being shown first; it may be over."""
    return calendar_of(company, now).today(company.live_at or now) + timedelta(days=company.draft_days)


def calendar_for(company: Company, row: Account, now: datetime) -> Calendar:
    """The company's dates with the hours, days off and holidays of the customer, as far as they are known."""
    return calendar_in(company, row.zone, row.country, row.region, now)


def calendar_in(company: Company, zone: str, country: str, region: str, now: datetime) -> Calendar:
    """The same from what is known of the customer."""
    home = company.zone or "UTC"
    if not country:
        country, part = company.country, places.region(company.country, region)
        zone, region = zone or (places.zone(country, part) if part else ""), part or company.region
    away = zone if zone != home else ""
    return _of_place(company, away, country, region, now)


def hours_in(company: Company, country: str) -> tuple[time, time]:
    """The company's sending hours, within those that its preset and the customer's `country` allow."""
    return _hours(company.caps or company.country, country, company.opens, company.closes)


def _of_place(company: Company, away: str, country: str, region: str, now: datetime) -> Calendar:
    return _calendar(company.zone or "UTC", away, country, region, *hours_in(company, country), now.year)


@lru_cache(maxsize=1024)
def _hours(preset: str, country: str, opens: time, closes: time) -> tuple[time, time]:
    return hours_within((law.of_country(preset), law.of_country(country)), opens, closes)


@lru_cache(maxsize=1024)
def _calendar(zone: str, away: str, country: str, region: str, opens: time, closes: time, year: int) -> Calendar:
    days = public_holidays(country, region, year)
    return Calendar(zone=zone, holidays=days, opens=opens, closes=closes, hours_zone=away)


@lru_cache(maxsize=512)
def public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    """Holidays of last, this and the next two years; the whole country's where the region is not known, none for a
    country the library does not know.
    """
    years = range(year - 1, year + 3)
    for subdivision in (region or None, None):
        try:
            return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=years))
        except NotImplementedError:
            continue
    return frozenset()
