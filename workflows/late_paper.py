"""How what has come on top for late payment was worked out, as a paper in the customer's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

from core.interest import Line
from core.money import Money, exponent
from core.wording import plain
from models import Account, Charge, Company
from workflows import charged, figures, late_sums, typesetting
from workflows.calendars import today_of
from workflows.figures import amount, language_of
from workflows.money_rules import STATUTORY
from workflows.rates import terms_of
from workflows.runtime import Runtime
from workflows.statement_words import LETTER
from workflows.templating import compiled, table_of


def pdf(rt: Runtime, charge: Charge, row: Account, company: Company) -> bytes:
    """Day by day on what was open, with the sums that came of it; the charge needs its invoice loaded."""
    words, locale = table_of(language_of(row, company), "late")
    page, _ = table_of(language_of(row, company), "statement")
    lines = late_sums.unpacked(charge.lines, charge.currency)
    fixed = Money(charge.sum_minor, charge.currency)
    interest = Money(charge.interest_minor, charge.currency)
    today = today_of(company, rt.clock.now())
    leaves = charged.can_fall_away(charge, today)
    facts = {
        "title": compiled(words["title"]).render(number=plain(charge.invoice.number, 60)),
        "language": locale.language,
        "company": plain(company.name),
        "day": figures.day(today, locale),
        "page": page["page"],
        "size": "us-letter" if company.country in LETTER else "a4",
        "customer": plain(row.name),
        "by": _right(rt, charge, company, words),
        "heads": [words[one] for one in ("from", "until", "days", "open", "rate", "interest")],
        "lines": [_line(one, locale) for one in lines],
        "sums": [
            [words["interest"], amount(interest, locale)],
            *([[words["fixed"], amount(fixed, locale)]] if fixed.minor else []),
            [words["together"], amount(charge.amount, locale)],
        ],
        "leaves": compiled(words["leaves"]).render(day=figures.day(charge.asked_from, locale)) if leaves else "",
    }
    return typesetting.pdf("late", facts)


def _right(rt: Runtime, charge: Charge, company: Company, words: Mapping[str, Any]) -> str:
    if charge.rule != STATUTORY:
        return str(words["by_terms"])
    return compiled(words["by_law"]).render(law=terms_of(rt, company.country).name)


def _line(line: Line, locale: Locale) -> list[str]:
    return [
        figures.day(line.first, locale, "yMMMd"),
        figures.day(line.last, locale, "yMMMd"),
        format_decimal(line.days, locale=locale),
        amount(line.balance, locale),
        format_decimal(Decimal(line.hundredths) / 100, locale=locale) + "\u00a0%",
        format_decimal(_four_places(line.exact, line.balance.currency), format="#,##0.0000", locale=locale),
    ]


def _four_places(exact: Fraction, currency: str) -> Decimal:
    """In whole units of money, so that the lines can be added up by hand; only their sum is rounded to what is paid."""
    units = exact / 10 ** exponent(currency)
    return (Decimal(units.numerator) / Decimal(units.denominator)).quantize(Decimal("0.0001"))
