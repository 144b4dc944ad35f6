"""How figures are written for a customer: in whose language, and amounts of money in it. Formats; computes nothing."""

from __future__ import annotations

import copy
import re

from babel import Locale
from babel.numbers import format_currency

from core.money import Money, exponent
from models import Account, Company


def language_of(row: Account, company: Company) -> str:
    """The account's language, else the company's, with the company's country for the way dates are written."""
    chosen = row.language or company.language
    return chosen if "-" in chosen else f"{chosen}-{company.country}"


def amount(money: Money, locale: Locale) -> str:
    """Always to the currency's ISO minor unit: the locale data would round some currencies to whole units.

    A code in letters stands apart from the digits ("CHF 12.50"), by a space that does not break over lines.
    """
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exponent(money.currency), exponent(money.currency))
    written = format_currency(money.decimal, money.currency, format=pattern, locale=locale, currency_digits=False)
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\u00a0", written)
