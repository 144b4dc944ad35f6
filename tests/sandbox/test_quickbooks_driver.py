"""What a driver of the pretend world may tell the QuickBooks twin, and what a judge reads from it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
import requests

from sandbox.books import BookCustomer, Company, LedgerTwin
from sandbox.quickbooks import QuickBooksTwin, hooks
from tests.sandbox.quickbooks_scene import (
    ABROAD,
    ACME,
    AMY,
    BILL,
    START,
    Client,
    Scene,
    invoice,
    payment,
)


@pytest.fixture
def world() -> Scene:
    return Scene()


@pytest.fixture
def client(world: Scene) -> Client:
    return world.client()


# --- what a driver may tell it ---


def test_it_is_a_ledger_twin(world: Scene) -> None:
    twin: LedgerTwin = world.twin
    assert twin.kind == "quickbooks"


def test_more_than_is_open_cannot_be_received(world: Scene) -> None:
    with pytest.raises(ValueError, match=r"more than the 46\.60 open on 1002"):
        world.twin.receive(world.realm, payment("1002", "46.61"))


def test_credit_is_applied_or_left_open(world: Scene) -> None:
    world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal(30), "1001")
    world.twin.credit(world.realm, "CN-2", "amy", date(2026, 11, 2), Decimal(15))
    assert world.twin.balance(world.realm, "1001") == 70
    assert world.row("CreditMemo", "CN-1")["RemainingCredit"] == 0
    assert world.row("CreditMemo", "CN-2")["RemainingCredit"] == 15
    assert world.row("Customer", "amy")["Balance"] == 55
    assert world.twin.payments(world.realm) == [], "applying credit is no payment"


def test_a_voided_credit_memo_gives_the_invoice_back(world: Scene, client: Client) -> None:
    world.twin.credit(world.realm, "CN-1", "amy", date(2026, 11, 2), Decimal(30), "1001")
    row = world.row("CreditMemo", "CN-1")
    client.post("creditmemo", {"Id": row["Id"], "SyncToken": row["SyncToken"]}, operation="void")
    assert (world.twin.balance(world.realm, "1001"), world.row("Customer", "amy")["Balance"]) == (100, 100)
    assert row["RemainingCredit"] == 0


def test_payments_stand_with_reference_date_and_vendor_id(world: Scene) -> None:
    id = world.twin.receive(world.realm, payment("1001", "30.00", "bank 7"))
    [one] = world.twin.payments(world.realm)
    assert (one.invoice, one.amount, one.paid_on) == ("1001", Decimal("30.00"), date(2026, 11, 1))
    assert (one.reference, one.id) == ("bank 7", id)


def test_a_company_is_loaded_with_parents_after_children_and_names_twice(world: Scene) -> None:
    job = BookCustomer("job", "Roof", "", (), parent="late")
    customers = [AMY, BookCustomer("amy2", AMY.name, "", ()), job, BookCustomer("late", "Parent: & Co", "", ())]
    realm = world.twin.realms[world.twin.add_company(Company(ACME, customers, voids=[]))]
    rows = {row["FullyQualifiedName"]: row for row in realm.rows["Customer"].values()}
    assert {"Amy's Bird Sanctuary", "Amy's Bird Sanctuary (amy2)", "Parent - & Co", "Parent - & Co:Roof"} == rows.keys()
    assert rows["Parent - & Co:Roof"]["BillWithParent"] is True


def test_a_company_is_loaded_with_all_its_history(world: Scene) -> None:
    books = Company(ACME, [AMY, BILL], [invoice("1"), invoice("2"), invoice("3")], [payment("1", "100.00")])
    books.credits, books.voids = [("CN", "amy", date(2026, 10, 9), Decimal(60), "2")], [("3", date(2026, 10, 9))]
    realm = world.twin.add_company(books)
    assert [world.twin.balance(realm, key) for key in "123"] == [0, 40, 0]


def test_a_planned_fault_hits_what_it_names_as_often_as_it_says(world: Scene, client: Client) -> None:
    world.twin.plan_fault("GET /v3/company", "503", times=2)
    statuses = [client.get("preferences").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    with pytest.raises(ValueError, match="no planned fault"):
        world.twin.plan_fault("/cdc", "earthquake")


@pytest.mark.parametrize(("kind", "booked"), [("drop", 1), ("lost", 0)])
def test_a_broken_answer_may_come_after_the_booking_or_before_it(
    world: Scene, client: Client, kind: str, booked: int
) -> None:
    world.twin.plan_fault("/payment", kind)
    body = {"CustomerRef": {"value": world.row("Customer", "amy")["Id"]}, "TotalAmt": 5}
    with pytest.raises(requests.ConnectionError):
        client.post("payment", body, requestid="r1")
    assert len(world.twin.realms[world.realm].rows["Payment"]) == booked


def test_calls_are_counted_by_the_shape_of_their_path(world: Scene, client: Client) -> None:
    world.twin.calls.clear()
    client.query("SELECT * FROM Invoice")
    client.get("invoice/1")
    client.get("invoice/2")
    assert world.twin.calls == {"GET /query": 1, "GET /invoice": 2}


# --- webhooks ---


def test_news_is_sent_once_and_only_for_a_connected_company(world: Scene) -> None:
    world.twin.receive(world.realm, payment("1001", "1.00"))
    assert world.twin.webhooks() == []
    world.sign_in()
    id = world.twin.receive(world.realm, payment("1001", "2.00"))
    [hook] = world.twin.webhooks()
    [event] = json.loads(hook.raw)
    assert (event["type"], event["intuitentityid"]) == ("qbo.payment.created.v1", id)
    assert event["intuitaccountid"] == world.realm
    assert hook.headers["intuit-signature"] == hooks.sign(hook.raw, world.twin.webhook_key)
    assert world.twin.webhooks() == []


def test_one_delivery_may_speak_of_several_companies(world: Scene) -> None:
    world.sign_in()
    other = world.twin.add_company(Company(ABROAD, [AMY], [invoice("1001")]))
    world.permit(other)
    for realm in (world.realm, other):
        world.twin.void(realm, "1001")
    [hook] = world.twin.webhooks()
    assert {event["intuitaccountid"] for event in json.loads(hook.raw)} == {world.realm, other}
    assert {event["type"] for event in json.loads(hook.raw)} == {"qbo.invoice.voided.v1"}


def test_the_same_story_told_twice_gives_the_same_books() -> None:
    def story() -> str:
        world = Scene()
        world.sign_in()
        world.twin.receive(world.realm, payment("1001", "30.00"))
        world.later(days=1)
        world.twin.void(world.realm, "1002")
        return repr((world.twin.realms[world.realm].rows, world.twin.webhooks()))

    assert story() == story()


def test_keys_given_to_the_twin_are_the_ones_it_wants() -> None:
    twin = QuickBooksTwin(lambda: START, lambda: "id", client_id="a", client_secret="b", webhook_key="c")
    assert (twin.client_id, twin.client_secret, twin.webhook_key) == ("a", "b", "c")
    assert twin.addresses("http://127.0.0.1:5001/")["api_url"] == "http://127.0.0.1:5001"
