"""Stories of many at once: what a person does to ticked customers counts for each, and one press takes it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from core.because import Cause
from models import Account, BulkChange, CadenceOverride, Company, HoldRow, User
from tests.stories.days import BOTH, diary, town_of
from tests.town import Town
from workflows import assigning, bulk, holds, library
from workflows.bulk import By
from workflows.errors import Refusal

MON, TUE, WED, THU = (date(2026, 3, day) for day in (2, 3, 4, 5))
DUE = date(2026, 2, 25)
THREE = (("A-1", "fern", DUE), ("B-1", "holly", DUE), ("C-1", "ivy", DUE))


@contextmanager
def office(kind: str = "xero") -> Iterator[tuple[Town, By]]:
    with town_of(kind, *THREE) as town:
        yield town, By(town.practice_id, add_robin(town))


def add_robin(town: Town, name: str = "Robin") -> int:
    made = {
        "uid": town.new_id(),
        "email": f"{name.lower()}@sandpiper.example",
        "password_hash": "-",
        "role": "accountant",
    }
    user = User(practice_id=town.practice_id, name=name, created_at=town.now, **made)
    with town.rt.store.write() as session:
        session.add(user)
    return user.id


def ids(town: Town, *numbers: str) -> Sequence[int]:
    return [town.account(number).id for number in numbers]


def undo(town: Town, by: By, uid: str) -> list[str]:
    with town.rt.store.read() as session:
        found = session.scalars(select(BulkChange).where(BulkChange.uid == uid)).one()
    return bulk.undo(town.rt, found.id, by)


@BOTH
def test_ticked_customers_are_left_alone_until_the_day_and_the_others_hear(kind: str) -> None:
    with office(kind) as (town, by):
        bulk.pause(town.rt, by, ids(town, "A-1", "B-1"), WED)
        assert diary(town, "A-1", MON, WED) == ["02 Mar to 03 Mar: paused", "04 Mar: LATE-4"]
        assert (len(town.mails("B-1")), town.mails("C-1")[0].received_at.date()) == (1, MON)


@BOTH
def test_taken_back_it_is_as_if_nobody_had_ticked_but_for_who_was_changed_since(kind: str) -> None:
    with office(kind) as (town, by):
        uid = bulk.pause(town.rt, by, ids(town, "A-1", "B-1"), THU)
        (fern,) = ids(town, "A-1")
        with town.rt.store.read() as session:
            (held,) = session.scalars(select(HoldRow.uid).where(HoldRow.account_id == fern))
        holds.release(town.rt, held, by.user_id)
        holds.hold(town.rt, fern, Cause.PAUSED, until=WED)
        assert undo(town, by, uid) == ["Fern was changed since and stays."]
        assert diary(town, "A-1", MON, TUE) == ["02 Mar to 03 Mar: paused"]
        assert town.steps("B-1") == ["late-4"]
        with pytest.raises(Refusal, match="already"):
            undo(town, by, uid)


def test_letting_go_ends_every_pause_and_taken_back_they_stand_again() -> None:
    with office() as (town, by):
        bulk.pause(town.rt, by, ids(town, "A-1", "B-1"), THU)
        uid = bulk.release(town.rt, by, ids(town, "A-1", "B-1", "C-1"))
        assert undo(town, by, uid) == []
        town.at(TUE, 22)
        assert (town.causes("A-1"), town.causes("B-1"), len(town.mails("C-1"))) == ({"paused"}, {"paused"}, 1)
        again = bulk.release(town.rt, by, ids(town, "A-1"))
        town.at(THU, 22)
        assert town.steps("A-1") == ["late-4"]
        assert undo(town, by, again) == ["Fern was changed since and stays."], "the day of the pause has come"


def test_a_colleague_looks_after_the_ticked_ones_and_taken_back_whoever_did_before() -> None:
    with office() as (town, by):
        kim = add_robin(town, "Kim")
        assigning.assign(town.rt, ids(town, "A-1"), kim, by.user_id)
        uid = bulk.assign(town.rt, by, ids(town, "A-1", "B-1", "C-1"), by.user_id)
        assigning.assign(town.rt, ids(town, "C-1"), kim, by.user_id)
        assert undo(town, by, uid) == ["Ivy was changed since and stays."]
        assert [town.account(one).assignee_id for one in ("A-1", "B-1", "C-1")] == [kim, None, kim]


@BOTH
def test_ticked_customers_hear_another_cadence_and_taken_back_their_companys(kind: str) -> None:
    with office(kind) as (town, by):
        with town.rt.store.write() as session:
            calm = library.shipped_version(town.rt, session, town.practice_id, "trusted-partner").id
        uid, stay = bulk.give_cadence(town.rt, by, ids(town, "A-1", "B-1"), calm)
        assert stay == []
        assert overrides(town) == {"Fern": calm, "Holly": calm}
        town.at(MON, 22)
        assert (town.steps("A-1"), town.steps("C-1")) == (["late-5"], ["late-4"])
        assert undo(town, by, uid) == []
        assert overrides(town) == {}


def overrides(town: Town) -> dict[str, int | None]:
    with town.rt.store.read() as session:
        rows = select(Account.name, CadenceOverride.cadence_version_id)
        return dict(session.execute(rows.join(Account, Account.id == CadenceOverride.account_id)).all())


def test_ticked_companies_are_stopped_and_go_on_as_one() -> None:
    town = Town()
    for kind, number in (("quickbooks", "Q-1"), ("xero", "X-1")):
        town.customer(kind, "fern")
        town.open(kind, number, "fern", DUE)
    town.begin()
    by, both = By(town.practice_id, add_robin(town)), [town.company(kind).id for kind in ("quickbooks", "xero")]
    uid = bulk.stop(town.rt, by, both, THU)
    town.at(MON, 22)
    assert (town.mails(), town.causes("Q-1"), town.causes("X-1")) == ([], {"paused"}, {"paused"})
    bulk.go_on(town.rt, by, both[:1])
    assert undo(town, by, uid) == [f"{town.company('quickbooks').name} was changed since and stays."]
    with town.rt.store.read() as session:
        assert set(session.scalars(select(Company.paused))) == {False}
    town.at(TUE, 22)
    assert len(town.mails()) == 2
    town.close()


def test_none_and_too_many_are_refused() -> None:
    with office() as (town, by):
        for ticked in ([], list(range(bulk.MOST + 1))):
            with pytest.raises(Refusal, match="tick"):
                bulk.release(town.rt, by, ticked)
        with pytest.raises(Refusal, match="not in the library"):
            bulk.give_cadence(town.rt, by, ids(town, "A-1"), 999)
