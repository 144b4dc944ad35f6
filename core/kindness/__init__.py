"""The kindness check: where a text threatens, blames, shouts, claims law that does not hold, sells, or is hard to read.

Pure. The words and the facts of law are data (`templates/kindness`); syllables are counted by a function passed in.
Beside advertising it reads English. It judges words and not people, and is no legal advice.
"""

from core.kindness.advertising import Advertising, advertised, parse_advertising
from core.kindness.check import Page, check
from core.kindness.finding import Category, Finding
from core.kindness.rules import Rules, RulesError, parse_rules

__all__ = [
    "Advertising",
    "Category",
    "Finding",
    "Page",
    "Rules",
    "RulesError",
    "advertised",
    "check",
    "parse_advertising",
    "parse_rules",
]
