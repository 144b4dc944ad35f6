"""Refunds, chargebacks and debits that the bank takes back: what was booked is taken out of the ledger, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from core.money import Money
from models import AttemptLine, HoldRow, Reversal
from sandbox.books import BookInvoice
from tests.stories.days import BOTH, EVENING, diary, town_of
from tests.stories.test_card_payments import BOOKING
from tests.town import Town
from workflows import confirming, paying, reconcile, returned
from workflows.errors import Refusal

DUE = date(2026, 3, 9)
TUESDAY = date(2026, 3, 3)
ME = 1
# All that is asked about a company, and not where tokens are renewed: there somebody knocks every minute.
BOOKS = {"quickbooks": "/v3/company", "xero": "/api.xro"}


def lines(town: Town) -> Sequence[AttemptLine]:
    with town.rt.store.read() as session:
        return session.scalars(select(AttemptLine).order_by(AttemptLine.id)).all()


def states(town: Town) -> list[str]:
    return [one.state for one in lines(town)]


def reversals(town: Town) -> Sequence[Reversal]:
    with town.rt.store.read() as session:
        return session.scalars(select(Reversal).order_by(Reversal.id)).all()


def received(town: Town, kind: str) -> list[str]:
    """What the ledger itself shows as received."""
    return [f"{one.invoice} {one.amount:.2f}" for one in town.twin(kind).payments(town.tenants[kind])]


def second(town: Town, kind: str) -> None:
    """Another invoice of theirs, over 60.00, due a week later."""
    due = DUE + timedelta(days=7)
    row = BookInvoice("A-2", "fern", TUESDAY - timedelta(days=1), due, Decimal(60), town.company(kind).currency)
    town.twin(kind).add_invoice(town.tenants[kind], row)
    town.at(TUESDAY - timedelta(days=1), EVENING)


def paid(town: Town, *numbers: str) -> str:
    """Paid by card, booked, and seen in the ledger; the processor's id of the payment."""
    town.pay(*numbers)
    town.at(town.now.date() + timedelta(days=1), EVENING)
    assert set(states(town)) == {"confirmed"}
    return town.stripe.paid_sessions()[0].payment


@BOTH
def test_a_refund_takes_the_payment_out_of_the_ledger_and_the_invoice_stands_open_again(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        payment = paid(town, "A-1")
        assert received(town, kind) == ["A-1 100.00"]
        town.stripe.refund(payment)
        town.at(TUESDAY + timedelta(days=1), EVENING)
        assert received(town, kind) == []
        assert (states(town), town.invoice("A-1").balance_minor) == (["void"], 10_000)
        assert [one.state for one in reversals(town)] == ["written"]
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
@BOTH
def test_of_two_invoices_the_one_whose_sum_was_refunded_is_open_again(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        second(town, kind)
        payment = paid(town, "A-1", "A-2")
        town.stripe.refund(payment, Money(6_000, town.company(kind).currency))
        town.at(TUESDAY + timedelta(days=1), EVENING)
        assert received(town, kind) == ["A-1 100.00"]
        assert sorted(states(town)) == ["confirmed", "void"]
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
def test_a_refund_that_fits_no_invoice_waits_at_the_desk_with_a_sentence() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        payment = paid(town, "A-1")
        town.stripe.refund(payment, Money(3_000, "GBP"))
        town.at(TUESDAY + timedelta(days=1), EVENING)
        (row,) = reversals(town)
        assert (row.state, received(town, "xero")) == ("desk", ["A-1 100.00"])
        assert row.note == (
            "30.00 GBP of 100.00 GBP was refunded at the processor, and the ledger cannot be told which invoice it "
            "belongs to. Put it right in the ledger, then note it as done."
        )
        returned.done_by_hand(town.rt, row.id, ME)
        with pytest.raises(Refusal, match="no longer on the desk"):
            returned.done_by_hand(town.rt, row.id, ME)
        assert reversals(town)[0].state == "written"


@pytest.mark.slow
@BOTH
def test_a_refund_before_the_booking_left_keeps_it_from_leaving(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.stripe.refund(town.stripe.paid_sessions()[0].payment)
        town.at(TUESDAY, EVENING)
        assert (states(town), received(town, kind)) == (["void"], [])
        assert list(reconcile.differences(town.rt)) == []


@BOTH
def test_a_refund_after_a_day_of_lost_answers_first_asks_what_stands_in_the_ledger(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.twin(kind).plan_fault(BOOKING[kind], "drop")
        town.settle()
        town.twin(kind).plan_fault(BOOKS[kind], "503", seconds=2 * 86_400)
        town.at(town.now.date() + timedelta(days=1), EVENING)
        town.at(town.now.date() + timedelta(days=1), EVENING)
        assert (states(town), received(town, kind)) == (["desk"], ["A-1 100.00"]), "nobody knows that it stands there"
        town.stripe.refund(town.stripe.paid_sessions()[0].payment)
        town.at(town.now.date() + timedelta(days=2), EVENING)
        assert (states(town), received(town, kind)) == (["void"], [])
        assert [one.state for one in reversals(town)] == ["written"]
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
@BOTH
def test_what_somebody_used_for_another_invoice_is_not_taken_back_unseen(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        payment = paid(town, "A-1")
        with town.rt.store.write() as session:
            session.execute(update(AttemptLine).values(state="desk", note=confirming.USED_ELSEWHERE))
        town.stripe.refund(payment)
        town.at(town.now.date() + timedelta(days=1), EVENING)
        (row,) = reversals(town)
        assert (row.state, received(town, kind)) == ("desk", ["A-1 100.00"])
        assert "its payment stands in the ledger for something else" in row.note


@pytest.mark.slow
@BOTH
def test_after_a_chargeback_a_person_asks_what_is_wrong_before_anything_else_is_said(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.stripe.dispute(paid(town, "A-1"))
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 20))[-1].endswith("replied")
        assert received(town, kind) == []
        with town.rt.store.read() as session:
            (hold,) = session.scalars(select(HoldRow)).all()
        assert hold.note.endswith("by the customer's bank. Ask them what is wrong before anything else is said.")


@pytest.mark.slow
def test_a_dispute_that_was_won_after_all_is_put_before_a_person() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        dispute = town.stripe.dispute(paid(town, "A-1"))
        town.at(TUESDAY + timedelta(days=1), EVENING)
        town.stripe.close_dispute(dispute, won=True)
        town.at(TUESDAY + timedelta(days=2), EVENING)
        (row,) = reversals(town)
        assert row.state == "again"
        assert row.note.startswith("100.00 GBP that was charged back by the customer's bank came to you again.")
        assert len(list(reconcile.differences(town.rt))) == 1
        returned.done_by_hand(town.rt, row.id, ME)
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
def test_what_no_webhook_told_of_is_found_by_asking_at_night() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.stripe.refund(paid(town, "A-1"))
        town.stripe.webhooks()  # lost on the way
        reconcile.nightly(town.rt)
        town.at(TUESDAY + timedelta(days=1), EVENING)
        assert (states(town), received(town, "xero")) == (["void"], [])


@pytest.mark.slow
def test_an_old_payment_that_went_back_is_found_on_a_sunday() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        bought = paid(town, "A-1")
        town.clock.move(datetime(2026, 6, 6, 20, tzinfo=UTC))  # a Saturday
        town.stripe.refund(bought)
        town.stripe.webhooks()  # lost on the way
        assert (reconcile.look_back(town.rt), states(town)) == (0, ["confirmed"])
        town.clock.move(datetime(2026, 6, 7, 20, tzinfo=UTC))
        assert reconcile.look_back(town.rt) == 1
        assert [row.state for row in reversals(town)] == ["due"]


@BOTH
def test_a_debit_holds_until_the_bank_has_moved_the_money_and_is_booked_once(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.debit("A-1")
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 5)) == ["02 Mar to 05 Mar: in-flight"]
        assert (states(town), received(town, kind)) == (["coming"], [])
        town.at(date(2026, 3, 20), EVENING)
        assert (states(town), received(town, kind)) == (["confirmed"], ["A-1 100.00"])
        assert town.steps("A-1") == ["thanks"]
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
def test_a_debit_that_the_bank_does_not_let_through_leaves_the_invoice_open_and_says_why() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.debit("A-1", number="99999999")
        said = diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 16))
        assert (states(town), received(town, "xero")) == (["void"], [])
        assert said[0].startswith("02 Mar to")
        assert said[0].endswith("in-flight")
        assert town.steps("A-1").count("payment-failed") == 0, "it speaks of the invoice in words, not in its headers"
        (told,) = [mail for mail in town.mails() if mail.header("X-Dunlin-Step") == "payment-failed"]
        assert "nothing was taken from your account" in told.text
        assert any("LATE" in one or "DUE" in one for one in said), "afterwards the cadence goes on"


@pytest.mark.slow
@BOTH
def test_a_debit_taken_back_by_the_bank_after_it_had_come_is_taken_out_of_the_ledger(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.debit("A-1")
        town.at(date(2026, 3, 12), EVENING)
        assert received(town, kind) == ["A-1 100.00"]
        (payment,) = town.gocardless.collected()
        town.gocardless.fail(payment.payment)
        town.at(date(2026, 3, 13), EVENING)
        assert (states(town), received(town, kind)) == (["void"], [])
        assert [one.kind for one in reversals(town)] == ["failure"]
        assert list(reconcile.differences(town.rt)) == []


@pytest.mark.slow
@BOTH
def test_a_part_of_the_sum_goes_to_the_longest_due_first_where_the_company_allows_it(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        second(town, kind)
        part = Money(12_000, town.company(kind).currency)
        with pytest.raises(Refusal, match="asks for whole invoices"):
            town.checkout("A-1", "A-2", amount=part)
        paying.choose(town.rt, town.company(kind).id, True, True, ME)
        for odd in (Money(16_001, part.currency), Money(0, part.currency), Money(-5, part.currency), Money(9, "JPY")):
            with pytest.raises(Refusal, match="at most"):
                town.checkout("A-1", "A-2", amount=odd)
        town.stripe.pay(town.checkout("A-1", "A-2", amount=part).rpartition("/")[2])
        town.at(TUESDAY, EVENING)
        assert received(town, kind) == ["A-1 100.00", "A-2 20.00"]
        assert town.invoice("A-2").balance_minor == 4_000
        assert list(reconcile.differences(town.rt)) == []
