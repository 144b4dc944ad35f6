"""Proof of a cadence where it would be used: with the days off, the hours and the limits of that place.

Gathers what the proof is about; what is promised and how it is looked at stands in `core.proof`.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.cadence import Cadence, Cap
from core.calendars import Calendar
from core.proof import Proof, prove
from models import Company
from workflows import cadences, law
from workflows.calendars import calendar_of, caps_of, public_holidays
from workflows.errors import Refusal

_known: dict[tuple[str, int, tuple[Cap, ...]], tuple[Calendar, Proof]] = {}
_KEPT = 500


def at_company(company: Company, cadence: Cadence, now: datetime) -> Proof:
    """The cadence in force, with the words about parts that it is lent where it has none, proved on the company's own
    calendar in this year; asked again it is not proved again.
    """
    cadence = cadences.with_parts(cadence)
    calendar, caps = calendar_of(company, now), caps_of(company)
    key = cadence.fingerprint, id(calendar), caps
    found = _known.get(key)
    if found is None or found[0] is not calendar:
        if len(_known) > _KEPT:
            _known.clear()
        proof = prove(cadence, calendar, caps, year=now.year)
        found = _known[key] = calendar, proof
    return found[1]


def in_country(cadence: Cadence, country: str, region: str, zone: str, year: int) -> Proof:
    """The cadence proved for a company there, from nine to five; without a country for one without holidays.

    Refusal says what of the place is not known.
    """
    days = public_holidays(country, region, year) if country else frozenset()
    if country and not days:
        raise Refusal(f"No public holidays are known for {country!r}; give two letters such as GB.")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refusal(f"There is no time zone {zone!r}; give one such as Europe/London.") from error
    return prove(cadence, Calendar(zone, days), law.caps_in(country), year=year)
