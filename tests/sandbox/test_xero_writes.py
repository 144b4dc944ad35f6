"""What may be written through the pretend Xero's API, and the words in which it says no."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sandbox.books import BookPayment
from tests.sandbox.xero_caller import DAY, Caller, messages


@pytest.fixture
def caller() -> Caller:
    return Caller()


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
    caller.twin.organisations[caller.tenant].lock_date = date(2026, 9, 30)
    answer = caller.pay(**changes)
    assert answer.status_code == 400
    assert messages(answer) == says
    separately = caller.pay(query="?summarizeErrors=false", **changes)
    assert separately.status_code == 200
    assert separately.get_json()["Payments"][0]["StatusAttributeString"] == "ERROR"
    assert caller.rows("Payments") == []


def test_full_payment_makes_it_paid_and_deleting_opens_it_again(caller: Caller) -> None:
    made = caller.pay(Amount=115).get_json()["Payments"][0]
    assert made["Invoice"]["Status"] == "PAID"
    assert messages(caller.pay(Amount=1)) == [
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
    assert caller.twin.balance(caller.tenant, "INV-2") == 0
    assert caller.http.put("/api.xro/2.0/Payments", data=b"<x/>", headers=caller.headers).status_code == 400


def test_payments_are_found_by_invoice_and_by_reference(caller: Caller) -> None:
    made = [caller.pay(Reference=reference, Amount=5).get_json()["Payments"][0] for reference in ("r1", "r2")]
    by_invoice = f'Invoice.InvoiceId==guid("{caller.id()}") AND Status=="AUTHORISED"'
    assert len(caller.rows("Payments", where=by_invoice)) == 2
    assert [row["PaymentID"] for row in caller.rows("Payments", where='Reference=="r2"')] == [made[1]["PaymentID"]]
    either = " OR ".join(f'PaymentID==guid("{one["PaymentID"]}")' for one in made)
    assert len(caller.rows("Payments", where=either)) == 2
    assert caller.get("Payments", IDs="x").status_code == 400, "payments have no such parameter"


# --- invoices ---


def test_dates_and_mail_of_an_invoice_can_be_edited(caller: Caller) -> None:
    theme = list(caller.books.themes)[1]
    edited = caller.edit(DueDate="2026-12-01", ExpectedPaymentDate="/Date(1796083200000)/", BrandingThemeID=theme)
    assert edited.status_code == 200
    row = caller.row()
    assert (row["DueDateString"], row["ExpectedPaymentDateString"]) == ("2026-12-01T00:00:00", "2026-12-01T00:00:00")
    assert (row["BrandingThemeID"], row["UpdatedDateUTCString"]) == (theme, "2026-11-02T09:00:00Z")
    assert caller.edit(SentToContact=True, Reference="PO 7").get_json()["Invoices"][0]["SentToContact"] is True
    alone = caller.send("POST", f"Invoices/{caller.id()}", {"DueDate": "2026-12-02"})  # without the list around it
    assert alone.get_json()["Invoices"][0]["DueDateString"] == "2026-12-02T00:00:00"
    assert caller.send("POST", "Invoices/none", {"DueDate": "2026-12-02"}).status_code == 404


PAID = "This document cannot be edited as it has a payment or credit note allocated to it."
CLOSED = "The document date cannot be before the period lock date, currently set at 31 October 2026"
NOT_VALID = "Invoice not of valid status for modification"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"DueDate": "soon"}, "DueDate is not a valid date"),
        ({"BrandingThemeID": "none"}, "The Branding Theme could not be found"),
        ({"LineItems": []}, "This pretend Xero cannot change LineItems of an invoice"),
        ({"Status": "PAID"}, NOT_VALID),
        ({"InvoiceID": "another", "DueDate": "2026-12-01"}, "Invoice could not be found"),
        ({}, "Invoice could not be found"),
    ],
)
def test_edits_without_sense_are_refused_whole(caller: Caller, fields: dict[str, Any], says: str) -> None:
    before = caller.row()
    assert messages(caller.edit(**fields)) == [says]
    assert caller.row() == before


def test_a_part_paid_invoice_may_only_be_edited_in_some_fields(caller: Caller) -> None:
    caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(15), DAY))
    assert messages(caller.edit(ExpectedPaymentDate="2026-12-01")) == [PAID]
    assert messages(caller.edit(Status="VOIDED")) == [PAID]
    before = caller.row()["UpdatedDateUTC"]
    caller.later(minutes=5)
    assert caller.edit(DueDate="2026-12-01").status_code == 200
    assert caller.edit(SentToContact=True).status_code == 200
    assert (caller.row()["UpdatedDateUTC"], caller.since(minutes=1)) == (before, [])
    assert caller.edit(Reference="PO 7").status_code == 200
    assert len(caller.since(minutes=1)) == 1
    caller.books.expected_when_part_paid = True  # Xero's documents do not say; both must be borne
    assert caller.edit(ExpectedPaymentDate="2026-12-01").status_code == 200


def test_nothing_of_a_closed_period_or_of_a_dead_invoice_is_edited(caller: Caller) -> None:
    caller.twin.lock(caller.tenant, date(2026, 10, 31))
    assert messages(caller.edit(DueDate="2026-12-01")) == [CLOSED]
    caller.twin.lock(caller.tenant, None)
    assert caller.edit(Status="VOIDED").get_json()["Invoices"][0]["Status"] == "VOIDED"
    assert messages(caller.edit(DueDate="2026-12-01")) == [NOT_VALID]
    caller.twin.invoice(caller.tenant, "INV-2").status = "DRAFT"
    assert messages(caller.edit("INV-2", SentToContact=True)) == [NOT_VALID]
    assert caller.edit("INV-2", Status="DELETED").get_json()["Invoices"][0]["Status"] == "DELETED"


def test_a_note_is_kept_in_the_history(caller: Caller) -> None:
    path = f"Invoices/{caller.id()}/History"
    made = caller.send("PUT", path, {"HistoryRecords": [{"Details": "Promised for Friday"}]}).get_json()
    assert made["HistoryRecords"][0]["Details"] == "Promised for Friday"
    [kept] = caller.get(path).get_json()["HistoryRecords"]
    assert (kept["Details"], kept["User"], kept["DateUTCString"]) == (
        "Promised for Friday",
        "System Generated",
        "2026-11-02T09:00:00",
    )
    for text in ("", "x" * 2501):
        assert messages(caller.send("PUT", path, {"HistoryRecords": [{"Details": text}]}))
    assert len(caller.get(path).get_json()["HistoryRecords"]) == 1
    assert caller.get("Invoices/none/History").status_code == 404
    assert caller.send("PUT", "Invoices/none/History", {"HistoryRecords": []}).status_code == 404


# --- credit ---


def note(caller: Caller, **changes: Any) -> TestResponse:
    line = {"Description": "Goodwill", "Quantity": 1, "UnitAmount": 23, "AccountCode": "260"}
    body = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": caller.twin.contact(caller.tenant, "barney").id},
        "Date": "2026-11-02",
        "LineAmountTypes": "Inclusive",
        "LineItems": [line],
        "Reference": "r1",
    } | changes
    return caller.send("PUT", "CreditNotes", {"CreditNotes": [body]})


@pytest.mark.parametrize(
    ("amounts", "total", "tax"),
    [({}, 23, 3), ({"LineAmountTypes": "Exclusive"}, 26.45, 3.45), ({"LineAmountTypes": "NoTax"}, 23, 0)],
)
def test_a_credit_note_bears_the_tax_of_its_account(
    caller: Caller, amounts: dict[str, str], total: float, tax: float
) -> None:
    [made] = note(caller, **amounts).get_json()["CreditNotes"]
    assert (made["Total"], made["TotalTax"], made["RemainingCredit"]) == (total, tax, total)
    assert [row["CreditNoteID"] for row in caller.rows("CreditNotes", where='Reference=="r1"')] == [
        made["CreditNoteID"]
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Type": "ACCPAYCREDIT"}, "This pretend Xero makes draft and authorised ACCRECCREDIT credit notes only"),
        ({"Contact": {"ContactID": "none"}}, "The Contact Id could not be found"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"LineItems": []}, "The document total must be greater than zero"),
        ({"LineItems": [{"LineAmount": 5}]}, "Account code or ID must be specified"),
        (
            {"LineItems": [{"LineAmount": 5, "AccountCode": "999"}]},
            "Account code '999' is not a valid code for this document.",
        ),
        ({"LineItems": [{"UnitAmount": "five", "AccountCode": "260"}]}, "UnitAmount is not a valid amount"),
        ({"Date": "2026-10-31"}, CLOSED),
    ],
)
def test_credit_notes_are_refused(caller: Caller, changes: dict[str, Any], says: str) -> None:
    caller.twin.lock(caller.tenant, date(2026, 10, 31))
    assert messages(note(caller, **changes)) == [says]
    assert caller.rows("CreditNotes") == []


def test_a_contact_is_named_by_its_id_alone(caller: Caller) -> None:
    id = caller.twin.contact(caller.tenant, "barney").id
    [said] = messages(note(caller, Contact={"ContactID": id, "Name": "Barney"}))
    assert "would change the contact" in said


def use(caller: Caller, credit: str, amount: float, kind: str = "CreditNotes", **changes: Any) -> TestResponse:
    body = {"Amount": amount, "Date": "2026-11-02", "Invoice": {"InvoiceID": caller.id()}} | changes
    return caller.send("PUT", f"{kind}/{credit}/Allocations", {"Allocations": [body]})


def test_a_credit_is_used_for_an_invoice_and_taken_off_again(caller: Caller) -> None:
    credit = note(caller).get_json()["CreditNotes"][0]["CreditNoteID"]
    [made] = use(caller, credit, 20).get_json()["Allocations"]
    assert (made["Amount"], made["Invoice"]["InvoiceID"], made["CreditNote"]["CreditNoteID"]) == (
        20,
        caller.id(),
        credit,
    )
    assert (caller.row()["AmountCredited"], caller.row()["AmountDue"]) == (20, 95)
    [shown] = caller.get(f"CreditNotes/{credit}").get_json()["CreditNotes"]
    assert (shown["RemainingCredit"], [one["AllocationID"] for one in shown["Allocations"]]) == (
        3,
        [made["AllocationID"]],
    )
    path = f"CreditNotes/{credit}/Allocations/{made['AllocationID']}"
    gone = caller.send("DELETE", path).get_json()
    assert (gone["AllocationId"], gone["IsDeleted"], gone["Invoice"]) == (
        made["AllocationID"],
        True,
        [{"InvoiceID": caller.id()}],
    )
    assert (caller.row()["AmountDue"], caller.send("DELETE", path).status_code) == (115, 404)


def test_no_more_credit_is_used_than_there_is_nor_than_is_owed(caller: Caller) -> None:
    credit = note(caller).get_json()["CreditNotes"][0]["CreditNoteID"]
    assert "exceeds" in messages(use(caller, credit, 23.01))[0]
    assert "greater than zero" in messages(use(caller, credit, 0))[0]
    assert "could not be found" in messages(use(caller, credit, 5, Invoice={"InvoiceID": "none"}))[0]
    caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(115), DAY))
    assert "exceeds" in messages(use(caller, credit, 5))[0]
    draft = note(caller, Status="DRAFT").get_json()["CreditNotes"][0]["CreditNoteID"]
    assert "Authorised" in messages(use(caller, draft, 5))[0]
    assert use(caller, "none", 5).status_code == 404
    assert use(caller, caller.id(), 5, "Invoices").status_code == 404


def received(caller: Caller, type: str, **changes: Any) -> TestResponse:
    body = {
        "Type": type,
        "Contact": {"ContactID": caller.twin.contact(caller.tenant, "barney").id},
        "BankAccount": {"Code": "090"},
        "Date": "2026-11-02",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "On account", "LineAmount": 40, "AccountCode": "200"}],
        "Reference": "r9",
    } | changes
    return caller.send("PUT", "BankTransactions", {"BankTransactions": [body]})


@pytest.mark.parametrize("kind", ["Overpayment", "Prepayment"])
def test_money_on_account_makes_an_over_or_prepayment(caller: Caller, kind: str) -> None:
    [made] = received(caller, f"RECEIVE-{kind.upper()}").get_json()["BankTransactions"]
    assert (made["Total"], made["Status"], made["BankAccount"]["Code"]) == (40, "AUTHORISED", "090")
    [credit] = caller.rows(f"{kind}s", page=1, References="r9")
    assert (credit[f"{kind}ID"], credit["RemainingCredit"]) == (made[f"{kind}ID"], 40)
    [found] = caller.rows("BankTransactions", where='Reference=="r9"')
    assert found["BankTransactionID"] == made["BankTransactionID"]
    assert use(caller, credit[f"{kind}ID"], 40, f"{kind}s").status_code == 200
    assert caller.twin.open_credit(caller.tenant) == {}


@pytest.mark.parametrize(
    ("type", "changes", "says"),
    [
        ("RECEIVE", {}, "This pretend Xero receives over- and prepayments only"),
        ("RECEIVE-PREPAYMENT", {"BankAccount": {"Code": "091"}}, "Account could not be found"),
        (
            "RECEIVE-PREPAYMENT",
            {"BankAccount": {"Code": "620"}},
            "Account type is invalid for making a payment to/from",
        ),
    ],
)
def test_money_on_account_needs_a_bank(caller: Caller, type: str, changes: dict[str, Any], says: str) -> None:
    assert messages(received(caller, type, **changes)) == [says]
    assert caller.rows("BankTransactions") == []
