"""Parts of an arrangement collected from the customer's bank: by the mandate they gave, each part once, kindly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from sqlalchemy import select, update

from core.instalments import Every
from core.money import Money
from integrations.processors.base import Method
from models import Arrangement, Attempt, Company, Mandate, User
from tests.stories.days import EVENING, diary, town_of
from tests.town import Town, last_part
from workflows import arrangements, checkouts, links, reconcile

pytestmark = pytest.mark.slow  # weeks of simulated time

DUE = date(2026, 2, 27)
FIRST, SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 16), date(2026, 3, 30)


@pytest.fixture
def town() -> Iterator[Town]:
    """100.00 in three parts, two weeks apart; the first one is due today."""
    with town_of("xero", ("A-1", "fern", DUE)) as made:
        invoice = made.invoice("A-1")
        me = person(made)
        arrangements.arrange_equally(made.rt, invoice.account_id, [invoice.uid], 3, FIRST, Every.FORTNIGHT, me)
        yield made


def person(town: Town) -> int:
    with town.rt.store.write() as session:
        robin = User(
            role="accountant",
            uid=town.new_id(),
            practice_id=town.practice_id,
            email="r@sandpiper.example",
            name="Robin",
        )
        robin.password_hash, robin.created_at = "-", town.now
        session.add(robin)
        session.flush()
        return robin.id


def pay_the_first(town: Town, keep: bool = True) -> None:
    """The customer pays the first part by debit, and lets the later ones be collected."""
    invoice, account = town.invoice("A-1"), town.account("A-1")
    target = links.read(town.rt, links.make(town.rt, account, account.emails))
    part = Money(3_334, "GBP")
    page = checkouts.start(town.rt, target, [invoice.uid], "gocardless", Method.DEBIT, part, keep=keep)
    town.gocardless.agree(last_part(page))


def attempts(town: Town) -> Sequence[Attempt]:
    with town.rt.store.read() as session:
        return session.scalars(select(Attempt).order_by(Attempt.id)).all()


def plan(town: Town) -> Arrangement:
    with town.rt.store.read() as session:
        return session.scalars(select(Arrangement)).one()


def received(town: Town) -> list[str]:
    return [f"{one.amount:.2f}" for one in town.xero.payments(town.tenants["xero"])]


def test_each_later_part_is_collected_on_its_day_and_the_arrangement_is_kept(town: Town) -> None:
    pay_the_first(town)
    town.at(date(2026, 3, 12), EVENING)
    assert (received(town), plan(town).state, len(attempts(town))) == (["33.34"], "running", 1)
    town.at(date(2026, 4, 8), EVENING)
    assert (received(town), plan(town).state) == (["33.34", "33.33", "33.33"], "kept")
    assert [(one.state, one.link == "") for one in attempts(town)] == [("paid", False), ("paid", True), ("paid", True)]
    assert list(reconcile.differences(town.rt)) == []


def test_while_the_bank_moves_a_part_nothing_is_said_and_the_arrangement_is_not_called_broken(town: Town) -> None:
    pay_the_first(town)
    said = diary(town, "A-1", FIRST, date(2026, 3, 21))
    assert not [one for one in said if "INSTALMENT-MISSED" in one or "INSTALMENT-TODAY" in one]
    assert plan(town).state == "running"


def test_without_leave_nothing_is_collected(town: Town) -> None:
    pay_the_first(town, keep=False)
    town.at(date(2026, 3, 20), EVENING)
    assert len(attempts(town)) == 1
    with town.rt.store.read() as session:
        assert session.scalars(select(Mandate)).all() == []


def test_a_mandate_that_was_ended_collects_nothing_more_and_the_part_is_asked_for_kindly(town: Town) -> None:
    pay_the_first(town)
    town.at(date(2026, 3, 12), EVENING)
    with town.rt.store.read() as session:
        mandate = session.scalars(select(Mandate)).one()
    town.gocardless.cancel_mandate(mandate.external_id)
    said = diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 24))
    assert len(attempts(town)) == 1
    assert any("INSTALMENT" in one for one in said)


def test_a_lost_answer_does_not_collect_a_part_twice(town: Town) -> None:
    pay_the_first(town)
    town.at(date(2026, 3, 15), EVENING)
    town.gocardless.plan_fault("/payments", "drop")
    town.at(date(2026, 3, 25), EVENING)
    assert len(town.gocardless.collected()) == 2
    assert received(town) == ["33.34", "33.33"]


def test_the_customer_sees_that_the_later_parts_are_collected_and_nothing_is_broken_while_a_bank_is_slow(
    town: Town,
) -> None:
    pay_the_first(town)
    town.at(date(2026, 3, 12), EVENING)
    with town.rt.store.write() as session:
        session.execute(update(Company).values(deposit_account=""))  # the ledger refuses the booking: it waits
    said = diary(town, "A-1", date(2026, 3, 13), date(2026, 4, 20))
    assert plan(town).state == "running"
    assert not [one for one in said if "PROMISE" in one or "LATE" in one]
