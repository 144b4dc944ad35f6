"""What Dunlin may rely on in every ledger beyond the payment of an invoice: all that changes what is owed, and all that
is written back. One class of tests, run over the registry like `test_ledgers.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import InDoubt, RateLimited, Rejected
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    Feature,
    LedgerInvoice,
    NoteOrder,
    Order,
    Purpose,
    UndoPaymentOrder,
    Written,
    features,
    needs,
)
from integrations.registry import LEDGERS
from sandbox.books import BookPayment
from tests.contracts.test_ledgers import SINCE, TODAY, Place, together

OURS = "o-7401920012345678901x"


@pytest.fixture(params=list(LEDGERS))
def place(request: pytest.FixtureRequest) -> Place:
    return Place(request.param)


def invoice(place: Place, number: str) -> LedgerInvoice:
    return next(one for one in place.snapshot().invoices if one.number == number)


def carry_out(place: Place, order: Order, key: str = "key-1") -> Written:
    body = place.open().prepare(order)
    return place.open().write(order, body, key)


def eur(amount: str) -> Money:
    return Money(int(Decimal(amount) * 100), "EUR")


def a_credit(place: Place, amount: str = "20.00") -> CreditOrder:
    income = place.open().income_choices()[0].id
    return CreditOrder(invoice(place, "R-1").customer, eur(amount), TODAY, income, "For your patience", OURS)


class TestReadingInFull:
    def test_a_first_reading_goes_on_behind_any_page_in_another_process(self, place: Place) -> None:
        pages = list(place.open().snapshot(SINCE))
        everything = together(iter(pages))
        marks = [page.mark for page in pages[:-1]]
        assert all(marks)
        for at, mark in enumerate(marks):
            rest = place.open().snapshot(SINCE, mark)
            resumed = together(iter([*pages[: at + 1], *rest]))
            for name in ("customers", "invoices", "payments", "credits"):
                assert {row.id for row in getattr(resumed, name)} == {row.id for row in getattr(everything, name)}
            assert resumed.cursor == everything.cursor, "what changed since the very beginning is read afterwards"

    def test_a_first_reading_says_how_much_there_is_to_come(self, place: Place) -> None:
        totals = [page.total for page in place.open().snapshot(SINCE) if page.total is not None]
        assert totals
        assert totals[-1] >= 8

    def test_a_sweep_shows_all_that_is_open_and_nothing_else_is_needed(self, place: Place) -> None:
        page = together(place.open().sweep())
        assert {row.number for row in page.invoices if row.status is InvoiceStatus.OPEN} == {"R-1", "R-2", "R-OLD"}
        assert [row.remaining for row in page.credits if row.remaining] == [eur("30.00")]
        assert page.cursor is None
        assert set(place.calls) == {Purpose.SWEEP}

    def test_invoices_are_read_by_name_whatever_became_of_them(self, place: Place) -> None:
        book = {row.number: row for row in place.snapshot().invoices}
        named = together(place.open().named("invoice", [book[one].id for one in ("R-PAID", "R-VOID", "R-1")]))
        assert {row.number: row.status for row in named.invoices} == {
            "R-PAID": InvoiceStatus.PAID,
            "R-VOID": InvoiceStatus.VOIDED,
            "R-1": InvoiceStatus.OPEN,
        }
        missing = book["R-1"].id[:-1] + "9"
        assert together(place.open().named("invoice", [missing])).deleted == (("invoice", missing),)

    def test_one_row_that_cannot_be_read_costs_that_row_alone_and_is_kept_as_it_came(self, place: Place) -> None:
        place.twin.spoil(place.tenant, "invoice", "R-2", Balance="a lot", AmountDue="a lot")
        page = place.snapshot()
        assert {row.number for row in page.invoices} == {"R-1", "R-OLD", "R-PAID", "R-VOID"}
        (odd,) = {one.id: one for one in page.unreadable}.values()
        assert odd.entity == "invoice"
        assert b"a lot" in odd.raw

    def test_a_status_nobody_knows_holds(self, place: Place) -> None:
        place.twin.spoil(place.tenant, "invoice", "R-2", Status="PONDERED", status="PONDERED")
        assert invoice(place, "R-2").status is InvoiceStatus.UNKNOWN

    def test_a_part_payment_and_its_removal_are_seen(self, place: Place) -> None:
        place.twin.receive(place.tenant, BookPayment("R-1", Decimal("20.50"), TODAY, "bank 8"))
        assert invoice(place, "R-1").balance == eur("100.00")
        (payment,) = [one for one in place.twin.payments(place.tenant) if one.invoice == "R-1"]
        place.twin.unreceive(place.tenant, payment.id)
        assert invoice(place, "R-1").balance == eur("120.50")

    def test_money_on_account_is_open_credit(self, place: Place) -> None:
        place.twin.receive_on_account(place.tenant, "P-1", "ada", TODAY, Decimal("44.00"))
        assert eur("44.00") in [row.remaining for row in place.snapshot().credits]

    def test_whether_the_ledger_mailed_an_invoice_is_read(self, place: Place) -> None:
        before = invoice(place, "R-1").mailed
        place.twin.mail(place.tenant, "R-1")
        assert (before, invoice(place, "R-1").mailed) == (False, True)

    def test_closed_books_are_read(self, place: Place) -> None:
        assert place.open().company().locked_until is None
        place.twin.lock(place.tenant, date(2026, 1, 31))
        assert place.open().company().locked_until == date(2026, 1, 31)

    def test_every_call_is_metered_with_its_size(self, place: Place) -> None:
        place.snapshot()
        assert sum(size for size, _ in place.meter.answers) > 1000
        assert len(place.meter.answers) == len(place.calls)
        assert all(place.meter.reads)

    def test_a_call_the_meter_does_not_allow_is_not_made(self, place: Place) -> None:
        made = place.twin.calls.total()

        class Closed:
            def call(self, purpose: Purpose, *, read: bool = True) -> object:
                raise RateLimited("no room", 30)

        ledger = place.kind.open(place.token.access, place.tenant, place.transport, Closed())  # type: ignore[arg-type]
        with pytest.raises(RateLimited):
            ledger.company()
        assert place.twin.calls.total() == made


class TestWritingInFull:
    def test_a_credit_note_is_made_and_used_for_an_invoice_once(self, place: Place) -> None:
        order = a_credit(place)
        assert place.open().find(order) is None
        note = carry_out(place, order)
        assert place.twin.open_credit(place.tenant)["ada"] == Decimal("20.00")
        found = place.open().find(order)
        assert found is not None
        assert found.id == note.id
        about = invoice(place, "R-1")
        use = AllocationOrder(note.id, about.id, about.customer, eur("20.00"), TODAY, OURS)
        carry_out(place, use, "key-2")
        assert place.twin.balance(place.tenant, "R-1") == Decimal("100.50")
        assert place.twin.open_credit(place.tenant).get("ada", Decimal(0)) == 0
        assert place.open().find(use) is not None

    def test_a_payment_can_be_taken_back_and_only_once(self, place: Place) -> None:
        booked = carry_out(place, place.order())
        undo = UndoPaymentOrder(booked.id, OURS)
        carry_out(place, undo, "key-2")
        assert place.twin.balance(place.tenant, "R-1") == Decimal("120.50")
        assert place.open().find(undo) is not None
        with pytest.raises(Rejected):
            carry_out(place, undo, "key-3")

    def test_a_new_due_date_changes_nothing_else(self, place: Place) -> None:
        before = invoice(place, "R-1")
        order = DateOrder(before.id, date(2026, 4, 30), False, OURS)
        assert place.open().find(order) is None
        carry_out(place, order)
        after = invoice(place, "R-1")
        assert after.due == date(2026, 4, 30)
        assert replace(after, due=before.due, version=before.version) == before
        assert place.open().find(order) is not None

    def test_a_note_stands_in_the_invoices_history_once(self, place: Place) -> None:
        about = invoice(place, "R-1")
        order = NoteOrder(about.id, "Ada promised to pay on 20 March.", OURS)
        carry_out(place, order)
        assert place.open().find(order) is not None
        after = invoice(place, "R-1")
        assert replace(after, version=about.version) == about

    def test_a_lost_answer_of_any_write_is_in_doubt_and_repeating_changes_nothing_more(self, place: Place) -> None:
        order = a_credit(place)
        body = place.open().prepare(order)
        place.twin.plan_fault("redit", "drop")
        with pytest.raises(InDoubt):
            place.open().write(order, body, "key-1")
        place.open().write(order, body, "key-1")
        assert place.twin.open_credit(place.tenant)["ada"] == Decimal("20.00")

    def test_nothing_is_booked_into_closed_books_and_the_refusal_says_what_to_do(self, place: Place) -> None:
        order = place.order()
        place.twin.lock(place.tenant, TODAY)
        with pytest.raises(Rejected) as refusal:
            carry_out(place, order)
        assert any(word in str(refusal.value).lower() for word in ("closed", "lock"))
        assert place.booked() == []

    def test_each_order_names_the_permission_it_needs_and_reading_alone_allows_no_writing(self, place: Place) -> None:
        everything = features(place.kind.scopes, place.kind.oauth.scopes)
        assert {Feature.READ, Feature.PAYMENTS, Feature.CREDITS, Feature.DATES, Feature.NOTES} <= everything
        assert features(place.kind.scopes, ()) == frozenset()
        orders: list[Order] = [
            place.order(),
            replace(place.order(), invoice=""),
            UndoPaymentOrder("1", OURS),
            NoteOrder("1", "text", OURS),
            DateOrder("1", TODAY, False, OURS),
        ]
        wanted = [Feature.PAYMENTS, Feature.ON_ACCOUNT, Feature.PAYMENTS, Feature.NOTES, Feature.DATES]
        assert [needs(order) for order in orders] == wanted


class TestLinksOut:
    def test_the_ledgers_own_picture_of_an_invoice_is_a_pdf(self, place: Place) -> None:
        assert place.open().pdf(invoice(place, "R-1").id).startswith(b"%PDF")

    def test_an_invoice_that_is_not_there_has_no_picture(self, place: Place) -> None:
        with pytest.raises(Rejected):
            place.open().pdf(invoice(place, "R-1").id[:-1] + "9")

    def test_the_ledgers_own_payment_page_is_an_address_or_nothing(self, place: Place) -> None:
        link = place.open().pay_link(invoice(place, "R-1").id)
        assert link == "" or link.startswith("https://")

    def test_an_accountant_is_led_to_the_very_row(self, place: Place) -> None:
        page, code = place.snapshot(), place.open().company().short_code
        row = page.invoices[0]
        link = place.kind.deep_link("invoice", row.id, code)
        assert link.startswith("https://")
        assert row.id in link
        assert place.kind.deep_link("estimate", row.id, code) == ""
