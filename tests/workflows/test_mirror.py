"""The mirror keeps what a ledger said, forgets nothing newer for something older, and wakes whom it concerns."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from core.because import Cause
from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerPayment, Unreadable
from models import Credit, Invoice, Payment, UnreadableRow
from tests.town import MONDAY, Town
from tests.workflows.office import Office, an_invoice
from workflows import doctor, gather, holds, sync

LATER = MONDAY + timedelta(minutes=10)
ODD = Unreadable("invoice", "i-1", "This invoice could not be read: its date is no date.")


def unreadable(office: Office) -> list[str]:
    with office.rt.store.read() as session:
        return list(session.scalars(select(UnreadableRow.external_id)))


def test_a_reading_that_began_earlier_never_overwrites_a_later_one(office: Office) -> None:
    office.read(LATER, invoices=(an_invoice("i-1", "40.00"),))
    version = office.account("c-1").facts_version
    office.read(MONDAY, invoices=(an_invoice("i-1", "100.00"),))
    assert (office.invoice("i-1").balance_minor, office.invoice("i-1").read_at) == (4000, LATER)
    assert office.account("c-1").facts_version == version
    office.read(LATER + timedelta(seconds=1), invoices=(an_invoice("i-1", "0.00", status=InvoiceStatus.PAID),))
    assert (office.invoice("i-1").balance_minor, office.invoice("i-1").status) == (0, "paid")


def test_the_same_page_twice_changes_nothing_and_wakes_nobody(office: Office) -> None:
    page = {
        "customers": (LedgerCustomer("c-1", "Fern", emails=("fern@customers.example",)),),
        "invoices": (an_invoice("i-1"),),
        "payments": (LedgerPayment("p-1", "c-1", date(2026, 3, 1), Money(500, "GBP")),),
        "credits": (LedgerCredit("n-1", "c-1", "note", Money(700, "GBP")),),
    }
    assert office.read(MONDAY, **page) == 4
    office.change(office.account("c-1"), wake_at=None)
    version = office.account("c-1").facts_version
    office.read(LATER, **page)
    assert (office.account("c-1").facts_version, office.account("c-1").wake_at) == (version, None)


def test_only_the_account_whose_fact_changed_is_woken(office: Office) -> None:
    office.read(MONDAY, customers=(LedgerCustomer("c-2", "Moss"),), invoices=(an_invoice("i-1"),))
    before = {id: office.account(id).facts_version for id in ("c-1", "c-2")}
    office.read(LATER, invoices=(an_invoice("i-1", "1.00"),))
    assert office.account("c-1").facts_version == before["c-1"] + 1
    assert office.account("c-2").facts_version == before["c-2"]
    assert office.account("c-1").wake_at == office.clock.now()


def test_an_invoice_that_can_no_longer_be_read_is_held_until_it_can(office: Office) -> None:
    office.read(MONDAY, invoices=(an_invoice("i-1"),))
    office.read(LATER, unreadable=(ODD,))
    assert (office.invoice("i-1").status, unreadable(office)) == ("unknown", ["i-1"])
    office.read(MONDAY, invoices=(an_invoice("i-1"),))
    assert (office.invoice("i-1").status, unreadable(office)) == ("unknown", ["i-1"]), "that reading was older"
    office.read(LATER + timedelta(minutes=1), unreadable=(ODD,))
    assert unreadable(office) == ["i-1"], "it is written down once"
    office.read(LATER + timedelta(minutes=2), invoices=(an_invoice("i-1"),))
    assert (office.invoice("i-1").status, unreadable(office)) == ("open", [])


def test_an_older_reading_that_stumbles_does_not_hold_what_was_read_well_since(office: Office) -> None:
    office.read(LATER, invoices=(an_invoice("i-1"),))
    office.read(MONDAY, unreadable=(ODD,))
    assert office.invoice("i-1").status == "open"


def test_an_invoice_moves_with_its_customer_to_the_parent_and_after_a_merger(office: Office) -> None:
    office.read(MONDAY, invoices=(an_invoice("i-1", customer="c-2"),))
    assert office.invoice("i-1").account_id == office.account("c-2").id, "a customer not yet seen has a place"
    office.read(LATER, customers=(LedgerCustomer("c-2", "Branch", bills_to="c-1"),))
    assert office.invoice("i-1").account_id == office.account_id
    office.read(LATER, customers=(LedgerCustomer("c-2", "Branch"), LedgerCustomer("c-3", "New")))
    office.read(LATER, customers=(LedgerCustomer("c-2", "Branch", active=False, merged_into="c-3"),))
    assert office.invoice("i-1").account_id == office.account("c-3").id


def test_a_child_that_comes_before_its_parent_finds_it_and_nobody_is_made_twice(office: Office) -> None:
    family = (LedgerCustomer("c-8", "Branch", bills_to="c-9"), LedgerCustomer("c-9", "Head office"))
    office.read(MONDAY, customers=family, invoices=(an_invoice("i-1", customer="c-8"),))
    assert office.invoice("i-1").account_id == office.account("c-9").id
    assert office.account("c-9").name == "Head office"


def test_customers_that_point_to_each_other_do_not_hang_us(office: Office) -> None:
    ring = (LedgerCustomer("c-1", "One", bills_to="c-2"), LedgerCustomer("c-2", "Two", bills_to="c-1"))
    office.read(MONDAY, customers=ring, invoices=(an_invoice("i-1"),))
    assert office.invoice("i-1").account_id in (office.account("c-1").id, office.account("c-2").id)


def test_what_the_ledger_deleted_is_marked_gone_and_never_removed(office: Office) -> None:
    office.read(
        MONDAY,
        invoices=(an_invoice("i-1"),),
        payments=(LedgerPayment("p-1", "c-1", date(2026, 3, 1), Money(500, "GBP")),),
        credits=(LedgerCredit("n-1", "c-1", "note", Money(700, "GBP")),),
    )
    gone = (("invoice", "i-1"), ("payment", "p-1"), ("credit", "n-1"), ("customer", "c-1"), ("invoice", "never-seen"))
    office.read(LATER, deleted=gone)
    with office.rt.store.read() as session:
        moments = [session.scalars(select(table.gone_at)).one() for table in (Invoice, Payment, Credit)]
    assert moments == [LATER] * 3
    assert (office.invoice("i-1").status, office.account("c-1").active) == ("deleted", False)


def test_an_erased_person_leaves_no_name_and_no_address(office: Office) -> None:
    person = LedgerCustomer("c-1", "Fern Green", contact="Fern", emails=("fern@customers.example",), erased=True)
    office.read(MONDAY, customers=(person,))
    row = office.account("c-1")
    assert (row.name, row.contact, row.emails, row.erased) == ("", "", [], True)


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_one_broken_invoice_among_a_thousand_is_lost_alone_and_shown_to_a_person(town: Town, kind: str) -> None:
    town.customer(kind, "fern")
    for number in range(1000):
        town.open(kind, f"N-{number}", "fern", date(2026, 9, 1))
    town.begin(kinds=[kind], live=False)
    assert mirrored(town) == {"open": 1000}
    broken(town, kind, "N-500")
    town.clock.move(datetime(2026, 3, 2, 7, tzinfo=MONDAY.tzinfo))
    assert sync.sync_company(town.rt, town.company(kind).id), "the others are read"
    assert mirrored(town) == {"open": 999, "unknown": 1}
    assert town.invoice("N-500").status == "unknown"
    assert any("1 rows of the ledgers could not be read" in one for one in doctor.complaints(town.rt))
    with town.rt.store.read() as session:
        row = session.scalars(select(UnreadableRow)).one()
    assert (row.external_id, row.entity) == (town.invoice("N-500").external_id, "invoice")
    assert row.reason.endswith(".")


def broken(town: Town, kind: str, number: str) -> None:
    """The vendor sends something we have never seen in one invoice."""
    tenant = town.tenants[kind]
    if kind == "xero":
        row = town.xero.invoice(tenant, number)
        row.currency, row.updated = "", town.now
        return
    realm = town.quickbooks.realms[tenant]
    body = realm.get("Invoice", realm.keys["Invoice", number])
    body["TxnDate"] = "someday"
    realm.bump("Invoice", body)


_by_status = select(Invoice.status, func.count().label("how_many")).group_by(Invoice.status)


def mirrored(town: Town) -> dict[str, int]:
    with town.rt.store.read() as session:
        return {row.status: row.how_many for row in session.execute(_by_status)}


def test_who_is_to_be_left_alone_is_so_under_the_name_they_merged_into(office: Office) -> None:
    office.read(MONDAY, customers=(LedgerCustomer("c-2", "Branch"), LedgerCustomer("c-3", "New")))
    office.read(MONDAY, invoices=(an_invoice("i-1", customer="c-2"), an_invoice("i-2", customer="c-3")))
    old, later = office.account("c-2").id, office.clock.now().date() + timedelta(days=30)
    holds.hold(office.rt, old, Cause.BREATHING_SPACE, until=later)
    office.read(LATER, customers=(LedgerCustomer("c-2", "Branch", active=False, merged_into="c-3"),))
    assert held(office, "c-3") == {Cause.BREATHING_SPACE}


def test_a_hold_on_an_invoice_goes_where_the_invoice_goes(office: Office) -> None:
    office.read(MONDAY, customers=(LedgerCustomer("c-2", "Branch"),), invoices=(an_invoice("i-1", customer="c-2"),))
    later = office.clock.now().date() + timedelta(days=30)
    made = holds.hold(
        office.rt, office.account("c-2").id, Cause.EXTENSION, until=later, invoice_uid=office.invoice("i-1").uid
    )
    office.read(LATER, customers=(LedgerCustomer("c-2", "Branch", bills_to="c-1"),))
    assert held(office, "c-1") == {Cause.EXTENSION}
    holds.release(office.rt, made.uid, 1)
    assert held(office, "c-1") == set()
    office.read(LATER + timedelta(minutes=1), invoices=(an_invoice("i-2", customer="c-2"),))
    holds.hold(office.rt, office.account_id, Cause.EXTENSION, until=later, invoice_uid=office.invoice("i-2").uid)
    office.read(LATER + timedelta(minutes=2), customers=(LedgerCustomer("c-4", "Other"),))
    office.read(LATER + timedelta(minutes=3), invoices=(an_invoice("i-2", customer="c-4", version="2"),))
    assert held(office, "c-4") == {Cause.EXTENSION}, "the ledger gave it to another customer"


def held(office: Office, customer: str) -> set[Cause]:
    """The holds that plan() is told of, on the account and on its invoices."""
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account(customer).id, office.clock.now()).facts
    found = {hold.cause for one in (facts, *facts.invoices) for hold in one.holds}
    return found - {Cause.DISCONNECTED}
