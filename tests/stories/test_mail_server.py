"""The mail server says not now, no, or nothing: what is tried again, what is not, and what a person decides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models import Touch
from tests.stories.days import EVENING, diary, effects_of, message_about, town_of
from tests.town import Town
from workflows import desk
from workflows.errors import Refusal

pytestmark = pytest.mark.slow  # days on days of simulated time

DUE = date(2026, 3, 6)  # late-4 and late-12 fall on working days
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
ME = 1


def only_touch(town: Town) -> Touch:
    (touch,) = town.touches()
    return touch


@pytest.mark.parametrize("fault", ["busy", "drop", "busy-after-data"])
def test_a_server_that_says_not_now_is_asked_again_and_the_message_arrives_once(fault: str) -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.mailbox.plan_fault(fault)
        town.at(MONDAY, 9)
        assert (town.mails(), town.touches()) == ([], []), "nothing was said, so nothing counts as said"
        assert message_about(town, "A-1").state == "due"
        assert diary(town, "A-1", MONDAY, TUESDAY) == ["02 Mar: HEADS-UP", "03 Mar: not-yet"]
        assert only_touch(town).state == "sent"


def test_a_message_that_could_not_leave_before_closing_time_waits_for_the_next_morning() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.mailbox.plan_fault("busy")
        town.at(MONDAY, 9)
        town.clock.move(town.now + timedelta(hours=9))  # nobody was there to try again
        town.settle()
        (effect,) = effects_of(town)
        assert (town.mails(), effect.state) == ([], "dropped")
        assert town.causes("A-1") == {"outside-hours"}
        assert diary(town, "A-1", TUESDAY, date(2026, 3, 6)) == [
            "03 Mar: HEADS-UP",
            "04 Mar to 05 Mar: not-yet",
            "06 Mar: DUE-TODAY",
        ]


def test_an_address_the_server_turns_away_is_not_tried_again() -> None:
    with town_of("quickbooks", ("A-1", "fern", DUE), ("B-1", "moss", DUE)) as town:
        town.mailbox.plan_fault("refuse", address="fern@customers.example")
        assert diary(town, "A-1", MONDAY, date(2026, 3, 6)) == ["02 Mar to 06 Mar: address-refused"]
        assert message_about(town, "A-1").state == "rejected"
        assert town.steps("B-1") == ["heads-up", "due-today"], "its neighbour in the same session is served"
        assert {touch.recipients[0] for touch in town.touches()} == {"moss@customers.example"}


def test_a_message_the_server_will_not_take_is_tried_a_few_times_and_again_the_next_day() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.mailbox.plan_fault("refuse-after-data", times=5)
        assert diary(town, "A-1", MONDAY, TUESDAY) == ["02 Mar: unsendable", "03 Mar: HEADS-UP"]
        assert only_touch(town).state == "sent", "what was refused was not said, and the address is not to blame"


def in_doubt(town: Town) -> Touch:
    """The server takes the message and dies before it says so."""
    town.mailbox.plan_fault("drop-after-data")
    town.at(MONDAY, EVENING)
    touch = only_touch(town)
    assert (touch.state, touch.sent_at) == ("in_doubt", None)
    return touch


def test_a_message_in_doubt_is_never_repeated_and_counts_as_said_until_a_person_decides() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        touch = in_doubt(town)
        assert town.steps("A-1") == ["heads-up"], "it did arrive; Dunlin cannot know"
        town.start(town.rt.store)
        assert diary(town, "A-1", TUESDAY, date(2026, 3, 6)) == ["03 Mar to 05 Mar: not-yet", "06 Mar: DUE-TODAY"]
        assert town.steps("A-1") == ["heads-up", "due-today"]
        assert [one.state for one in town.touches()] == ["in_doubt", "sent"]
        desk.settle_touch(town.rt, touch.id, was_sent=True, user_id=ME)
        assert [one.state for one in town.touches()] == ["sent", "sent"]
        assert town.touches()[0].sent_at == touch.sending_at
        with pytest.raises(Refusal, match="no longer in doubt"):
            desk.settle_touch(town.rt, touch.id, was_sent=False, user_id=ME)


def test_a_message_that_a_person_says_was_not_sent_is_said_after_all() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        touch = in_doubt(town)
        desk.settle_touch(town.rt, touch.id, was_sent=False, user_id=ME)
        assert (town.touches(), message_about(town, "A-1").state) == ([], "dropped")
        before = len(town.mails())
        assert diary(town, "A-1", TUESDAY, date(2026, 3, 4)) == ["03 Mar: HEADS-UP", "04 Mar: not-yet"]
        assert len(town.mails()) == before + 1


def test_what_a_dead_process_left_half_sent_is_in_doubt_when_its_lease_ends() -> None:
    with town_of("xero", ("A-1", "fern", DUE)) as town:
        town.mailbox.on_message = _die
        with pytest.raises(_Died):
            town.at(MONDAY, EVENING)
        town.mailbox.on_message = lambda _mail: None
        assert only_touch(town).state == "sending"
        town.start(town.rt.store)
        assert diary(town, "A-1", MONDAY, TUESDAY) == ["02 Mar to 03 Mar: not-yet"]
        assert only_touch(town).state == "in_doubt"
        assert town.steps("A-1") == ["heads-up"]


class _Died(BaseException):
    """The process is gone."""


def _die(_mail: object) -> None:
    raise _Died


def test_a_thank_you_still_reaches_the_others_when_one_address_is_dead() -> None:
    town = Town()
    town.customer("xero", "fern", "Fern", "one@fern.example", "two@fern.example")
    town.open("xero", "A-1", "fern", DUE)
    town.begin(kinds=["xero"])
    try:
        town.pay("A-1")
        town.mailbox.plan_fault("refuse", address="one@fern.example")
        town.at(date(2026, 3, 3))
        (thanks,) = town.mails("A-1")
        assert (thanks.header("X-Dunlin-Step"), thanks.recipients) == ("thanks", ("two@fern.example",))
        assert town.account("A-1").refused == ["one@fern.example"]
    finally:
        town.close()
