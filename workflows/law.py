"""Which country's rules hold for a company and its customers: reads the shipped ones, which are in `templates/law`.

What the rules are and what follows from them stands in `core.law`. It changes nothing.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from core.cadence import Cap
from core.law import Preset, Rule, joined, parse_preset
from core.law import stale as older
from models import Company

_HOME = Path(__file__).resolve().parent.parent / "templates" / "law"
_NOTHING = Preset("", "No country")


@cache
def presets() -> dict[str, Preset]:
    """Every shipped preset by its code, which is a country's or EU, each as it stands in its own file."""
    files = sorted(_HOME.glob("*.toml"))
    return {file.stem: parse_preset(file.stem, file.read_text(encoding="utf-8")) for file in files}


@lru_cache(maxsize=256)
def of_country(country: str) -> Preset:
    """All that holds in a country: its own rules and those of a union it belongs to; without rules for any other."""
    found = [one for one in presets().values() if country == one.code]
    found += [one for one in presets().values() if country in one.covers]
    return joined(found) if found else Preset(country, country) if country else _NOTHING


def of_company(company: Company) -> Preset:
    """The preset that was chosen, else that of the company's country."""
    return of_country(company.caps or company.country)


@lru_cache(maxsize=1024)
def caps_in(*countries: str) -> tuple[Cap, ...]:
    """The limits of all these countries together; the stricter wins, for each can only forbid."""
    return tuple(dict.fromkeys(cap for country in countries for cap in of_country(country).caps))


def stale(today: date) -> list[tuple[Preset, Rule]]:
    """The shipped rules that nobody has read for more than 18 months: a warning, for they may still be right."""
    return older(presets().values(), today)
