"""For each promise a cadence or a rule that breaks it: the proof finds it and tells a story from which one sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import pytest

from core.cadence import Cadence
from core.calendars import Calendar
from core.proof import Counterexample, Promise, Scene, approvals, holds, ladders, often, pairs, statements, wallclock
from core.proof.case import Case
from core.proof.promises import Record
from tests.core.broken_rules import BROKEN, CLEAR_AT_ONCE, SMALL, Broken
from tests.core.builders import ladder

CALENDAR = Calendar("Europe/London", frozenset({date(2026, 4, 3), date(2026, 12, 25)}))


def climb(case: Case, record: Record) -> None:
    search = ladders.Search(case, record)
    found = search.run()
    pairs.look(case, search.stage, found, record)
    approvals.look(case, search.stage, found, record)
    statements.look(case, record)


P = Promise
Look = Callable[[Case, Record], None]
LOOKS: dict[Promise, Look] = {
    **dict.fromkeys((P.BUDGET, P.GAP, P.ONE_A_DAY), often.look),
    **dict.fromkeys((P.HOURS, P.HOLIDAYS), wallclock.look),
    **dict.fromkeys((P.OWED, P.HELD, P.ARRANGEMENT), holds.look),
    **dict.fromkeys((P.APPROVED, P.PART_PAYMENT, P.ONE_RUNG, P.GENTLE, P.ONCE, P.TRUE), climb),
}
CLIMBING = ("a message for each invoice", "statements list arrangements", "who has an arrangement is chased")


class Caught(Exception):
    """The promise looked for is broken; nothing further need be looked at."""


class Waiting(Record):
    """A record that stops the search at the first story against one promise."""

    def __init__(self, promise: Promise) -> None:
        super().__init__()
        self._awaited = promise

    def check(self, promise: Promise, kept: bool, story: Callable[[], Iterable[Scene]]) -> None:
        super().check(promise, kept, story)
        if not kept and promise is self._awaited:
            raise Caught


def against(broken: Broken) -> Counterexample:
    """The story against the promise that is broken."""
    case, record = Case(broken.cadence, CALENDAR, broken.caps, 2026, broken.rules), Waiting(broken.promise)
    with pytest.raises(Caught):
        (climb if broken.what in CLIMBING else LOOKS[broken.promise])(case, record)
    found = record.found()[broken.promise]
    assert isinstance(found, Counterexample)
    return found


def story(what: str) -> list[str]:
    return [str(scene) for scene in against(next(one for one in BROKEN if one.what == what)).story]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_what_breaks_a_promise_is_caught_with_a_story(broken: Broken) -> None:
    found = against(broken)
    assert found.promise is broken.promise
    days = [scene.when.isoformat()[:10] for scene in found.story]
    assert len(days) >= 2
    assert days == sorted(days)


def test_every_promise_has_something_that_breaks_it() -> None:
    assert {broken.promise for broken in BROKEN} == set(Promise)


@pytest.mark.parametrize("look", dict.fromkeys(LOOKS.values()), ids=lambda look: look.__module__.split(".")[-1])
@pytest.mark.parametrize("cadence", [SMALL, ladder(4, 12, 21)], ids=["with-a-nudge", "late-only"])
def test_the_true_rules_break_nothing_of_the_same(look: Look, cadence: Cadence) -> None:
    """So that what is caught above is the mistake and not the cadence."""
    record = Record()
    look(Case(cadence, CALENDAR, (), 2026), record)
    assert [one for one in record.found().values() if isinstance(one, Counterexample)] == []
    assert record.seen


# --- a person sees it -------------------------------------------------------------------------------------------------


def test_a_limit_by_calendar_weeks_lets_a_third_message_through_across_a_sunday() -> None:
    first, second, third = story("limits count calendar weeks")
    assert "A message goes to ann@customer.example." in first
    assert "A message goes to ann@customer.example." in second
    assert third.endswith("One message more than 2 in 7 days. It goes to ann@customer.example.")


def test_a_gap_of_nothing_needs_two_messages_to_be_seen() -> None:
    first, second = story("a gap of nothing")
    assert "A message goes to" in first
    assert "A message within 24 hours of another." in second


def test_a_leap_is_told_from_the_issue_to_the_word_that_leaps() -> None:
    assert story("rungs are leapt over") == [
        "Sat 16 May 2026  An invoice is issued, due on Mon 15 Jun 2026.",
        "Sat 27 Jun 2026  “d12” (kind, rung 2) is said. The firmest word so far stands on rung 0.",
    ]


def test_a_part_payment_that_moves_the_due_date_is_told_with_the_payment() -> None:
    issued, paid, said = story("a part payment moves the due date")
    assert issued.endswith("An invoice is issued, due on Mon 15 Jun 2026.")
    assert paid.endswith("A part of it is paid.")
    assert "is said. Without the part payment it would have been softer." in said


def test_the_language_lets_a_clear_first_word_through_and_the_proof_does_not() -> None:
    """Where the condition of the first step does not hold, the second is the first word."""
    assert [step.rung for step in CLEAR_AT_ONCE.steps] == [1, 1]
    assert story("the first word is clear")[-1].endswith(
        "“late-9” (clear, rung 1) is said. It is the first word, and not gentle."
    )


def test_a_holiday_is_named_before_the_message_on_it() -> None:
    holiday, message = story("holidays are ignored")
    assert holiday == "Fri 03 Apr 2026  A public holiday in Europe/London."
    assert message.startswith("Fri 03 Apr 2026 ")
    assert message.endswith("A message goes out in a day off.")


def test_a_hold_is_told_with_its_end() -> None:
    hold, message = story("holds end a day early")
    assert "stands until" in hold
    assert message.endswith("A message about it goes out.")
