"""The kindness check: says where a text threatens, blames, shouts, claims law that does not hold, or is hard to read.

Pure. The words and the facts of law are data (`templates/kindness`); syllables are counted by a function passed in. It
reads English, judges words and not people, and is no legal advice.
"""

from core.kindness.check import Page, check
from core.kindness.finding import Category, Finding
from core.kindness.rules import Rules, RulesError, parse_rules

__all__ = ["Category", "Finding", "Page", "Rules", "RulesError", "check", "parse_rules"]
