"""What customers tell us on their page reaches the desk and the cadence at once, and a person where one is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.cadence import Reason
from models import Account, Contact, EffectKind, HoldRow, Invoice, ToldRow
from tests.stories.days import EVENING, diary, effects_of, town_of
from tests.stories.staff import Robin
from tests.town import Town
from web import waiting
from workflows import answers, contacts, holds, links, reasons
from workflows.errors import Refusal
from workflows.links import BadLink
from workflows.reaching import Reach

DUE = date(2026, 2, 26)


@contextmanager
def fern() -> Iterator[tuple[Town, Robin]]:
    """Monday evening: Fern has heard late-4 about A-1."""
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        robin = Robin(town, "quickbooks", 0)
        town.at(date(2026, 3, 2), EVENING)
        yield town, robin


def desk(town: Town) -> waiting.Desk:
    with town.rt.store.read() as session:
        return waiting.desk(town.rt, session, Reach(town.practice_id))


def wrong_person(town: Town, name: str = "", email: str = "") -> Contact | None:
    invoice = town.invoice("A-1")
    contacts.wrong_person(town.rt, invoice.account_id, [invoice.uid], "I left in May.", name, email)
    town.settle()
    with town.rt.store.read() as session:
        return session.scalars(select(Contact)).first()


def test_in_order_is_shown_beside_a_later_dispute_and_whether_the_invoice_has_changed_since() -> None:
    with fern() as (town, _):
        invoice = town.invoice("A-1")
        reasons.tell(town.rt, invoice.account_id, [invoice.uid], Reason.IN_ORDER)
        town.dispute("A-1")
        assert desk(town).aside.in_order == {invoice.id: (date(2026, 3, 2), False)}
        with town.rt.store.write() as session:
            session.get_one(Invoice, invoice.id).version = "edited"
        assert desk(town).aside.in_order == {invoice.id: (date(2026, 3, 2), True)}


def test_a_contact_that_was_named_gets_and_sees_nothing_until_a_person_accepts_it() -> None:
    with fern() as (town, robin):
        kim = "kim@new.example"
        old = links.make(town.rt, town.account("A-1"), ["fern@customers.example"])
        found = wrong_person(town, "Kim New", kim)
        assert found is not None
        assert [(one.email, account.name) for one, account, _ in desk(town).contacts] == [(kim, "Fern")]
        assert not sees(town, kim)
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 10)) == ["03 Mar to 10 Mar: wrong-person"]

        contacts.accept(town.rt, found.id, robin.id)
        assert sees(town, kim)
        assert not sees(town, "fern@customers.example")
        with pytest.raises(BadLink, match="switched off"):
            links.read(town.rt, old)
        assert diary(town, "A-1", date(2026, 3, 11), date(2026, 3, 11)) == ["11 Mar: LATE-12"]
        assert town.mails("A-1")[-1].recipients == (kim,)
        assert desk(town).contacts == []
        with pytest.raises(Refusal, match="already decided"):
            contacts.refuse(town.rt, found.id, robin.id)

        contacts.forget(town.rt, town.account("A-1").id, robin.id)
        assert not sees(town, kim)


def sees(town: Town, reader: str) -> bool:
    account = town.account("A-1")
    target = links.read(town.rt, links.make(town.rt, account, [reader]))
    with town.rt.store.read() as session:
        seen = links.sight(town.rt, session, target, account)
    return seen.everything or seen.of(town.invoice("A-1"))


@pytest.mark.slow
def test_a_contact_that_was_refused_gets_nothing_and_the_question_stays_with_a_person() -> None:
    with fern() as (town, robin):
        found = wrong_person(town, "Kim", "kim@new.example")
        assert found is not None
        contacts.refuse(town.rt, found.id, robin.id)
        with town.rt.store.read() as session:
            assert session.get_one(Account, found.account_id).instead == []
        assert [one.reason for one, _, _ in desk(town).told] == [Reason.WRONG_PERSON]
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == ["03 Mar to 12 Mar: wrong-person"]


@pytest.mark.slow
def test_an_order_number_waits_for_a_person_and_no_copy_leaves() -> None:
    with fern() as (town, robin):
        invoice = town.invoice("A-1")
        reasons.order_number(town.rt, invoice.account_id, [invoice.uid], "PO 4711")
        assert diary(town, "A-1", date(2026, 3, 3), date(2026, 3, 12)) == ["03 Mar to 12 Mar: copy"]
        assert effects_of(town, EffectKind.ANSWER) == []
        ((held, *_),) = desk(town).held
        holds.release(town.rt, held.uid, robin.id)
        assert told(town) == ["closed"]
        assert diary(town, "A-1", date(2026, 3, 13), date(2026, 3, 13)) == ["13 Mar: LATE-12"]


def test_what_waits_for_a_person_is_answered_from_either_place() -> None:
    with fern() as (town, robin):
        invoice = town.invoice("A-1")
        row = reasons.order_number(town.rt, invoice.account_id, [invoice.uid], "PO 4711")
        reasons.close(town.rt, row.uid, robin.id, "It is on the invoice now.")
        assert told(town) == ["closed"]
        assert desk(town).held == []


def told(town: Town) -> list[str]:
    """How what they told us stands."""
    with town.rt.store.read() as session:
        return list(session.scalars(select(ToldRow.state).order_by(ToldRow.id)))


def test_who_is_short_of_cash_is_on_the_desk_with_the_day_we_named_and_late_answers_are_seen() -> None:
    with fern() as (town, _):
        invoice = town.invoice("A-1")
        reasons.tell(town.rt, invoice.account_id, [invoice.uid], Reason.SHORT_OF_CASH, "Perhaps in June.")
        ((told, _account, _company),) = desk(town).told
        assert told.answer_by == date(2026, 3, 9)
        with town.rt.store.read() as session:
            assert session.scalars(select(ToldRow)).one().text == "Perhaps in June."


def test_what_a_person_notes_is_promised_to_nobody() -> None:
    with fern() as (town, robin):
        invoice = town.invoice("A-1")
        row = reasons.tell(town.rt, invoice.account_id, [invoice.uid], Reason.SHORT_OF_CASH, "On the phone.", robin.id)
        assert row.answer_by is None
        assert desk(town).told == []


@pytest.mark.slow
def test_a_second_day_that_passes_unpaid_goes_to_a_person_once() -> None:
    with fern() as (town, robin):
        for _ in range(2):
            town.promise("A-1", town.now.date())
            town.at(town.now.date() + timedelta(days=7), EVENING)
        with town.rt.store.read() as session:
            (held,) = session.scalars(select(HoldRow)).all()
        assert "The second day that they named has passed" in held.note
        said = len(town.mails("A-1"))
        assert diary(town, "A-1", town.now.date(), town.now.date() + timedelta(days=20))[0].endswith("promise")
        assert len(town.mails("A-1")) == said, "nothing leaves until somebody has spoken with them"
        with pytest.raises(Refusal, match="a person will answer you"):
            town.promise("A-1", town.now.date())
        holds.release(town.rt, held.uid, robin.id)
        town.at(town.now.date() + timedelta(days=3), EVENING)
        assert len(town.mails("A-1")) > said


def test_an_answer_is_promised_within_five_working_days() -> None:
    with fern() as (town, _):
        town.clock.move(town.now + timedelta(days=3))  # a Thursday evening
        assert answers.answer_by(town.rt, town.company("quickbooks")) == date(2026, 3, 12)
