"""Xero's time zones (Windows names in capitals, without spaces, dots or dashes) as IANA names.

The table is Unicode CLDR's, as tzlocal ships it. A name that is not known stays unknown: a person is asked.
"""

from __future__ import annotations

from functools import cache

from tzlocal.windows_tz import win_tz

# Names that CLDR no longer carries. MIDATLANTIC is a retired name of UTC-02.
_RETIRED = {"KAMCHATKASTANDARDTIME": "Asia/Kamchatka", "MIDATLANTICSTANDARDTIME": "Etc/GMT+2"}


@cache
def _table() -> dict[str, str]:
    return {_squeezed(name): zone for name, zone in win_tz.items()} | _RETIRED


def _squeezed(name: str) -> str:
    """Only the dash of "UTC-11" is lost; "UTC+12" keeps its sign, so the two never meet."""
    return name.replace(" ", "").replace(".", "").replace("-", "").upper()


def iana(name: str | None) -> str | None:
    """Pacific/Auckland for NEWZEALANDSTANDARDTIME; None when Xero says nothing or something unknown."""
    return _table().get(name.upper()) if name else None
