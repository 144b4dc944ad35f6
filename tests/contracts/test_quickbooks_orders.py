"""Every order but the payment of an invoice, carried out in QuickBooks: what is sent, what stands, what is found again.

The bookkeeper of the pretend company is at work at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.money import Money
from integrations.errors import InDoubt, Rejected, Stale
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    NoteOrder,
    Order,
    PaymentOrder,
    Purpose,
    UndoPaymentOrder,
    Written,
)
from integrations.ledgers.quickbooks import QuickBooksLedger
from tests.sandbox.quickbooks_world import ABROAD, World, gathered, invoice, payment

TODAY = date(2026, 11, 2)
REFERENCE = "Ref-abcdefghijklmnopqr"


@pytest.fixture
def world() -> World:
    return World()


def dollars(amount: str) -> Money:
    return Money.parse(amount, "USD")


def on_account(world: World, amount: str = "25.00") -> PaymentOrder:
    return replace(world.order(amount), invoice="")


def undo(world: World) -> UndoPaymentOrder:
    return UndoPaymentOrder(world.twin.receive(world.realm, payment("1001", "40.00")), REFERENCE)


def discount(world: World, amount: str = "5.00") -> CreditOrder:
    item = next(one for one in world.ledger().income_choices() if one.name == "Discounts given")
    return CreditOrder(
        world.order().customer, dollars(amount), TODAY, item.id, "For paying early. Thank you!", REFERENCE
    )


def allocation(world: World) -> AllocationOrder:
    credit = world.twin.credit(world.realm, "CN-1", "amy", TODAY, Decimal("5.00"))
    order = world.order()
    return AllocationOrder(credit, order.invoice, order.customer, dollars("5.00"), TODAY, REFERENCE)


def new_date(world: World) -> DateOrder:
    return DateOrder(world.order().invoice, date(2026, 11, 30), False, REFERENCE)


def note(world: World) -> NoteOrder:
    return NoteOrder(world.order().invoice, "Promised for 12 November.", REFERENCE)


def fee(world: World) -> InvoiceOrder:
    item = next(one for one in world.ledger().income_choices() if one.name == "Late fees")
    words, due = "Fee for late payment of invoice 1001", date(2026, 11, 16)
    return InvoiceOrder(world.order().customer, dollars("40.00"), TODAY, due, item.id, words, REFERENCE, "1001")


def expense(world: World) -> ExpenseOrder:
    bank, [account] = world.ledger().deposit_accounts()[0], world.ledger().expense_choices()
    return ExpenseOrder(dollars("2.90"), TODAY, bank.id, account.id, "Stripe", "Fees of payout po_7", REFERENCE)


EVERY: list[Callable[[World], Order]] = [World.order, on_account, undo, discount, allocation, new_date, note]
EVERY += [fee, expense]
PATHS = {DateOrder: "/invoice", NoteOrder: "/invoice", CreditOrder: "/creditmemo"}
PATHS |= {InvoiceOrder: "/invoice", ExpenseOrder: "/purchase"}


def carry_out(ledger: QuickBooksLedger, order: Order, key: str = "key-1") -> Written:
    return ledger.write(order, ledger.prepare(order), key)


# --- what holds for every order ---


@pytest.mark.parametrize("make", EVERY)
def test_an_order_is_found_only_once_it_is_carried_out(world: World, make: Callable[[World], Order]) -> None:
    order, ledger = make(world), world.ledger()
    assert ledger.find(order) is None
    written = carry_out(ledger, order)
    found = ledger.find(order)
    assert found == written
    assert not found.gone


@pytest.mark.parametrize("make", EVERY)
def test_a_lost_answer_is_in_doubt_and_the_same_key_changes_nothing_more(
    world: World, make: Callable[[World], Order]
) -> None:
    order, ledger = make(world), world.ledger()
    body = ledger.prepare(order)
    world.twin.plan_fault(PATHS.get(type(order), "/payment"), "drop")
    with pytest.raises(InDoubt):
        ledger.write(order, body, "key-1")
    found = ledger.find(order)
    assert found is not None, "it was carried out; only the answer was lost"
    assert ledger.write(order, body, "key-1") == found


@pytest.mark.parametrize("make", EVERY)
def test_the_same_order_and_books_make_the_same_bytes_and_reading_them_is_metered(
    world: World, make: Callable[[World], Order]
) -> None:
    order, ledger = make(world), world.ledger()
    body = ledger.prepare(order)
    assert ledger.prepare(order) == body
    world.calls.clear()
    world.meter.reads.clear()
    ledger.write(order, ledger.prepare(order), "key-1")
    assert set(world.calls) == {Purpose.WRITE}
    before = [True, True] if isinstance(order, InvoiceOrder | ExpenseOrder) else [True]  # the country says which tax
    assert world.meter.reads == [*before, False], "a reading before it, and the booking itself, which is not metered"


@pytest.mark.parametrize("make", [World.order, discount, fee, expense])
def test_a_booking_of_ours_that_cannot_be_read_is_shown_to_a_person_and_never_doubled(
    world: World, make: Callable[[World], Order]
) -> None:
    order, ledger = make(world), world.ledger()
    id = carry_out(ledger, order).id
    named = {CreditOrder: "CreditMemo", InvoiceOrder: "Invoice", ExpenseOrder: "Purchase"}
    entity = named.get(type(order), "Payment")
    world.twin.realms[world.realm].spoil(entity, id, {"TotalAmt": "soon"})
    with pytest.raises(Rejected, match=r"could not be read: its TotalAmt makes no sense\. It names our reference"):
        ledger.find(order)


@pytest.mark.parametrize("make", [undo, new_date, note])
def test_a_row_changed_in_the_meantime_is_stale_and_prepared_again(
    world: World, make: Callable[[World], Order]
) -> None:
    order, ledger = make(world), world.ledger()
    body = ledger.prepare(order)
    client = world.client()
    if isinstance(order, UndoPaymentOrder):
        client.change("Payment", order.payment, PrivateNote="Checked by Pat")
    else:
        client.change("Invoice", order.invoice, PrivateNote="Checked by Pat")
    with pytest.raises(Stale, match="read again"):
        ledger.write(order, body, "key-1")
    assert carry_out(ledger, order, "key-2")
    if isinstance(order, NoteOrder):
        assert world.row("Invoice", "1001")["PrivateNote"].startswith("Checked by Pat\nPromised"), "nothing is lost"


@pytest.mark.parametrize("make", [World.order, undo, allocation, new_date, note])
def test_what_has_been_deleted_cannot_be_changed(world: World, make: Callable[[World], Order]) -> None:
    order, ledger = make(world), world.ledger()
    if isinstance(order, UndoPaymentOrder):
        world.twin.unreceive(world.realm, order.payment)
    else:
        world.twin.delete(world.realm, "1001")
    with pytest.raises(Rejected, match="deleted or made inactive") as refused:
        ledger.prepare(order)
    assert refused.value.code == "610"


# --- one by one ---


def test_money_on_account_stands_unapplied_with_the_customer(world: World) -> None:
    order, ledger = on_account(world), world.ledger()
    carry_out(ledger, order)
    row = next(iter(world.twin.realms[world.realm].rows["Payment"].values()))
    assert (row["UnappliedAmt"], row["Line"], row["CustomerRef"]["value"]) == (Decimal(25), [], order.customer)
    assert world.twin.balance(world.realm, "1001") == 100


def test_a_payment_taken_back_is_void_and_the_invoice_is_open_again(world: World) -> None:
    order, ledger = undo(world), world.ledger()
    assert world.twin.balance(world.realm, "1001") == 60
    assert set(json.loads(ledger.prepare(order))) == {"Id", "SyncToken", "sparse"}
    carry_out(ledger, order)
    assert world.twin.balance(world.realm, "1001") == 100
    with pytest.raises(Rejected, match="already been voided"):
        ledger.prepare(order)


def test_a_payment_the_bookkeeper_deleted_counts_as_taken_back(world: World) -> None:
    order = undo(world)
    world.twin.unreceive(world.realm, order.payment)
    assert world.ledger().find(order) == Written(order.payment)


def test_a_deposited_payment_cannot_be_taken_back_and_it_says_what_to_do(world: World) -> None:
    order, ledger = undo(world), world.ledger()
    world.twin.deposit(world.realm, order.payment)
    with pytest.raises(Rejected, match="Take it out of the deposit there first") as refused:
        carry_out(ledger, order)
    assert refused.value.code == "6540"


def test_a_credit_note_carries_our_words_and_item_and_is_open_credit(world: World) -> None:
    order, ledger = discount(world), world.ledger()
    body = json.loads(ledger.prepare(order), parse_float=Decimal)
    assert body["Line"][0]["SalesItemLineDetail"] == {"ItemRef": {"value": order.income}}
    assert body["CustomerMemo"] == {"value": "For paying early. Thank you!"}
    assert "DocNumber" not in body, "the number is QuickBooks' own"
    written = carry_out(ledger, order)
    [credit] = gathered(ledger.named("credit", [written.id])).credits
    assert (credit.remaining, credit.customer, credit.issued) == (dollars("5.00"), order.customer, TODAY)


def test_a_credit_note_voided_since_is_found_as_gone(world: World) -> None:
    order, ledger = discount(world), world.ledger()
    written = carry_out(ledger, order)
    client = world.client()
    client.post("creditmemo", {"Id": written.id, "SyncToken": written.version}, operation="void")
    found = ledger.find(order)
    assert found is not None
    assert (found.id, found.gone) == (written.id, True)


def test_without_an_item_no_credit_note_is_made_and_it_says_where_to_choose(world: World) -> None:
    with pytest.raises(Rejected, match="company's settings"):
        world.ledger().prepare(replace(discount(world), income=""))


def test_only_items_that_can_be_credited_are_offered(world: World) -> None:
    assert [one.name for one in world.ledger().income_choices()] == ["Services", "Discounts given", "Late fees"]


def test_a_credit_used_for_an_invoice_lowers_both(world: World) -> None:
    order, ledger = allocation(world), world.ledger()
    carry_out(ledger, order)
    assert world.twin.balance(world.realm, "1001") == 95
    [credit] = gathered(ledger.named("credit", [order.credit])).credits
    assert credit.remaining == dollars("0.00")
    [link] = gathered(ledger.snapshot(date(2026, 1, 1))).payments
    assert (link.amount, link.gone, link.applied) == (dollars("0.00"), False, ((order.invoice, dollars("5.00")),))


def test_a_new_due_date_changes_nothing_else(world: World) -> None:
    before = dict(world.row("Invoice", "1001"))
    order, ledger = new_date(world), world.ledger()
    carry_out(ledger, order)
    changed = {name for name, value in world.row("Invoice", "1001").items() if before.get(name) != value}
    assert changed == {"DueDate", "SyncToken"} or changed == {"DueDate", "SyncToken", "MetaData"}
    with pytest.raises(Rejected, match="already due on 2026-11-30"):
        ledger.prepare(order)


def test_a_paid_invoice_keeps_its_due_date(world: World) -> None:
    world.twin.receive(world.realm, payment("1001", "100.00"))
    with pytest.raises(Rejected, match="Invoice 1001 is not open"):
        world.ledger().prepare(new_date(world))


def test_a_date_on_which_money_is_expected_is_nothing_quickbooks_keeps(world: World) -> None:
    order, ledger = replace(new_date(world), expected=True), world.ledger()
    with pytest.raises(Rejected, match="keeps no date"):
        ledger.prepare(order)
    assert ledger.find(order) is None


def test_a_note_stands_once_behind_what_was_there(world: World) -> None:
    world.row("Invoice", "1001")["PrivateNote"] = "Ring before delivery."
    order, ledger = note(world), world.ledger()
    carry_out(ledger, order)
    text = world.row("Invoice", "1001")["PrivateNote"]
    assert text == f"Ring before delivery.\nPromised for 12 November. (Dunlin, reference {REFERENCE})"
    with pytest.raises(Rejected, match="already stands"):
        ledger.prepare(order)


def test_a_note_is_shortened_when_there_is_little_room_and_refused_when_there_is_none(world: World) -> None:
    order, ledger = replace(note(world), text="x" * 3000), world.ledger()
    world.row("Invoice", "1001")["PrivateNote"] = "y" * 3800
    carry_out(ledger, order)
    text: str = world.row("Invoice", "1001")["PrivateNote"]
    assert (len(text), text[:3801], text.endswith(f"{REFERENCE})")) == (4000, "y" * 3800 + "\n", True)
    world.row("Invoice", "1001")["PrivateNote"] = "y" * 3950
    with pytest.raises(Rejected, match="is full"):
        ledger.prepare(order)


# --- what the books do not allow ---


def test_a_void_invoice_takes_no_payment(world: World) -> None:
    world.twin.void(world.realm, "1001")
    with pytest.raises(Rejected, match="Invoice 1001 has been voided"):
        world.ledger().prepare(world.order())


def test_a_payment_in_another_currency_than_the_invoices_is_refused() -> None:
    world = World(about=ABROAD)
    world.twin.add_invoice(world.realm, invoice("E-1", amount="80.00", currency="EUR"))
    order = replace(world.order("80.00"), invoice=world.row("Invoice", "E-1")["Id"])
    with pytest.raises(Rejected, match="kept in EUR in QuickBooks, not in USD"):
        world.ledger().prepare(order)


def test_a_date_in_closed_books_is_refused_with_what_to_do(world: World) -> None:
    world.twin.lock(world.realm, date(2026, 12, 31))
    with pytest.raises(Rejected, match="Choose a date after the closing date") as refused:
        carry_out(world.ledger(), world.order())
    assert refused.value.code == "6210"


def test_an_account_that_is_gone_is_chosen_again(world: World) -> None:
    with pytest.raises(Rejected, match="Choose the account or item again in the company's settings") as refused:
        carry_out(world.ledger(), world.order(deposit="999"))
    assert refused.value.code == "2500"
