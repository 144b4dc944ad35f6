"""Every worked example of docs/worked-examples.md, run from the very tables that a bookkeeper reads."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.interest import Terms, interest
from core.money import Money
from core.rewards import discount
from integrations.processors.base import EntryKind, Payout, PayoutEntry, PayoutState
from tests.core.lawful import ROOT, law

PAGE = (ROOT / "docs/worked-examples.md").read_text(encoding="utf-8")
PUBLISHED = re.compile(r"\[[^]]+\]\(https?://\S+\)")


def rows(title: str) -> list[Any]:
    """The rows of the table under a heading; each has a source, which is last."""
    under = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    _, _, *lines = (line for line in under.splitlines() if line.startswith("|"))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [pytest.param(*row, id=" ".join(row[:-1])) for row in cells]


def sum_of(text: str) -> Money:
    amount, currency = text.split()
    return Money.parse(amount, currency)


def sums_of(text: str) -> list[Money]:
    """Such as 100.00 + 50.00 GBP."""
    amounts, currency = text.rsplit(" ", 1)
    return [Money.parse(one, currency) for one in amounts.split(" + ")]


def terms(rule: str) -> Terms:
    """A country's law, or a contract's yearly rate in percent."""
    return law(rule) if rule.isalpha() else Terms("the contract", int(Decimal(rule) * 100))


@pytest.mark.parametrize(("rule", "begins", "rate", "source"), rows("Yearly rates"))
def test_interest_that_begins_on_a_day_has_the_published_rate(rule: str, begins: str, rate: str, source: str) -> None:
    first = date.fromisoformat(begins)
    due = first - timedelta(1)
    (line,) = interest([(due, Money(100, "EUR"))], due, first, terms(rule), business=True).lines
    assert f"{Decimal(line.hundredths) / 100:.2f} %" == rate
    assert PUBLISHED.search(source)


@pytest.mark.parametrize(
    ("rule", "owed", "due", "through", "total", "fixed", "source"), rows("Interest and fixed sums")
)
def test_interest_and_the_fixed_sum_come_out_to_the_cent(
    rule: str, owed: str, due: str, through: str, total: str, fixed: str, source: str
) -> None:
    first, last = date.fromisoformat(due), date.fromisoformat(through)
    found = interest([(first, sum_of(owed))], first, last, terms(rule), business=True)
    assert (f"{found.total.decimal:.2f}", f"{found.fixed.decimal:.2f}") == (total, fixed)
    assert source.startswith("own") or PUBLISHED.search(source)


@pytest.mark.parametrize(("percent", "owed", "back", "paid", "source"), rows("Discount for paying early"))
def test_a_discount_and_what_is_left_to_pay(percent: str, owed: str, back: str, paid: str, source: str) -> None:
    whole = sum_of(owed)
    given_back = discount(whole, int(Decimal(percent.removesuffix(" %")) * 100))
    assert (given_back, whole - given_back) == (sum_of(back), sum_of(paid))
    assert source.startswith("own") or PUBLISHED.search(source)


@pytest.mark.parametrize(("percent", "invoices", "credit", "source"), rows("Credit for paying in time"))
def test_a_credit_is_a_part_of_all_its_invoices_together(percent: str, invoices: str, credit: str, source: str) -> None:
    whole = Money.zero(invoices.split()[-1])
    for one in sums_of(invoices):
        whole = whole + one
    assert discount(whole, int(Decimal(percent.removesuffix(" %")) * 100)) == sum_of(credit)
    assert source.startswith("own")


@pytest.mark.parametrize(("payments", "fees", "arrives", "source"), rows("What a processor pays out"))
def test_payments_less_their_fees_are_what_arrives(payments: str, fees: str, arrives: str, source: str) -> None:
    entries = tuple(
        PayoutEntry(str(at), EntryKind.PAYMENT, str(at), amount, fee)
        for at, (amount, fee) in enumerate(zip(sums_of(payments), sums_of(fees), strict=True))
    )
    for off in (0, 1):
        there = Money(sum_of(arrives).minor + off, sum_of(arrives).currency)
        assert Payout("po", there, date(2026, 11, 20), PayoutState.PAID, entries).whole is (off == 0)
    assert source.startswith("own") or PUBLISHED.search(source)
