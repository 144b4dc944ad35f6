"""A person's holds and what is known of addresses: what is refused, whom each wakes, and who owns it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.because import Cause
from integrations.ledgers.base import LedgerCustomer
from models import Account, AddressWord, HoldRow, User
from tests.workflows.office import Office, an_invoice
from workflows import gather, holds
from workflows.errors import Refusal

TODAY = date(2026, 3, 2)


def a_person(office: Office) -> int:
    with office.rt.store.write() as session:
        user = User(
            role="accountant",
            uid=office.rt.new_id(),
            practice_id=office.company.practice_id,
            email="robin@sandpiper.example",
            name="Robin Vale",
            password_hash="-",
            created_at=office.clock.now(),
        )
        session.add(user)
    return user.id


def causes(office: Office) -> set[Cause]:
    """The holds on the account and its invoices, as the planner is told of them."""
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    held = [*facts.holds, *(hold for one in facts.invoices for hold in one.holds)]
    return {hold.cause for hold in held if hold.cause in holds.CAUSES}


def asleep(office: Office) -> None:
    office.change(office.account("c-1"), wake_at=None)


def is_woken(office: Office) -> bool:
    return office.account("c-1").wake_at == office.clock.now()


@pytest.mark.parametrize("cause", sorted(holds.CAUSES))
def test_a_hold_is_told_to_the_planner_at_once_and_so_is_its_end(office: Office, cause: Cause) -> None:
    robin = a_person(office)
    asleep(office)
    made = holds.hold(office.rt, office.account_id, cause, owner_id=robin, note=" Their request. ")
    assert (causes(office), is_woken(office), made.note) == ({cause}, True, "Their request.")
    asleep(office)
    holds.release(office.rt, made.uid, robin)
    assert (causes(office), is_woken(office)) == (set(), True)
    with pytest.raises(Refusal, match="already ended"):
        holds.release(office.rt, made.uid, robin)


def test_a_hold_without_an_end_names_who_looks_after_it(office: Office) -> None:
    robin = a_person(office)
    holds.hold(office.rt, office.account_id, Cause.REPLIED, owner_id=robin)
    holds.hold(office.rt, office.account_id, Cause.PAUSED, owner_id=robin, until=TODAY + timedelta(days=3))
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    assert [(one.cause, one.until, one.detail) for one in facts.holds if one.cause in holds.CAUSES] == [
        (Cause.REPLIED, None, (("owner", "Robin Vale"),)),
        (Cause.PAUSED, TODAY + timedelta(days=3), ()),
    ]


def test_nobody_is_held_by_nobody_for_ever(office: Office) -> None:
    with pytest.raises(Refusal, match="until when, or who"):
        holds.hold(office.rt, office.account_id, Cause.PAUSED)


def test_a_hold_ends_on_a_day_to_come_at_most_a_year_away(office: Office) -> None:
    for days in (-400, -1, 0, 367):
        with pytest.raises(Refusal, match="from today on"):
            holds.hold(office.rt, office.account_id, Cause.PAUSED, until=TODAY + timedelta(days=days))
    assert causes(office) == set()


def test_only_some_causes_are_a_persons_to_give(office: Office) -> None:
    for cause in set(Cause) - holds.CAUSES:
        with pytest.raises(Refusal, match="Nobody can be held"):
            holds.hold(office.rt, office.account_id, cause, until=TODAY + timedelta(days=3))


def test_a_hold_on_one_invoice_is_on_no_other_and_never_on_somebody_elses(office: Office) -> None:
    office.read(office.clock.now(), customers=(LedgerCustomer("c-2", "Moss", emails=("moss@customers.example",)),))
    office.read(office.clock.now(), invoices=(an_invoice("1"), an_invoice("2"), an_invoice("3", customer="c-2")))
    uid = office.invoice("1").uid
    holds.hold(office.rt, office.account_id, Cause.EXTENSION, until=TODAY + timedelta(days=3), invoice_uid=uid)
    with office.rt.store.read() as session:
        facts = gather.account(office.rt, session, office.account_id, office.clock.now()).facts
    assert {one.number: [hold.cause for hold in one.holds] for one in facts.invoices} == {
        "N-1": [Cause.EXTENSION],
        "N-2": [],
    }
    other = office.invoice("3").uid
    with pytest.raises(Refusal, match="not one of that customer"):
        holds.hold(office.rt, office.account_id, Cause.PAUSED, until=TODAY + timedelta(days=3), invoice_uid=other)
    with office.rt.store.read() as session:
        assert len(session.scalars(select(HoldRow)).all()) == 1


@pytest.mark.parametrize("cause", sorted(holds.ADDRESS_CAUSES))
def test_an_address_is_known_once_however_it_is_written_and_wakes_everybody_who_reads_there(
    office: Office, cause: Cause
) -> None:
    now, shared = office.clock.now(), "Office@Shared.example"
    office.read(now, customers=(LedgerCustomer("c-2", "Moss", emails=(shared,)), LedgerCustomer("c-3", "Rush")))
    office.read(now, invoices=(an_invoice("1", emails=("office@shared.example",)), an_invoice("3", customer="c-3")))
    for name in ("c-1", "c-2", "c-3"):
        office.change(office.account(name), wake_at=None)
    holds.note_address(office.rt, office.company.id, shared, cause)
    holds.note_address(office.rt, office.company.id, "OFFICE@shared.example ", cause)
    with office.rt.store.read() as session:
        assert [one.cause for one in session.scalars(select(AddressWord))] == [cause.value]
        woken = session.scalars(select(Account.external_id).where(Account.wake_at == now))
        assert set(woken) == {"c-1", "c-2"}
    holds.forget_address(office.rt, office.company.id, shared.lower(), cause)
    holds.forget_address(office.rt, office.company.id, shared.lower(), cause)
    with office.rt.store.read() as session:
        assert session.scalars(select(AddressWord)).all() == []


def test_an_address_is_not_held_for_other_reasons(office: Office) -> None:
    with pytest.raises(Refusal, match="not said of an address"):
        holds.note_address(office.rt, office.company.id, "fern@customers.example", Cause.PAUSED)
