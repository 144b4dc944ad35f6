"""Asking for a person instead: the link of one message silences its readers at once, once, and opens nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.because import Cause
from models import AuditEvent, Effect, EffectState, HoldRow, Touch
from tests.stories.days import EVENING, town_of
from tests.town import Town
from workflows import holds, links, opting_out, planner
from workflows.links import BadLink

DUE = date(2026, 2, 26)
FERN = "fern@customers.example"


@pytest.fixture
def told() -> Iterator[Town]:
    """Monday evening: Fern has heard of one invoice."""
    with town_of("xero", ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as town:
        town.at(date(2026, 3, 2), EVENING)
        assert [len(town.mails(number)) for number in ("A-1", "B-1")] == [1, 1]
        yield town


def token(town: Town, number: str = "A-1") -> str:
    header = town.mails(number)[-1].header("List-Unsubscribe")
    found = re.fullmatch(r"<https://dunlin\.test/stop/(\S+)>", header)
    assert found is not None, header
    return found[1]


def causes(town: Town, number: str) -> set[str]:
    return {one[0] for one in town.account(number).because}


def test_it_stops_only_its_own_readers_at_once_and_waits_for_a_person(told: Town) -> None:
    rt = told.rt
    wish = opting_out.read(rt, token(told))
    assert (wish.account_id, wish.readers) == (told.account("A-1").id, (FERN,))
    assert not opting_out.is_granted(rt, wish)
    opting_out.grant(rt, wish)
    assert opting_out.is_granted(rt, wish)
    told.settle()
    assert (causes(told, "A-1"), causes(told, "B-1")) == ({"opted-out"}, {"not-yet"})
    with rt.store.read() as session:
        (held,) = session.scalars(select(HoldRow)).all()
        kinds = session.scalars(select(AuditEvent.kind)).all()
    assert (held.account_id, held.cause, held.until, held.owner_id, held.state) == (
        *(wish.account_id, "opted-out", None, None),
        "open",
    )
    assert (kinds.count("opted-out"), kinds.count("address-opted-out")) == (1, 1)
    told.at(date(2026, 3, 30), EVENING)
    assert [len(told.mails(number)) for number in ("A-1", "B-1")] == [1, 3]


def test_asking_twice_is_asking_once(told: Town) -> None:
    for _ in range(3):
        opting_out.grant(told.rt, opting_out.read(told.rt, token(told)))
    with told.rt.store.read() as session:
        assert len(session.scalars(select(HoldRow)).all()) == 1
        kinds = session.scalars(select(AuditEvent.kind)).all()
    assert (kinds.count("opted-out"), kinds.count("address-opted-out")) == (1, 1)


def test_the_way_back_is_a_persons_and_has_two_steps(told: Town) -> None:
    rt, wish = told.rt, opting_out.read(told.rt, token(told))
    opting_out.grant(rt, wish)
    with rt.store.read() as session:
        (held,) = session.scalars(select(HoldRow)).all()
    holds.release(rt, held.uid, 1)  # somebody has spoken with them …
    told.settle()
    assert causes(told, "A-1") == {"opted-out"}
    opting_out.grant(rt, wish)  # … and an old mail, clicked once more, is no news
    with rt.store.read() as session:
        assert [one.state for one in session.scalars(select(HoldRow))] == ["ended"]
    holds.forget_address(rt, wish.company_id, FERN, Cause.OPTED_OUT)
    told.settle()
    assert causes(told, "A-1") == {"not-yet"}
    opting_out.grant(rt, wish)
    told.settle()
    assert causes(told, "A-1") == {"opted-out"}


def test_a_message_that_was_about_to_leave_stays(told: Town) -> None:
    """The wish comes after the next word was planned and before it is through the door."""
    wish = opting_out.read(told.rt, token(told))
    told.at(date(2026, 3, 10), 8)
    told.clock.move(told.now + timedelta(hours=1))
    planner.plan_due(told.rt)
    opting_out.grant(told.rt, wish)
    told.settle()
    with told.rt.store.read() as session:
        states = session.scalars(
            select(Effect.state).where(Effect.account_id == wish.account_id).order_by(Effect.id)
        ).all()
    assert states == [EffectState.SENT, EffectState.DROPPED]
    assert len(told.mails("A-1")) == 1


def test_the_link_names_nobody_and_lives_longer_than_sixty_days(told: Town) -> None:
    good = token(told)
    for word in ("fern", "customers", "A-1", told.account("A-1").uid, told.rt.vault.hash_address(FERN)[:10]):
        assert word not in good
    told.clock.move(told.now + timedelta(days=364))
    assert opting_out.read(told.rt, good).readers == (FERN,)
    told.clock.move(told.now + timedelta(days=3))
    with pytest.raises(BadLink, match="has expired"):
        opting_out.read(told.rt, good)


def test_neither_link_opens_what_the_other_does(told: Town) -> None:
    rt, account = told.rt, told.account("A-1")
    with pytest.raises(BadLink, match="not complete"):
        links.read(rt, token(told))
    with pytest.raises(BadLink, match="not complete"):
        links.read_old(rt, token(told))
    with pytest.raises(BadLink, match="not complete"):
        opting_out.read(rt, links.make(rt, account, [FERN]))


@pytest.mark.parametrize(
    "change", [lambda one: f"{one}x", lambda one: one[:-1], lambda one: one[1:], lambda _: "ä.b.1"]
)
def test_a_changed_link_opens_nothing(told: Town, change: object) -> None:
    with pytest.raises(BadLink, match="not complete"):
        opting_out.read(told.rt, change(token(told)))  # type: ignore[operator]


def test_the_link_of_a_message_that_never_left_leads_nowhere(told: Town) -> None:
    lost = opting_out.url(told.rt, "nosuchmessage").rpartition("/")[2]
    with pytest.raises(BadLink, match="no longer leads anywhere"):
        opting_out.read(told.rt, lost)


def test_where_the_readers_were_erased_nothing_is_left_to_ask(told: Town) -> None:
    good = token(told)
    with told.rt.store.write() as session:
        for touch in session.scalars(select(Touch)):
            touch.recipients = []
    wish = opting_out.read(told.rt, good)
    assert opting_out.is_granted(told.rt, wish)
    opting_out.grant(told.rt, wish)
    with told.rt.store.read() as session:
        assert session.scalars(select(HoldRow)).all() == []
