"""What webhooks say is only marked; it costs no call until a round, or somebody who looks, has a use for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.ledgers.base import LedgerCustomer
from tests.workflows.office import Office, an_invoice
from workflows import dirty


@pytest.fixture
def fern(office: Office) -> Office:
    """Fern owes one invoice; Moss, who bills to Fern, and Birch owe one each."""
    now = office.clock.now()
    office.read(
        now,
        customers=(
            LedgerCustomer("c-1", "Fern"),
            LedgerCustomer("m", "Moss", bills_to="c-1"),
            LedgerCustomer("b", "B"),
        ),
    )
    office.read(now, invoices=(an_invoice("i-1"), an_invoice("i-m", customer="m"), an_invoice("i-b", customer="b")))
    return office


def mark(office: Office, entity: str, id: str) -> None:
    with office.rt.store.write() as session:
        dirty.mark(office.rt, session, office.company.id, [(entity, id)])


def concerned(office: Office) -> bool:
    with office.rt.store.read() as session:
        return dirty.concerns(session, office.account("c-1"))


@pytest.mark.parametrize(
    ("entity", "id"),
    [
        ("invoice", "i-1"),
        ("invoice", "i-m"),
        ("invoice", "never seen"),
        ("customer", "c-1"),
        ("customer", "m"),
        ("credit", "x"),
    ],
)
def test_an_account_is_concerned_by_its_own_rows_its_family_and_what_nobody_has_seen(
    fern: Office, entity: str, id: str
) -> None:
    assert not concerned(fern)
    mark(fern, entity, id)
    assert concerned(fern)


@pytest.mark.parametrize(("entity", "id"), [("invoice", "i-b"), ("customer", "b"), ("term", "t-1")])
def test_an_account_is_not_concerned_by_the_rows_of_others(fern: Office, entity: str, id: str) -> None:
    mark(fern, entity, id)
    assert not concerned(fern)


def test_a_reading_takes_away_what_was_marked_before_it_began_and_only_the_kinds_it_read(office: Office) -> None:
    began = office.clock.now()
    mark(office, "invoice", "i-1")
    office.clock.move(began + timedelta(minutes=1))
    mark(office, "invoice", "i-2")
    mark(office, "credit", "k-1")
    with office.rt.store.write() as session:
        dirty.clear(session, office.company.id, {"invoice"}, began + timedelta(seconds=30))
    with office.rt.store.read() as session:
        assert dirty.kinds(session, office.company.id) == {"invoice", "credit"}
    with office.rt.store.write() as session:
        dirty.clear(session, office.company.id, {"invoice"}, began + timedelta(minutes=2))
    with office.rt.store.read() as session:
        assert dirty.kinds(session, office.company.id) == {"credit"}


def test_a_row_marked_again_during_a_reading_stays_marked(office: Office) -> None:
    began = office.clock.now()
    mark(office, "invoice", "i-1")
    office.clock.move(began + timedelta(minutes=1))
    mark(office, "invoice", "i-1")
    with office.rt.store.write() as session:
        dirty.clear(session, office.company.id, {"invoice"}, began + timedelta(seconds=30))
    with office.rt.store.read() as session:
        assert dirty.kinds(session, office.company.id) == {"invoice"}
