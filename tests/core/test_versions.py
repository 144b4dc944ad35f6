"""One rung at a time whatever becomes of the cadence: new versions, new due dates, and what happens to an invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.because import Because, Cause
from core.cadence import Cadence, Reason
from core.facts import InvoiceFacts, Said
from core.ladder import Proposal, propose
from core.timetable import timetable
from tests.core.builders import DEFAULT, OFFICE, account, day, eur, invoice, ladder, parsed, said, step, told

MONDAY = day("03-02")
LATE = day("01-19")  # six weeks late
OLD, NEW = ladder(4, 12, 30), ladder(4, 8, 12, 30)


def answer(facts: InvoiceFacts, cadence: Cadence, today: date = MONDAY) -> Proposal | Because:
    found = propose(facts, account(facts), timetable(cadence, OFFICE), today)
    return found if isinstance(found, Because) else found[0]


def proposal(facts: InvoiceFacts, cadence: Cadence, today: date = MONDAY) -> Proposal:
    found = answer(facts, cadence, today)
    assert isinstance(found, Proposal), found
    return found


def heard(*words: Said) -> InvoiceFacts:
    return invoice(LATE, said=words)


def test_a_step_is_as_firm_as_it_was_when_it_was_said() -> None:
    """Two rungs were put in below it: to the customer it was the first word."""
    firmer = ladder(4, 8, 12, 20, 30)
    words = said("d12", day("02-02"), rung=1)
    assert proposal(heard(said("d12", day("02-02"), rung=3)), firmer).step.name == "d20"
    found = proposal(heard(words), firmer)
    assert (found.step.name, found.branch and found.branch.approve) == ("d20", True), "only with a person's approval"


def test_a_step_between_is_said_before_a_person_is_asked() -> None:
    """After the step that became firmer there is one within a rung of what was heard."""
    shared = parsed(step("a", 4), step("b", 8, rung=2), step("c", 12, rung=2), step("d", 30, rung=3))
    found = proposal(heard(said("b", day("02-02"), rung=1)), shared)
    assert (found.step.name, found.branch) == ("c", None)


@pytest.mark.parametrize("rung", [None, 2])
def test_what_is_as_firm_as_before_needs_nobody(rung: int | None) -> None:
    assert proposal(heard(said("d12", day("02-02"), rung=rung)), OLD).branch is None


def test_where_the_rung_was_not_kept_it_counts_as_firm_as_it_is_now() -> None:
    found = proposal(heard(said("d12", day("02-02"))), NEW)
    assert (found.step.name, found.branch) == ("d30", None)


def test_a_step_that_has_become_gentler_counts_as_gentle() -> None:
    found = proposal(heard(said("d12", day("02-02"), rung=3)), ladder(12, 20, 30))
    assert found.step.name == "d20"


def test_after_the_last_step_a_firmer_version_asks_for_nothing() -> None:
    assert answer(heard(said("d30", day("02-20"), rung=1)), NEW) == Because(Cause.LADDER_DONE, 1)


def test_a_ceiling_holds_for_a_person_too() -> None:
    facts = replace(heard(said("d12", day("02-02"), rung=1)), told=told(Reason.SHORT_OF_CASH, day("02-03")))
    assert answer(facts, NEW) == Because(Cause.SHORT_OF_CASH, 1)


def test_the_same_word_again_is_not_said_where_it_has_become_firmer() -> None:
    facts = heard(said("d12", day("02-02"), rung=1, balance=20_000))
    assert answer(facts, NEW) == Because(Cause.PART_PAYMENTS, 1)


def test_a_new_due_date_begins_the_ladder_anew() -> None:
    heard_all = tuple(said(one.name, day("02-02"), anchor="due/2026-01-05") for one in OLD.steps)
    assert proposal(invoice(LATE, said=heard_all), OLD).step.name == "d4"
    known = tuple(replace(word, anchor=f"due/{LATE}") for word in heard_all)
    assert answer(invoice(LATE, said=known), OLD) == Because(Cause.LADDER_DONE, 1)


def test_a_welcome_is_said_once_whatever_becomes_of_the_due_date() -> None:
    cadence = parsed(step("welcome", 0, "friendly", anchor="'issued'"), step("late-4", 4))
    new = invoice(day("03-30"), issued=MONDAY)
    assert (proposal(new, cadence).step.name, proposal(new, cadence).anchor) == ("welcome", "issued")
    greeted = replace(new, due=day("04-20"), said=(said("welcome", MONDAY, anchor="issued"),))
    assert isinstance(answer(greeted, cadence), Because)


@pytest.mark.parametrize(("today", "is_said"), [("03-03", False), ("03-04", True), ("03-14", True), ("03-15", False)])
def test_a_welcome_comes_after_the_delivery_and_not_long_after(today: str, is_said: bool) -> None:
    cadence = parsed(step("welcome", 1, "friendly", anchor="'issued'"), step("late-4", 4))
    facts = invoice(day("03-30"), issued=day("02-20"), delivered=day("03-03"))
    assert isinstance(answer(facts, cadence, day(today)), Proposal) is is_said


def test_two_invoices_due_on_one_day_are_welcomed_each_after_its_own_delivery() -> None:
    cadence = parsed(step("welcome", 1, "friendly", anchor="'issued'"), step("late-4", 4))
    early, late = (invoice(day("03-30"), issued=day("02-20"), delivered=day(on)) for on in ("03-02", "03-09"))
    assert proposal(early, cadence, day("03-03")).step.name == "welcome"
    assert isinstance(answer(late, cadence, day("03-03")), Because)
    assert proposal(late, cadence, day("03-10")).step.name == "welcome"


def test_what_was_shipped_before_its_invoice_was_written_is_welcomed_after_the_invoice() -> None:
    cadence = parsed(step("welcome", 1, "friendly", anchor="'issued'"), step("late-4", 4))
    facts = invoice(day("03-30"), issued=day("03-03"), delivered=day("02-20"))
    assert isinstance(answer(facts, cadence, day("03-03")), Because)
    assert proposal(facts, cadence, day("03-04")).step.name == "welcome"


def test_what_is_delivered_after_its_due_date_is_neither_welcomed_nor_chased_at_once() -> None:
    cadence = parsed(step("welcome", 1, "friendly", anchor="'issued'"), step("late-4", 4))
    facts = invoice(day("02-20"), issued=day("02-10"), delivered=MONDAY)
    waits = answer(facts, cadence, day("03-03"))
    assert isinstance(waits, Because)
    assert waits.detail == (("step", "late-4"), ("day", "2026-03-05")), "three days to look at what has come"
    assert proposal(facts, cadence, day("03-05")).step.name == "late-4"


def test_after_a_dispute_the_gentlest_follow_up_comes_again_however_firm_the_last_word_was() -> None:
    words = tuple(said(one.name, day("01-30"), rung=one.rung, anchor=f"due/{LATE}") for one in DEFAULT.steps)
    facts = invoice(LATE, said=words, resolved=day("02-20"))
    assert proposal(facts, DEFAULT).step.name == "late-4"
    assert proposal(facts, DEFAULT).anchor == "dispute-resolved/2026-02-20"


def test_words_after_an_older_dispute_do_not_count_for_the_new_one() -> None:
    word = said("late-4", day("02-01"), rung=1, anchor="dispute-resolved/2026-01-25")
    assert proposal(invoice(LATE, said=(word,), resolved=day("02-20")), DEFAULT).step.name == "late-4"
    again = replace(word, anchor="dispute-resolved/2026-02-20")
    assert proposal(invoice(LATE, said=(again,), resolved=day("02-20")), DEFAULT).step.name == "late-12"


@pytest.mark.parametrize(("today", "is_said"), [("02-20", False), ("02-22", False), ("02-23", True)])
def test_nothing_is_said_in_the_first_days_after_a_dispute(today: str, is_said: bool) -> None:
    assert isinstance(answer(invoice(LATE, resolved=day("02-20")), DEFAULT, day(today)), Proposal) is is_said


@pytest.mark.parametrize(("happened", "step"), [("03-09", "due-today"), ("03-10", "late-4")])
def test_what_happens_on_the_due_date_or_before_leaves_the_ladder_as_it_is(happened: str, step: str) -> None:
    facts = invoice(day("03-09"), resolved=day(happened))
    assert proposal(facts, DEFAULT, day("03-09") if step == "due-today" else day("03-13")).step.name == step
    assert proposal(facts, DEFAULT, day("03-16")).anchor.startswith("due/" if step == "due-today" else "dispute")


@pytest.mark.parametrize(("today", "is_said"), [("03-03", False), ("03-04", False), ("03-05", True)])
def test_nothing_is_said_in_the_first_days_after_a_broken_promise(today: str, is_said: bool) -> None:
    cadence = parsed(step("late-4", 4), step("broken", 1, anchor="'promise'"))
    assert isinstance(answer(invoice(LATE, broken=MONDAY), cadence, day(today)), Proposal) is is_said


def test_without_words_for_a_broken_promise_the_ladder_goes_on_where_it_was() -> None:
    word = said("late-4", day("01-23"), rung=1)
    found = proposal(invoice(LATE, said=(word,), broken=day("02-20")), DEFAULT)
    assert (found.step.name, found.anchor) == ("late-12", f"due/{LATE}")


def test_a_broken_promise_and_a_dispute_of_one_day_are_a_broken_promise() -> None:
    cadence = parsed(
        step("late-4", 4), step("broken", 1, anchor="'promise'"), step("settled", 1, anchor="'dispute-resolved'")
    )
    both = invoice(LATE, broken=day("02-20"), resolved=day("02-20"))
    assert proposal(both, cadence).step.name == "broken"
    assert proposal(replace(both, resolved=day("02-21")), cadence).step.name == "settled"


def test_a_step_that_is_gone_stands_nowhere() -> None:
    assert proposal(heard(said("gone", day("02-02"), rung=3)), OLD).step.name == "d4"
    assert proposal(heard(said("d4", day("01-25")), said("gone", day("02-02"), rung=3)), OLD).step.name == "d12"


def test_a_part_payment_after_a_reason_that_sets_no_ceiling_is_answered_as_without_it() -> None:
    word = said("late-12", day("02-02"), rung=2, balance=20_000)
    known = replace(heard(word), told=told(Reason.FORGOT, day("02-03")))
    assert proposal(known, DEFAULT).step.name == "late-12"
    poor = replace(known, told=told(Reason.SHORT_OF_CASH, day("02-03")))
    assert answer(poor, DEFAULT) == Because(Cause.PART_PAYMENTS, 1), "too firm for who is short of cash"
    gentle = replace(poor, said=(replace(word, step="late-4", rung=1),))
    assert proposal(gentle, DEFAULT).step.name == "late-4"


def test_a_part_payment_below_the_floor_of_a_step_is_for_a_person() -> None:
    cadence = parsed(step("a", 4, when="{amount_at_least = 100}"), step("b", 12, when="{amount_at_least = 100}"))
    paid = replace(heard(said("a", day("02-02"), rung=1, balance=20_000)), balance=eur(9_999))
    assert answer(paid, cadence) == Because(Cause.PART_PAYMENTS, 1)
    assert proposal(replace(paid, balance=eur(10_000)), cadence).step.name == "a"


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        ([step("b", 8, rung=1, when="{amount_at_least = 101}"), step("c", 20)], Cause.SHORT_OF_CASH),
        ([step("b", 8, rung=1, when="{amount_at_least = 101}")], Cause.CONDITION),
    ],
    ids=["firmer steps are left", "only steps that do not apply are left"],
)
def test_under_a_ceiling_the_cause_is_what_really_holds(steps: list[str], cause: Cause) -> None:
    facts = replace(heard(said("a", day("01-23"), rung=1)), told=told(Reason.SHORT_OF_CASH, day("02-03")))
    assert answer(facts, parsed(step("a", 4), *steps)) == Because(cause, 1)


def test_a_nudge_that_is_to_come_on_its_last_day_is_waited_for() -> None:
    waits = answer(invoice(day("03-09"), said=(said("heads-up", day("03-04")),)), DEFAULT, day("03-05"))
    assert isinstance(waits, Because)
    assert waits.detail == (("step", "due-today"), ("day", "2026-03-09"))
