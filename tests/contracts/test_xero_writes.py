"""What the Xero adapter writes, once each: payments, money on account, credit notes, dates and notes; and how it looks
what has been written already.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.money import Money
from integrations.errors import InDoubt, OutsideError, Rejected
from integrations.ledgers.base import (
    Order,
    UndoPaymentOrder,
)
from integrations.ledgers.xero import XeroLedger
from sandbox.books import BookPayment
from tests.contracts.xero_office import KINDS, REFERENCE, TODAY, Office
from tests.sandbox.xero_world import World


@pytest.fixture
def office() -> Office:
    return Office()


every_kind = pytest.mark.parametrize(("make", "call"), KINDS.values(), ids=KINDS)


# --- what holds for every kind of order ---


@every_kind
def test_it_is_written_once_however_often_its_bytes_are_sent(
    office: Office, make: Callable[[Office], Order], call: str
) -> None:
    order, ledger = make(office), office.ledger()
    assert ledger.find(order) is None
    body = ledger.prepare(order)
    assert body == ledger.prepare(order), "equal orders make equal bytes"
    first = ledger.write(order, body, "key-1")
    books = office.everything()
    assert ledger.write(order, body, "key-1") == first
    assert office.everything() == books
    found = ledger.find(order)
    assert found is not None
    assert (found.id, found.gone) == (first.id, False)


@every_kind
def test_a_lost_answer_is_in_doubt_sent_once_and_then_found(
    office: Office, make: Callable[[Office], Order], call: str
) -> None:
    order, ledger = make(office), office.ledger()
    body = ledger.prepare(order)
    office.twin.plan_fault(call, "drop")
    with pytest.raises(InDoubt):
        ledger.write(order, body, "key-1")
    books = office.everything()
    assert ledger.find(order) is not None
    office.later(minutes=7)  # Xero has forgotten the key; who looks first is safe all the same
    assert ledger.find(order) is not None
    assert office.everything() == books


@every_kind
def test_what_never_arrived_is_not_found(office: Office, make: Callable[[Office], Order], call: str) -> None:
    order, ledger = make(office), office.ledger()
    body, books = ledger.prepare(order), office.everything()
    office.twin.plan_fault(call, "lost")
    with pytest.raises(InDoubt):
        ledger.write(order, body, "key-1")
    assert office.everything() == books
    assert ledger.find(order) is None


@every_kind
@pytest.mark.parametrize("content", [b"not json", b"{}", b"[]"])
def test_bytes_that_are_no_order_write_nothing(
    office: Office, make: Callable[[Office], Order], call: str, content: bytes
) -> None:
    order, ledger = make(office), office.ledger()
    books = office.everything()
    with pytest.raises(OutsideError):
        ledger.write(order, content, "key-1")
    assert office.everything() == books


@every_kind
def test_a_server_fault_leaves_it_in_doubt_and_names_what(
    office: Office, make: Callable[[Office], Order], call: str
) -> None:
    order, ledger = make(office), office.ledger()
    body = ledger.prepare(order)
    office.twin.plan_fault(call, "500")
    with pytest.raises(InDoubt, match=r"Xero answered 500; the .* may or may not have been written"):
        ledger.write(order, body, "key-1")


# --- payments ---


def test_a_payment_says_who_paid_how_much_and_our_reference(office: Office) -> None:
    ledger, order = office.ledger(), office.order(amount="10.10")
    body = ledger.prepare(order)
    assert b'"Amount":10.10,' in body
    made = ledger.write(order, body, "key-1")
    [booked] = office.twin.payments(office.tenant)
    assert (booked.id, booked.amount, booked.reference) == (made.id, Decimal("10.10"), order.reference)
    assert office.twin.balance(office.tenant, "INV-1") == Decimal("104.90")


def test_after_six_minutes_the_key_is_forgotten_so_only_looking_helps(office: Office) -> None:
    ledger, order = office.ledger(), office.order(amount="10.00")
    body = ledger.prepare(order)
    ledger.write(order, body, "key-1")
    assert office.xero.key_memory < 360
    office.later(minutes=6)
    ledger.write(order, body, "key-1")
    assert len(office.twin.payments(office.tenant)) == 2  # what happens to those who do not look first


def test_a_payment_deleted_in_xero_is_found_as_gone(office: Office) -> None:
    ledger, order = office.ledger(), office.payment()
    booked = ledger.write(order, ledger.prepare(order), "key-1")
    office.twin.unreceive(office.tenant, booked.id)
    found = ledger.find(order)
    assert found is not None
    assert (found.id, found.gone) == (booked.id, True)
    again = ledger.write(order, ledger.prepare(order), "key-2")
    assert ledger.find(order) == again, "one that stands comes before one that is gone"
    assert ledger.find(replace(order, reference="somebody-else")) is None


def test_a_payment_odd_in_every_other_way_is_still_found_by_our_reference(office: Office) -> None:
    ledger, order = office.ledger(), office.payment()
    made = ledger.write(order, ledger.prepare(order), "key-1")
    office.twin.spoil(office.tenant, "payment", made.id, Amount="much", Date=None, Invoice=7, Status=None)
    found = ledger.find(order)
    assert found is not None
    assert found.id == made.id
    office.twin.spoil(office.tenant, "payment", made.id, PaymentID=None)
    with pytest.raises(InDoubt, match="under our reference"):
        ledger.find(order)


def test_an_error_is_remembered_under_its_key_and_another_body_under_it_says_look_first(office: Office) -> None:
    ledger, order = office.ledger(), office.order(amount="500.00")
    with pytest.raises(Rejected, match="exceeds the amount outstanding") as caught:
        ledger.write(order, ledger.prepare(order), "key-1")
    assert caught.value.code == "10"
    with pytest.raises(InDoubt, match="different request"):
        ledger.write(office.order(), ledger.prepare(office.order()), "key-1")
    assert office.twin.payments(office.tenant) == []
    assert ledger.find(office.order()) is None
    ledger.write(office.order(), ledger.prepare(office.order()), "key-2")
    assert len(office.twin.payments(office.tenant)) == 1


def test_money_on_account_becomes_open_credit_of_the_customer(office: Office) -> None:
    ledger, order = office.ledger(), office.on_account()
    made = ledger.write(order, ledger.prepare(order), "key-1")
    assert office.twin.open_credit(office.tenant) == {"barney": Decimal("30.50")}
    [credit] = [row for page in ledger.sweep() for row in page.credits]
    assert (credit.id, credit.kind, credit.remaining) == (made.id, "overpayment", Money(3050, "NZD"))


def test_money_on_account_needs_a_bank_account(office: Office) -> None:
    ledger = office.ledger()
    clearing = next(one.id for one in ledger.deposit_accounts() if "clearing" in one.name)
    order = replace(office.on_account(), deposit_account=clearing)
    with pytest.raises(Rejected, match="Choose another one in the company's settings"):
        ledger.write(order, ledger.prepare(order), "key-1")


def test_a_payment_is_taken_back_only_once_and_never_out_of_a_batch(office: Office) -> None:
    ledger, order = office.ledger(), office.undo()
    office.twin.spoil(office.tenant, "payment", order.payment, BatchPayment={"BatchPaymentID": "b"})
    with pytest.raises(Rejected, match="part of a batch"):
        ledger.prepare(order)
    office.twin.spoil(office.tenant, "payment", order.payment)
    ledger.write(order, ledger.prepare(order), "key-1")
    assert office.twin.balance(office.tenant, "INV-2") == Decimal("46.00")
    with pytest.raises(Rejected, match="already"):
        ledger.prepare(order)
    with pytest.raises(Rejected, match="no longer has"):
        ledger.prepare(UndoPaymentOrder(office.twin.new_uuid(), REFERENCE))


# --- credit ---


def test_a_credit_note_is_worth_what_was_promised_tax_included(office: Office) -> None:
    ledger, order = office.ledger(), office.credit_note()
    offered = ledger.income_choices()
    assert order.income in [one.id for one in offered]
    assert not [one for one in offered if "Bank" in one.name]
    sent = json.loads(ledger.prepare(order))["CreditNotes"][0]
    assert (sent["Contact"], sent["LineAmountTypes"]) == ({"ContactID": order.customer}, "Inclusive")
    assert "TaxType" not in sent["LineItems"][0]
    made = ledger.write(order, ledger.prepare(order), "key-1")
    [credit] = [row for page in ledger.sweep() for row in page.credits]
    assert (credit.id, credit.remaining, credit.issued) == (made.id, order.amount, TODAY)


def test_a_credit_note_is_used_for_an_invoice_as_far_as_it_reaches(office: Office) -> None:
    ledger, order = office.ledger(), office.allocation()
    ledger.write(order, ledger.prepare(order), "key-1")
    assert office.twin.balance(office.tenant, "INV-1") == Decimal("100.00")
    with pytest.raises(Rejected, match=r"Only 5\.00 NZD is left"):
        ledger.prepare(order)
    rest = replace(order, amount=Money(500, "NZD"))
    ledger.write(rest, ledger.prepare(rest), "key-2")
    with pytest.raises(Rejected, match="is paid now"):
        ledger.prepare(rest)
    assert ledger.find(order) is not None
    [used] = [row for page in ledger.changes("2026-11-02T00:00:00+00:00") for row in page.credits]
    assert used.applied == ((order.invoice, Money(1500, "NZD")), (order.invoice, Money(500, "NZD")))


# --- dates and notes ---


def test_only_the_one_date_is_touched(office: Office) -> None:
    ledger, bill = office.ledger(), office.bill()
    before = bill.due
    assert ledger.prepare(office.expected()) == b'{"Invoices":[{"ExpectedPaymentDate":"2026-12-01"}]}'
    ledger.write(office.expected(), ledger.prepare(office.expected()), "key-1")
    assert (bill.due, bill.expected) == (before, date(2026, 12, 1))
    with pytest.raises(Rejected, match="has this date in Xero already"):
        ledger.prepare(office.expected())
    ledger.write(office.due(), ledger.prepare(office.due()), "key-2")
    assert (bill.due, bill.expected) == (date(2026, 12, 24), date(2026, 12, 1))


def test_a_paid_invoice_gets_no_new_date(office: Office) -> None:
    office.twin.receive(office.tenant, BookPayment("INV-1", Decimal(115), TODAY))
    with pytest.raises(Rejected, match="the invoice is paid now"):
        office.ledger().prepare(office.due())


def test_a_date_that_xero_quietly_left_alone_is_told(office: Office) -> None:
    ledger, order = office.ledger(), office.expected()
    body = ledger.prepare(order)
    office.twin.spoil(office.tenant, "invoice", "INV-1", ExpectedPaymentDate="/Date(1763683200000+0000)/")
    with pytest.raises(Rejected, match="left the date"):
        ledger.write(order, body, "key-1")


def test_a_long_note_is_cut_and_still_found(office: Office) -> None:
    ledger, order = office.ledger(), replace(office.note(), text="word " * 1000)
    ledger.write(order, ledger.prepare(order), "key-1")
    [(_, text)] = office.twin.organisations[office.tenant].notes[order.invoice]
    assert (len(text), text.startswith("word word"), text.endswith(f"({REFERENCE})")) == (2500, True, True)
    assert ledger.find(order) is not None


def test_a_change_without_permission_is_told_as_such(office: Office) -> None:
    narrow = World()
    order: Any = replace(office.on_account(), customer=narrow.order().customer)
    ledger: XeroLedger = narrow.ledger()
    with pytest.raises(Rejected, match="not given the permission") as caught:
        ledger.write(order, ledger.prepare(order), "key-1")
    assert caught.value.code == "scope"
