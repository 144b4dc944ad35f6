"""One odd row costs at most itself: every field of Xero's own example rows is made odd in every way, in the midst of
good neighbours, and read through the whole adapter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import urllib3

from core.money import Money
from integrations.errors import Transient
from integrations.ledgers.base import LedgerSettings, Page
from integrations.ledgers.xero import Xero, XeroLedger
from integrations.oauth import Token
from integrations.transport import Transport
from tests.meters import Noting

SPEC = Path(__file__).resolve().parents[2] / "../shared/openapi/xero_accounting.yaml"
SINCE = date(2010, 1, 1)
NOW = "/Date(1763683200000)/"
Row = dict[str, Any]

# The shapes that Xero documents in other places than its examples.
COMMON: dict[str, Row] = {
    "Contacts": {
        "ContactID": "c1",
        "ContactStatus": "ACTIVE",
        "Name": "Ann",
        "FirstName": "Ann",
        "LastName": "Lee",
        "EmailAddress": "ann@a.test",
        "ContactPersons": [{"FirstName": "Bo", "EmailAddress": "bo@a.test", "IncludeInEmails": "true"}],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1", "PhoneAreaCode": "", "PhoneCountryCode": None}],
        "PaymentTerms": {"Sales": {"Day": "20", "Type": "OFFOLLOWINGMONTH"}},
        "MergedToContactID": "",
        "IsSupplier": "false",
        "UpdatedDateUTC": NOW,
    },
    "Invoices": {
        "Type": "ACCREC",
        "InvoiceID": "i1",
        "InvoiceNumber": "INV-1",
        "Contact": {"ContactID": "c1", "Name": "Ann"},
        "DateString": "2026-11-21T00:00:00",
        "Date": "/Date(1795219200000+0000)/",
        "DueDateString": "2026-12-21T00:00:00",
        "DueDate": "/Date(1797811200000+0000)/",
        "Status": "AUTHORISED",
        "Total": "115.00",
        "AmountDue": 115.00,
        "CurrencyCode": "NZD",
        "SentToContact": "true",
        "ExpectedPaymentDate": "2026-12-01",
        "BrandingThemeID": "t",
        "UpdatedDateUTC": NOW,
    },
    "Payments": {
        "PaymentID": "p1",
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "Date": "2026-11-21",
        "Amount": "10.10",
        "Reference": None,
        "Invoice": {"InvoiceID": "i1", "CurrencyCode": "NZD", "Contact": {"ContactID": "c1"}},
        "IsReconciled": "true",
        "UpdatedDateUTC": NOW,
    },
    "Prepayments": {
        "PrepaymentID": "pp1",
        "Type": "ARPREPAYMENT",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": "c1"},
        "RemainingCredit": "7.00",
        "CurrencyCode": "NZD",
        "Date": "/Date(1795219200000)/",
        "Allocations": [{"Amount": "1.00", "Date": "2026-11-21", "Invoice": {"InvoiceID": "i1"}}],
        "UpdatedDateUTC": NOW,
    },
}
OPERATIONS = {
    "Contacts": "getContacts",
    "Invoices": "getInvoices",
    "Payments": "getPayments",
    "CreditNotes": "getCreditNotes",
    "Overpayments": "getOverpayments",
    "Prepayments": "getPrepayments",
}
IDS = {name: f"{name.removesuffix('s')}ID" for name in OPERATIONS}
ODD: dict[str, Callable[[Any], Any]] = {
    "null": lambda _: None,
    "empty": lambda _: "",
    "a text": lambda _: "SOMETHING-NEW",
    "a number": lambda _: 17,
    "a huge number": lambda _: 10**400,
    "a number as text": str,
    "true": lambda _: True,
    "true as text": lambda _: "true",
    "a list": lambda value: [value],
    "nested": lambda value: {"Value": {"Value": value}},
    "a strange date": lambda _: "/Date(99999999999999999)/",
    "no date at all": lambda _: "0001-01-01T00:00:00",
}


# --- an organisation that says what it is told to say ---


@dataclass
class Stage:
    """A transport and the organisation behind it: `lists` are its rows, each handed out once to a ledger; `envelope` is
    what stands around them.
    """

    lists: dict[str, list[Row]]
    envelope: Row = field(default_factory=lambda: {"Status": "OK", "DateTimeUTC": NOW})
    headers: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def request(self, method: str, url: str, **_options: Any) -> urllib3.HTTPResponse:
        name = url.rsplit("/", 1)[-1]
        rows = [] if name in self.told else self.lists.get(name, [])
        self.told.add(name)
        pages = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": len(rows)}
        body = {"pagination": pages, name: rows} | self.envelope
        raw = json.dumps({key: value for key, value in body.items() if value != "absent"}).encode()
        return answer(raw, self.headers)

    def ledger(self) -> XeroLedger:
        self.told.clear()
        kind = Xero(LedgerSettings("id", "secret", "key", *["https://xero.test"] * 4))
        return kind.open("token", "tenant", Transport(pool=lambda: self), Noting())

    def snapshot(self) -> list[Page]:
        return list(self.ledger().snapshot(SINCE))


def answer(raw: bytes, headers: dict[str, str] | None = None) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(raw, headers, 200, preload_content=False)


def rows_of(pages: list[Page]) -> set[str]:
    return {row.id for page in pages for row in (*page.customers, *page.invoices, *page.payments, *page.credits)}


def mutations(row: Row) -> Iterator[tuple[str, Row]]:
    """The row with each field, also those of its parts, made odd in each way, left out, or joined by a stranger."""
    for name, value in row.items():
        for how, odd in ODD.items():
            yield f"{name} {how}", {**row, name: odd(value)}
        yield f"{name} absent", {key: kept for key, kept in row.items() if key != name}
        if isinstance(value, dict):
            yield from ((f"{name}.{what}", {**row, name: part}) for what, part in mutations(value))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ((f"{name}.{what}", {**row, name: [part, *value[1:]]}) for what, part in mutations(value[0]))
    yield "a stranger", {**row, "NewField": {"Deep": [1, None, {"er": "x"}]}}


def one_odd_among_good(name: str, row: Row) -> None:
    """Whatever is made of the middle one of three rows, the other two arrive, and it itself arrives or is reported."""
    id_name = IDS[name]
    first, last = ({**row, id_name: id} for id in ("first", "last"))
    wholly = rows_of(Stage({name: [row]}).snapshot())
    for what, odd in mutations(row):
        pages = Stage({name: [first, odd, last]}).snapshot()
        assert {"first", "last"} <= rows_of(pages), what
        unread = [one for page in pages for one in page.unreadable]
        others = rows_of(pages) - {"first", "last"}
        assert len(unread) + len(others) <= 1, what
        if unread:
            assert json.loads(unread[0].raw) == odd, what
        elif not others:
            # None of our business: another kind of document says so in its type, and only there.
            assert wholly == set() or "Type" in what or id_name in what, what
        assert pages[-1].cursor == "2025-11-21T00:00:00+00:00"


@pytest.mark.parametrize("name", COMMON)
def test_a_common_row_made_odd_costs_at_most_itself(name: str) -> None:
    assert rows_of(Stage({name: [COMMON[name]]}).snapshot()) == {COMMON[name][IDS[name]]}
    one_odd_among_good(name, COMMON[name])


@pytest.mark.parametrize("name", COMMON)
def test_a_row_says_the_same_whether_its_page_is_read_in_one_go_or_row_by_row(name: str) -> None:
    """A row that does not fit makes its whole page be read row by row; its neighbours must not change for it."""
    good, odd = [{**COMMON[name], IDS[name]: id} for id in ("first", "last")], {**COMMON[name], IDS[name]: 7}
    together, alone = Stage({name: good}).snapshot(), Stage({name: [good[0], odd, good[1]]}).snapshot()
    assert sum(len(page.unreadable) for page in alone) == 1
    assert [replace(page, mark="", total=None, unreadable=()) for page in alone] == [
        replace(page, mark="", total=None) for page in together
    ]


def test_of_what_a_row_can_do_without_only_the_odd_item_is_left_out() -> None:
    phones = [7, {"PhoneType": "FAX", "PhoneNumber": {}}, *COMMON["Contacts"]["Phones"], None]
    applied = [{**COMMON["Prepayments"]["Allocations"][0], "Date": odd} for odd in (7, "soon")]
    rows = {"Contacts": {"Phones": phones}, "Prepayments": {"Allocations": [*applied, "none", {"Amount": "some"}]}}
    pages = Stage({name: [{**COMMON[name], **odd}] for name, odd in rows.items()}).snapshot()
    assert [one.phone for page in pages for one in page.customers] == ["1"]
    assert [one.applied for page in pages for one in page.credits] == [(("i1", Money(100, "NZD")),) * 2]


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason="Xero's specification is not beside the checkout")
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_row_made_odd_costs_at_most_itself(name: str) -> None:
    rows = example(OPERATIONS[name])[name]
    assert rows
    pages = Stage({name: rows}).snapshot()
    assert [one for page in pages for one in page.unreadable] == []
    sales = [row for row in rows if rows_of(Stage({name: [row]}).snapshot())]
    one_odd_among_good(name, sales[0])


@pytest.mark.parametrize(
    "raw",
    [b"null", b"7", b'"x"', b"[]", b"{}", b'{"InvoiceID":"\xff"}', b"[" * 900 + b"]" * 900],
    ids=["null", "number", "text", "list", "empty", "no text", "deep"],
)
def test_a_row_that_is_no_row_costs_nobody_else(raw: bytes) -> None:
    stage = Stage({"Invoices": [COMMON["Invoices"]]})
    good = stage.request("GET", "https://xero.test/Invoices").data

    class Spoilt(Stage):
        def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
            if not url.endswith("/Invoices"):
                return super().request(method, url, **options)
            return answer(good.replace(b'[{"Type"', b"[" + raw + b',{"Type"'))

    pages = Spoilt({}).snapshot()
    assert rows_of(pages) == {"i1"}
    assert {one.raw for page in pages for one in page.unreadable} == {raw}


# --- what stands around the rows ---


@pytest.mark.parametrize("odd", [None, "absent", "", 7, "soon", [], {"x": 1}, "/Date(99999999999999999)/"])
@pytest.mark.parametrize("name", ["pagination", "DateTimeUTC", "Status", "Id", "ProviderName"])
def test_an_odd_envelope_costs_no_row(name: str, odd: Any) -> None:
    lists = {key: [row] for key, row in COMMON.items()}
    stage = Stage(lists)
    stage.envelope[name] = odd
    pages = stage.snapshot()
    assert rows_of(pages) == {"c1", "i1", "p1", "pp1"}
    cursor = "2010-01-01T00:00:00+00:00" if name == "DateTimeUTC" else "2025-11-21T00:00:00+00:00"
    assert pages[-1].cursor == cursor, "without Xero's time the next reading begins where this one did"
    assert list(stage.ledger().changes("2026-11-02T09:00:00+00:00"))[-1].cursor


def test_the_time_in_the_headers_stands_in_for_the_one_in_the_answer() -> None:
    stage = Stage({}, {"DateTimeUTC": None, "Status": "OK"}, {"Date": "Mon, 02 Nov 2026 09:00:00 GMT"})
    assert stage.snapshot()[-1].cursor == "2026-11-02T09:00:00+00:00"


def test_an_organisation_with_odd_details_is_still_one() -> None:
    for odd in (None, 7, [], {"x": 1}, "", "SOMETHING-NEW"):
        about = dict.fromkeys(("CountryCode", "Timezone", "ShortCode", "PeriodLockDate", "EndOfYearLockDate"), odd)
        rows = {"Organisation": [], "Organisations": [{"Name": "Kiwi", "BaseCurrency": "NZD", **about}]}
        company = Stage({}, {"Status": "OK", **rows}).ledger().company()
        assert (company.name, company.currency, company.zone, company.locked_until) == ("Kiwi", "NZD", None, None)


def test_counts_that_are_texts_are_counts() -> None:
    stage = Stage({"Invoices": [COMMON["Invoices"]]})
    stage.envelope["pagination"] = {"page": "1", "pageCount": "1", "itemCount": "1"}
    assert {page.total for page in stage.snapshot()[:-1]} == {1, 2, 3, 4, 5, 6, 7}


def test_an_answer_without_its_list_is_believed_only_if_xero_says_ok() -> None:
    assert rows_of(Stage({}, {"Status": "OK", "Contacts": None}).snapshot()) == set()
    for envelope in ({"Status": "absent", "Contacts": None}, {"Status": "ERROR", "Contacts": "absent"}):
        with pytest.raises(Transient, match="could not be read"):
            Stage({}, envelope).snapshot()


def test_connections_that_are_wholly_readable_or_asked_for_again() -> None:
    class Connections(Stage):
        def request(self, method: str, url: str, **_options: Any) -> urllib3.HTTPResponse:
            return answer(b'[{"id":"c","tenantId":"t"},{"id":7}]')

    kind = Xero(LedgerSettings("id", "secret", "key", *["https://xero.test"] * 4))
    token = Token("access", "", (), datetime(2026, 11, 2, tzinfo=UTC))
    with pytest.raises(Transient, match="could not be read"):
        kind.tenants(token, Transport(pool=lambda: Connections({})))


# --- Xero's own examples ---


@cache
def _specification() -> tuple[str, ...]:
    return tuple(SPEC.read_text().splitlines())


def example(operation: str) -> Row:
    """The example answer of an operation. The specification writes its examples in the plainest YAML there is."""
    lines = _specification()
    at = lines.index(f"      operationId: {operation}")
    start = lines.index("              example:", at) + 1
    value, _ = _value(list(lines[start : start + 3000]), 0)
    assert isinstance(value, dict)
    return value


def _value(lines: list[str], at: int) -> tuple[Any, int]:
    """The map or list that begins on this line, and the line behind it."""
    deep, items, fields = _deep(lines[at]), list[Any](), Row()
    while _deep(lines[at]) == deep:
        line = lines[at].strip()
        if line.startswith("- "):
            lines[at] = " " * (deep + 2) + line[2:]
            item, at = _value(lines, at) if ":" in line else (_scalar(line[2:]), at + 1)
            items.append(item)
            continue
        name, _, text = line.partition(":")
        fields[name], at = (_scalar(text.strip()), at + 1) if text.strip() else _value(lines, at + 1)
    return items or fields, at


def _deep(line: str) -> int:
    return len(line) - len(line.lstrip())


def _scalar(text: str) -> Any:
    if text[0] in "\"'":
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        return text
