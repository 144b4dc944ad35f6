"""Who was erased comes back with no reading, money stays right, and every column has been thought of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import JSON, LargeBinary, String, select, update

from core.because import Cause
from core.money import Money
from integrations.ledgers.base import LedgerCustomer, LedgerPerson, Unreadable
from models import Account, Base, Invoice, UnreadableRow, User
from models.store import Store
from tests.workflows.office import Office, an_invoice
from workflows import erasure, gather, personal
from workflows.errors import Refusal

KINDS = (String, JSON, LargeBinary)
PEOPLE = (LedgerPerson("Fern Green", "fern@customers.example", True),)
FERN = LedgerCustomer("c-1", "Fern Green", contact="Fern", emails=("fern@customers.example",), people=PEOPLE)
CHILD = LedgerCustomer("c-2", "Fern Green: the kitchen", emails=("kitchen@customers.example",), bills_to="c-1")
INVOICE = an_invoice("i-1", balance="0.00", emails=("fern@customers.example",), cc=("cc@customers.example",))


def test_every_column_that_could_hold_words_is_blanked_or_stays_for_a_reason() -> None:
    """A new column is personal until somebody says in `workflows/personal.py` why it is not."""
    blanked = {column for columns in personal.BLANKED.values() for column in columns} | set(personal.MENTIONED)
    named = {(one.class_.__tablename__, one.key) for one in (*blanked, *personal.SINGLE)}
    gone = {one.__tablename__ for one in personal.DELETED}
    unnamed = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, KINDS) and (table.name, column.name) not in named
        if table.name not in {*gone, *personal.TABLES} and column.name not in personal.COLUMNS
    ]
    assert unnamed == []
    assert set(personal.TABLES) <= set(Base.metadata.tables)
    assert not gone & set(personal.TABLES)
    assert all((*personal.TABLES.values(), *personal.COLUMNS.values(), *personal.SINGLE.values()))


@pytest.fixture
def office(store: Store) -> Iterator[Office]:
    """Fern, who owes nothing, and her kitchen; on both databases."""
    made = Office(store)
    made.read(made.clock.now() + timedelta(minutes=1), customers=(FERN, CHILD), invoices=(INVOICE,))
    yield made
    made.close()


def erase(office: Office, typed: str = "Fern Green") -> None:
    with office.rt.store.write() as session:
        person = session.scalars(select(User)).first() or User(
            uid=office.rt.new_id(),
            practice_id=office.company.practice_id,
            email="ann@sandpiper.example",
            name="Ann",
            password_hash="-",
            role="owner",
            created_at=office.clock.now(),
        )
        session.add(person)
    erasure.erase(office.rt, office.account_id, person.id, typed)


def later(office: Office) -> datetime:
    office.clock.move(office.clock.now() + timedelta(hours=1))
    return office.clock.now()


def test_the_next_readings_bring_nothing_back_of_them_or_of_who_bills_to_them(office: Office) -> None:
    erase(office)
    again = (replace(FERN, phone="+44 20 7946 0000", version="2"), replace(CHILD, version="2"))
    for version in ("3", "4"):
        office.read(later(office), customers=again, invoices=(replace(INVOICE, version=version),))
    for one in ("c-1", "c-2"):
        row = office.account(one)
        assert (row.name, row.contact, row.emails, row.people, row.phone) == ("", "", [], [], ""), one
        assert (row.erased, row.erased_at is not None) == (True, True)
    assert (office.invoice("i-1").emails, office.invoice("i-1").cc) == ([], [])


def test_nothing_is_left_of_how_they_were_to_be_treated(office: Office) -> None:
    with office.rt.store.write() as session:
        found = session.get_one(Account, office.account_id)
        found.care, found.language, found.look_again = True, "cy", office.clock.now().date()
    erase(office)
    row = office.account("c-1")
    assert (row.care, row.language, row.look_again) == (False, None, None)


def test_money_stays_right_after_an_erasure_and_nothing_is_said_of_it(office: Office) -> None:
    erase(office)
    office.read(later(office), customers=(FERN,), invoices=(an_invoice("i-2", emails=("fern@customers.example",)),))
    fresh = office.invoice("i-2")
    assert (fresh.balance, fresh.emails, fresh.account_id) == (Money(10_000, "GBP"), [], office.account_id)
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    assert Cause.ERASED in {one.cause for one in facts.holds}


def test_rows_that_cannot_be_read_keep_no_bytes_of_who_was_erased(office: Office) -> None:
    before = (
        Unreadable("customer", "c-1", "odd", b"Fern Green"),
        Unreadable("payment", "p-1", "odd", b"Fern Green", "c-1"),
        Unreadable("invoice", "i-1", "odd", b"Fern Green"),
        Unreadable("invoice", "i-77", "odd", b"perhaps Fern Green"),
    )
    office.read(later(office), unreadable=before)
    with office.rt.store.write() as session:
        session.execute(update(Invoice).values(status="paid"))
    erase(office)
    assert kept(office) == {}
    office.read(later(office), unreadable=(*before, Unreadable("customer", "c-9", "odd", b"somebody else")))
    assert set(kept(office)) == {"i-77", "c-9"}, "whose it is nobody can know"


def kept(office: Office) -> dict[str, bytes]:
    with office.rt.store.read() as session:
        rows = session.scalars(select(UnreadableRow).where(UnreadableRow.raw_sealed.is_not(None)))
        return {one.external_id: office.rt.vault.unseal(one.raw_sealed or b"") for one in rows}


def test_who_bills_to_them_and_still_owes_stands_against_it(office: Office) -> None:
    office.read(later(office), invoices=(an_invoice("i-3", balance="12.00", customer="c-2"),))
    with pytest.raises(Refusal, match=r"12\.00"):
        erase(office)
    with office.rt.store.read() as session:
        assert "Fern Green" in session.scalars(select(Account.name)).all()
