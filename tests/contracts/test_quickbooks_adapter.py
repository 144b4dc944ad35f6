"""The QuickBooks adapter against the pretend QuickBooks: connecting, the first load, and rows as they really are."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.facts import InvoiceStatus
from core.money import Money
from integrations import oauth
from integrations.errors import (
    InDoubt,
    Reconnect,
    Rejected,
    Transient,
)
from integrations.ledgers.quickbooks import mapping, reads, structs
from integrations.ledgers.quickbooks.envelope import open_envelope
from integrations.ledgers.quickbooks.sorting import Sorter
from integrations.ledgers.quickbooks.wire import Answer
from integrations.transport import Transport
from sandbox.books import BookCustomer
from sandbox.wires import serve
from tests.sandbox.quickbooks_world import START, World, by_number, gathered, invoice, payment

YEAR_START = date(2026, 1, 1)
SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples/quickbooks"


@pytest.fixture
def world() -> World:
    return World()


# --- connecting ---


def test_a_consent_names_the_company_that_arrived_in_the_callback(world: World) -> None:
    token, consent = world.connect()
    assert consent.holder == world.realm
    assert [(tenant.id, tenant.name) for tenant in consent.tenants] == [(world.realm, "Acme Design Inc")]
    assert token.expires_at == START + timedelta(hours=1)
    assert token.refresh_hard_expires_at == START + timedelta(days=5 * 365)


@pytest.mark.parametrize("realm", ["", "12/../34", "abc"])
def test_a_callback_without_a_company_id_is_refused_before_any_call(world: World, realm: str) -> None:
    token, _ = world.connect()
    calls = world.twin.calls.total()
    with pytest.raises(Rejected, match="which company"):
        world.quickbooks.consent(token, {"realmId": realm}, world.transport)
    assert world.twin.calls.total() == calls


def test_a_person_who_says_no_is_sent_back_without_a_code(world: World) -> None:
    callback = world.answer_consent("deny")
    assert callback["error"] == "access_denied"
    assert "code" not in callback


def test_a_code_works_once(world: World) -> None:
    code = world.answer_consent()["code"]
    app = world.quickbooks.oauth
    oauth.exchange(app, "https://dunlin.test/connect/quickbooks/callback", code, "", world.transport, world.now)
    with pytest.raises(Rejected, match="did not accept the consent"):
        oauth.exchange(app, "https://dunlin.test/connect/quickbooks/callback", code, "", world.transport, world.now)


def test_a_refresh_token_keeps_its_value_for_a_day_and_the_old_one_dies_a_day_later(world: World) -> None:
    first, _ = world.connect()
    app = world.quickbooks.oauth
    assert oauth.refresh(app, first.refresh, world.transport, world.later(hours=23)).refresh == first.refresh
    second = oauth.refresh(app, first.refresh, world.transport, world.later(hours=2))
    assert second.refresh != first.refresh
    assert oauth.refresh(app, first.refresh, world.transport, world.later(hours=1)).refresh == second.refresh
    with pytest.raises(Reconnect):
        oauth.refresh(app, first.refresh, world.transport, world.later(hours=24))


def test_a_withdrawn_grant_closes_both_doors(world: World) -> None:
    token, _ = world.connect()
    world.quickbooks.disconnect(token, "", world.transport)
    oauth.revoke(world.quickbooks.oauth, token.refresh, world.transport)
    with pytest.raises(Reconnect):
        world.open(token.access).company()
    with pytest.raises(Reconnect):
        oauth.refresh(world.quickbooks.oauth, token.refresh, world.transport, world.now)


# --- what a company is ---


def test_a_company_tells_its_name_currency_country_and_zone(world: World) -> None:
    company = world.ledger().company()
    assert (company.name, company.currency, company.country) == ("Acme Design Inc", "USD", "US")
    assert (company.zone, company.email) == ("America/Denver", "office@acme.test")


@pytest.mark.parametrize(
    ("name", "zone"),
    [("Europe/London", "Europe/London"), ("Mountain Standard Time", None), ("../etc/passwd", None), ("", None)],
)
def test_a_zone_that_is_no_iana_name_is_asked_for(name: str, zone: str | None) -> None:
    info = structs.CompanyInfo("Acme", default_time_zone=name)
    assert mapping.company(info, structs.Preferences(), "USD").zone == zone


def test_only_accounts_where_money_arrives_are_offered(world: World) -> None:
    assert [account.name for account in world.ledger().deposit_accounts()] == ["Checking", "Undeposited Funds"]


# --- the first load ---


def test_a_first_load_reads_every_customer_and_open_invoice(world: World) -> None:
    page = gathered(world.ledger().snapshot(YEAR_START))
    assert [row.name for row in page.customers] == ["Amy's Bird Sanctuary", "Bill's Windsurf Shop"]
    amy = page.customers[0]
    assert (amy.contact, amy.emails) == ("Amy Lauterbach", ("birds@amy.test", "books@amy.test"))
    first = by_number(page.invoices)["1001"]
    assert (first.total, first.balance) == (Money(10000, "USD"), Money(10000, "USD"))
    assert (first.issued, first.due, first.status) == (date(2026, 10, 1), date(2026, 10, 31), InvoiceStatus.OPEN)
    assert first.customer == amy.id


def test_an_invoice_is_handed_out_once_though_two_queries_find_it(world: World) -> None:
    page = gathered(world.ledger().snapshot(YEAR_START))
    assert len(page.invoices) == 2


def test_an_old_open_invoice_is_read_and_an_old_paid_one_is_not(world: World) -> None:
    world.twin.receive(world.realm, payment("1002", "46.60"))
    page = gathered(world.ledger().snapshot(date(2026, 10, 2)))
    assert list(by_number(page.invoices)) == ["1001"]


def test_archived_customers_are_read_too(world: World) -> None:
    world.twin.archive(world.realm, "bill")
    rows = {row.name: row.active for row in gathered(world.ledger().snapshot(YEAR_START)).customers}
    assert rows == {"Amy's Bird Sanctuary": True, "Bill's Windsurf Shop": False}


def test_a_job_billed_with_its_parent_names_the_parent(world: World) -> None:
    world.twin.add_customer(world.realm, BookCustomer("job", "Aviary roof", "", (), parent="amy"))
    rows = {row.name: row for row in gathered(world.ledger().snapshot(YEAR_START)).customers}
    assert rows["Aviary roof"].bills_to == rows["Amy's Bird Sanctuary"].id
    assert rows["Amy's Bird Sanctuary"].bills_to == ""


def test_more_than_a_page_is_read_without_losing_or_doubling_a_row(world: World) -> None:
    for number in range(2100):
        world.twin.add_invoice(world.realm, invoice(f"B{number}", amount="1.00"))
    ledger = world.ledger()
    world.calls.clear()
    page = gathered(ledger.snapshot(date(2026, 12, 1)))
    assert len(page.invoices) == 2102
    assert len({row.id for row in page.invoices}) == 2102
    assert world.calls.count("snapshot") == 9  # one for all counts, three pages of open invoices, one for each other


def test_rows_that_move_up_while_a_long_list_is_read_are_not_lost(world: World) -> None:
    for number in range(1500):
        world.twin.add_invoice(world.realm, invoice(f"B{number}", amount="1.00"))
    numbers: set[str] = set()
    for page in world.ledger().snapshot(date(2026, 12, 1)):
        numbers |= {row.number for row in page.invoices}
        if len(page.invoices) == reads.PAGE:  # thirty invoices on the page just read are paid before the next call
            for row in page.invoices[:30]:
                world.twin.receive(world.realm, payment(row.number, str(row.balance.decimal)))
    assert len(numbers) == 1502


def test_the_cursor_is_the_time_before_the_reading_so_that_nothing_in_between_is_missed(world: World) -> None:
    ledger = world.ledger()
    pages = ledger.snapshot(YEAR_START)
    next(pages)
    world.later(minutes=20)
    world.twin.receive(world.realm, payment("1001", "100.00"))
    cursor = gathered(pages).cursor
    assert cursor is not None
    changed = by_number(gathered(ledger.changes(cursor)).invoices)
    assert changed["1001"].status is InvoiceStatus.PAID


# --- rows as they are ---


def test_fields_that_are_really_absent_are_read_as_absent(world: World) -> None:
    row = world.row("Invoice", "1001")
    for name in ("DueDate", "DocNumber", "CurrencyRef", "PrivateNote"):
        row.pop(name, None)
    read = next(one for one in gathered(world.ledger().snapshot(YEAR_START)).invoices if one.id == row["Id"])
    assert (read.due, read.number, read.emails) == (None, "", ())
    assert read.balance == Money(10000, "USD"), "without a currency of its own it is the home currency"


def test_one_bad_row_among_a_thousand_is_reported_and_the_others_are_read(world: World) -> None:
    for number in range(998):
        world.twin.add_invoice(world.realm, invoice(f"B{number}", amount="1.00"))
    odd = world.row("Invoice", "1001")
    odd["Balance"] = None
    page = gathered(world.ledger().snapshot(YEAR_START))
    assert len(page.invoices) == 999
    assert [(row.entity, row.id) for row in page.unreadable] == [("invoice", odd["Id"])]
    assert page.unreadable[0].reason.startswith("This invoice from QuickBooks could not be read")


def test_a_status_nobody_knows_holds(world: World) -> None:
    world.row("Invoice", "1001")["status"] = "InTransit"
    row = by_number(gathered(world.ledger().snapshot(YEAR_START)).invoices)["1001"]
    assert (row.status, row.raw_status) == (InvoiceStatus.UNKNOWN, "InTransit")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("A@x.test, b@x.test;c@x.test", ("a@x.test", "b@x.test", "c@x.test")),
        ("Ann Lee <ann@x.test>", ("ann@x.test",)),
        ("a@x.test A@X.test", ("a@x.test",)),
        ("none, n/a, ann@, @x.test, ann@x", ()),
        (None, ()),
    ],
)
def test_what_people_type_into_the_address_field(typed: str | None, read: tuple[str, ...]) -> None:
    assert mapping.emails(structs.Address(typed)) == read


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the sample material beside the checkout")
def test_recorded_invoices_of_a_sandbox_company_are_all_read_and_the_void_one_is_found() -> None:
    rows = json.loads((SAMPLES / "invoices_list_2025_incl_voided.json").read_text())
    body = json.dumps({"QueryResponse": {"Invoice": rows}, "time": "2025-02-01T00:00:00-08:00"}).encode()
    sorter = Sorter(lambda: "USD")
    sorter.add("Invoice", open_envelope(Answer(body, "")).query()["Invoice"])
    page = sorter.page()
    assert (len(page.invoices), page.unreadable) == (31, ())
    assert [row.id for row in page.invoices if row.status is InvoiceStatus.VOIDED] == ["129"]
    assert sum(row.balance.minor for row in page.invoices) == sum(round(row["Balance"] * 100) for row in rows)


# --- real wires ---


def test_over_real_loopback_sockets_it_reads_books_and_survives_a_lost_answer() -> None:
    world = World()
    with serve(world.twin.app) as server:
        token, _ = world.connect()
        world.transport = Transport()
        world.settle(server.url)
        ledger = world.open(token.access)
        assert len(gathered(ledger.snapshot(YEAR_START)).invoices) == 2
        body = ledger.prepare(world.order())
        world.twin.plan_fault("/payment", "drop")
        with pytest.raises(InDoubt):
            ledger.write(world.order(), body, "pay-1")
        booked = ledger.write(world.order(), body, "pay-1")
        assert [one.id for one in world.twin.payments(world.realm)] == [booked.id]
    with pytest.raises(Transient):
        ledger.company()
    with pytest.raises(Transient):  # nobody listens: the booking was never sent, so there is no doubt
        ledger.write(world.order(), body, "pay-2")
