"""How figures are written for a customer: in whose language, amounts and days in it. Formats; computes nothing."""

from __future__ import annotations

import copy
import re
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency

from core.money import Money, exponent
from models import Account, Company


def language_of(row: Account, company: Company) -> str:
    """The account's language, else the company's, with the company's country for the way dates are written."""
    chosen = row.language or company.language
    return chosen if "-" in chosen else f"{chosen}-{company.country}"


@lru_cache(maxsize=4096)  # a page names the same sums many times
def amount(money: Money, locale: Locale) -> str:
    """Always to the currency's ISO minor unit: the locale data would round some currencies to whole units.

    A code in letters stands apart from the digits ("CHF 12.50"), by a space that does not break over lines.
    """
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exponent(money.currency), exponent(money.currency))
    written = format_currency(money.decimal, money.currency, format=pattern, locale=locale, currency_digits=False)
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\u00a0", written)


def day(value: date, locale: Locale, skeleton: str = "") -> str:
    """In the locale's long form, or that of a CLDR skeleton such as MMMMd."""
    written = format_skeleton(skeleton, value, locale=locale) if skeleton else format_date(value, "long", locale)
    return counted(written, value, locale)


def counted(written: str, value: date, locale: Locale) -> str:
    """A written day as people say it: French counts the first of a month ("1er mars"); locale data leaves it out."""
    first = locale.language == "fr" and value.day == 1
    return re.sub(r"(?<!\d)1(?!\d)", "1er", written, count=1) if first else written
