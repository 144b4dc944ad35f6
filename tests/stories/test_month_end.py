"""A month of money on both ledgers: it agrees, and what is changed behind its back is named until it is put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models import Attempt, Credit, Notice, Payout, PayoutEntry, Reward
from tests.stories.days import BOTH, EVENING, town_of
from tests.stories.test_discounts import TWO_PERCENT, allow
from tests.town import Town
from workflows import month_end, payouts, reconcile, sync
from workflows.month_end import MonthEnd
from workflows.pulse import Pulses

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 2)


@contextmanager
def march(kind: str) -> Iterator[Town]:
    """Fern pays A-1 less two percent for paying early, Moss pays B-1 and is refunded, and both are paid out."""
    with town_of(kind, ("A-1", "fern", date(2026, 4, 1)), ("B-1", "moss", date(2026, 3, 9))) as town:
        allow(town, kind, TWO_PERCENT)
        town.pay("A-1")
        town.pay("B-1")
        for number in range(6):
            town.at(town.now.date() + timedelta(days=1), EVENING)
            if number == 0:
                town.stripe.refund(payment_of(town, "B-1"))
            payouts.read_all(town.rt)
        night(town, kind, APRIL)
        yield town


def night(town: Town, kind: str, day: date) -> None:
    """The ledger is read, and then all that is done at night about money."""
    town.clock.move(max(town.now, town.now.replace(year=day.year, month=day.month, day=day.day)))
    assert sync.sync_company(town.rt, town.company(kind).id)
    beat = Pulses(town.rt).beat
    beat("payouts", payouts.read_all)
    beat("reconcile", reconcile.nightly)


def payment_of(town: Town, number: str) -> str:
    account = town.invoice(number).account_id
    with town.rt.store.read() as session:
        return session.scalars(select(Attempt.payment_reference).where(Attempt.account_id == account)).one()


def ended(town: Town, kind: str) -> MonthEnd:
    return month_end.of(town.rt, town.company(kind), MARCH)


def named(town: Town, kind: str) -> list[str]:
    return [one.what for one in ended(town, kind).found]


@BOTH
def test_a_month_with_a_discount_a_refund_and_a_payout_agrees_to_the_cent(kind: str) -> None:
    with march(kind) as town:
        told = ended(town, kind)
        assert told.agrees, (told.found, told.unsure)
        ((currency, moved),) = told.sums.moved.items()
        assert [one.minor for one in (moved.taken, moved.back, moved.before)] == [19_800, 10_000, 0]
        with town.rt.store.read() as session:
            entries = session.scalars(select(PayoutEntry)).all()
            (there,) = session.scalars(select(Payout)).all()
        assert moved.fees.minor == sum(one.fee_minor for one in entries) > 0
        assert moved.paid_out.minor == there.amount_minor
        assert moved.still.minor == 0
        written = told.sums.written[currency]
        assert written.taken == written.booked + written.on_its_way + written.desk + written.void
        assert (written.booked.minor, written.void.minor, written.discounts.minor) == (9_800, 10_000, 200)
        assert list(reconcile.differences(town.rt)) == []


@BOTH
def test_what_earned_a_discount_goes_back_and_the_credit_waits_on_the_desk_until_it_is_taken_out(kind: str) -> None:
    with march(kind) as town:
        town.stripe.refund(payment_of(town, "A-1"))
        town.carry()
        town.at(APRIL + timedelta(days=1), EVENING)
        (what,) = named(town, kind)
        assert what.startswith("Invoice A-1: the payment that earned the discount of 2.00")
        assert [one.what for one in reconcile.differences(town.rt)] == [what]
        assert mailed(town) == []
        for _ in range(2):
            night(town, kind, APRIL + timedelta(days=3))
        assert mailed(town) == [], "what is on the desk is not mailed piece by piece"
        with town.rt.store.write() as session:  # the bookkeeper takes the credit out, and the ledger is read
            session.execute(update(Credit).values(gone_at=town.now))
        assert named(town, kind) == []


def mailed(town: Town) -> list[str]:
    with town.rt.store.read() as session:
        return list(session.scalars(select(Notice.text).where(Notice.key.startswith("difference/"))))


@pytest.mark.slow
@BOTH
def test_a_payment_taken_out_of_the_ledger_is_named_in_its_own_month(kind: str) -> None:
    with march(kind) as town:
        (payment,) = town.twin(kind).payments(town.tenants[kind])
        town.twin(kind).unreceive(town.tenants[kind], payment.id)
        night(town, kind, APRIL + timedelta(days=1))
        found = ended(town, kind).found
        assert any(one.what.startswith("Invoice A-1: 98.00") and "removed in the ledger" in one.what for one in found)
        april = month_end.of(town.rt, town.company(kind), date(2026, 4, 1))
        assert (list(april.found), april.unsure) == ([], ["This month is not over yet."])


@pytest.mark.slow
def test_a_credit_whose_sum_was_changed_in_the_ledger_is_named() -> None:
    with march("xero") as town:
        with town.rt.store.write() as session:
            session.execute(update(Credit).values(remaining_minor=300))
        (what,) = named(town, "xero")
        assert (
            what == "The discount of 2.00 GBP for invoice A-1 stands in the ledger over 5.00 GBP. Put it right there."
        )


@pytest.mark.slow
def test_what_agrees_again_is_told_anew_should_it_come_back() -> None:
    with march("xero") as town:
        town.settle()
        with town.rt.store.write() as session:
            attempt = session.scalars(select(Attempt).order_by(Attempt.id)).first()
            assert attempt is not None
            attempt.amount_minor += 100
        night(town, "xero", APRIL + timedelta(days=1))
        assert [one.what for one in ended(town, "xero").found if "The processor took 98.00" in one.what]
        town.settle()  # the notice leaves
        town.stripe.plan_fault("sessions", "503")
        with town.rt.store.write() as session:
            session.scalars(select(Attempt).order_by(Attempt.id)).first().amount_minor -= 100  # type: ignore[union-attr]
        night(town, "xero", APRIL + timedelta(days=2))
        assert ended(town, "xero").found, "nobody could ask, so nobody knows better"
        night(town, "xero", APRIL + timedelta(days=3))
        assert ended(town, "xero").agrees


@pytest.mark.slow
def test_an_invoice_that_counted_for_a_thank_you_and_is_open_again_is_named() -> None:
    with march("xero") as town:
        counted = town.invoice("B-1").uid
        with town.rt.store.write() as session:
            reward = session.scalars(select(Reward)).one()
            reward.kind, reward.invoice_id, reward.counted = "loyal", None, [counted]
        (what,) = named(town, "xero")
        assert what.startswith("Invoice B-1 counted for the thank-you credit of 2.00 GBP and is open again.")
