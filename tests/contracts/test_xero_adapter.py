"""The Xero adapter against the pretend Xero: what it reads, and each trap it must not fall into."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations.errors import Rejected
from integrations.ledgers.base import LedgerInvoice
from integrations.ledgers.xero import lists, mapping, structs, zones
from sandbox.books import BookCustomer, BookInvoice, BookPayment
from tests.sandbox.xero_world import World, gathered, invoice

SPEC = Path(__file__).resolve().parents[2] / "../shared/openapi/xero_accounting.yaml"
YEAR_START = date(2026, 1, 1)


@pytest.fixture
def world() -> World:
    return World()


def by_number(rows: tuple[LedgerInvoice, ...]) -> dict[str, LedgerInvoice]:
    return {row.number: row for row in rows}


# --- what a company is ---


def test_a_company_tells_its_name_currency_country_and_iana_zone(world: World) -> None:
    company = world.ledger().company()
    assert (company.name, company.currency, company.country) == ("Kiwi Trading Ltd", "NZD", "NZ")
    assert company.zone == "Pacific/Auckland"
    assert company.short_code.startswith("!")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("AUSEASTERNSTANDARDTIME", "Australia/Sydney"),
        ("GMTSTANDARDTIME", "Europe/London"),
        ("KAMCHATKASTANDARDTIME", "Asia/Kamchatka"),
        ("UTC11", "Etc/GMT+11"),
        ("UTC+12", "Etc/GMT-12"),
        ("SOMETHINGNEW", None),
        (None, None),
    ],
)
def test_a_windows_zone_becomes_an_iana_zone_or_nothing(name: str | None, zone: str | None) -> None:
    assert zones.iana(name) == zone


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason="Xero's specification is not beside the checkout")
def test_every_zone_in_xeros_specification_is_known() -> None:
    listed = SPEC.read_text().split("    TimeZone:\n")[1].split("enum:")[1]
    names = re.findall(r"^        - (\S+)$", listed, re.MULTILINE)[:141]
    assert (names[0], names[-1]) == ("AFGHANISTANSTANDARDTIME", "YUKONSTANDARDTIME")
    known = {zone for name in names if (zone := zones.iana(name))}
    assert all(zones.iana(name) for name in names)
    assert known <= zoneinfo.available_timezones()


def test_only_accounts_that_take_payments_are_offered(world: World) -> None:
    names = [account.name for account in world.ledger().deposit_accounts()]
    assert names == ["090 Business Bank Account", "620 Online payments clearing"]


# --- the first reading ---


def test_the_first_reading_brings_old_open_invoices_and_everything_since(world: World) -> None:
    twin, tenant = world.twin, world.tenant
    for number in ("INV-OLD", "INV-OLD-PAID"):
        old = BookInvoice(number, "barney", date(2024, 1, 5), date(2024, 2, 5), Decimal(10), "NZD")
        twin.add_invoice(tenant, old)
    twin.receive(tenant, BookPayment("INV-OLD-PAID", Decimal(10), date(2024, 2, 1)))
    twin.receive(tenant, BookPayment("INV-2", Decimal("46.00"), date(2026, 10, 30), "thanks"))
    read = gathered(list(world.ledger().snapshot(YEAR_START)))
    assert {row.name for row in read.customers} == {"Barney Rubble Gravel", "Wilma's Pottery"}
    assert set(by_number(read.invoices)) == {"INV-1", "INV-2", "INV-OLD"}
    assert by_number(read.invoices)["INV-2"].status is InvoiceStatus.PAID
    assert [(row.amount, row.reference) for row in read.payments] == [(Money(4600, "NZD"), "thanks")]
    assert read.cursor == "2026-11-02T09:00:00+00:00"


def test_one_odd_row_among_a_thousand_is_lost_alone(world: World) -> None:
    for number in range(1, 1200):
        world.twin.add_invoice(world.tenant, invoice(f"N-{number}"))
    odd = world.twin.invoice(world.tenant, "N-500")
    odd.currency = ""
    read = gathered(list(world.ledger().snapshot(YEAR_START)))
    assert len(read.invoices) == 1200
    assert [(row.entity, row.id) for row in read.unreadable] == [("invoice", odd.id)]
    assert world.twin.calls["GET /Invoices"] == 3  # two pages of open ones, one of the others


@pytest.mark.parametrize(
    ("status", "due", "ours"),
    [
        ("AUTHORISED", 5, "open"),
        ("AUTHORISED", 0, "paid"),
        ("PAID", None, "paid"),
        ("VOIDED", None, "voided"),
        ("DELETED", None, "deleted"),
        ("DRAFT", 5, "draft"),
        ("SUBMITTED", 5, "draft"),
        ("HELDBACK", 5, "unknown"),
        (None, 5, "unknown"),
    ],
)
def test_a_status_is_read_carefully_and_kept_verbatim(status: str | None, due: int | None, ours: str) -> None:
    row: dict[str, Any] = {"InvoiceID": "i", "Contact": {"ContactID": "c"}, "Total": "5.00", "CurrencyCode": "NZD"}
    row |= {"Date": "/Date(1763683200000+0000)/", "DueDateString": "", "Status": status, "AmountDue": due}
    read = mapping.invoice(msgspec.convert(row, structs.Invoice, strict=False))
    assert read is not None
    assert (read.status, read.raw_status) == (InvoiceStatus(ours), status or "")
    assert (read.issued, read.due, read.total) == (date(2025, 11, 21), None, Money(500, "NZD"))


def test_a_bill_is_none_of_our_business_and_an_unknown_open_amount_is_unreadable() -> None:
    assert mapping.invoice(structs.Invoice(Type="ACCPAY")) is None
    with pytest.raises(ValueError, match="no open amount"):
        mapping.invoice(structs.Invoice(InvoiceID="i", Status="AUTHORISED", Total=Decimal(5), DateString="2026-01-01"))


def test_other_rows_are_read_as_carefully() -> None:
    person = structs.Contact(ContactID="c", ContactStatus="SUSPENDED")
    assert mapping.customer(person).active is False
    assert mapping.customer(structs.Contact(ContactID="c")).active is True
    assert mapping.payment(structs.Payment(PaymentType="ARCREDITPAYMENT")) is None
    assert mapping.credit(structs.Credit(Type="ACCPAYCREDIT")) is None
    with pytest.raises(ValueError, match="status is not known"):
        mapping.credit(structs.Credit(Type="ACCRECCREDIT", Status="HELDBACK"))
    with pytest.raises(ValueError, match="no id"):
        mapping.customer(structs.Contact())


@pytest.mark.parametrize("bad", [b'{"InvoiceID":"x","Date":"soon"}', b'{"InvoiceID":"x","Contact":7}', b'["x"]', b"7"])
def test_a_row_of_any_odd_shape_is_reported_in_one_sentence(bad: bytes) -> None:
    raws = [msgspec.Raw(bad), msgspec.Raw(b'{"Type":"ACCPAY"}')]
    rows, unread = lists.items(raws, structs.Invoice, mapping.invoice, "invoice", "InvoiceID")
    assert rows == ()
    [report] = unread
    assert report.id == ("x" if bad.startswith(b"{") else "")
    assert report.reason.startswith("This invoice could not be read: ")
    assert report.reason.endswith(".")
    assert not report.reason.endswith("..")


def test_documented_texts_for_yes_and_no_are_read() -> None:
    row = (
        b'{"ContactID":"c","EmailAddress":null,"ContactPersons":[{"EmailAddress":"A@b.test","IncludeInEmails":"true"}]}'
    )
    [person], _ = lists.items([msgspec.Raw(row)], structs.Contact, mapping.customer, "customer", "ContactID")
    assert person.emails == ("a@b.test",)


def test_rows_that_move_while_pages_are_read_are_not_skipped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    for number in range(6):
        world.twin.add_invoice(world.tenant, invoice(f"N-{number}"))
    ledger, paid = world.ledger(), []

    def somebody_pays(_method: str, url: str) -> None:
        if "/Invoices" in url and "page=1&" in url and not paid:
            first = min(world.twin.organisations[world.tenant].invoices.values(), key=lambda one: one.id)
            paid.append(first.number)
            world.twin.receive(world.tenant, BookPayment(first.number, first.open, date(2026, 11, 2)))

    world.network.after = somebody_pays
    read = by_number(gathered(list(ledger.snapshot(YEAR_START))).invoices)
    assert len(read) == 8
    assert read[paid[0]].status is InvoiceStatus.PAID


def test_people_are_read_with_every_address_xero_would_mail(world: World) -> None:
    typed = ("Ann@a.test; bob@b.test, not-an-address", "BOOKS@c.test", "ann@a.test")
    world.twin.add_customer(world.tenant, BookCustomer("ann", "Ann", "Ann Lee", typed))
    people = {row.name: row for row in gathered(list(world.ledger().snapshot(YEAR_START))).customers}
    assert people["Ann"].emails == ("ann@a.test", "bob@b.test", "books@c.test")
    assert people["Ann"].contact == "Ann Lee"


def test_archived_erased_and_merged_people_are_told_apart(world: World) -> None:
    for key in ("archived", "erased", "merged"):
        world.twin.add_customer(world.tenant, BookCustomer(key, key, "Some One", (f"{key}@x.test",)))
    world.twin.archive(world.tenant, "archived")
    world.twin.request_erasure(world.tenant, "erased")
    world.twin.merge(world.tenant, "merged", "barney")
    people = {row.name: row for row in gathered(list(world.ledger().snapshot(YEAR_START))).customers}
    barney = people["Barney Rubble Gravel"]
    assert (barney.active, barney.erased, barney.merged_into) == (True, False, "")
    assert (people["archived"].active, people["archived"].erased) == (False, False)
    assert (people["erased"].erased, people["erased"].emails, people["erased"].contact) == (True, (), "")
    assert people["merged"].merged_into == barney.id


def test_credit_of_all_three_kinds_is_read_with_what_is_left_of_it(world: World) -> None:
    twin, tenant, day = world.twin, world.tenant, date(2026, 10, 30)
    twin.credit(tenant, "CN-1", "barney", day, Decimal(20))
    twin.credit(tenant, "CN-2", "wilma", day, Decimal(46), apply_to="INV-2")
    twin.overpay(tenant, "OP-1", "barney", day, Decimal(5))
    twin.prepay(tenant, "PP-1", "barney", day, Decimal(7))
    read = gathered(list(world.ledger().snapshot(YEAR_START)))
    assert sorted((row.kind, row.remaining.minor) for row in read.credits) == [
        ("credit note", 0),
        ("credit note", 2000),
        ("overpayment", 500),
        ("prepayment", 700),
    ]
    assert by_number(read.invoices)["INV-2"].status is InvoiceStatus.PAID


# --- later readings ---


def test_a_later_reading_brings_only_what_changed_paid_voided_and_deleted_too(world: World) -> None:
    ledger = world.ledger()
    world.twin.add_invoice(world.tenant, invoice("INV-3"))
    paid = world.twin.receive(world.tenant, BookPayment("INV-3", Decimal(115), date(2026, 11, 2)))
    cursor = gathered(list(ledger.snapshot(YEAR_START))).cursor or ""
    world.later(minutes=6)
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(115), date(2026, 11, 2)))
    world.twin.void(world.tenant, "INV-2")
    world.twin.unreceive(world.tenant, paid)
    world.twin.archive(world.tenant, "wilma")
    world.later(minutes=7)
    read = gathered(list(ledger.changes(cursor)))
    statuses = {number: row.status.value for number, row in by_number(read.invoices).items()}
    assert statuses == {"INV-1": "paid", "INV-2": "voided", "INV-3": "open"}
    assert {row.gone for row in read.payments} == {True, False}
    assert [row.active for row in read.customers] == [False]
    world.later(minutes=7)
    assert gathered(list(ledger.changes(read.cursor or ""))) == type(read)(cursor="2026-11-02T09:20:00+00:00")


def test_a_cursor_that_is_no_time_is_refused(world: World) -> None:
    with pytest.raises(Rejected, match="not a time"):
        list(world.ledger().changes("soon"))


def test_the_door_sees_a_new_due_date_that_a_later_reading_misses(world: World) -> None:
    ledger = world.ledger()
    cursor = gathered(list(ledger.snapshot(YEAR_START))).cursor or ""
    world.later(minutes=12)
    world.twin.invoice(world.tenant, "INV-1").due = date(2026, 12, 24)  # Xero leaves UpdatedDateUTC alone
    assert gathered(list(ledger.changes(cursor))).invoices == ()
    read = gathered(list(ledger.door(cursor, [world.order().customer])))
    assert [(row.number, row.due) for row in read.invoices] == [("INV-1", date(2026, 12, 24))]
    assert read.cursor is None


def test_the_door_notices_payments_voids_and_credit_in_few_calls(world: World) -> None:
    ledger = world.ledger()
    cursor = gathered(list(ledger.snapshot(YEAR_START))).cursor or ""
    world.later(minutes=12)
    world.twin.receive(world.tenant, BookPayment("INV-1", Decimal(115), date(2026, 11, 2)))
    world.twin.credit(world.tenant, "CN-1", "wilma", date(2026, 11, 2), Decimal(6))
    world.calls.clear()
    people = [row.id for row in world.twin.organisations[world.tenant].contacts.values()]
    read = gathered(list(ledger.door(cursor, people + [world.twin.new_uuid() for _ in range(50)])))
    assert by_number(read.invoices)["INV-1"].status is InvoiceStatus.PAID
    assert by_number(read.invoices)["INV-2"].balance == Money(4600, "NZD")
    assert [row.remaining for row in read.credits] == [Money(600, "NZD")]
    # Two for the addresses of 52 customers, two for their open invoices, one for changed invoices, three for credit.
    assert world.calls == ["door"] * 8
