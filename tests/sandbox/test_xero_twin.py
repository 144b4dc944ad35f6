"""The pretend Xero's lists and single documents: pages, filters, dates, and what each row shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sandbox.books import BookCustomer, BookPayment
from tests.sandbox.xero_caller import DAY, Caller, invoice


@pytest.fixture
def caller() -> Caller:
    return Caller()


def test_a_list_with_pages_is_full_and_one_without_is_a_summary(caller: Caller) -> None:
    assert caller.rows("Invoices")[0]["LineItems"] == []
    assert caller.get("Invoices").get_json().get("pagination") is None
    assert len(caller.rows("Invoices", page=1)[0]["LineItems"]) == 1
    assert caller.get("Invoices", Statuses="AUTHORISED").get_json()["pagination"]["itemCount"] == 2
    light = caller.get("Invoices", summaryOnly="true").get_json()
    assert light["pagination"]["itemCount"] == 2
    assert not {"LineItems", "Payments", "HasAttachments"} & set(light["Invoices"][0])


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
        caller.twin.add_invoice(caller.tenant, invoice(f"N-{count}"))
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
        {"References": "r1"},
    ],
)
def test_what_is_not_understood_is_refused_not_ignored(caller: Caller, query: dict[str, str]) -> None:
    answer = caller.get("Invoices", **query)
    assert (answer.status_code, answer.get_json()["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize("suffix", ["", "Z", "+00:00"])
def test_modified_since_is_utc_with_or_without_a_zone(caller: Caller, suffix: str) -> None:
    caller.later(minutes=1)
    caller.twin.receive(caller.tenant, BookPayment("INV-1", Decimal(1), DAY))
    answer = caller.get("Invoices", {"If-Modified-Since": f"2026-11-02T09:01:00{suffix}"}, page=1).get_json()
    assert [row["InvoiceNumber"] for row in answer["Invoices"]] == ["INV-1"]
    assert caller.get("Invoices", {"If-Modified-Since": "yesterday"}).status_code == 400


def test_lists_by_id_number_and_customer_and_orders(caller: Caller) -> None:
    wilma = caller.twin.contact(caller.tenant, "wilma").id
    for query in ({"IDs": caller.id("INV-2")}, {"InvoiceNumbers": "INV-2"}, {"ContactIDs": wilma}):
        assert [row["InvoiceNumber"] for row in caller.rows("Invoices", **query)] == ["INV-2"]
    ids = [row["InvoiceID"] for row in caller.rows("Invoices", order="InvoiceID DESC")]
    assert ids == sorted(ids, reverse=True)
    assert caller.rows("Invoices", IDs="none") == []
    assert caller.get(f"Invoices/{caller.id('INV-2')}").get_json()["Invoices"][0]["InvoiceNumber"] == "INV-2"
    assert caller.get("Invoices/none").status_code == caller.get("Inventions").status_code == 404


def test_dates_come_twice_and_the_archived_only_when_asked_for(caller: Caller) -> None:
    row = caller.rows("Invoices")[0]
    assert (row["Date"], row["DateString"]) == ("/Date(1790812800000+0000)/", "2026-10-01T00:00:00")
    assert row["UpdatedDateUTC"].startswith("/Date(")
    assert row["UpdatedDateUTCString"] == "2026-11-01T09:00:00Z"
    caller.twin.add_customer(caller.tenant, BookCustomer("old", "Old", "", (), archived=True))
    assert len(caller.rows("Contacts", page=1)) == 2
    assert len(caller.rows("Contacts", page=1, includeArchived="true")) == 3
    assert "ContactPersons" not in caller.rows("Contacts")[0]


def test_an_address_has_room_for_some_fifty_ids(caller: Caller) -> None:
    assert caller.get("Invoices", IDs=",".join([caller.id()] * 52)).status_code == 200
    assert caller.get("Invoices", IDs=",".join([caller.id()] * 53)).status_code == 414


def test_the_deleted_are_shown_to_those_who_ask_for_them(caller: Caller) -> None:
    caller.twin.invoice(caller.tenant, "INV-1").status = "DELETED"
    assert [row["InvoiceNumber"] for row in caller.rows("Invoices", page=1)] == ["INV-2"]
    assert [row["InvoiceNumber"] for row in caller.rows("Invoices", Statuses="DELETED,VOIDED")] == ["INV-1"]
    assert [row["InvoiceNumber"] for row in caller.rows("Invoices", where='Status=="DELETED"')] == ["INV-1"]


def test_a_contact_says_who_gets_mail_and_on_what_terms(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.add_customer(tenant, BookCustomer("fred", "Fred's", "Fred Flint", ("fred@flint.test",), term="20 days"))
    twin.add_person(tenant, "wilma", "Bo Boss", "bo@pottery.test", mailed=False)
    twin.contact(tenant, "wilma").phone = ("64", "9", "555 0199")
    rows = {row["ContactNumber"]: row for row in caller.rows("Contacts", page=1)}
    assert rows["fred"]["PaymentTerms"] == {"Sales": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}}
    assert rows["wilma"]["ContactPersons"] == [
        {"FirstName": "Ann", "LastName": "Lee", "EmailAddress": "ann.lee@pottery.test", "IncludeInEmails": True},
        {"FirstName": "Bo", "LastName": "Boss", "EmailAddress": "bo@pottery.test", "IncludeInEmails": False},
    ]
    [phone] = [one for one in rows["wilma"]["Phones"] if one["PhoneType"] == "DEFAULT"]
    assert (phone["PhoneCountryCode"], phone["PhoneAreaCode"], phone["PhoneNumber"]) == ("64", "9", "555 0199")
    assert "ContactPersons" not in caller.rows("Contacts", summaryOnly="true")[0]
    with pytest.raises(ValueError, match="at most five"):
        for _ in range(9):
            twin.add_person(tenant, "wilma", "One More", "more@pottery.test")


def test_an_invoice_shows_what_was_used_for_it(caller: Caller) -> None:
    twin, tenant = caller.twin, caller.tenant
    twin.receive(tenant, BookPayment("INV-1", Decimal(15), DAY, "bank"))
    twin.credit(tenant, "CN-1", "barney", DAY, Decimal(20), apply_to="INV-1")
    for key, make in (("OP-1", twin.overpay), ("PP-1", twin.prepay)):
        make(tenant, key, "barney", DAY, Decimal(30))
        twin.allocate(tenant, key, "INV-1", DAY)
    row = caller.row()
    assert [one["Amount"] for one in row["Payments"]] == [15]
    applied = {
        kind: [one["AppliedAmount"] for one in row[kind]] for kind in ("CreditNotes", "Overpayments", "Prepayments")
    }
    assert applied == {"CreditNotes": [20], "Overpayments": [30], "Prepayments": [30]}
    assert (row["AmountDue"], row["AmountPaid"], row["AmountCredited"]) == (20, 15, 80)
    assert caller.get(f"Invoices/{caller.id()}").get_json()["Invoices"] == [row]


def test_money_in_another_currency_has_a_rate(caller: Caller) -> None:
    caller.twin.add_invoice(caller.tenant, invoice("INV-3", amount="100.00", currency="AUD"))
    paid = caller.pay(Invoice={"InvoiceNumber": "INV-3"}, Amount=50).get_json()["Payments"][0]
    assert (caller.row("INV-3")["CurrencyRate"], caller.row()["CurrencyRate"]) == (1.25, 1)
    assert (paid["Amount"], paid["BankAmount"]) == (50, 40)  # 50 Australian for 40 of our own


def test_the_settings_can_be_read(caller: Caller) -> None:
    assert caller.rows("InvoiceReminders/Settings") == [{"Enabled": False}]
    caller.twin.reminders(caller.tenant, on=True)
    assert caller.rows("InvoiceReminders/Settings") == [{"Enabled": True}]
    themes = caller.rows("BrandingThemes")
    assert [one["SortOrder"] for one in themes] == [0, 1]
    assert caller.row()["BrandingThemeID"] == themes[0]["BrandingThemeID"]
    caller.twin.lock(caller.tenant, date(2026, 6, 30))
    caller.twin.lock_year(caller.tenant, date(2026, 3, 31))
    about = caller.get("Organisation").get_json()["Organisations"][0]
    locks = [about[name] for name in ("PeriodLockDate", "EndOfYearLockDate")]
    assert locks == ["/Date(1782777600000+0000)/", "/Date(1774915200000+0000)/"]
    income = caller.rows("Accounts", where='Class=="REVENUE" AND Status=="ACTIVE"')
    assert [one["Code"] for one in income] == ["200", "260", "270"]


@pytest.mark.parametrize(("suffix", "accept"), [("", "application/pdf"), ("/pdf", "application/pdf"), ("/pdf", "*/*")])
def test_an_invoice_is_a_pdf_to_those_who_want_one(caller: Caller, suffix: str, accept: str) -> None:
    answer = caller.get(f"Invoices/{caller.id()}{suffix}", {"Accept": accept})
    assert answer.mimetype == "application/pdf"
    body = answer.data
    assert body.startswith(b"%PDF-1.4")
    assert b"(Invoice INV-1) Tj" in body
    start = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
    assert body[start:].startswith(b"xref")
    places = [int(line.split()[0]) for line in body[start:].splitlines()[3:8]]
    assert [body[place:].split(b" ")[0] for place in places] == [b"1", b"2", b"3", b"4", b"5"]
    assert caller.get(f"Invoices/{caller.id()}", {"Accept": "application/json"}).mimetype == "application/json"
    assert caller.get("Contacts/none/pdf").status_code == 404


def test_an_approved_invoice_has_a_page_for_its_customer(caller: Caller) -> None:
    [link] = caller.get(f"Invoices/{caller.id()}/OnlineInvoice").get_json()["OnlineInvoices"]
    url = link["OnlineInvoiceUrl"]
    assert url.startswith("https://xero.test/in/")
    assert "INV-1: 115.00 NZD to pay" in caller.http.get(url.removeprefix("https://xero.test")).text
    assert caller.http.get("/in/none").status_code == 404
    caller.twin.invoice(caller.tenant, "INV-1").status = "DRAFT"
    assert caller.get(f"Invoices/{caller.id()}/OnlineInvoice").status_code == 400
    assert caller.get("Invoices/none/OnlineInvoice").status_code == 404


def test_the_same_ids_and_clock_give_the_same_world() -> None:
    one, two = Caller(), Caller()
    assert one.tenant == two.tenant
    assert one.get("Invoices", page=1).data == two.get("Invoices", page=1).data
    assert one.twin.calls == two.twin.calls
