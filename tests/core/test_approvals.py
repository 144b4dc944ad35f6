"""What a person must agree to: drafts, the minute in which a word can be taken back, and what voids an approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from core.because import Because, Cause
from core.cadence import Cadence, Channel, Payer
from core.calendars import Calendar
from core.facts import AccountFacts, Approval, TouchState
from core.plan import TAKE_BACK, Plan, done, fingerprint, plan
from tests.core.builders import (
    ANN,
    BOB,
    DEFAULT,
    OFFICE,
    account,
    day,
    eur,
    invoice,
    moment,
    parsed,
    said,
    step,
    touched,
)

NOW = moment("2026-03-02 10:00")
FACTS = account(invoice(day("02-26")), drafts=True)
TOMORROW = moment("2026-03-03 09:00")


def ask(facts: AccountFacts, now: datetime = NOW, cadence: Cadence = DEFAULT, calendar: Calendar = OFFICE) -> Plan:
    return plan(facts, cadence, calendar, now)


def decided(facts: AccountFacts, at: datetime, approved: bool = True, until: date | None = None) -> AccountFacts:
    """A person's word on what is shown at NOW."""
    (draft,) = ask(facts).drafts
    return replace(facts, approvals={fingerprint(facts, draft): Approval(at, approved, until)})


def cause(facts: AccountFacts, now: datetime = NOW) -> Cause:
    (because,) = ask(facts, now).because
    return because.cause


def test_a_draft_is_shown_as_it_would_be_sent_and_asked_about_anew_every_day() -> None:
    answer = ask(FACTS)
    assert answer.actions == ()
    assert answer.because == (Because(Cause.AWAITING_APPROVAL, 1, TOMORROW),)
    assert answer.wake_at == TOMORROW
    assert answer.drafts == ask(replace(FACTS, drafts=False)).actions


@pytest.mark.parametrize(
    "cadence",
    [replace(DEFAULT, approve_all=True), parsed(step("late-4", 4, approve="true"))],
    ids=["every message", "this step"],
)
def test_a_cadence_may_ask_for_a_person(cadence: Cadence) -> None:
    facts = replace(FACTS, drafts=False)
    assert ask(facts, cadence=cadence).actions == ()
    assert len(ask(facts, cadence=cadence).drafts) == 1


def test_one_step_that_a_person_approves_makes_the_whole_message_a_draft() -> None:
    cadence = parsed(step("late-4", 4), step("late-12", 12, approve="true"))
    older = invoice(day("02-18"), 2, said=(said("late-4", day("02-23")),))
    answer = ask(replace(FACTS, drafts=False, invoices=(*FACTS.invoices, older)), cadence=cadence)
    assert [[line.invoice for line in draft.lines] for draft in answer.drafts] == [[2, 1]]


@pytest.mark.parametrize(("seconds", "is_sent"), [(0, False), (59, False), (60, True), (61, True)])
def test_an_approved_text_can_be_taken_back_for_a_minute(seconds: int, is_sent: bool) -> None:
    at = NOW - timedelta(seconds=seconds)
    answer = ask(decided(FACTS, at))
    assert bool(answer.actions) is is_sent
    if not is_sent:
        assert answer.because == (Because(Cause.TAKE_BACK, 1, at + TAKE_BACK),)
        assert answer.wake_at == at + TAKE_BACK
        assert answer.drafts == ()


def test_an_approval_at_night_goes_out_in_the_morning() -> None:
    night = moment("2026-03-02 20:00")
    facts = decided(FACTS, night)
    assert ask(facts, night + TAKE_BACK).because == (Because(Cause.OUTSIDE_HOURS, 1, TOMORROW),)
    assert len(ask(facts, TOMORROW).actions) == 1


def test_a_draft_is_shown_whatever_the_hour() -> None:
    assert len(ask(FACTS, moment("2026-03-02 20:00")).drafts) == 1


def test_a_draft_is_not_shown_while_it_would_come_too_soon() -> None:
    answer = ask(replace(FACTS, touches=(touched(day("03-01")),)))
    assert (answer.drafts, answer.because[0].cause) == ((), Cause.GAP)


def test_what_was_skipped_stays_skipped_and_is_looked_at_every_day() -> None:
    facts = decided(FACTS, NOW, approved=False)
    answer = ask(facts)
    assert (answer.actions, answer.drafts) == ((), ())
    assert answer.because == (Because(Cause.SKIPPED, 1, TOMORROW),)


def test_what_was_skipped_until_a_day_is_shown_again_on_that_day() -> None:
    facts = decided(FACTS, NOW, approved=False, until=day("03-04"))
    assert ask(facts).because == (Because(Cause.SKIPPED, 1, TOMORROW, (("until", "2026-03-04"),)),)
    assert cause(facts, moment("2026-03-03 10:00")) is Cause.SKIPPED
    assert cause(facts, moment("2026-03-04 10:00")) is Cause.AWAITING_APPROVAL


def test_what_was_skipped_until_a_far_day_does_not_hide_a_word_that_has_taken_its_place() -> None:
    """A heads-up was skipped for ten days; the due date passes meanwhile, and the follow-up is another text."""
    facts = account(invoice(day("03-04")), drafts=True)
    skipped = decided(facts, NOW, approved=False, until=day("03-12"))
    assert ask(skipped).because[0].until == TOMORROW
    assert ask(skipped, moment("2026-03-10 10:00")).drafts[0].lead == "late-4"


@pytest.mark.parametrize(
    "change",
    [
        {"balance": eur(9_999)},
        {"recipients": (BOB,)},
        {"recipients": (ANN, BOB)},
        {"due": day("02-25")},
    ],
    ids=["a part was paid", "another reader", "one reader more", "another due date"],
)
def test_an_approval_is_for_what_was_shown_and_for_nothing_else(change: dict[str, object]) -> None:
    facts = decided(FACTS, NOW - TAKE_BACK)
    changed = replace(facts, invoices=(replace(facts.invoices[0], **change),))  # type: ignore[arg-type]
    assert ask(changed).actions == ()
    assert cause(changed) is Cause.AWAITING_APPROVAL


def test_an_approval_is_void_when_another_invoice_joins_or_the_tone_changes() -> None:
    facts = decided(FACTS, NOW - TAKE_BACK)
    joined = replace(facts, invoices=(*facts.invoices, invoice(day("02-25"), 2)))
    assert {one.cause for one in ask(joined).because} == {Cause.AWAITING_APPROVAL}
    assert cause(replace(facts, payer=Payer.STEADY)) is Cause.AWAITING_APPROVAL


def test_an_approval_outlives_the_night() -> None:
    facts = decided(FACTS, NOW)
    assert len(ask(facts, moment("2026-03-04 10:00")).actions) == 1


def test_an_approval_is_no_leave_for_the_next_word() -> None:
    facts = decided(FACTS, NOW - TAKE_BACK)
    later = done(facts, ask(facts).actions, NOW)
    assert cause(later, moment("2026-03-10 10:00")) is Cause.AWAITING_APPROVAL


def test_the_fingerprint_knows_all_that_is_shown() -> None:
    (action,) = ask(FACTS).drafts
    other = [
        replace(action, recipients=(BOB,)),
        replace(action, channel=Channel.LETTER),
        replace(action, template="other"),
        replace(action, tone=list(type(action.tone))[-1]),
        replace(action, lines=(replace(action.lines[0], step="other"),)),
        replace(action, lines=(replace(action.lines[0], anchor="other"),)),
    ]
    prints = {fingerprint(FACTS, one) for one in other}
    assert len(prints) == len(other)
    assert fingerprint(FACTS, action) not in prints
    assert fingerprint(FACTS, replace(action, day=day("03-09"))) == fingerprint(FACTS, action), "another day"
    assert len(fingerprint(FACTS, action)) == 32


def test_another_due_date_is_another_text_also_where_the_words_do_not_count_from_it() -> None:
    (action,) = ask(FACTS).drafts
    listed = replace(action, lines=(replace(action.lines[0], anchor="month/2026-03"),))
    later = replace(FACTS, invoices=(replace(FACTS.invoices[0], due=day("02-27")),))
    assert fingerprint(later, listed) != fingerprint(FACTS, listed)


def test_just_before_midnight_the_minute_ends_with_the_day() -> None:
    """Its words may be untrue tomorrow."""
    always = Calendar(opens=time(0), closes=time(23, 59, 59), weekdays=frozenset(range(7)))
    late = moment("2026-03-02 23:59:30")
    answer = ask(decided(FACTS, late), late, calendar=always)
    assert answer.because == (Because(Cause.TAKE_BACK, 1, moment("2026-03-03 00:00")),)


@pytest.mark.parametrize("state", list(TouchState))
def test_what_has_been_done_needs_no_approval_again(state: TouchState) -> None:
    facts = decided(FACTS, NOW - TAKE_BACK)
    again = ask(done(facts, ask(facts).actions, NOW, state))
    assert (again.actions, again.drafts) == ((), ())
