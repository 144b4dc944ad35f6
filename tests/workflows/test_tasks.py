"""When a call rests, and which words it begins with when the cadence has moved on."""

from __future__ import annotations

from datetime import date

from core.because import Because, Cause
from models import Task
from tests.stories.staff import Robin, robins
from tests.stories.test_calls import CALL, LETTER
from tests.town import Town
from workflows import tasks

TUE = date(2026, 3, 3)
OTHER = 'name = "other"\ntitle = "Other"\n[[step]]\nname = "late-12"\noffset = 12\ntone = "kind"\n'
LATE = ("W-1", "fern", date(2026, 2, 25))


def _seen(town: Town, task: Task) -> tasks.Conversation:
    with town.rt.store.read() as session:
        return tasks.conversation(town.rt, session, task)


def _opened(town: Town, robin: Robin, cadence: str) -> Task:
    robin.use(cadence)
    town.at(TUE)
    (task,) = robin.tasks()
    return task


def test_a_call_rests_only_when_something_stands_against_all_it_is_about() -> None:
    promised, not_yet = Because(Cause.PROMISE, 1), Because(Cause.NOT_YET, 2)
    assert tasks.against([promised, not_yet], {1}) == (promised,)
    assert tasks.against([promised, not_yet], {1, 2}) == ()
    assert tasks.against([not_yet], {2}) == ()
    assert tasks.against([promised], set()) == ()


def test_a_step_that_is_gone_leaves_the_words_the_call_was_opened_with() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, CALL)
        first = _seen(town, task).words
        robin.use(OTHER)
        assert _seen(town, task).words == first


def test_a_letter_stays_as_it_was_written() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, LETTER)
        (touch,) = town.touches()
        town.transfer("xero", "W-1", "40.00")
        town.at(date(2026, 3, 4))
        found = _seen(town, task)
        assert found.words.title == touch.subject
        assert found.changed


def test_nothing_is_left_to_say_about_what_is_paid() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, CALL)
        town.transfer("xero", "W-1", "100.00")
        town.at(date(2026, 3, 4))
        found = _seen(town, task)
        assert (found.invoices, found.against) == ((), ())
