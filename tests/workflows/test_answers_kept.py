"""What customers tell us is kept, counted and decided the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from models import Account, Contact, Effect, EffectKind, SentFile
from models.store import Store
from tests.databases import store  # noqa: F401  (a fixture)
from tests.town import MONDAY
from tests.workflows.office import Office, an_invoice
from tests.workflows.test_holds import a_person
from web import waiting
from workflows import answers, contacts, fresh_links, links, reasons, sent_files, treatment
from workflows.reaching import Reach

FERN = ["fern@customers.example"]


@pytest.fixture
def office(store: Store) -> Office:  # noqa: F811
    made = Office(store)
    made.read(MONDAY, invoices=(an_invoice("i-1"), an_invoice("i-2")))
    return made


@pytest.fixture
def person(office: Office) -> int:
    return a_person(office)


def desk(office: Office) -> waiting.Desk:
    with office.rt.store.read() as session:
        return waiting.desk(office.rt, session, Reach(office.company.practice_id))


def test_a_dispute_with_files_an_order_number_and_a_contact_reach_the_desk(office: Office, person: int) -> None:
    rt, account = office.rt, office.account_id
    first, second = (office.invoice(one).uid for one in ("i-1", "i-2"))
    given = sent_files.looked_at([("note.txt", b"We ordered two.")])
    answers.dispute(rt, account, first, "It says four.", "Line 2", given)
    reasons.order_number(rt, account, [second], "PO 4711")
    contacts.wrong_person(rt, account, [second], "I left.", "Kim", "kim@new.example")
    found = desk(office)
    assert [found.counts[kind].total() for kind in ("disputes", "told", "held", "contacts")] == [1, 1, 1, 1]
    ((disputed, *_),) = found.disputes
    assert [one.name for one in found.aside.of_dispute(disputed)] == ["note.txt"]
    with rt.store.read() as session:
        uid = session.scalars(select(SentFile.uid)).one()
        opened = sent_files.within(rt, session, Reach(office.company.practice_id), uid)
        assert opened is not None
        assert opened.body == b"We ordered two."
        assert sent_files.within(rt, session, Reach(office.company.practice_id + 1), uid) is None
        proposed = session.scalars(select(Contact.id)).one()
    contacts.accept(rt, proposed, person)
    with rt.store.read() as session:
        row = session.get_one(Account, account)
        assert (row.instead, row.link_generation) == (["kim@new.example"], 1)


def test_fresh_links_are_counted_by_the_day_and_treatment_once_for_each_contact(office: Office) -> None:
    rt, account = office.rt, office.account("c-1")
    token = links.make(rt, account, FERN)
    for _ in range(5):
        fresh_links.ask(rt, token)
    with rt.store.read() as session:
        wanted = session.scalars(select(Effect.key).where(Effect.kind == EffectKind.ANSWER.value)).all()
        assert len(wanted) == fresh_links.A_DAY
        assert treatment.asks(rt, session, account.id)
    for score in (4, 1):
        treatment.say(rt, account.id, score)
    with rt.store.read() as session:
        assert treatment.of_version(session, office.company.cadence_version_id) == (Decimal("4.0"), 1)
        assert not treatment.asks(rt, session, account.id)
