"""The pretend Xero keeps Xero's rules: lists, limits, write keys, payments, and the way back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sandbox.books import BookCustomer, BookPayment
from tests.sandbox.xero_world import World, invoice

DAY = date(2026, 11, 2)


class Caller:
    """Plain HTTP, as any client would speak it."""

    def __init__(self) -> None:
        self.world = World()
        token, _ = self.world.connect()
        self.headers = {"Authorization": f"Bearer {token.access}", "xero-tenant-id": self.world.tenant}
        self.http = self.world.twin.app.test_client()

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> TestResponse:
        return self.http.get(f"/api.xro/2.0/{path}", query_string=query, headers=self.headers | (headers or {}))

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()[path])

    def put(self, key: str = "", query: str = "", **changes: Any) -> TestResponse:
        order = self.world.order()
        body = {
            "Invoice": {"InvoiceID": order.invoice},
            "Account": {"Code": "090"},
            "Date": "2026-11-02",
            "Amount": 15.5,
        } | changes
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.http.put(f"/api.xro/2.0/Payments{query}", json={"Payments": [body]}, headers=headers)


@pytest.fixture
def caller() -> Caller:
    return Caller()


def messages(answer: TestResponse) -> list[str]:
    return [error["Message"] for error in answer.get_json()["Elements"][0]["ValidationErrors"]]


# --- lists ---


def test_a_list_with_pages_is_full_and_one_without_is_a_summary(caller: Caller) -> None:
    assert caller.rows("Invoices")[0]["LineItems"] == []
    assert caller.get("Invoices").get_json().get("pagination") is None
    assert len(caller.rows("Invoices", page=1)[0]["LineItems"]) == 1
    assert caller.get("Invoices", Statuses="AUTHORISED").get_json()["pagination"]["itemCount"] == 2
    assert caller.rows("Invoices", page=1, summaryOnly="true")[0]["LineItems"] == []


@pytest.mark.parametrize(
    ("number", "size", "rows", "about"),
    [
        (1, None, 100, {"page": 1, "pageSize": 100, "pageCount": 2, "itemCount": 122}),
        (2, None, 22, {"page": 2, "pageSize": 100, "pageCount": 2, "itemCount": 122}),
        (9, 50, 0, {"page": 9, "pageSize": 50, "pageCount": 3, "itemCount": 122}),
        (0, 9999, 122, {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": 122}),
    ],
)
def test_pages_are_counted_and_sizes_clamped(
    caller: Caller, number: int, size: int | None, rows: int, about: dict[str, int]
) -> None:
    for count in range(120):
        caller.world.twin.add_invoice(caller.world.tenant, invoice(f"N-{count}"))
    answer = caller.get("Invoices", page=number, **({"pageSize": size} if size else {})).get_json()
    assert len(answer["Invoices"]) == rows
    assert answer["pagination"] == about


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ('Type=="ACCREC"', ["INV-1", "INV-2"]),
        ('Type=="ACCPAY"', []),
        ('Status="AUTHORISED" AND AmountDue>=100', ["INV-1"]),
        ("Date>=DateTime(2026,10,01) and DueDate<DateTime(2026,10,21)", []),
        ('InvoiceNumber=="INV-2" OR InvoiceNumber=="INV-1"', ["INV-1", "INV-2"]),
        ('Contact.Name!="Barney Rubble Gravel"', ["INV-2"]),
        ("AmountPaid==0", ["INV-1", "INV-2"]),
    ],
)
def test_filters_are_understood(caller: Caller, where: str, numbers: list[str]) -> None:
    assert sorted(row["InvoiceNumber"] for row in caller.rows("Invoices", where=where)) == numbers


@pytest.mark.parametrize(
    "query",
    [
        {"where": "Colour==1"},
        {"where": 'Type LIKE "A"'},
        {"where": "Type==ACCREC"},
        {"order": "Colour ASC"},
        {"order": "Date SIDEWAYS"},
        {"page": "one"},
    ],
)
def test_what_is_not_understood_is_refused_not_ignored(caller: Caller, query: dict[str, str]) -> None:
    answer = caller.get("Invoices", **query)
    assert (answer.status_code, answer.get_json()["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize("suffix", ["", "Z", "+00:00"])
def test_modified_since_is_utc_with_or_without_a_zone(caller: Caller, suffix: str) -> None:
    caller.world.later(minutes=1)
    caller.world.twin.receive(caller.world.tenant, BookPayment("INV-1", Decimal(1), DAY))
    answer = caller.get("Invoices", {"If-Modified-Since": f"2026-11-02T09:01:00{suffix}"}, page=1).get_json()
    assert [row["InvoiceNumber"] for row in answer["Invoices"]] == ["INV-1"]
    assert caller.get("Invoices", {"If-Modified-Since": "yesterday"}).status_code == 400


def test_lists_by_id_number_and_customer_and_orders(caller: Caller) -> None:
    order = caller.world.order("INV-2")
    for query in ({"IDs": order.invoice}, {"InvoiceNumbers": "INV-2"}, {"ContactIDs": order.customer}):
        assert [row["InvoiceNumber"] for row in caller.rows("Invoices", **query)] == ["INV-2"]
    ids = [row["InvoiceID"] for row in caller.rows("Invoices", order="InvoiceID DESC")]
    assert ids == sorted(ids, reverse=True)
    assert caller.rows("Invoices", IDs="none") == []
    assert caller.get(f"Invoices/{order.invoice}").get_json()["Invoices"][0]["InvoiceNumber"] == "INV-2"
    assert caller.get("Invoices/none").status_code == caller.get("Inventions").status_code == 404


def test_dates_come_twice_and_the_archived_only_when_asked_for(caller: Caller) -> None:
    row = caller.rows("Invoices")[0]
    assert (row["Date"], row["DateString"]) == ("/Date(1790812800000+0000)/", "2026-10-01T00:00:00")
    assert row["UpdatedDateUTC"].startswith("/Date(")
    assert row["UpdatedDateUTCString"] == "2026-11-01T09:00:00Z"
    caller.world.twin.add_customer(caller.world.tenant, BookCustomer("old", "Old", "", (), archived=True))
    assert len(caller.rows("Contacts", page=1)) == 2
    assert len(caller.rows("Contacts", page=1, includeArchived="true")) == 3
    assert "ContactPersons" not in caller.rows("Contacts")[0]


# --- who may come in, and how often ---


def test_a_token_a_tenant_and_a_scope_are_needed(caller: Caller) -> None:
    assert caller.get("Organisation", {"Authorization": "Bearer x"}).status_code == 401
    other = caller.get("Organisation", {"xero-tenant-id": caller.world.twin.new_uuid()})
    assert (other.status_code, other.get_json()["Detail"]) == (403, "AuthenticationUnsuccessful")
    caller.world.twin.tokens.grants[0].scope = ("accounting.payments.read",)
    assert caller.get("Payments").status_code == 200
    refused = caller.put()
    assert refused.status_code == 401
    assert "insufficent_scope" in refused.headers["WWW-Authenticate"]
    assert caller.get("Invoices").status_code == 401


def test_every_answer_says_what_is_left_of_the_limits(caller: Caller) -> None:
    first, second = caller.get("Organisation"), caller.get("Organisation")
    assert first.headers["X-MinLimit-Remaining"] == "59"
    assert second.headers["X-MinLimit-Remaining"] == "58"
    assert second.headers["X-DayLimit-Remaining"] == "4998"
    assert first.headers["xero-correlation-id"] != second.headers["xero-correlation-id"]
    caller.world.twin.day_limit = 2
    limited = caller.get("Organisation")
    assert (limited.status_code, limited.headers["X-Rate-Limit-Problem"]) == (429, "day")
    assert limited.headers["Retry-After"] == str(15 * 3600)  # it is nine in the morning, UTC


def test_a_fault_is_planned_for_a_path_and_a_number_of_times(caller: Caller) -> None:
    caller.world.twin.plan_fault("/Accounts", "503", times=2)
    statuses = [caller.get(path).status_code for path in ("Organisation", "Accounts", "Accounts", "Accounts")]
    assert statuses == [200, 503, 503, 200]
    with pytest.raises(ValueError, match="has no fault"):
        caller.world.twin.plan_fault("/Accounts", "fire")


# --- writing ---


def test_a_key_answers_the_same_for_six_minutes_errors_too(caller: Caller) -> None:
    first = caller.put("k1")
    assert caller.put("k1").data == first.data
    assert caller.put("k1", Amount=1).status_code == 400
    refused = caller.put("k2", Amount=900)
    caller.world.twin.add_invoice(caller.world.tenant, invoice("INV-3", amount="900"))
    assert caller.put("k2", Amount=900).data == refused.data
    assert len(caller.rows("Payments")) == 1
    caller.world.later(minutes=6)
    assert caller.put("k1").get_json()["Payments"][0]["PaymentID"] != first.get_json()["Payments"][0]["PaymentID"]


def test_a_drop_keeps_the_change_and_breaks_the_answer(caller: Caller) -> None:
    caller.world.twin.plan_fault("PUT /api.xro/2.0/Payments", "drop")
    broken = caller.put("k1")
    assert int(broken.headers["Content-Length"]) > len(broken.data)
    assert len(caller.rows("Payments")) == 1
    assert caller.put("k1").status_code == 200
    assert len(caller.rows("Payments")) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Amount": 115.01}, ["Payment amount exceeds the amount outstanding on this document"]),
        ({"Amount": 0}, ["Payment amount must be greater than zero"]),
        ({"Account": {"Code": "091"}}, ["Account could not be found"]),
        ({"Account": {"Code": "none"}}, ["Account could not be found"]),
        ({"Account": {"Code": "200"}}, ["Account type is invalid for making a payment to/from"]),
        ({"Invoice": {"InvoiceID": "none"}}, ["Invoice could not be found"]),
        ({"Date": "soon"}, ["A payment needs a valid Date and Amount"]),
        (
            {"Date": "2026-09-30"},
            ["The document date cannot be before the period lock date, currently set at 30 September 2026"],
        ),
    ],
)
def test_payments_are_refused_in_xeros_words(caller: Caller, changes: dict[str, Any], says: list[str]) -> None:
    caller.world.twin.organisations[caller.world.tenant].lock_date = date(2026, 9, 30)
    answer = caller.put(**changes)
    assert answer.status_code == 400
    assert messages(answer) == says
    separately = caller.put(query="?summarizeErrors=false", **changes)
    assert separately.status_code == 200
    assert separately.get_json()["Payments"][0]["StatusAttributeString"] == "ERROR"
    assert caller.rows("Payments") == []


def test_full_payment_makes_it_paid_and_deleting_opens_it_again(caller: Caller) -> None:
    made = caller.put(Amount=115).get_json()["Payments"][0]
    assert made["Invoice"]["Status"] == "PAID"
    assert messages(caller.put(Amount=1)) == [
        "Payments can only be made against Authorised documents",
        "Payment amount exceeds the amount outstanding on this document",
    ]
    address = f"/api.xro/2.0/Payments/{made['PaymentID']}"
    assert caller.http.post(address, json={"Status": "PAID"}, headers=caller.headers).status_code == 400
    gone = caller.http.post(address, json={"Status": "DELETED"}, headers=caller.headers).get_json()["Payments"][0]
    assert (gone["Status"], gone["Invoice"]["Status"], gone["Invoice"]["AmountDue"]) == ("DELETED", "AUTHORISED", 115)
    assert caller.http.post(address, json={"Status": "DELETED"}, headers=caller.headers).status_code == 400
    missing = caller.http.post("/api.xro/2.0/Payments/none", json={"Status": "DELETED"}, headers=caller.headers)
    assert missing.status_code == 404


def test_one_payment_may_be_posted_by_itself_and_nonsense_is_refused(caller: Caller) -> None:
    one = {"Invoice": {"InvoiceNumber": "INV-2"}, "Account": {"Code": "620"}, "Date": "2026-11-02", "Amount": 46}
    assert caller.http.post("/api.xro/2.0/Payments", json=one, headers=caller.headers).status_code == 200
    assert caller.world.twin.balance(caller.world.tenant, "INV-2") == 0
    assert caller.http.put("/api.xro/2.0/Payments", data=b"<x/>", headers=caller.headers).status_code == 400


# --- what people do in it ---


def test_the_bookkeeper_is_held_to_the_same_rules(caller: Caller) -> None:
    twin, tenant = caller.world.twin, caller.world.tenant
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
    twin, tenant = caller.world.twin, caller.world.tenant
    twin.credit(tenant, "CN-1", "wilma", DAY, Decimal(50), apply_to="INV-2")
    [note] = caller.rows("CreditNotes", page=1)
    assert (note["RemainingCredit"], note["Allocations"][0]["Amount"], note["Status"]) == (4, 46, "AUTHORISED")
    paid = caller.rows("Invoices", page=1, where='InvoiceNumber=="INV-2"')[0]
    assert (paid["Status"], paid["AmountDue"], paid["AmountCredited"], paid["AmountPaid"]) == ("PAID", 0, 46, 0)


def test_only_a_connected_organisation_sends_webhooks_fifty_at_a_time() -> None:
    world = World()
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(1), DAY))
    assert world.twin.webhooks() == []
    world.connect()
    for count in range(60):
        world.twin.add_invoice(world.tenant, invoice(f"N-{count}"))
    assert [delivery.raw.count(b"resourceId") for delivery in world.twin.webhooks()] == [50, 10]
    world.twin.disconnect(world.tenant)
    world.twin.archive(world.tenant, "barney")
    assert world.twin.webhooks() == []


def test_the_same_ids_and_clock_give_the_same_world() -> None:
    one, two = Caller(), Caller()
    assert one.world.tenant == two.world.tenant
    assert one.get("Invoices", page=1).data == two.get("Invoices", page=1).data
    assert one.world.twin.calls == two.world.twin.calls
