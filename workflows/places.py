"""Where a customer is, as far as the ledger's address tells for certain: country, part of it, time zone.

Reads words into codes; what is not certain stays "" and the company's own is used. Names come from the locale data and
the holiday library, zones of whole countries from the locale data.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

import holidays
from babel import Locale
from babel.core import get_global

# What people write besides the country's name in English, its own language's or its code.
_ALSO = {
    **dict.fromkeys(("england", "scotland", "wales", "northern ireland", "great britain", "gb", "uk", "u.k."), "GB"),
    **dict.fromkeys(("usa", "u.s.a.", "u.s.", "us", "america", "united states of america"), "US"),
    **dict.fromkeys(("holland", "the netherlands"), "NL"),
    **dict.fromkeys(("republic of ireland", "eire", "éire"), "IE"),
}


def _in(zone: str, parts: str) -> Mapping[str, str]:
    return dict.fromkeys(parts.split(), zone)


# Parts of countries with several zones that lie wholly in one (the tz database's own principal zone of each).
_PARTS: Mapping[str, Mapping[str, str]] = {
    "US": {
        **_in("America/New_York", "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV"),
        **_in("America/Chicago", "AL AR IA IL LA MN MO MS OK WI"),
        **_in("America/Denver", "CO MT NM UT WY"),
        **_in("America/Los_Angeles", "CA NV WA"),
        "AZ": "America/Phoenix",
        "HI": "Pacific/Honolulu",
    },
    "CA": {
        "AB": "America/Edmonton",
        "MB": "America/Winnipeg",
        "NB": "America/Moncton",
        "NS": "America/Halifax",
        "PE": "America/Halifax",
        "YT": "America/Whitehorse",
    },
    "AU": {
        "ACT": "Australia/Sydney",
        "NT": "Australia/Darwin",
        "QLD": "Australia/Brisbane",
        "SA": "Australia/Adelaide",
        "TAS": "Australia/Hobart",
        "VIC": "Australia/Melbourne",
        "WA": "Australia/Perth",
    },
}


@lru_cache(maxsize=2000)
def country(words: str) -> str:
    """The two-letter code of a country as people write it; "" when it is none we know for certain."""
    said = " ".join(words.split()).casefold()
    return _ALSO.get(said) or _names().get(said, "")


@lru_cache(maxsize=2000)
def region(code: str, words: str) -> str:
    """The code of a part of a country (state, province, canton …) as the holiday library knows it; else ""."""
    said = " ".join(words.split()).casefold()
    return _regions(code).get(said, "") if said and code else ""


@lru_cache(maxsize=2000)
def zone(code: str, part: str) -> str:
    """The IANA zone of a country that has one, or of a part that lies wholly in one; "" where that is not certain."""
    known = get_global("territory_zones").get(code, [])
    return known[0] if len(known) == 1 else _PARTS.get(code, {}).get(part, "")


@cache
def _names() -> Mapping[str, str]:
    """Country names in English and the languages of the shipped templates, and the codes themselves."""
    found = {code.casefold(): code for code in get_global("territory_zones") if len(code) == 2}
    for language in ("de", "fr", "es", "en"):
        names = Locale(language).territories
        found |= {name.casefold(): code for code, name in names.items() if code.casefold() in found}
    return found


@lru_cache(maxsize=300)
def _regions(code: str) -> Mapping[str, str]:
    try:
        known = holidays.country_holidays(code)
    except NotImplementedError:
        return {}
    found = {part.casefold(): part for part in known.subdivisions if len(part) <= 3}
    for part, names in known.get_subdivision_aliases().items():
        found |= {name.casefold(): part for name in names if len(part) <= 3}
    return found
