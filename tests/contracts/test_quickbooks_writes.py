"""The QuickBooks adapter booking payments once, and telling every shape of no apart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from integrations.errors import (
    InDoubt,
    Misconfigured,
    OutsideError,
    RateLimited,
    Reconnect,
    Rejected,
    Transient,
)
from integrations.ledgers.quickbooks import wire
from sandbox.wires import Lost, Slow
from tests.sandbox.quickbooks_world import ABROAD, World, invoice, payment


@pytest.fixture
def world() -> World:
    return World()


# --- booking a payment ---


def test_a_payment_is_booked_once_however_often_the_same_key_is_sent(world: World) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    booked = ledger.write(world.order(), body, "pay-1")
    assert ledger.write(world.order(), body, "pay-1") == booked
    [standing] = world.twin.payments(world.realm)
    assert (standing.id, standing.invoice, standing.amount) == (booked.id, "1001", Decimal("100.00"))
    assert world.twin.balance(world.realm, "1001") == 0


def test_the_body_is_explicit_small_and_always_the_same(world: World) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order("99.90", deposit="2"))
    assert body == ledger.prepare(world.order("99.90", deposit="2"))
    fields = json.loads(body, parse_float=Decimal)
    assert fields["TotalAmt"] == Decimal("99.90"), "a JSON number, never a string"
    assert fields["DepositToAccountRef"] == {"value": "2"}
    assert len(fields["PaymentRefNum"]) == 21
    assert fields["CurrencyRef"] == {"value": "USD"}, "as QuickBooks itself names it on the invoice"
    assert not {"SyncToken", "sparse", "ProcessPayment"} & fields.keys()


def test_the_very_bytes_that_were_stored_are_sent_with_key_and_minor_version(world: World) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    asked: list[tuple[str, str]] = []
    world.network.before = lambda method, url: asked.append((method, url))
    ledger.write(world.order(), body + b"\n", "pay-1")
    (method, url) = asked[-1]
    assert (method, "requestid=pay-1" in url, "minorversion=75" in url) == ("POST", True, True)
    assert set(world.twin.minor_versions) == {"75"}


def test_a_foreign_invoice_is_paid_in_its_own_currency() -> None:
    world = World(about=ABROAD)
    world.twin.add_invoice(world.realm, invoice("E-1", amount="80.00", currency="EUR"))
    ledger = world.ledger()
    order = world.order("80.00", "EUR")
    order = type(order)(world.row("Invoice", "E-1")["Id"], order.customer, order.amount, order.paid_on, "", "eur")
    body = ledger.prepare(order)
    assert json.loads(body)["CurrencyRef"] == {"value": "EUR"}
    ledger.write(order, body, "pay-1")
    assert world.twin.balance(world.realm, "E-1") == 0


@pytest.mark.parametrize("way", ["drop", "500", "503"])
def test_a_lost_answer_leaves_the_booking_in_doubt_and_the_same_key_settles_it(world: World, way: str) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    world.twin.plan_fault("/payment", way)
    with pytest.raises(InDoubt):
        ledger.write(world.order(), body, "pay-1")
    booked = ledger.write(world.order(), body, "pay-1")
    assert [one.id for one in world.twin.payments(world.realm)] == [booked.id]


def test_a_booked_payment_is_found_by_our_reference(world: World) -> None:
    ledger = world.ledger()
    assert ledger.find(world.order()) is None
    world.twin.plan_fault("/payment", "drop")
    with pytest.raises(InDoubt):
        ledger.write(world.order(), ledger.prepare(world.order()), "pay-1")
    found = ledger.find(world.order())
    assert found is not None
    assert (found.id, found.gone) == (world.twin.payments(world.realm)[0].id, False)


def test_a_booking_voided_by_a_bookkeeper_is_found_as_gone_and_not_mistaken_for_never_booked(world: World) -> None:
    ledger = world.ledger()
    id = ledger.write(world.order(), ledger.prepare(world.order()), "pay-1").id
    world.client().post("payment", {"Id": id, "SyncToken": "0", "sparse": True}, operation="update", include="void")
    found = ledger.find(world.order())
    assert found is not None
    assert found.gone


def test_a_reference_with_quotes_and_backslashes_stays_one_value(world: World) -> None:
    assert wire.quoted("O'Neil \\' OR 1") == r"'O\'Neil \\\' OR 1'"
    order = world.order()
    tricky = type(order)(order.invoice, order.customer, order.amount, order.paid_on, "", "it's \\ odd")
    ledger = world.ledger()
    assert ledger.find(tricky) is None
    booked = ledger.write(tricky, ledger.prepare(tricky), "pay-1")
    assert ledger.find(tricky) == booked


def test_more_than_is_open_is_not_even_sent(world: World) -> None:
    with pytest.raises(Rejected, match=r"100\.01 USD exceeds the open balance of Invoice 1001 \(100"):
        world.ledger().prepare(world.order("100.01"))


def test_a_refusal_carries_the_vendors_words_and_code(world: World) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    world.twin.receive(world.realm, payment("1001", "0.01"))
    with pytest.raises(Rejected, match=r"QuickBooks says: .*exceeds the open balance") as refused:
        ledger.write(world.order(), body, "pay-1")
    assert refused.value.code == "6000"
    assert refused.value.reference.startswith("1-"), "intuit_tid is kept for support"
    assert [one.amount for one in world.twin.payments(world.realm)] == [Decimal("0.01")]


def test_a_key_longer_than_the_vendor_takes_is_never_sent(world: World) -> None:
    with pytest.raises(ValueError, match="50"):
        world.ledger().write(world.order(), b"{}", "k" * 51)


# --- when it goes wrong ---


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", RateLimited),
        ("403-throttle", RateLimited),
        ("403", Misconfigured),
        ("401-xml", Reconnect),
        ("503", Transient),
        ("500", Transient),
        ("200-fault", Rejected),
        ("lost", Transient),
        ("drop", Transient),
    ],
)
def test_every_shape_of_no_is_read_from_status_and_body(world: World, fault: str, error: type[OutsideError]) -> None:
    ledger = world.ledger()
    world.twin.plan_fault("/companyinfo", fault)
    with pytest.raises(OutsideError) as raised:
        ledger.company()
    assert type(raised.value) is error
    assert ledger.company().name == "Acme Design Inc"


@pytest.mark.parametrize("fault", ["429", "403-throttle"])
def test_throttled_means_wait_a_minute_and_a_throttled_booking_did_not_happen(world: World, fault: str) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    world.twin.plan_fault("/payment", fault)
    with pytest.raises(RateLimited) as raised:
        ledger.write(world.order(), body, "pay-1")
    assert raised.value.retry_after == 60
    assert world.twin.payments(world.realm) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [("403", Misconfigured), ("401-xml", Reconnect), ("200-fault", Rejected), ("4002", Rejected)],
)
def test_a_booking_that_was_refused_is_not_in_doubt(world: World, fault: str, error: type[OutsideError]) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    world.twin.plan_fault("/payment", fault)
    with pytest.raises(error):
        ledger.write(world.order(), body, "pay-1")


def test_an_expired_token_asks_to_connect_again_and_is_never_quoted(world: World) -> None:
    token, _ = world.connect()
    ledger = world.open(token.access)
    body = ledger.prepare(world.order())
    world.later(hours=2)
    for act in (ledger.company, lambda: ledger.write(world.order(), body, "pay-1")):
        with pytest.raises(Reconnect) as raised:
            act()
        assert token.access not in str(raised.value)
        assert raised.value.__cause__ is None


@pytest.mark.parametrize("word", ["", "null", '{"Fault": {"Error": []}}', '{"Fault": {"Error": [{"code": ""}]}}'])
def test_faults_that_make_the_client_library_stumble_are_still_judged(world: World, word: str) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())
    with odd_answers(world, word), pytest.raises((InDoubt, Rejected)):
        ledger.write(world.order(), body, "pay-1")


class odd_answers:
    """While it lasts, the ledger answers every request with these words and status 200."""

    def __init__(self, world: World, words: str) -> None:
        self.world, self.words = world, words

    def __enter__(self) -> None:
        def app(_environ: dict[str, Any], start: Any) -> list[bytes]:
            start("200 OK", [("Content-Type", "application/json")])
            return [self.words.encode()]

        self.world.network.route("quickbooks.test", app)

    def __exit__(self, *_error: object) -> None:
        self.world.network.route("quickbooks.test", self.world.twin.app)


@pytest.mark.parametrize("words", ["<html>Moved</html>", "[]", '{"CompanyInfo": {}}'])
def test_an_unreadable_reading_is_tried_again_later(world: World, words: str) -> None:
    ledger = world.ledger()
    with odd_answers(world, words), pytest.raises(Transient):
        ledger.company()


@pytest.mark.parametrize("break_", [Lost("gone"), Slow("late")])
def test_a_broken_wire_is_transient_for_a_reading_and_doubt_for_a_booking(world: World, break_: Exception) -> None:
    ledger = world.ledger()
    body = ledger.prepare(world.order())

    def snap(_method: str, _url: str) -> None:
        raise break_

    world.network.after = snap
    with pytest.raises(Transient):
        ledger.company()
    with pytest.raises(InDoubt):
        ledger.write(world.order(), body, "pay-1")
    world.network.after = None
    booked = ledger.write(world.order(), body, "pay-1")
    assert [one.id for one in world.twin.payments(world.realm)] == [booked.id]
