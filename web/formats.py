"""Money, dates and moments as people of a company read them, through babel. Formats only; computes nothing."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency

from core.money import Money
from models import Company


@lru_cache(maxsize=256)
def _locale(country: str) -> Locale:
    """English as written in the country; British English where the country has none of its own."""
    try:
        return Locale.parse(f"en_{country.upper()}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")


def locale_of(company: Company | None) -> Locale:
    return _locale(company.country if company else "")


def money(amount: Money, company: Company | None = None) -> str:
    """An amount with its currency sign, such as £1,204.50."""
    return _money(amount, locale_of(company))


# A long list says the same sums and days again and again, and babel takes longer than the database to say one.
@lru_cache(maxsize=4096)
def _money(amount: Money, locale: Locale) -> str:
    return format_currency(amount.decimal, amount.currency, locale=locale)


def day(value: date | None, company: Company | None = None) -> str:
    """A date such as 3 Dec 2026; a dash for none."""
    return _day(value, locale_of(company)) if value else "–"


@lru_cache(maxsize=4096)
def _day(value: date, locale: Locale) -> str:
    return format_date(value, "medium", locale=locale)


def moment(value: datetime | None, company: Company | None = None) -> str:
    """A date and time on the company's own wall clock; a dash for none."""
    if value is None:
        return "–"
    return f"{local_day(value, company)}, {clock_time(value, company)}"


def local_day(value: datetime, company: Company | None = None) -> str:
    """The date of a moment on the company's own wall clock."""
    return day(value.astimezone(_zone(company)).date(), company)


def clock_time(value: datetime, company: Company | None = None) -> str:
    """Only the time on the company's wall clock, such as 09:00."""
    return f"{value.astimezone(_zone(company)):%H:%M}"


def _zone(company: Company | None) -> ZoneInfo:
    return ZoneInfo(company.zone if company and company.zone else "UTC")


def long_day(value: date, company: Company | None = None) -> str:
    """A date with its weekday, such as Thursday, 3 December 2026."""
    return format_date(value, "full", locale=locale_of(company))


def count(number: int, one: str, many: str = "") -> str:
    """`1 invoice`, `3 invoices`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def ago(value: datetime, now: datetime) -> str:
    """How long since, such as `12 minutes ago`."""
    return format_timedelta(value - now, add_direction=True, locale="en_GB") if value < now else "just now"


def thousands(number: int) -> str:
    """A number with its thousands apart, such as 12,000."""
    return f"{number:,}"


def size(number: int) -> str:
    """Bytes as people say them, such as 1.4 MB."""
    for unit, each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= each:
            return f"{number / each:.1f} {unit}"
    return count(number, "byte")


def read_when(value: datetime | None, now: datetime, company: Company | None = None) -> str:
    """`read at 14:02` on the same day, `read on 3 Dec 2026, 14:02` later, on the company's wall clock."""
    if value is None:
        return "not read yet"
    zone = _zone(company)
    if value.astimezone(zone).date() == now.astimezone(zone).date():
        return f"read at {clock_time(value, company)}"
    return f"read on {moment(value, company)}"
