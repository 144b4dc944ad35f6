"""What is deleted without a word is found: nobody is chased for it, and no credit that is gone covers anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest
from sqlalchemy import select

from integrations.ledgers.base import ENTITIES, Ledger, Page
from models import Connection, Credit
from sandbox.quickbooks import records
from tests.town import Town
from tests.workflows.books import Books
from workflows import dirty, door, reading, reconcile, sync
from workflows.begun import Begun
from workflows.connections import with_ledger
from workflows.runtime import Runtime

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

KINDS = ["quickbooks", "xero"]
ON_MONDAY = date(2026, 3, 9)


def begun(town: Town, kind: str, due: date = ON_MONDAY) -> Town:
    town.customer(kind, "fern")
    town.open(kind, "A-1", "fern", due)
    return town.begin(kinds=[kind])


def open_credit(town: Town) -> Decimal:
    with town.rt.store.read() as session:
        rows = session.scalars(select(Credit).where(Credit.gone_at.is_(None))).all()
    return Decimal(sum(row.remaining_minor for row in rows)) / 100


def connection(town: Town) -> Connection:
    with town.rt.store.read() as session:
        return session.scalars(select(Connection)).one()


def cannot_tell(town: Town, hours: int) -> None:
    """One bad stored address: QuickBooks cannot say what changed, and a query cannot say what was deleted."""
    town.quickbooks.plan_fault("/cdc", "4002", 1, hours * 3600)


def test_an_invoice_deleted_while_the_ledger_cannot_tell_is_not_chased_the_same_day(town: Town) -> None:
    begun(town, "quickbooks")
    town.at(ON_MONDAY, 11)
    cannot_tell(town, hours=3)
    town.quickbooks.delete(town.tenants["quickbooks"], "A-1")
    town.at(ON_MONDAY, 18)
    assert (town.invoice("A-1").status, town.steps("A-1")) == ("deleted", ["heads-up"])


def test_an_invoice_deleted_among_more_changes_than_the_feed_holds_is_not_chased(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.quickbooks.api.CDC_MOST", 5)
    monkeypatch.setattr("integrations.ledgers.quickbooks.reads.CDC_MOST", 5)
    town.customer("quickbooks", "oak")
    for number in range(6):
        town.open("quickbooks", f"B-{number}", "oak", date(2026, 6, 25))
    begun(town, "quickbooks")
    town.at(ON_MONDAY, 11)
    for number in range(6):
        town.quickbooks.mail(town.tenants["quickbooks"], f"B-{number}")
    town.quickbooks.delete(town.tenants["quickbooks"], "A-1")
    town.at(ON_MONDAY, 18)
    assert connection(town).blind
    assert (town.invoice("A-1").status, town.steps("A-1")) == ("deleted", ["heads-up"])
    town.at(ON_MONDAY + timedelta(days=1), 12)
    assert not connection(town).blind, "the night has gone through everything"


def test_money_on_account_deleted_while_the_ledger_cannot_tell_covers_nothing_for_long(town: Town) -> None:
    begun(town, "quickbooks")
    tenant = town.tenants["quickbooks"]
    paid = town.quickbooks.receive_on_account(tenant, "P-1", "fern", date(2026, 3, 2), Decimal("100.00"))
    town.at(date(2026, 3, 3), 12)
    assert (open_credit(town), town.causes("A-1")) == (Decimal(100), {"covered-by-credit"})
    cannot_tell(town, hours=20)
    town.quickbooks.unreceive(tenant, paid)
    town.at(date(2026, 3, 4), 12)
    assert open_credit(town) == 0
    town.at(ON_MONDAY, 18)
    assert "due-today" in town.steps("A-1")


@pytest.mark.parametrize("kind", KINDS)
def test_credit_used_up_in_a_long_gap_covers_nothing_afterwards(town: Town, kind: str) -> None:
    begun(town, kind)
    town.twin(kind).credit(town.tenants[kind], "C-1", "fern", date(2026, 3, 2), Decimal("30.00"))
    town.at(date(2026, 3, 3), 12)
    assert open_credit(town) == Decimal(30)
    town.clock.move(town.now + timedelta(days=20))
    later = town.now.date()
    town.twin(kind).credit(town.tenants[kind], "C-2", "fern", later, Decimal("5.00"), "A-1")
    town.clock.move(town.now + timedelta(days=20))
    town.at(town.now.date() + timedelta(days=2), 12)
    assert open_credit(town) == sum(town.twin(kind).open_credit(town.tenants[kind]).values())


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_invoice_paid_in_a_long_gap_is_paid_afterwards_and_not_held_for_ever(town: Town, kind: str) -> None:
    begun(town, kind, due=ON_MONDAY - timedelta(days=3 * 365))
    town.clock.move(town.now + timedelta(days=40))
    town.transfer(kind, "A-1", "100.00")
    town.twin(kind).webhooks()
    town.clock.move(town.now + timedelta(days=40))
    town.at(town.now.date() + timedelta(days=2), 12)
    assert (town.invoice("A-1").status, town.invoice("A-1").balance.minor) == ("paid", 0)


def test_what_was_paid_a_moment_before_the_door_is_not_chased(town: Town) -> None:
    begun(town, "xero")
    town.at(date(2026, 3, 3), 23)
    sync.sync_company(town.rt, town.company("xero").id)
    town.clock.move(town.now + timedelta(minutes=1))
    town.transfer("xero", "A-1", "100.00")
    door.read(town.rt, town.company("xero").id, [town.account("A-1").id])
    assert town.invoice("A-1").status == "paid", "its changes were read a moment ago; the door asked for it by name"


def test_what_was_paid_in_the_very_moment_of_a_reading_is_asked_for_by_the_door_of_the_same_moment(town: Town) -> None:
    begun(town, "xero")
    town.transfer("xero", "A-1", "100.00")
    door.read(town.rt, town.company("xero").id, [town.account("A-1").id])
    assert town.invoice("A-1").status == "paid"


@dataclass
class Beside:
    """The clock of a machine that is some minutes beside its time."""

    town: Town
    minutes: int

    def now(self) -> datetime:
        return self.town.now + timedelta(minutes=self.minutes)


def another(town: Town, minutes: int) -> Runtime:
    """Another process, on a machine whose clock is so far beside."""
    return replace(town.rt, clock=Beside(town, minutes), begun=Begun(town.rt.begun.steady))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_paid_after_a_machine_ahead_of_its_time_had_read_is_not_chased(town: Town, kind: str) -> None:
    begun(town, kind)
    town.at(date(2026, 3, 3), 23)
    hasty, company = another(town, 5), town.company(kind)
    sync.sync_company(hasty, company.id)
    door.read(hasty, company.id, [town.account("A-1").id])
    town.transfer(kind, "A-1", "100.00")
    door.read(town.rt, company.id, [town.account("A-1").id])
    assert town.invoice("A-1").status == "paid", "nobody knows how old a reading of a time to come is; it asks"


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_behind_its_time_does_not_take_an_old_reading_of_another_for_a_new_one(town: Town, kind: str) -> None:
    begun(town, kind)
    town.at(date(2026, 3, 3), 23)
    slow, company = another(town, -8), town.company(kind)
    door.read(town.rt, company.id, [town.account("A-1").id])
    town.transfer(kind, "A-1", "100.00")
    town.clock.move(town.now + timedelta(minutes=12))  # to the slow one the reading is four minutes old
    door.read(slow, company.id, [town.account("A-1").id])
    assert town.invoice("A-1").status == "paid"


@pytest.mark.parametrize("kind", KINDS)
def test_a_clock_that_is_set_back_makes_no_reading_younger(town: Town, kind: str) -> None:
    begun(town, kind)
    town.at(date(2026, 3, 3), 23)
    company, account = town.company(kind), town.account("A-1").id
    here = another(town, 0)
    door.read(here, company.id, [account])
    town.transfer(kind, "A-1", "100.00")
    town.clock.move(town.now + timedelta(minutes=12))
    cast(Beside, here.clock).minutes = -10
    door.read(here, company.id, [account])
    assert town.invoice("A-1").status == "paid"


@pytest.mark.parametrize("kind", KINDS)
def test_what_this_process_read_a_moment_ago_is_not_asked_for_again(town: Town, kind: str) -> None:
    begun(town, kind)
    town.at(date(2026, 3, 3), 23)
    company, account = town.company(kind), town.account("A-1").id
    door.read(town.rt, company.id, [account])
    town.clock.move(town.now + timedelta(minutes=4))
    before = town.calls.total()
    door.read(town.rt, company.id, [account])
    assert town.calls.total() == before
    town.clock.move(town.now + timedelta(minutes=2))
    door.read(town.rt, company.id, [account])
    assert town.calls.total() > before


@pytest.mark.parametrize("kind", KINDS)
def test_a_webhook_during_a_reading_of_a_machine_ahead_of_its_time_is_not_taken_for_read(town: Town, kind: str) -> None:
    begun(town, kind)
    town.at(date(2026, 3, 3), 23)
    hasty, company = another(town, 5), town.company(kind)

    def read(ledger: Ledger) -> None:
        pages = list(ledger.changes(connection(town).cursor, ENTITIES))

        def and_then_a_webhook() -> Iterator[Page]:
            with town.rt.store.write() as session:
                dirty.mark(town.rt, session, company.id, [("invoice", "1")])
            yield from pages

        reading.since_cursor(hasty, company, "changes", and_then_a_webhook(), ENTITIES)

    with_ledger(hasty, company.id, read)
    with town.rt.store.read() as session:
        assert dirty.kinds(session, company.id) == {"invoice"}


def test_a_look_does_not_stand_for_the_whole_reading_that_is_due(town: Town) -> None:
    begun(town, "quickbooks")
    town.at(date(2026, 3, 3), 12)
    town.clock.move(town.now + timedelta(days=35))
    before = connection(town).cursor
    door.look(town.rt, town.account("A-1").id)
    assert connection(town).cursor == before
    assert reading.needs_whole(connection(town), town.now)


def test_a_reading_of_customers_alone_does_not_make_the_balances_fresh(town: Town) -> None:
    begun(town, "xero")
    town.at(date(2026, 3, 3), 12)
    read_at, company = connection(town).read_at, town.company("xero")
    town.clock.move(town.now + timedelta(hours=1))
    with_ledger(town.rt, company.id, lambda ledger: reading.changes(town.rt, company, ledger, {"customer"}))
    assert connection(town).read_at == read_at


# What we booked


def removed(books: Books) -> None:
    """The bookkeeper deletes what Dunlin booked."""
    (payment,) = books.twin.payments(books.tenant)
    books.twin.unreceive(books.tenant, payment.id)


@pytest.mark.parametrize("how", ["the ledger cannot tell", "nobody reads for long"])
def test_a_booking_deleted_without_a_word_is_on_the_desk_and_its_payer_is_not_chased(how: str) -> None:
    books = Books("quickbooks")
    books.pay()
    assert books.line().state == "confirmed"
    if how == "the ledger cannot tell":
        cannot_tell(books.town, hours=26)
    removed(books)
    books.town.quickbooks.webhooks()
    if how == "nobody reads for long":
        books.town.clock.move(books.town.now + timedelta(days=31))
    books.town.at(books.town.now.date() + timedelta(days=40), 22)
    assert books.line().state == "desk"
    assert books.town.steps("A-1") == ["thanks"]
    assert len(list(reconcile.differences(books.rt))) == 1


def test_an_invoice_open_again_although_its_booking_stands_is_left_alone_until_the_night_has_asked() -> None:
    books = Books("quickbooks")
    books.pay()
    books.town.at(date(2026, 3, 17), 12)
    cannot_tell(books.town, hours=20)
    removed(books)
    books.town.at(date(2026, 3, 17), 21)
    assert (books.line().state, books.town.causes("A-1")) == ("confirmed", {"in-flight"})
    books.town.at(date(2026, 3, 18), 21)
    assert (books.line().state, books.town.causes("A-1")) == ("desk", {"in-flight"})
    assert books.town.steps("A-1") == ["thanks"]


def test_a_booking_that_the_bookkeeper_uses_for_another_invoice_comes_to_the_desk() -> None:
    books = Books("quickbooks")
    books.pay()
    (payment,) = books.twin.payments(books.tenant)
    other = books.town.invoice("A-2").external_id
    realm = books.town.quickbooks.realms[books.tenant]
    row = realm.get("Payment", payment.id)
    line = {"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": other, "TxnType": "Invoice"}]}
    changed = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "CustomerRef": row["CustomerRef"]}
    records.save(realm, "Payment", {**changed, "TotalAmt": Decimal("100.00"), "Line": [line]})
    books.town.at(books.town.now.date() + timedelta(days=2), 21)
    assert books.line().state == "desk"
    assert "no longer for this invoice" in books.line().note
    assert books.town.causes("A-1") == {"in-flight"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_booking_deleted_before_it_was_ever_seen_comes_to_the_desk(kind: str) -> None:
    books = Books(kind)
    books.town.pay("A-1")
    books.town.settle()
    assert books.line().state == "booked"
    removed(books)
    books.town.at(books.town.now.date() + timedelta(days=3), 22)
    assert books.line().state == "desk"
