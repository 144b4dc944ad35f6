"""Stories of the day on which somebody presses stop: nothing leaves after it, and what is missed is not made up for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from models import Account, AuditEvent, Company, EffectKind, EffectState, Practice
from tests.stories.days import BOTH, OPENING, diary, effects_of, town_of
from tests.town import Town
from workflows import dispatcher, door, effects, planner, sending, stopping
from workflows.errors import Refusal

MON, TUE, WED, THU, FRI = (date(2026, 3, day) for day in (2, 3, 4, 5, 6))
LATE = ("A-1", "fern", date(2026, 2, 25))  # five days late on Monday: the first gentle word is due


def due_this_morning(town: Town, kind: str) -> None:
    """The office has opened, the message is planned, and it stands before the door."""
    town.clock.move(town.now.replace(hour=OPENING[kind], minute=5))
    planner.plan_due(town.rt)
    assert [one.state for one in effects_of(town)] == ["due"]


@BOTH
def test_a_stop_between_the_plan_and_the_door_keeps_the_message_here(kind: str) -> None:
    with town_of(kind, LATE) as town:
        due_this_morning(town, kind)
        stopping.stop(town.rt, town.practice_id)
        dispatcher.perform_due(town.rt)
        assert [one.state for one in effects_of(town)] == ["dropped"]
        assert effects_of(town)[0].note.endswith("paused.")
        town.at(MON, 22)
        assert (town.mails(), town.causes("A-1")) == ([], {"paused"})


@BOTH
def test_a_stop_while_the_message_is_being_written_keeps_it_here_too(kind: str) -> None:
    with town_of(kind, LATE) as town:
        due_this_morning(town, kind)
        town.clock.move(town.now + timedelta(hours=1))
        (effect,) = effects.claim(town.rt, town.company(kind).id, "a-worker")
        door.read(town.rt, effect.company_id, [effect.whom])
        ready = sending.ask_again(town.rt, effect)
        assert ready is not None
        stopping.stop_company(town.rt, effect.company_id)
        assert not sending.write_down(town.rt, effect, ready, EffectState.SENDING)
        town.at(MON, 22)
        assert (town.mails(), town.causes("A-1")) == ([], {"paused"})


@BOTH
def test_after_the_stop_at_most_one_message_comes_and_it_is_the_gentlest(kind: str) -> None:
    with town_of(kind, LATE, ("A-2", "fern", date(2026, 2, 20))) as town:
        stopping.stop(town.rt, town.practice_id)
        assert diary(town, "A-1", MON, date(2026, 3, 17)) == ["02 Mar to 17 Mar: paused"]
        stopping.resume(town.rt, town.practice_id)
        town.at(date(2026, 3, 18), 22)
        (mail,) = town.mails()
        assert (mail.header("X-Dunlin-Step"), "A-1" in mail.text, "A-2" in mail.text) == ("late-4", True, True)
        assert diary(town, "A-1", date(2026, 3, 19), date(2026, 3, 20)) == ["19 Mar to 20 Mar: not-yet"]


@BOTH
def test_on_its_day_it_goes_on_by_itself_and_the_page_knows(kind: str) -> None:
    with town_of(kind, LATE) as town:
        stopping.stop(town.rt, town.practice_id, until=THU)
        stopping.stop_company(town.rt, town.company(kind).id, until=WED)
        assert diary(town, "A-1", MON, THU) == ["02 Mar to 04 Mar: paused", "05 Mar: LATE-4"]
        with town.rt.store.read() as session:
            assert not session.get_one(Practice, town.practice_id).paused
            assert not session.scalars(select(Company.paused)).one()
            kinds = set(session.scalars(select(AuditEvent.kind)))
        assert {"sending-stopped", "sending-resumed", "paused", "resumed"} <= kinds


@BOTH
def test_nobody_sleeps_past_the_day_on_which_it_goes_on(kind: str) -> None:
    """The sweep plans every account although nothing woke it: none may have had something to say."""
    with town_of(kind, LATE) as town:
        stopping.stop(town.rt, town.practice_id, until=THU)
        town.at(WED, 3)
        assert planner.sweep(town.rt) == 0
        with town.rt.store.read() as session:
            (wakes,) = session.scalars(select(Account.wake_at))
        assert wakes is not None
        assert wakes <= datetime(2026, 3, 5, OPENING[kind], 30, tzinfo=UTC)
        town.at(THU, 22)
        assert len(town.mails()) == 1


@BOTH
def test_thanks_wait_for_the_stop_to_end_and_are_not_lost(kind: str) -> None:
    with town_of(kind, ("A-1", "fern", date(2026, 3, 20))) as town:
        town.pay("A-1")
        stopping.stop(town.rt, town.practice_id)
        town.at(TUE, 22)
        assert town.mails() == []
        assert [(one.state, one.note) for one in effects_of(town, EffectKind.THANKS)] == [("due", stopping.NOTE)]
        stopping.resume(town.rt, town.practice_id)
        town.settle()
        assert [one.header("X-Dunlin-Step") for one in town.mails()] == ["thanks"]


def test_one_company_is_stopped_and_the_other_speaks_on() -> None:
    town = Town()
    for kind, number in (("quickbooks", "Q-1"), ("xero", "X-1")):
        town.customer(kind, "fern")
        town.open(kind, number, "fern", date(2026, 2, 25))
    town.begin()
    stopping.stop_company(town.rt, town.company("xero").id)
    town.at(MON, 22)
    assert (len(town.mails("Q-1")), len(town.mails("X-1"))) == (1, 0)
    stopping.stop(town.rt, town.practice_id)
    stopping.resume(town.rt, town.practice_id)
    town.at(TUE, 22)
    assert town.causes("X-1") == {"paused"}, "what was stopped by itself stays so"
    town.close()


@pytest.mark.parametrize("until", [MON, date(2026, 3, 1), date(2028, 1, 1)])
def test_a_day_that_is_over_or_far_away_is_refused_and_nothing_is_stopped(until: date) -> None:
    with town_of("xero", LATE) as town:
        with pytest.raises(Refusal, match="after today"):
            stopping.stop(town.rt, town.practice_id, until=until)
        town.at(MON, 22)
        assert len(town.mails()) == 1
