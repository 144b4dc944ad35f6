"""A payment by card from the button to the thank-you: booked once in the ledger, whatever goes wrong on the way."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from core.money import Money
from models import Attempt, AttemptLine, Effect, EffectKind, Notice
from sandbox.books import BookPayment
from tests.stories.days import BOTH, EVENING, diary, effects_of, town_of
from tests.town import SHOPS, Town, last_part
from workflows import desk, dispatcher, payments, reconcile
from workflows.errors import Refusal

DUE = date(2026, 3, 9)
BOOKING = {"quickbooks": "/payment", "xero": "/Payments"}
ME = 1  # whoever decides at the desk


def line(town: Town) -> AttemptLine:
    """The one line of the one attempt."""
    with town.rt.store.read() as session:
        return session.scalars(select(AttemptLine)).one()


def attempt(town: Town) -> Attempt:
    """The one attempt."""
    with town.rt.store.read() as session:
        return session.scalars(select(Attempt)).one()


def booked(town: Town, kind: str) -> list[BookPayment]:
    """What the ledger itself shows as received."""
    return town.twin(kind).payments(town.tenants[kind])


def refuse_bookings(town: Town, kind: str) -> None:
    """The bookkeeper closes the chosen account, or locks the period."""
    if kind == "xero":
        town.xero.organisations[town.tenants[kind]].lock_date = date(2026, 12, 31)
    else:
        town.quickbooks.plan_fault("POST /v3/company", "4002")


def allow_bookings(town: Town, kind: str) -> None:
    if kind == "xero":
        town.xero.organisations[town.tenants[kind]].lock_date = None


@BOTH
def test_a_card_payment_is_taken_booked_confirmed_and_thanked_for_once(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        assert diary(town, "A-1", date(2026, 3, 4), date(2026, 3, 4)) == ["04 Mar: HEADS-UP"]
        town.pay("A-1")
        assert line(town).state == "waiting"
        town.settle()
        assert (line(town).state, town.steps("A-1")) == ("booked", ["heads-up"]), "not thanked before it is seen"
        (payment,) = booked(town, kind)
        assert (payment.invoice, payment.amount, payment.id) == ("A-1", Decimal(100), line(town).ledger_payment)
        assert line(town).uid.startswith(payment.reference)
        assert payment.reference
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 9)) == [
            "05 Mar: THANKS",
            "06 Mar to 09 Mar: paid",
        ]
        assert line(town).state == "confirmed"
        assert list(reconcile.differences(town.rt)) == []
        assert len(booked(town, kind)) == 1


@BOTH
def test_the_page_that_is_open_keeps_us_quiet_for_its_day_and_no_longer(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", date(2026, 3, 7))) as town:
        town.checkout("A-1")
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 3)) == ["02 Mar: in-flight", "03 Mar: HEADS-UP"]
        assert line(town).state == "void"
        assert booked(town, kind) == []


def test_pressing_the_button_twice_leads_to_the_same_page() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        assert town.checkout("A-1") == town.checkout("A-1")
        town.pay("A-1")
        with pytest.raises(Refusal, match="already being processed"):
            town.checkout("A-1")
        town.settle()
        with pytest.raises(Refusal, match=r"booking it|already paid"):
            town.checkout("A-1")
        assert len(town.stripe.paid_sessions()) == len(booked(town, "xero")) == 1


@BOTH
def test_the_processors_word_that_never_comes_is_asked_for(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        assert town.stripe.webhooks() != [], "the webhook is lost on its way"
        town.at(date(2026, 3, 2), 7)
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 3)) == ["02 Mar: THANKS", "03 Mar: paid"]
        assert len(booked(town, kind)) == 1


@BOTH
def test_a_payment_on_a_page_that_was_given_up_is_booked_all_the_same(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        page = town.checkout("A-1")
        payments.close(town.rt, attempt(town).id, "failed", "Stripe said no.")
        town.stripe.pay(last_part(page))
        town.at(date(2026, 3, 2), EVENING)
        assert (attempt(town).state, line(town).state, len(booked(town, kind))) == ("paid", "confirmed", 1)


def test_an_attempt_whose_page_we_never_saw_learns_it_from_the_word_that_it_was_paid() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.stripe.plan_fault("/checkout/sessions", "drop")
        with pytest.raises(Refusal):
            town.checkout("A-1")
        begun = attempt(town)
        assert (begun.state, begun.checkout_id) == ("created", "")
        payments.close(town.rt, begun.id, "failed", "Stripe said no.")
        town.stripe.pay(town.stripe.pages()[-1])
        town.at(date(2026, 3, 2), EVENING)
        assert (line(town).state, len(booked(town, "xero"))) == ("confirmed", 1)


@BOTH
def test_a_lost_answer_of_the_ledger_books_once(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.twin(kind).plan_fault(BOOKING[kind], "drop")
        town.settle()
        assert (line(town).state, len(booked(town, kind))) == ("taken", 1), "it is booked, and we cannot know it yet"
        town.at(date(2026, 3, 2), EVENING)
        assert line(town).state == "confirmed"
        assert len(booked(town, kind)) == 1
        assert town.steps("A-1") == ["thanks"]


@BOTH
def test_a_lost_answer_is_looked_up_when_the_vendor_may_have_forgotten_our_key(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.twin(kind).plan_fault(BOOKING[kind], "drop")
        town.settle()
        town.clock.move(town.now + timedelta(seconds=town.rt.ledgers[kind].key_memory + 60))
        found = town.calls[kind, "find"]
        town.settle()
        assert town.calls[kind, "find"] > found
        assert len(booked(town, kind)) == 1
        assert line(town).state in ("booked", "confirmed")
        town.at(date(2026, 3, 4), EVENING)
        assert (line(town).state, town.steps("A-1")) == ("confirmed", ["thanks"])


@BOTH
def test_a_lost_answer_is_looked_up_when_another_machines_clock_was_minutes_ahead(kind: str) -> None:
    """By what it wrote down the vendor would still know our key, and it does not any more."""
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.company_may(part_payments=True)
        half = Money(4_000, SHOPS[kind].currency)
        town.stripe.pay(last_part(town.checkout("A-1", amount=half)))
        town.twin(kind).plan_fault(BOOKING[kind], "drop")
        town.settle()
        (effect,) = effects_of(town, EffectKind.BOOKING)
        memory = timedelta(seconds=town.rt.ledgers[kind].key_memory)
        town.clock.move(town.now + memory + timedelta(minutes=3))
        with town.rt.store.write() as session:
            row = session.get_one(Effect, effect.id)
            row.content = {**row.content, "used_at": (town.now - timedelta(minutes=1)).isoformat()}
        dispatcher.book_due(town.rt)
        town.at(date(2026, 3, 4), EVENING)
        assert (line(town).state, len(booked(town, kind))) == ("confirmed", 1)


@BOTH
def test_a_booking_that_never_arrived_is_repeated_with_the_same_bytes(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        town.twin(kind).plan_fault(BOOKING[kind], "503")
        town.settle()
        (effect,) = effects_of(town, EffectKind.BOOKING)
        assert (effect.state, booked(town, kind)) == ("due", [])
        town.at(date(2026, 3, 2), 7)
        (after,) = effects_of(town, EffectKind.BOOKING)
        assert (after.state, after.content["key"]) == ("sent", effect.content["key"])
        assert after.content["body"] == effect.content["body"]
        assert len(booked(town, kind)) == 1


@BOTH
def test_a_booking_the_ledger_refuses_waits_at_the_desk_and_is_tried_again(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        refuse_bookings(town, kind)
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 4)) == ["02 Mar to 04 Mar: in-flight"]
        assert line(town).state == "desk"
        assert line(town).note, "the ledger's own words"
        assert town.mails() == []
        assert [one.what for one in reconcile.differences(town.rt)]
        allow_bookings(town, kind)
        desk.settle_booking(town.rt, line(town).id, "retry", ME)
        assert diary(town, "A-1", date(2026, 3, 5), date(2026, 3, 6)) == ["05 Mar: THANKS", "06 Mar: paid"]
        assert len(booked(town, kind)) == 1
        assert list(reconcile.differences(town.rt)) == []
        with pytest.raises(Refusal, match="no longer on the desk"):
            desk.settle_booking(town.rt, line(town).id, "retry", ME)


@BOTH
def test_a_payment_booked_by_hand_is_not_booked_again(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        town.pay("A-1")
        refuse_bookings(town, kind)
        town.settle()
        allow_bookings(town, kind)
        town.transfer(kind, "A-1", "100.00")
        desk.settle_booking(town.rt, line(town).id, "booked", ME)
        assert diary(town, "A-1", date(2026, 3, 2), date(2026, 3, 4)) == ["02 Mar to 04 Mar: paid"]
        assert (line(town).state, len(booked(town, kind)), town.mails()) == ("confirmed", 1, [])


@BOTH
def test_an_invoice_paid_at_the_bank_while_the_card_page_was_open_goes_to_the_desk(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", DUE)) as town:
        page = town.checkout("A-1")
        town.transfer(kind, "A-1", "100.00")
        town.stripe.pay(urlsplit(page).path.rpartition("/")[2])
        town.at(date(2026, 3, 2), EVENING)
        assert (line(town).state, len(booked(town, kind))) == ("desk", 1)
        assert town.mails() == [], "a double payment is a matter for a person, not for a thank-you"


def test_a_key_that_was_withdrawn_is_told_to_the_practice_once_and_to_the_payer_kindly() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        kept = dict(town.stripe.accounts)
        town.stripe.accounts.clear()  # somebody rolled the key at Stripe and forgot Dunlin
        for _ in range(2):
            with pytest.raises(Refusal, match="try again in a few minutes"):
                town.checkout("A-1")
        with town.rt.store.read() as session:
            (notice,) = session.scalars(select(Notice)).all()
        assert notice.subject.endswith(": Stripe refuses")
        assert "sk_test" not in notice.text
        assert f"/companies/{town.company('xero').uid}/paying" in notice.text
        town.stripe.accounts.update(kept)
        town.pay("A-1")
        town.at(date(2026, 3, 3), EVENING)
        assert (line(town).state, len(booked(town, "xero"))) == ("confirmed", 1)
