"""Stories of calls and letters: a task for a person comes from the cadence, and what came of it goes back into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.cadence import Reason
from models import Arrangement, Dispute, Extension, Promise, Task, ToldRow
from tests.stories.days import BOTH, diary, effects_of
from tests.stories.staff import Robin, robins
from tests.town import Town
from workflows import limits, outcomes, tasks
from workflows.errors import Refusal
from workflows.limits import Limits
from workflows.outcomes import Given, Outcome

# Many simulated days or worlds: more than the everyday suite has time for.
pytestmark = pytest.mark.slow

TUE, WED, THU, FRI = (date(2026, 3, day) for day in (3, 4, 5, 6))
LATE = ("W-1", "fern", date(2026, 2, 25))


def _one_step(channel: str, template: str, more: str = "") -> str:
    step = f'name = "talk"\noffset = 4\ntone = "kind"\nchannel = "{channel}"\ntemplate = "{template}"\n{more}'
    last = 'name = "late-12"\noffset = 12\ntone = "kind"\n'
    return f'name = "own"\ntitle = "Own"\n[[step]]\n{step}[[step]]\n{last}'


CALL, LETTER = _one_step("call", "call-late"), _one_step("letter", "late-4")


def _open(town: Town, robin: Robin, cadence: str = CALL) -> Task:
    robin.use(cadence)
    town.at(TUE)
    (task,) = robin.tasks()
    return task


def _given(town: Town, **more: Any) -> Given:
    return Given(invoices=(town.invoice("W-1").uid,), **more)


@BOTH
def test_a_call_becomes_a_task_that_counts_as_a_word_and_no_mail_leaves(kind: str) -> None:
    with robins(kind, LATE, days=0) as (town, robin):
        task = _open(town, robin)
        assert (task.kind, task.state, town.mails()) == ("call", "open", [])
        (touch,) = town.touches()
        assert (touch.channel, touch.state, touch.step) == ("call", "sent", "talk")
        assert "Is this a good moment?" in touch.text
        assert [effect.state for effect in effects_of(town)] == ["sent"]
        assert diary(town, "W-1", WED, date(2026, 3, 9)) == ["04 Mar to 08 Mar: not-yet", "09 Mar: LATE-12"]
        assert len(robin.tasks()) == 1


def test_a_call_is_planned_as_often_as_asked_and_opened_once() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        _open(town, robin)
        for day in (TUE, WED, THU):
            town.at(day, 20)
        assert len(robin.tasks()) == 1


def test_nobody_is_called_who_has_paid_by_the_time_the_call_is_due() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        robin.use(CALL)
        town.transfer("xero", "W-1", "100.00")  # the ledger knows; nobody has told us
        town.at(TUE)
        assert robin.tasks() == []


def test_a_call_needs_no_mail_server() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        town.rt = replace(town.rt, channel=None)
        assert _open(town, robin).state == "open"


def test_a_payment_settles_the_call_before_it_is_made() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        town.transfer("xero", "W-1", "100.00")
        town.at(WED)
        (task,) = robin.tasks()
        assert (task.state, task.outcome) == ("done", "not-needed")


def test_a_promise_on_the_portal_lets_the_call_rest() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        town.promise("W-1", FRI)
        town.at(WED)
        with town.rt.store.read() as session:
            found = tasks.conversation(town.rt, session, task)
        assert [because.cause.value for because in found.against] == ["promise"]


def test_the_words_to_begin_with_are_those_of_today() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        town.transfer("xero", "W-1", "40.00")
        town.at(WED)
        with town.rt.store.read() as session:
            found = tasks.conversation(town.rt, session, task)
        words = " ".join(found.words.paragraphs)
        assert "£60.00 is open" in words
        assert found.changed


def _promised(town: Town, row: Promise) -> None:
    assert (row.state, row.day) == ("open", FRI)
    assert town.causes("W-1") == {"promise"}


def _extended(town: Town, row: Extension) -> None:
    assert (row.state, row.day) == ("granted", FRI)
    assert town.causes("W-1") == {"extension"}


def _arranged(town: Town, row: Arrangement) -> None:
    assert row.state == "running"
    assert town.causes("W-1") == {"gap"}, "the word before the first part waits for its turn after the call"


def _disputed(town: Town, row: Dispute) -> None:
    assert row.text == "The blue one is missing."
    assert town.causes("W-1") == {"dispute"}


TALKS: list[tuple[Outcome, dict[str, object], type, Callable[[Town, Any], None]]] = [
    (Outcome.PROMISE, {"day": FRI}, Promise, _promised),
    (Outcome.EXTENSION, {"day": FRI}, Extension, _extended),
    (Outcome.ARRANGEMENT, {"day": FRI, "parts": 3}, Arrangement, _arranged),
    (Outcome.DISPUTE, {"text": "The blue one is missing."}, Dispute, _disputed),
]


@pytest.mark.parametrize(("outcome", "fields", "model", "check"), TALKS)
def test_what_they_agreed_on_is_kept_and_holds_the_cadence(
    outcome: Outcome, fields: dict[str, object], model: type, check: Callable[[Town, Any], None]
) -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        outcomes.settle(town.rt, task.id, outcome, _given(town, **fields), robin.id)
        town.settle()
        with town.rt.store.read() as session:
            (row,) = session.query(model).all()
        check(town, row)
        (task,) = robin.tasks()
        assert (task.state, task.outcome, task.done_by_id) == ("done", outcome.value, robin.id)


@pytest.mark.parametrize(
    "reason",
    [Reason.FORGOT, Reason.COPY, Reason.PAID_ALREADY, Reason.SHORT_OF_CASH, Reason.WRONG_PERSON, Reason.REFUSES],
)
def test_a_reason_told_on_the_phone_is_kept_as_a_person_s_word(reason: Reason) -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        given = _given(town, text="So they said.")
        outcomes.settle(town.rt, task.id, Outcome(reason.value), given, robin.id)
        with town.rt.store.read() as session:
            (row,) = session.query(ToldRow).all()
        assert (row.reason, row.text, row.by_user_id) == (reason.value, "So they said.", robin.id)


def test_who_refuses_hears_nothing_more_unless_a_person_agrees_to_it() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        outcomes.settle(town.rt, task.id, Outcome.REFUSES, _given(town, text="No."), robin.id)
        assert diary(town, "W-1", WED, date(2026, 3, 10)) == [
            "04 Mar to 08 Mar: not-yet",
            "09 Mar to 10 Mar: awaiting-approval",
        ]
        assert robin.one().action.template == "refuses"


def test_no_answer_is_tried_again_on_another_day_and_a_new_number_is_kept() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        outcomes.settle(town.rt, task.id, Outcome.NO_ANSWER, Given(day=FRI, text="Engaged."), robin.id)
        outcomes.settle(town.rt, task.id, Outcome.NUMBER, Given(phone="020 7946 0999"), robin.id)
        (task,) = robin.tasks()
        assert (task.state, task.day, task.note, task.phone) == ("open", FRI, "Engaged.", "020 7946 0999")
        assert not tasks.is_due(task, town.company("xero"), town.now)
        assert outcomes.number_of(town.rt, task.account_id) == "020 7946 0999"
        town.at(FRI)
        assert tasks.is_due(task, town.company("xero"), town.now)


REFUSED: list[tuple[Outcome, dict[str, object], str]] = [
    (Outcome.DISPUTE, {}, "few words"),
    (Outcome.REFUSES, {}, "few words"),
    (Outcome.TALKED, {"text": " "}, "few words"),
    (Outcome.PROMISE, {}, "choose a day"),
    (Outcome.PROMISE, {"day": date(2026, 5, 1)}, "at most 30 days"),
    (Outcome.EXTENSION, {"day": date(2026, 7, 1)}, "at most 90 days"),
    (Outcome.ARRANGEMENT, {"day": FRI, "parts": 7}, "at most 6 parts"),
    (Outcome.ARRANGEMENT, {"day": FRI, "parts": 5}, "at most 90 days"),
    (Outcome.NO_ANSWER, {"day": date(2026, 3, 1)}, "a day to try again"),
    (Outcome.NUMBER, {"phone": "none"}, "new number"),
    (Outcome.POSTED, {}, "one of the outcomes"),
]


@pytest.mark.parametrize(("outcome", "fields", "sentence"), REFUSED)
def test_what_is_missing_or_more_than_may_be_offered_is_refused_and_nothing_is_kept(
    outcome: Outcome, fields: dict[str, object], sentence: str
) -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        with pytest.raises(Refusal, match=sentence):
            outcomes.settle(town.rt, task.id, outcome, _given(town, **fields), robin.id)
        with town.rt.store.read() as session:
            kept = [session.query(model).count() for model in (Promise, Extension, Arrangement, Dispute, ToldRow)]
        assert (kept, robin.tasks()[0].state) == ([0, 0, 0, 0, 0], "open")


def test_a_call_is_settled_once() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        outcomes.settle(town.rt, task.id, Outcome.TALKED, _given(town, text="We spoke."), robin.id)
        with pytest.raises(Refusal, match="already noted"):
            outcomes.settle(town.rt, task.id, Outcome.PROMISE, _given(town, day=FRI), robin.id)


def test_the_company_says_what_may_be_offered() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin)
        wider = Limits(8, 300, 0, ("month",), None, 14, "")
        limits.change(town.rt, town.company("xero").id, wider, robin.id)
        outcomes.settle(town.rt, task.id, Outcome.ARRANGEMENT, _given(town, day=FRI, parts=7), robin.id)
        assert robin.tasks()[0].outcome == "arrangement"
        with pytest.raises(Refusal):
            limits.change(town.rt, town.company("xero").id, replace(wider, most_parts=0), robin.id)


def test_a_letter_is_ready_to_print_and_notes_that_it_was_posted() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin, LETTER)
        (touch,) = town.touches()
        assert (task.kind, touch.channel) == ("letter", "letter")
        assert "W-1" in touch.html
        assert "@page" in touch.html
        assert "https://dunlin.test/" in touch.text
        assert "Reply to this mail" not in touch.text
        outcomes.settle(town.rt, task.id, Outcome.POSTED, Given(), robin.id)
        assert robin.tasks()[0].outcome == "posted"


def test_a_letter_whose_figures_have_moved_says_so() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _open(town, robin, LETTER)
        town.transfer("xero", "W-1", "40.00")
        town.at(WED)
        with town.rt.store.read() as session:
            assert tasks.conversation(town.rt, session, task).changed


def test_a_call_can_need_approval_first_and_a_letter_leaves_in_a_person_s_words() -> None:
    with robins("xero", LATE, days=7) as (town, robin):
        robin.use(CALL)
        town.at(TUE)
        assert robin.tasks() == []
        assert "Is this a good moment?" in robin.one().words.paragraphs[0]
        robin.approve()
        town.at(WED)
        assert [task.kind for task in robin.tasks()] == ["call"]
    with robins("xero", LATE, days=7) as (town, robin):
        robin.use(LETTER)
        town.at(TUE)
        robin.approve("Our talk", "As I said at the market.")
        town.at(WED)
        (touch,) = town.touches()
        assert "As I said at the market." in touch.html
        assert "As I said at the market." in touch.text
