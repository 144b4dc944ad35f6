"""Odd rows and odd envelopes of QuickBooks: whatever a field turns into costs at most the one row it stands in.

Every recorded row beside the checkout is bent in every field in turn, between two neighbours that must arrive.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerTerm, Page, TermRule
from integrations.ledgers.quickbooks.sorting import ENTITIES, Sorter

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples/quickbooks"
ABSENT = object()
BENT = (None, ABSENT, "true", "?", "2.50", 7, True, [], {}, [None], {"value": None}, "/Date(1700000000000+0000)/", "")
LISTS = {"invoices_list_2025_incl_voided.json": "Invoice", "creditmemos_list.json": "CreditMemo"}
INVOICE = {
    "Id": "7",
    "SyncToken": "0",
    "CustomerRef": {"value": "3"},
    "CurrencyRef": {"value": "USD"},
    "TxnDate": "2026-03-01",
    "DueDate": "2026-03-31",
    "TotalAmt": 100.1,
    "Balance": 40.05,
}


def sorted_page(entity: str, rows: list[Any]) -> Page:
    sorter = Sorter(lambda: "USD")
    assert sorter.add(entity, msgspec.Raw(json.dumps(rows).encode())) == len(rows)
    return sorter.page()


def rows_of(page: Page, entity: str) -> tuple[Any, ...]:
    named = {"Customer": page.customers, "Invoice": page.invoices, "Payment": page.payments, "Term": page.terms}
    return named.get(entity, page.credits)


def one_invoice(**fields: Any) -> Page:
    row = {**INVOICE, **fields}
    return sorted_page("Invoice", [{name: value for name, value in row.items() if value is not ABSENT}])


# --- every field of every sample ---


def sample_rows() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, entity, row) for every row of ours in the samples, one for each set of fields."""
    known: set[tuple[str, tuple[str, ...]]] = set()
    for path in sorted(SAMPLES.glob("*.json")):
        if "request" in path.name:
            continue
        for entity, row in found_in(json.loads(path.read_text()), LISTS.get(path.name, "")):
            shape = (entity, tuple(sorted(row)))
            if shape not in known and row.get("status") != "Deleted" and len(row) > 5:
                known.add(shape)
                yield path.name, entity, row


def found_in(value: Any, entity: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for item in value:
            yield from found_in(item, entity)
    elif isinstance(value, dict) and entity in ENTITIES and "Id" in value:
        yield entity, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from found_in(inner, name)


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every field, also inside what is nested."""
    fields = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in fields:
        yield (name,)
        yield from ((name, *rest) for rest in places(inner))


def bent(row: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(row)
    inner: Any = changed
    for name in place[:-1]:
        inner = inner[name]
    if value is ABSENT:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return changed


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample material beside the checkout")
def test_whatever_a_field_of_a_recorded_row_turns_into_costs_at_most_that_row() -> None:
    tried = 0
    for name, entity, row in sample_rows():
        neighbours = [{**row, "Id": "n1"}, {**row, "Id": "n2"}]
        [whole] = rows_of(sorted_page(entity, [row]), entity)[:1]
        for place in places(row):
            for value in BENT:
                page = sorted_page(entity, [neighbours[0], bent(row, place, value), neighbours[1]])
                ids = [one.id for one in rows_of(page, entity)]
                assert {"n1", "n2"} <= set(ids), (name, place, value)
                if entity != "Payment":
                    assert len(ids) + len(page.unreadable) == 3, (name, place, value)
                the_same_money(whole, next((one for one in rows_of(page, entity) if one.id == row["Id"]), None), place)
                for odd in page.unreadable:
                    kept_raw(odd, entity, place, row["Id"])
                tried += 1
    assert tried > 5_000, "the samples hold rows of every kind"


def the_same_money(whole: Any, read: Any, place: tuple[Any, ...]) -> None:
    """A row that is read says the same about money as before, unless another amount was written into it."""
    for name, field in (("balance", "Balance"), ("total", "TotalAmt"), ("remaining", "RemainingCredit")):
        if read is not None and hasattr(whole, name) and place[0] not in (field, "Balance", "CurrencyRef"):
            assert getattr(read, name) == getattr(whole, name), place
    if (
        read is not None
        and hasattr(whole, "status")
        and place != ("status",)
        and place[0] not in ("Balance", "TotalAmt")
    ):
        voided = {InvoiceStatus.PAID, InvoiceStatus.VOIDED} if place == ("PrivateNote",) else {whole.status}
        assert read.status in voided, place


def kept_raw(odd: Any, entity: str, place: tuple[Any, ...], id: str) -> None:
    assert odd.entity == ENTITIES[entity]
    assert json.loads(odd.raw), "its bytes are kept"
    assert place == ("Id",) or odd.id == id
    assert odd.reason.startswith(f"This {odd.entity} from QuickBooks could not be read: "), odd.reason
    assert odd.reason.endswith(".")
    assert not odd.reason.endswith("..")


@pytest.mark.parametrize(
    ("entity", "fields", "customer"),
    [
        ("Payment", {"TxnDate": None}, "3"),
        ("Payment", {"CustomerRef": 3, "TotalAmt": "much"}, "3"),
        ("CreditMemo", {"TotalAmt": None}, "3"),
        ("Invoice", {"Id": None, "Balance": None}, "3"),
        ("Invoice", {"CustomerRef": {"name": "Amy"}}, ""),
        ("Invoice", {"CustomerRef": ABSENT}, ""),
        ("Customer", {"DisplayName": None, "CustomerRef": ABSENT}, "7"),
        ("Term", {"Name": None, "CustomerRef": ABSENT}, ""),
    ],
)
def test_an_odd_row_tells_whose_it_is_as_far_as_it_shows(entity: str, fields: dict[str, object], customer: str) -> None:
    row = {name: value for name, value in (INVOICE | fields).items() if value is not ABSENT}
    assert [odd.customer for odd in sorted_page(entity, [row]).unreadable] == [customer]


# --- what a field may look like ---


@pytest.mark.parametrize("written", ["2026-03-31", "2026-03-31T00:00:00Z", "2026-03-31T23:59:59-08:00"])
@pytest.mark.parametrize("zone", ["", "-07:00"])
def test_a_date_may_carry_a_time_or_a_zone_and_stays_the_day_that_is_written(written: str, zone: str) -> None:
    text = written + zone if "T" not in written else written
    assert one_invoice(DueDate=text).invoices[0].due == date(2026, 3, 31)


def test_a_date_in_ticks_is_the_day_in_utc() -> None:
    assert one_invoice(DueDate="/Date(1774915200000+0000)/").invoices[0].due == date(2026, 3, 31)


@pytest.mark.parametrize("odd", [None, ABSENT, ""])
def test_an_invoice_without_a_due_date_has_none(odd: object) -> None:
    assert one_invoice(DueDate=odd).invoices[0].due is None


@pytest.mark.parametrize("odd", [None, ABSENT, "", "NaN", "1,5", True, []])
def test_an_invoice_that_does_not_say_what_is_open_is_never_paid_nor_owed(odd: object) -> None:
    page = one_invoice(Balance=odd)
    assert page.invoices == ()
    assert [(row.entity, row.id) for row in page.unreadable] == [("invoice", "7")]


def test_amounts_and_ids_are_read_whether_text_or_number() -> None:
    [row] = one_invoice(Id=7, SyncToken=3, TotalAmt="100.10", Balance=" 40.05 ", CustomerRef={"value": 3}).invoices
    assert (row.id, row.version, row.customer) == ("7", "3", "3")
    assert (row.total, row.balance) == (Money(10010, "USD"), Money(4005, "USD"))


@pytest.mark.parametrize("odd", ["InTransit", "", 5, "true", "OVERDUE_VIEWED"])
def test_a_status_nobody_knows_holds_and_an_empty_one_says_nothing(odd: object) -> None:
    [row] = one_invoice(status=odd).invoices
    assert row.status is (InvoiceStatus.OPEN if odd == "" else InvoiceStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("written", "mailed"),
    [("EmailSent", True), ("NotSet", False), ("NeedToSend", False), ("Bounced", None), (None, None), ([], None)],
)
def test_whether_quickbooks_has_mailed_an_invoice(written: object, mailed: bool | None) -> None:
    assert one_invoice(EmailStatus=written).invoices[0].mailed is mailed


def test_copies_delivery_and_terms_of_an_invoice_are_read_and_the_blind_copy_is_not() -> None:
    cc, bcc = {"Address": "Boss@x.test, ceo@x.test"}, {"Address": "secret@x.test"}
    page = one_invoice(BillEmailCc=cc, BillEmailBcc=bcc, ShipDate="2026-03-05", SalesTermRef={"value": "4"})
    [row] = page.invoices
    assert (row.cc, row.shipped, row.term) == (("boss@x.test", "ceo@x.test"), date(2026, 3, 5), "4")
    assert "secret" not in repr(row)


def test_text_that_is_no_utf8_is_read_as_latin1() -> None:
    sorter = Sorter(lambda: "USD")
    sorter.add(
        "Customer", msgspec.Raw('[{"Id":"1","DisplayName":"Müller"},{"Id":"2","DisplayName":"B"}]'.encode("latin-1"))
    )
    assert [row.name for row in sorter.page().customers] == ["Müller", "B"]


@pytest.mark.parametrize("flag", ["true", "True", 1, "1"])
def test_a_flag_may_be_text(flag: object) -> None:
    row = {"Id": "1", "DisplayName": "Job", "Active": "false", "BillWithParent": flag, "ParentRef": {"value": "9"}}
    [customer] = sorted_page("Customer", [row]).customers
    assert (customer.active, customer.bills_to) == (False, "9")


def test_a_customers_person_phone_and_terms() -> None:
    row = {
        "Id": "1",
        "DisplayName": "Amy's",
        "GivenName": "Amy",
        "FamilyName": "Bird",
        "PrimaryEmailAddr": {"Address": "amy@x.test"},
        "PrimaryPhone": {"FreeFormNumber": ""},
        "Mobile": {"FreeFormNumber": " 555-1 "},
        "SalesTermRef": {"value": "3"},
    }
    [customer] = sorted_page("Customer", [row]).customers
    assert (customer.phone, customer.term) == ("555-1", "3")
    assert [(one.name, one.email, one.mailed) for one in customer.people] == [("Amy Bird", "amy@x.test", True)]


# --- payment terms ---


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"Type": "STANDARD", "DueDays": 30}, (TermRule.AFTER_ISSUE, 30, 0, Decimal(0))),
        ({"Type": "Standard", "DueDays": 0}, (TermRule.AFTER_ISSUE, 0, 0, Decimal(0))),
        (
            {"Type": "STANDARD", "DueDays": "30", "DiscountDays": 10, "DiscountPercent": 2.5},
            (TermRule.AFTER_ISSUE, 30, 10, Decimal("2.5")),
        ),
        (
            {
                "Type": "DATE_DRIVEN",
                "DayOfMonthDue": 15,
                "DueNextMonthDays": 5,
                "DiscountDayOfMonth": 7,
                "DiscountPercent": 1,
            },
            (TermRule.DAY_OF_MONTH, 15, 7, Decimal(1)),
        ),
        ({"Type": "DateDriven", "DayOfMonthDue": 31}, (TermRule.DAY_OF_MONTH, 31, 0, Decimal(0))),
        ({"Type": "Lunar", "DueDays": 30}, (TermRule.UNKNOWN, 0, 0, Decimal(0))),
        ({"Type": "STANDARD"}, (TermRule.UNKNOWN, 0, 0, Decimal(0))),
        ({"DueDays": 14}, (TermRule.AFTER_ISSUE, 14, 0, Decimal(0))),
    ],
)
def test_payment_terms_of_both_kinds_in_every_spelling(fields: dict[str, Any], read: tuple[Any, ...]) -> None:
    [term] = sorted_page("Term", [{"Id": "3", "Name": "T", **fields}]).terms
    assert term == LedgerTerm("3", "T", *read)


@pytest.mark.parametrize(
    "odd",
    [
        {"DiscountPercent": 2},
        {"DiscountDays": 10},
        {"DiscountDays": 10, "DiscountPercent": 0},
        {"DiscountDays": 10, "DiscountPercent": -2},
        {"DiscountDays": 10, "DiscountPercent": 101},
        {"DiscountDays": 10, "DiscountPercent": "two"},
        {"DiscountDays": "soon", "DiscountPercent": 2},
        {"DiscountDays": -1, "DiscountPercent": 2},
        {"DiscountDays": 2.5, "DiscountPercent": 2},
        {"DiscountDays": 5000, "DiscountPercent": 2},
        {"DiscountDayOfMonth": 10, "DiscountPercent": 2},
    ],
)
def test_half_a_discount_or_one_that_makes_no_sense_is_none_and_costs_nothing_else(odd: dict[str, Any]) -> None:
    page = sorted_page("Term", [{"Id": "3", "Name": "T", "Type": "STANDARD", "DueDays": 30, **odd}])
    assert page.terms == (LedgerTerm("3", "T", TermRule.AFTER_ISSUE, 30),)
    assert page.unreadable == ()
