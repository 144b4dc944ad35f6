"""Which step an invoice has reached: missed is not owed, one rung at a time, and the first word is gentle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import Cadence
from core.facts import InvoiceFacts, Said, TouchState
from core.ladder import Proposal, propose
from core.timetable import timetable
from tests.core.builders import DEFAULT, OFFICE, account, day, invoice, ladder, moment, said

MONDAY = day("03-02")
# Far enough from weekends that every step of the shipped ladder but one falls on a working day.
DUE = day("03-09")


def step_on(today: date, due: date = DUE, *words: Said, cadence: Cadence = DEFAULT, **more: Any) -> str | None:
    """The name of the step said today, or None."""
    answer = proposed(invoice(due, said=words, **more), today, cadence)
    return None if isinstance(answer, Because) else answer[0].step.name


def proposed(facts: InvoiceFacts, today: date, cadence: Cadence = DEFAULT) -> tuple[Proposal, ...] | Because:
    return propose(facts, account(facts), timetable(cadence, OFFICE), today)


def proposal(facts: InvoiceFacts, today: date, cadence: Cadence = DEFAULT) -> Proposal:
    answer = proposed(facts, today, cadence)
    assert not isinstance(answer, Because), answer
    (only,) = answer
    return only


def silence(facts: InvoiceFacts, today: date, cadence: Cadence = DEFAULT) -> Because:
    answer = proposed(facts, today, cadence)
    assert isinstance(answer, Because), answer
    return answer


def told(facts: InvoiceFacts, start: date, days: int, cadence: Cadence = DEFAULT) -> list[tuple[str, str]]:
    """Every step said from `start` on, on working days, as (day, step)."""
    heard = list(facts.said)
    new = []
    for today in (start + timedelta(days=count) for count in range(days)):
        step = step_on(today, facts.due or start, *heard, cadence=cadence) if OFFICE.is_working(today) else None
        if step is not None:
            heard.append(said(step, today))
            new.append((today.isoformat()[5:], step))
    return new


def test_on_time_every_step_is_said_on_its_own_day() -> None:
    assert told(invoice(DUE), MONDAY, 60) == [
        ("03-04", "heads-up"),
        ("03-09", "due-today"),
        ("03-13", "late-4"),
        ("03-23", "late-12"),  # the twelfth day is a Saturday
        ("03-30", "late-21"),
        ("04-13", "late-35"),
    ]


def test_before_the_first_day_it_waits_for_it_and_says_so() -> None:
    answer = silence(invoice(DUE), MONDAY)
    assert answer.cause is Cause.NOT_YET
    assert answer.until == moment("2026-03-04 09:00")
    assert answer.detail == (("step", "heads-up"), ("day", "2026-03-04"))


@pytest.mark.parametrize("late", [4, 5, 12, 20, 40, 100, 180])
def test_however_late_an_invoice_is_first_seen_the_first_word_is_the_first_follow_up(late: int) -> None:
    answer = proposal(invoice(MONDAY - timedelta(days=late)), MONDAY)
    assert answer.step.name == "late-4"
    assert answer.missed == ("heads-up", "due-today")


@pytest.mark.parametrize(
    ("last", "late", "step"),
    [("late-4", 60, "late-12"), ("late-12", 60, "late-21"), ("late-21", 100, "late-35")],
)
def test_after_a_long_silence_the_next_word_is_one_rung_firmer_and_no_more(last: str, late: int, step: str) -> None:
    due = MONDAY - timedelta(days=late)
    assert step_on(MONDAY, due, said(last, MONDAY - timedelta(days=40))) == step


@pytest.mark.parametrize("nudge", ["heads-up", "due-today"])
def test_a_nudge_does_not_count_as_a_rung(nudge: str) -> None:
    assert step_on(MONDAY, MONDAY - timedelta(days=30), said(nudge, MONDAY - timedelta(days=30))) == "late-4"


def test_a_nudge_that_was_missed_is_not_said_after_the_day_it_speaks_of() -> None:
    assert step_on(DUE, DUE) == "due-today"
    answer = silence(invoice(DUE), DUE + timedelta(days=1))
    assert answer.detail == (("step", "late-4"), ("day", "2026-03-13"))


def test_a_heads_up_missed_on_its_day_is_still_true_until_the_due_date_is_reached() -> None:
    assert step_on(day("03-06")) == "heads-up"
    assert proposal(invoice(DUE), DUE).missed == ("heads-up",)


def test_a_due_date_on_a_sunday_is_spoken_of_on_the_friday_and_never_on_the_monday() -> None:
    sunday = day("03-08")
    assert step_on(day("03-06"), sunday, said("heads-up", day("03-03"))) == "due-today"
    assert step_on(day("03-09"), sunday, said("heads-up", day("03-03"))) is None


def test_of_two_whose_days_fall_together_the_one_that_will_be_said_is_waited_for() -> None:
    sunday, both_on_friday = day("03-08"), ladder(-1, 0, 4)
    answer = silence(invoice(sunday), day("03-05"), both_on_friday)
    assert answer.detail == (("step", "d0"), ("day", "2026-03-06"))
    assert proposal(invoice(sunday), day("03-06"), both_on_friday).step.name == "d0"


def test_a_step_is_said_once() -> None:
    heard = [said("heads-up", day("03-04")), said("due-today", DUE), said("late-4", day("03-13"))]
    assert step_on(day("03-13"), DUE, *heard) is None
    assert step_on(day("03-20"), DUE, *heard) is None


def test_a_word_said_late_moves_the_next_one_by_the_ladders_own_distance() -> None:
    friday = day("03-20")
    late_start = invoice(DUE, said=(said("late-4", friday),))
    answer = silence(late_start, day("03-23"))
    assert answer.detail == (("step", "late-12"), ("day", "2026-03-30"))  # ten days, as from 13 to 23 March
    assert told(invoice(DUE), friday, 60) == [
        ("03-20", "late-4"),
        ("03-30", "late-12"),
        ("04-06", "late-21"),
        ("04-20", "late-35"),
    ]


def test_an_old_invoice_climbs_the_ladder_as_slowly_as_a_new_one() -> None:
    heard = told(invoice(day("01-05")), MONDAY, 60)
    assert [step for _, step in heard] == ["late-4", "late-12", "late-21", "late-35"]
    assert heard[0][0] == "03-02"
    assert heard[-1][0] == "04-02"


def test_a_nudge_said_late_moves_nothing() -> None:
    assert step_on(day("03-13"), DUE, said("heads-up", day("03-09"))) == "late-4"


def test_after_the_last_rung_nothing_more_is_said() -> None:
    assert silence(invoice(MONDAY - timedelta(days=90), said=(said("late-35", day("01-20")),)), MONDAY) == Because(
        Cause.LADDER_DONE, 1
    )


@pytest.mark.parametrize("state", list(TouchState))
def test_a_word_that_may_have_been_heard_counts_as_said(state: TouchState) -> None:
    heard = said("late-4", day("02-02"), state)
    assert step_on(MONDAY, day("01-19"), heard) == "late-12"


def test_a_step_that_was_taken_out_of_the_cadence_does_not_count() -> None:
    assert step_on(MONDAY, day("01-19"), said("late-3", day("02-02"))) == "late-4"


def test_a_step_that_was_put_in_between_is_neither_said_again_nor_skipped_ahead() -> None:
    before, after = ladder(4, 12, 30), ladder(4, 8, 12, 30)
    heard = said("d12", day("02-02"))
    assert step_on(MONDAY, day("01-19"), heard, cadence=before) == "d30"
    assert step_on(MONDAY, day("01-19"), heard, cadence=after) == "d30"
    assert step_on(MONDAY, day("01-19"), said("d4", day("01-23")), cadence=after) == "d8"


@pytest.mark.parametrize("days", [180, 181])
def test_an_invoice_older_than_the_cadence_goes_back_is_left_to_a_person(days: int) -> None:
    answer = proposed(invoice(MONDAY - timedelta(days=days)), MONDAY)
    if days <= DEFAULT.oldest_days:
        assert not isinstance(answer, Because)
    else:
        assert answer == Because(Cause.TOO_OLD, 1, detail=(("days", "181"),))


def test_an_invoice_without_a_due_date_is_left_alone() -> None:
    assert silence(invoice(None), MONDAY) == Because(Cause.NO_DUE_DATE, 1)


def test_nothing_is_said_before_the_invoice_was_issued() -> None:
    issued = day("03-06")
    assert step_on(day("03-05"), DUE, issued=issued) is None
    assert step_on(issued, DUE, issued=issued) == "heads-up"


def test_all_steps_passed_over_are_named_as_missed() -> None:
    answer = proposal(invoice(DUE, said=(said("heads-up", day("03-04")),)), day("03-20"))
    assert (answer.step.name, answer.missed) == ("late-4", ("due-today",))
