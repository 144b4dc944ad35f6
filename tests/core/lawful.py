"""What the shipped files let a business charge in a country, for tests of sums; no database and no installation."""

from __future__ import annotations

from pathlib import Path

from core.interest import Terms, statutory
from core.law import Topic, parse_preset
from core.rates import Rates, parse_rates

ROOT = Path(__file__).parents[2]


def table(code: str) -> Rates:
    """The shipped rates of a bank by their code."""
    return parse_rates(code, (ROOT / "templates/rates" / f"{code}.toml").read_text(encoding="utf-8"))


def law(country: str) -> Terms:
    """The terms of a country that has a rule of its own."""
    preset = parse_preset(country, (ROOT / "templates/law" / f"{country}.toml").read_text(encoding="utf-8"))
    rule = next(one for one in preset.rules if one.topic is Topic.INTEREST)
    return statutory(rule.name, rule.hundredths, rule.sums, table(rule.rates))
