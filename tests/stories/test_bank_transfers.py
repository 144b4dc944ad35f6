"""A transfer is on the bank's statement before it is in the ledger: whoever paid hears nothing, and not for ever."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from core.because import Cause
from core.money import Money
from models import BankLine, User
from tests.stories.days import BOTH, EVENING, town_of
from tests.town import Town
from workflows import bank_lines
from workflows.bank_files import Entry, Statement

PAID = date(2026, 3, 12)


def bring(town: Town, kind: str) -> None:
    """Somebody brings the statement of the 12th, on which Fern pays A-1."""
    company, words = town.company(kind), "Invoice A-1"
    with town.rt.store.write() as session:
        ann = User(role="accountant", uid="ann", practice_id=company.practice_id, email="ann@example.com", name="Ann")
        ann.password_hash, ann.created_at = "-", town.now
        session.add(ann)
    balance = town.invoice("A-1").balance
    line = Entry(1, "1", PAID, Money(balance.minor, balance.currency), "Fern", words)
    bank_lines.bring(town.rt, company.id, "march.csv", b"x", Statement("csv", (line,)), ann.id, False)


def state(town: Town) -> str:
    with town.rt.store.read() as session:
        return session.scalars(select(BankLine.state)).one()


@BOTH
def test_it_holds_the_next_word_until_the_ledger_shows_the_payment(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", date(2026, 3, 9))) as town:
        town.at(PAID, EVENING)
        said = town.steps("A-1")
        bring(town, kind)
        town.at(date(2026, 3, 17), EVENING)
        assert (town.steps("A-1"), town.causes("A-1")) == (said, {Cause.BANK_LINE.value})
        town.transfer(kind, "A-1", "100.00")
        town.at(date(2026, 3, 18), EVENING)
        assert state(town) == "seen"
        assert town.invoice("A-1").status == "paid"


def test_after_ten_days_without_the_money_it_goes_on_gently() -> None:
    with town_of("xero", ("A-1", "fern", date(2026, 3, 9))) as town:
        town.at(PAID, EVENING)
        said = town.steps("A-1")
        bring(town, "xero")
        town.at(date(2026, 3, 21), EVENING)
        assert town.steps("A-1") == said
        town.at(date(2026, 3, 25), EVENING)
        assert len(town.steps("A-1")) == len(said) + 1
