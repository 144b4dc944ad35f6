"""What the lateness of an invoice comes to by a company's own rule: the balance on each day, and the terms that count.

Sums only; it decides nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from core.interest import Interest, Line, NoInterest, Terms, interest
from core.money import Money
from core.rates import RateError
from models import Company, Invoice
from workflows import rates
from workflows.errors import Refusal
from workflows.money_rules import STATUTORY, Wanted
from workflows.owing import Applied
from workflows.runtime import Runtime

_DAY = timedelta(days=1)


def terms_of(rt: Runtime, company: Company, rules: Wanted) -> Terms:
    """By what right the company asks; Refusal where the law of its country is not known here."""
    if rules.late == STATUTORY:
        return rates.terms_of(rt, company.country)
    return Terms("", rules.late_points)


def interest_of(invoice: Invoice, due: date, through: date, applied: Applied, terms: Terms) -> Interest | None:
    """From the day after `due` to `through`; None where what was open on each day cannot be told from what the ledger
    shows. Refusal where a rate is missing.
    """
    balances = _balances(invoice, due, applied)
    if balances[-1][1].minor != max(invoice.balance_minor, 0):
        return None
    try:
        return interest(balances, due, through, terms, business=True)
    except (RateError, NoInterest) as error:
        raise Refusal(str(error)) from error


def fixed_sum(found: Interest, company: Company, rules: Wanted) -> Money:
    """The law's, or the contract's own, which is in the company's money."""
    currency = found.total.currency
    if rules.late == STATUTORY or currency != company.currency:
        return found.fixed
    return Money(rules.late_sum_minor, currency)


def _balances(invoice: Invoice, due: date, applied: Applied) -> list[tuple[date, Money]]:
    """What was open from each day on. On the day of a payment its sum is not open any more."""
    moves: Mapping[date, int] = {
        day: sum(minor for _, _, minor in group)
        for day, group in groupby(sorted(applied.get(invoice.external_id, ())), key=lambda one: one[0])
    }
    left, found = invoice.total_minor, [(min(invoice.issued, due), invoice.total)]
    for day, minor in sorted(moves.items()):
        left -= minor
        found.append((max(day, found[0][0]), Money(max(left, 0), invoice.currency)))
    return found


def packed(lines: Sequence[Line]) -> list[list[Any]]:
    """The computation as it is kept with a charge."""
    return [
        [one.first.isoformat(), one.last.isoformat(), one.balance.minor, one.hundredths, str(one.exact)]
        for one in lines
    ]


def unpacked(lines: Sequence[Sequence[Any]], currency: str) -> list[Line]:
    return [
        Line(date.fromisoformat(first), date.fromisoformat(last), Money(minor, currency), points, Fraction(exact))
        for first, last, minor, points, exact in lines
    ]
