"""Invoices, money spent and journals that an app writes into the pretend Xero, and the words that refuse them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.xero_caller import EVERYTHING, Caller, messages

CLOSED = "The document date cannot be before the period lock date, currently set at 02 November 2026"


@pytest.fixture
def caller() -> Caller:
    return Caller(f"{EVERYTHING} accounting.manualjournals")


def bill(caller: Caller, **changes: Any) -> TestResponse:
    body = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": caller.books.contact("barney").id},
        "Date": "2026-11-02",
        "DueDate": "2026-11-16",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Late fee", "Quantity": 1, "UnitAmount": 40, "AccountCode": "200"}],
        "Reference": "INV-1 r7",
    } | changes
    return caller.send("PUT", "Invoices", {"Invoices": [body]})


def spend(caller: Caller, **changes: Any) -> TestResponse:
    body = {
        "Type": "SPEND",
        "Contact": {"Name": "Stripe"},
        "BankAccount": {"Code": "090"},
        "Date": "2026-11-02",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Fees", "LineAmount": 2.9, "AccountCode": "404"}],
        "Reference": "r7",
    } | changes
    return caller.send("PUT", "BankTransactions", {"BankTransactions": [body]})


def side(amount: float, account: str) -> dict[str, Any]:
    return {"LineAmount": amount, "AccountCode": account, "Description": "Fees"}


def journal(caller: Caller, **changes: Any) -> TestResponse:
    body = {
        "Narration": "Fees (Stripe, r7)",
        "Date": "2026-11-02",
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "JournalLines": [side(2.9, "404"), side(-2.9, "620")],
    } | changes
    return caller.send("PUT", "ManualJournals", {"ManualJournals": [body]})


# --- invoices ---


def test_an_invoice_is_numbered_by_xero_and_bears_the_tax_that_was_said(caller: Caller) -> None:
    caller.told()
    [made] = bill(caller).get_json()["Invoices"]
    assert (made["InvoiceNumber"], made["Status"], made["SentToContact"]) == ("INV-0003", "AUTHORISED", False)
    assert (made["Total"], made["TotalTax"], made["AmountDue"], made["LineAmountTypes"]) == (40, 0, 40, "NoTax")
    assert made["LineItems"][0]["AccountCode"] == "200"
    assert caller.told() == [("INVOICE", "CREATE")]
    [taxed] = bill(caller, LineAmountTypes="Exclusive").get_json()["Invoices"]
    assert (taxed["InvoiceNumber"], taxed["Total"], taxed["SubTotal"]) == ("INV-0004", 46, 40)
    assert [row["Reference"] for row in caller.rows("Invoices", page=1, where="Date==DateTime(2026,11,02)")] == [
        "INV-1 r7",
        "INV-1 r7",
    ]


def test_a_draft_can_wait_for_its_account_and_be_deleted(caller: Caller) -> None:
    lines = [{"Description": "Late fee", "LineAmount": 40}]
    [made] = bill(caller, Status="DRAFT", LineItems=lines).get_json()["Invoices"]
    assert made["Status"] == "DRAFT"
    caller.twin.delete(caller.tenant, made["InvoiceNumber"])
    assert [one["Status"] for one in caller.rows("Invoices", Statuses="DELETED")] == ["DELETED"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Type": "ACCPAY"}, "This pretend Xero makes draft and authorised ACCREC invoices only"),
        ({"Status": "PAID"}, "This pretend Xero makes draft and authorised ACCREC invoices only"),
        ({"LineItems": [{"Description": "x", "LineAmount": 4}]}, "Account code or ID must be specified"),
        (
            {"LineItems": [{"Description": "x", "LineAmount": 4, "AccountCode": "999"}]},
            "Account code '999' is not a valid code for this document.",
        ),
        ({"LineItems": []}, "The document total must be greater than zero"),
        ({"Contact": {"ContactID": "none"}}, "The Contact Id could not be found"),
        ({"DueDate": "soon"}, "Due date is not a valid date"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
    ],
)
def test_an_invoice_is_refused_in_words(caller: Caller, changes: dict[str, Any], says: str) -> None:
    before = caller.rows("Invoices")
    assert messages(bill(caller, **changes)) == [says]
    assert caller.rows("Invoices") == before


# --- money spent ---


def test_money_spent_has_a_contact_and_is_found_by_its_day(caller: Caller) -> None:
    [made] = spend(caller).get_json()["BankTransactions"]
    assert (made["Type"], made["Total"], made["Contact"]["Name"]) == ("SPEND", 2.9, "Stripe")
    where = 'Type=="SPEND" AND Date==DateTime(2026,11,02)'
    assert [row["BankTransactionID"] for row in caller.rows("BankTransactions", page=1, where=where)] == [
        made["BankTransactionID"]
    ]
    again = {"ContactID": made["Contact"]["ContactID"]}
    assert spend(caller, Contact=again).status_code == 200
    assert messages(spend(caller)) == ["The Contact Id could not be found"], "whoever has a name is known by its id"
    assert len(caller.twin.expenses(caller.tenant)) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"BankAccount": {"Code": "620"}}, "Account type is invalid for making a payment to/from"),
        ({"BankAccount": {"Code": "091"}}, "Account could not be found"),
        ({"LineItems": [{"LineAmount": 2.9}]}, "Account code or ID must be specified"),
        ({"LineAmountTypes": "Inclusive"}, "This pretend Xero spends in one line without tax only"),
        ({"Contact": {}}, "The Contact Id could not be found"),
    ],
)
def test_money_is_not_spent_without_a_bank_an_account_and_somebody(
    caller: Caller, changes: dict[str, Any], says: str
) -> None:
    assert messages(spend(caller, **changes)) == [says]
    assert caller.twin.expenses(caller.tenant) == []


# --- journals ---


def test_a_journal_has_two_sides_and_is_found_by_its_day(caller: Caller) -> None:
    caller.told()
    [made] = journal(caller).get_json()["ManualJournals"]
    [found] = caller.rows("ManualJournals", page=1, where="Date==DateTime(2026,11,02)")
    assert found == made
    assert [(one["AccountCode"], one["LineAmount"]) for one in found["JournalLines"]] == [("404", 2.9), ("620", -2.9)]
    assert found["Narration"] == "Fees (Stripe, r7)"
    assert (caller.rows("BankTransactions"), caller.told()) == ([], []), "and Xero has no webhook for it"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Narration": ""}, "Narration must be specified"),
        ({"Status": "DRAFT"}, "This pretend Xero posts journals of two lines without tax only"),
        (
            {"JournalLines": [side(2.9, "404"), side(-2.8, "620")]},
            "The total of the debits must equal the total of the credits",
        ),
        (
            {"JournalLines": [side(2.9, "404"), side(-2.9, "090")]},
            "Account code '090' is not a valid code for this document.",
        ),
        (
            {"JournalLines": [side(2.9, "999"), side(-2.9, "620")]},
            "Account code '999' is not a valid code for this document.",
        ),
    ],
)
def test_a_journal_is_refused_in_words(caller: Caller, changes: dict[str, Any], says: str) -> None:
    assert messages(journal(caller, **changes)) == [says]
    assert caller.twin.expenses(caller.tenant) == []


def test_nothing_of_all_this_is_booked_into_closed_books_or_without_its_permission(caller: Caller) -> None:
    caller.twin.lock(caller.tenant, date(2026, 11, 2))
    assert [messages(make(caller)) for make in (bill, spend, journal)] == [[CLOSED]] * 3
    caller.twin.lock(caller.tenant, None)
    narrow = Caller("openid offline_access accounting.contacts accounting.settings accounting.payments")
    assert [make(narrow).status_code for make in (bill, spend, journal)] == [401] * 3
