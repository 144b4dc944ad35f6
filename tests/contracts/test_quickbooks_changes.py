"""The QuickBooks adapter reading what changed: the feed, its limits, voids and stubs, and webhooks."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import (
    BadSignature,
    Misconfigured,
)
from integrations.ledgers.base import LedgerSettings
from integrations.ledgers.quickbooks import QuickBooks
from tests.sandbox.quickbooks_world import World, by_number, gathered, invoice, payment

YEAR_START = date(2026, 1, 1)
SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples/quickbooks"


@pytest.fixture
def world() -> World:
    return World()


# --- what changed ---


def synced(world: World) -> tuple[Any, str]:
    """A ledger and a cursor after which nothing has happened, ten minutes later."""
    ledger = world.ledger()
    cursor = gathered(ledger.snapshot(YEAR_START)).cursor
    assert cursor is not None
    world.later(minutes=10)
    world.calls.clear()
    return ledger, cursor


def test_when_nothing_changed_one_call_says_so(world: World) -> None:
    ledger, cursor = synced(world)
    page = gathered(ledger.changes(cursor))
    assert (page.customers, page.invoices, page.payments, page.deleted) == ((), (), (), ())
    assert page.cursor is not None
    assert page.cursor > cursor
    assert world.calls == ["changes"]


def test_a_part_payment_changes_the_balance_and_shows_what_it_paid(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.receive(world.realm, payment("1001", "40.10", "bank 77"))
    page = gathered(ledger.changes(cursor))
    row = by_number(page.invoices)["1001"]
    assert (row.balance, row.status) == (Money(5990, "USD"), InvoiceStatus.OPEN)
    assert page.payments[0].applied == ((row.id, Money(4010, "USD")),)
    assert page.payments[0].reference == "bank 77"


def test_five_minutes_before_the_cursor_are_read_again(world: World) -> None:
    world.twin.receive(world.realm, payment("1001", "1.00"))
    ledger = world.ledger()
    world.later(minutes=4)
    cursor = world.now.isoformat()
    assert len(gathered(ledger.changes(cursor)).payments) == 1
    world.later(minutes=4)
    assert len(gathered(ledger.changes(world.now.isoformat())).payments) == 0


def test_a_voided_invoice_looks_paid_and_is_told_apart(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.void(world.realm, "1001")
    row = by_number(gathered(ledger.changes(cursor)).invoices)["1001"]
    assert row.balance == Money(0, "USD")
    assert (row.status, row.raw_status) == (InvoiceStatus.VOIDED, "Voided")


def test_a_deleted_invoice_is_only_a_stub_and_never_a_paid_invoice(world: World) -> None:
    ledger, cursor = synced(world)
    gone = world.row("Invoice", "1001")["Id"]
    world.twin.delete(world.realm, "1001")
    page = gathered(ledger.changes(cursor))
    assert page.deleted == (("invoice", gone),)
    assert page.invoices == ()


def test_a_deleted_payment_takes_its_open_credit_with_it(world: World) -> None:
    ledger, cursor = synced(world)
    id = world.twin.receive(world.realm, payment("1001", "1.00"))
    world.client().post("payment", {"Id": id, "SyncToken": "0"}, operation="delete")
    page = gathered(ledger.changes(cursor))
    assert page.deleted == (("payment", id), ("credit", id))
    assert by_number(page.invoices)["1001"].balance == Money(10000, "USD")


def test_a_void_payment_is_gone_but_a_payment_of_nothing_that_links_credit_is_not(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal("30.00"), "1001")
    id = world.twin.receive(world.realm, payment("1002", "46.60"))
    world.client().post("payment", {"Id": id, "SyncToken": "0", "sparse": True}, operation="update", include="void")
    page = gathered(ledger.changes(cursor))
    assert {(row.amount.minor, row.gone) for row in page.payments} == {(0, False), (0, True)}
    numbers = by_number(page.invoices)
    assert (numbers["1001"].balance.minor, numbers["1002"].balance.minor) == (7000, 4660)


def test_credit_memos_and_unapplied_money_are_open_credit(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal("30.00"))
    amy = world.row("Customer", "amy")["Id"]
    paid = world.client().post("payment", {"CustomerRef": {"value": amy}, "TotalAmt": 25}).json()["Payment"]
    credits = {row.kind: row for row in gathered(ledger.changes(cursor)).credits}
    assert credits["credit memo"].remaining == Money(3000, "USD")
    assert credits["unapplied payment"].remaining == Money(2500, "USD")
    linked = [{"TxnId": world.row("Invoice", "1001")["Id"], "TxnType": "Invoice"}]
    update = {"Id": paid["Id"], "SyncToken": "0", "sparse": True, "Line": [{"Amount": 25, "LinkedTxn": linked}]}
    assert world.client().post("payment", update).status_code == 200
    credits = {row.kind: row for row in gathered(ledger.changes(cursor)).credits}
    assert credits["unapplied payment"].remaining == Money(0, "USD"), "used credit is told as used, not left standing"


def test_a_full_feed_is_read_again_by_entity_and_then_by_query(world: World) -> None:
    ledger, cursor = synced(world)
    for number in range(1200):
        world.twin.add_invoice(world.realm, invoice(f"B{number}", amount="1.00"))
    id = world.twin.receive(world.realm, payment("1002", "46.60"))
    page = gathered(ledger.changes(cursor))
    assert {f"B{number}" for number in range(1200)} <= by_number(page.invoices).keys()
    assert id in {row.id for row in page.payments}, "what stood behind the full entity is read as well"
    assert page.cursor is not None
    assert world.calls.count("changes") == 1 + 5 + 2


@pytest.mark.parametrize("days", [29.5, 45])
def test_a_cursor_older_than_the_feed_remembers_is_read_by_query(world: World, days: float) -> None:
    _, cursor = synced(world)
    now = world.later(days=days)
    world.twin.void(world.realm, "1002")
    page = gathered(world.ledger().changes(cursor))
    assert by_number(page.invoices)["1002"].status is InvoiceStatus.VOIDED
    assert page.cursor is not None
    assert datetime.fromisoformat(page.cursor) == now
    assert world.twin.calls["POST /query"] >= 4


def test_one_bad_address_that_breaks_the_feed_does_not_stop_the_reading(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.receive(world.realm, payment("1001", "100.00"))
    world.twin.plan_fault("/cdc", "4002")
    assert by_number(gathered(ledger.changes(cursor)).invoices)["1001"].status is InvoiceStatus.PAID


def test_the_door_is_one_call_whoever_is_asked_about(world: World) -> None:
    ledger, cursor = synced(world)
    world.twin.receive(world.realm, payment("1002", "46.60"))
    page = gathered(ledger.door(cursor, ["1", "2"]))
    assert by_number(page.invoices)["1002"].status is InvoiceStatus.PAID
    assert world.calls == ["door"]


# --- webhooks ---


@pytest.mark.parametrize("legacy", [False, True])
def test_both_shapes_of_webhook_name_the_company_and_the_row(world: World, legacy: bool) -> None:
    world.twin.legacy_webhooks = legacy
    world.connect()
    id = world.twin.receive(world.realm, payment("1001", "1.00"))
    world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal("30.00"))
    [hook] = world.twin.webhooks()
    events = world.quickbooks.events(hook.raw, hook.headers)
    assert [(event.tenant, event.entity) for event in events] == [(world.realm, "payment"), (world.realm, "credit")]
    assert events[0].id == id
    assert len({event.key for event in events}) == 2
    assert world.quickbooks.events(hook.raw, hook.headers) == events, "a redelivery repeats its keys"


def test_a_webhook_with_one_byte_changed_or_no_signature_is_refused(world: World) -> None:
    world.connect()
    world.twin.void(world.realm, "1001")
    [hook] = world.twin.webhooks()
    with pytest.raises(BadSignature):
        world.quickbooks.events(hook.raw + b" ", hook.headers)
    with pytest.raises(BadSignature):
        world.quickbooks.events(hook.raw, {})
    with pytest.raises(BadSignature):
        world.quickbooks.events(hook.raw, {"intuit-signature": "né%%"})


def test_header_names_are_read_in_any_case(world: World) -> None:
    world.connect()
    world.twin.void(world.realm, "1001")
    [hook] = world.twin.webhooks()
    assert world.quickbooks.events(hook.raw, {"Intuit-Signature": hook.headers["intuit-signature"]})


def test_without_a_verifier_token_nothing_verifies(world: World) -> None:
    keyless = QuickBooks(LedgerSettings("id", "secret", "", **world.twin.addresses("https://quickbooks.test")))
    with pytest.raises(Misconfigured):
        keyless.events(b"[]", {"intuit-signature": ""})


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample material beside the checkout")
def test_the_vendors_own_signed_vector_verifies() -> None:
    vector = json.loads((SAMPLES / "webhook_legacy_java_signed_vector.json").read_text())
    kind = QuickBooks(LedgerSettings("id", "secret", vector["verifier_token"], "", "", "", ""))
    [event] = kind.events(vector["raw_body"].encode(), {"intuit-signature": vector["intuit_signature"]})
    assert (event.tenant, event.entity, event.id) == ("1185883450", "customer", "1")
