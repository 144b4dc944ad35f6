"""What people and tests may do to the pretend Xero, seen from outside through its API and its webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.books import BookCustomer, BookPayment, Webhook
from tests.sandbox.xero_caller import DAY, Caller, Place, invoice


@pytest.fixture
def caller() -> Caller:
    return Caller()


def test_the_bookkeeper_is_held_to_the_same_rules(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    with pytest.raises(ValueError, match="exceeds"):
        twin.receive(tenant, BookPayment("INV-1", Decimal(116), DAY))
    paid = twin.receive(tenant, BookPayment("INV-1", Decimal(15), DAY, "bank"))
    assert twin.payments(tenant) == [BookPayment("INV-1", Decimal(15), DAY, "bank", paid)]
    with pytest.raises(ValueError, match="has a payment"):
        twin.void(tenant, "INV-1")
    twin.unreceive(tenant, paid)
    assert twin.payments(tenant) == []
    twin.void(tenant, "INV-1")
    assert twin.balance(tenant, "INV-1") == 0
    with pytest.raises(ValueError, match="not of valid status"):
        twin.void(tenant, "INV-1")
    with pytest.raises(ValueError, match="unique"):
        twin.add_invoice(tenant, invoice("INV-1"))


def test_a_credit_is_used_as_far_as_the_invoice_goes(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.credit(tenant, "CN-1", "wilma", DAY, Decimal(50), apply_to="INV-2")
    [note] = caller.rows("CreditNotes", page=1)
    assert (note["RemainingCredit"], note["Allocations"][0]["Amount"], note["Status"]) == (4, 46, "AUTHORISED")
    paid = caller.rows("Invoices", page=1, where='InvoiceNumber=="INV-2"')[0]
    assert (paid["Status"], paid["AmountDue"], paid["AmountCredited"], paid["AmountPaid"]) == ("PAID", 0, 46, 0)


# --- what Xero does not stamp ---


def test_a_new_due_date_moves_the_stamp_only_while_nothing_is_paid(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    caller.told()
    twin.change_due(tenant, "INV-1", date(2026, 11, 20))
    assert caller.told() == [("INVOICE", "UPDATE")]
    assert [row["DueDateString"] for row in caller.since(minutes=1)] == ["2026-11-20T00:00:00"]
    twin.receive(tenant, BookPayment("INV-1", Decimal(15), DAY))
    caller.told()
    caller.later(minutes=10)
    twin.change_due(tenant, "INV-1", date(2026, 12, 24))
    assert (caller.told(), caller.since(minutes=5)) == ([], [])
    assert caller.row()["DueDateString"] == "2026-12-24T00:00:00"


def test_mailing_it_moves_the_stamp_only_while_nothing_is_paid(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    assert caller.row()["SentToContact"] is False
    twin.mail(tenant, "INV-1")
    assert [row["SentToContact"] for row in caller.since(minutes=1)] == [True]
    twin.receive(tenant, BookPayment("INV-2", Decimal(15), DAY))
    caller.later(minutes=10)
    twin.mail(tenant, "INV-2")
    assert caller.since(minutes=5) == []
    assert caller.row("INV-2")["SentToContact"] is True


def test_the_bookkeeper_writes_down_when_the_money_is_expected(caller: Caller) -> None:
    caller.twin.expect(caller.tenant, "INV-1", date(2026, 12, 1))
    assert caller.row()["ExpectedPaymentDate"] == "/Date(1796083200000+0000)/"


# --- ends ---


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("DRAFT", "DELETED"), ("SUBMITTED", "DELETED"), ("AUTHORISED", "VOIDED")],
)
def test_a_draft_is_deleted_and_an_approved_invoice_voided(caller: Caller, status: str, becomes: str) -> None:
    caller.twin.invoice(caller.tenant, "INV-1").status = status
    caller.twin.delete(caller.tenant, "INV-1")
    [row] = caller.rows("Invoices", Statuses="DELETED,VOIDED")
    assert (row["InvoiceNumber"], row["Status"], row["AmountDue"]) == ("INV-1", becomes, 0)


def test_nothing_that_money_stands_on_is_deleted(caller: Caller) -> None:
    caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(15), DAY))
    with pytest.raises(ValueError, match="cannot be edited as it has a payment"):
        caller.twin.delete(caller.tenant, "INV-1")


def test_a_payment_taken_back_makes_the_invoice_open_again(caller: Caller) -> None:
    paid = caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(115), DAY))
    assert caller.row()["Status"] == "PAID"
    caller.twin.unreceive(caller.tenant, paid)
    row = caller.row()
    assert (row["Status"], row["AmountDue"], row["Payments"]) == ("AUTHORISED", 115, [])
    assert [one["Status"] for one in caller.rows("Payments")] == ["DELETED"]


def test_nothing_is_booked_into_a_closed_period(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    paid = twin.receive(tenant, BookPayment("INV-2", Decimal(1), DAY))
    for close in (twin.lock, twin.lock_year):
        close(tenant, date(2026, 11, 30))
        refused: list[Any] = [
            lambda: twin.receive(tenant, BookPayment("INV-1", Decimal(1), DAY)),
            lambda: twin.unreceive(tenant, paid),
            lambda: twin.credit(tenant, "CN-1", "barney", DAY, Decimal(1)),
            lambda: twin.void(tenant, "INV-1"),
            lambda: twin.change_due(tenant, "INV-1", DAY),
        ]
        for each in refused:
            with pytest.raises(ValueError, match="lock date, currently set at 30 November 2026"):
                each()
        close(tenant, None)
    twin.unreceive(tenant, paid)


# --- customers and credit ---


def test_merged_customers_become_one_with_all_the_documents(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.credit(tenant, "CN-1", "wilma", DAY, Decimal(5))
    barney, wilma = twin.contact(tenant, "barney").id, twin.contact(tenant, "wilma").id
    caller.told()
    caller.later(minutes=10)
    twin.merge(tenant, "wilma", "barney")
    assert caller.told() == [("CONTACT", "UPDATE")] * 2
    [gone] = [row for row in caller.rows("Contacts", page=1, includeArchived="true") if row["ContactID"] == wilma]
    assert (gone["ContactStatus"], gone["MergedToContactID"]) == ("ARCHIVED", barney)
    assert {row["Contact"]["ContactID"] for row in caller.rows("Invoices", page=1)} == {barney}
    assert twin.open_credit(tenant) == {"barney": Decimal(5)}
    assert caller.since(minutes=5) == [], "the documents themselves are not stamped anew"


def test_archived_and_forgotten_contacts_say_so(caller: Caller) -> None:
    caller.twin.archive(caller.tenant, "barney")
    caller.twin.request_erasure(caller.tenant, "wilma")
    rows = caller.rows("Contacts", page=1, includeArchived="true")
    assert {row["ContactNumber"]: row["ContactStatus"] for row in rows} == {
        "barney": "ARCHIVED",
        "wilma": "GDPRREQUEST",
    }


def test_open_credit_is_what_is_left_of_every_kind(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.credit(tenant, "CN-1", "barney", DAY, Decimal(200), apply_to="INV-1")
    twin.overpay(tenant, "OP-1", "barney", DAY, Decimal(7))
    made = twin.receive_on_account(tenant, "PP-1", "wilma", DAY, Decimal(46))
    assert twin.open_credit(tenant) == {"barney": Decimal(92), "wilma": Decimal(46)}
    [row] = caller.rows("Prepayments", page=1)
    assert (row["PrepaymentID"], row["Type"], row["RemainingCredit"]) == (made, "RECEIVE-PREPAYMENT", 46)
    twin.allocate(tenant, "PP-1", "INV-2", DAY)
    assert (caller.row("INV-2")["Status"], twin.open_credit(tenant)) == ("PAID", {"barney": Decimal(92)})
    twin.deallocate(tenant, "PP-1")
    assert (caller.row("INV-2")["Status"], twin.open_credit(tenant)["wilma"]) == ("AUTHORISED", Decimal(46))


def test_a_void_credit_is_worth_nothing_and_a_used_one_cannot_be_voided(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.credit(tenant, "CN-1", "barney", DAY, Decimal(20), apply_to="INV-1")
    with pytest.raises(ValueError, match="allocated"):
        twin.void_credit(tenant, "CN-1")
    twin.deallocate(tenant, "CN-1")
    twin.void_credit(tenant, "CN-1")
    [row] = caller.rows("CreditNotes", page=1)
    assert (row["Status"], row["RemainingCredit"], twin.open_credit(tenant)) == ("VOIDED", 0, {})


# --- odd rows ---


def test_a_spoiled_row_is_odd_wherever_it_is_handed_out_until_it_is_itself_again(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    paid = twin.receive(tenant, BookPayment("INV-1", Decimal(1), DAY))
    twin.credit(tenant, "CN-1", "barney", DAY, Decimal(5))
    keys = {"customer": "barney", "invoice": "INV-1", "payment": paid, "credit": "CN-1"}
    for (entity, key), path in zip(keys.items(), ("Contacts", "Invoices", "Payments", "CreditNotes"), strict=True):
        before = caller.rows(path, page=1)
        twin.spoil(tenant, entity, key, Status="MELTED", Date=None, Surprise={"odd": True})
        odd = [row for row in caller.rows(path, page=1) if "Surprise" in row]
        assert [(row["Status"], row["Date"], row["Surprise"]) for row in odd] == [("MELTED", None, {"odd": True})]
        id = next(value for name, value in odd[0].items() if name == f"{path.rstrip('s')}ID")
        assert caller.get(f"{path}/{id}").get_json()[path][0]["Status"] == "MELTED"
        twin.spoil(tenant, entity, key)
        assert caller.rows(path, page=1) == before


# --- webhooks ---


def test_only_a_connected_organisation_sends_webhooks_fifty_at_a_time() -> None:
    place = Place()
    place.twin.receive(place.tenant, BookPayment("INV-1", Decimal(1), DAY))
    assert place.twin.webhooks() == []
    caller = Caller()
    for count in range(60):
        caller.twin.add_invoice(caller.tenant, invoice(f"N-{count}"))
    assert [delivery.raw.count(b"resourceId") for delivery in caller.twin.webhooks()] == [50, 10]
    caller.twin.disconnect(caller.tenant)
    caller.twin.archive(caller.tenant, "barney")
    assert caller.twin.webhooks() == []


def something_of_everything(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.add_customer(tenant, BookCustomer("new", "New", "", ()))
    twin.credit(tenant, "CN-1", "barney", DAY, Decimal(5))
    twin.overpay(tenant, "OP-1", "barney", DAY, Decimal(5))
    twin.prepay(tenant, "PP-1", "barney", DAY, Decimal(5))
    twin.receive(tenant, BookPayment("INV-1", Decimal(1), DAY))


def test_everything_but_a_payment_has_a_webhook_of_its_own(caller: Caller) -> None:
    something_of_everything(caller)
    assert caller.told() == [
        ("CONTACT", "CREATE"),
        ("CREDITNOTE", "CREATE"),
        ("OVERPAYMENT", "CREATE"),
        ("PREPAYMENT", "CREATE"),
        ("INVOICE", "UPDATE"),
    ]
    caller.books.payments_tell = False
    caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(1), DAY))
    assert caller.told() == []


def test_an_event_is_thin_and_may_lack_the_id_in_its_address(caller: Caller) -> None:
    caller.twin.hooks.short_urls = True
    caller.twin.credit(caller.tenant, "CN-1", "barney", DAY, Decimal(5))
    [hook] = caller.twin.webhooks()
    [event] = json.loads(hook.raw)["events"]
    assert event["resourceUrl"] == "https://xero.test/api.xro/2.0/CreditNotes"
    assert event["data"] == {"Type": "ACCRECCREDIT", "Status": "AUTHORISED"}
    assert caller.get(f"CreditNotes/{event['resourceId']}").status_code == 200


def test_webhooks_may_come_twice_backwards_or_beside_forged_ones(caller: Caller) -> None:
    twin = caller.twin

    def good(hook: Webhook) -> bool:
        digest = hmac.new(twin.webhook_key.encode(), hook.raw, hashlib.sha256).digest()
        return hook.headers["x-xero-signature"] == base64.b64encode(digest).decode()

    def ids(hooks: list[Webhook]) -> list[str]:
        return [event["resourceId"] for hook in hooks for event in json.loads(hook.raw)["events"]]

    keys = [f"N-{count}" for count in range(3)]
    made = [twin.add_invoice(caller.tenant, invoice(key)) for key in keys]
    assert ids(twin.webhooks("backwards")) == made[::-1]
    twin.add_invoice(caller.tenant, invoice("N-4"))
    one, two = twin.webhooks("twice")
    assert one == two
    assert good(one)
    twin.add_invoice(caller.tenant, invoice("N-5"))
    forged, real = twin.webhooks("unsigned")
    assert (good(forged), good(real)) == (False, True)
    assert ids([forged]) == ids([real])
    assert twin.webhooks() == []
    with pytest.raises(ValueError, match="do not come"):
        twin.webhooks("sideways")


def test_the_handshake_has_right_and_wrong_signatures_and_no_events(caller: Caller) -> None:
    deliveries = caller.twin.handshake()
    assert {status for _, status in deliveries} == {200, 401}
    assert {json.loads(hook.raw)["firstEventSequence"] for hook, _ in deliveries} == {0}
    assert all(json.loads(hook.raw)["events"] == [] for hook, _ in deliveries)
