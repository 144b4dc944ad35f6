"""What each reason the customer gives makes of the ladder, told day by day with the days on which nothing is said.

The invoice is due on Thursday 26 February 2026, so that the first follow-up falls on Monday 2 March.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import BRANCHES, Branch, Cadence, Reason, Tone
from core.facts import AccountFacts, Approval, Instalment, InvoiceFacts
from core.plan import Action, fingerprint, plan
from tests.core.builders import BOB, DEFAULT, OFFICE, account, day, eur, invoice, moment, parsed, said, step, told
from tests.core.diaries import FULL, change, diary

LATE = day("02-26")
FACTS = account(invoice(LATE))
NOW = moment("2026-03-10 10:00")  # the day of late-12
CALM = ["03-02 late-4", "03-03..03-09 not-yet", "03-10 late-12", "03-11..03-18 not-yet", "03-19 late-21"]


def after(reason: Reason, until: str = "03-19", on: str = "03-03") -> list[str]:
    return diary(FACTS, day("03-02"), day(until), {on: change(told=told(reason, day(on)))})


def heard(**more: Any) -> InvoiceFacts:
    return invoice(LATE, **{"said": (said("late-4", day("03-02"), rung=1),), **more})


@pytest.mark.parametrize("reason", [Reason.IN_ORDER, Reason.WILL_PAY, Reason.DISPUTE])
def test_what_makes_no_silence_of_its_own_changes_nothing(reason: Reason) -> None:
    """A promise and a dispute come with a hold; that all is in order is good to know."""
    assert after(reason) == CALM


@pytest.mark.parametrize(("reason", "cause"), [(Reason.FORGOT, "forgot"), (Reason.COPY, "copy")])
def test_who_forgot_or_asked_for_a_copy_has_three_working_days(reason: Reason, cause: str) -> None:
    assert after(reason, on="03-06") == [
        "03-02 late-4",
        "03-03..03-05 not-yet",
        f"03-06..03-10 {cause}",
        "03-11 late-12",
        "03-12..03-19 not-yet",
    ]


def test_who_has_paid_already_has_seven_working_days_in_which_the_payment_is_looked_for() -> None:
    assert after(Reason.PAID_ALREADY, "03-23") == [
        "03-02 late-4",
        "03-03..03-11 paid-already",
        "03-12 late-12",
        "03-13..03-20 not-yet",
        "03-21..03-22 outside-hours",
        "03-23 late-21",
    ]


def test_the_wrong_person_hears_nothing_until_the_company_names_another() -> None:
    events = {
        "03-03": change(told=told(Reason.WRONG_PERSON, day("03-03"))),
        "03-30": change(told=None, recipients=(BOB,)),
    }
    assert diary(FACTS, day("03-02"), day("03-31"), events) == [
        "03-02 late-4",
        "03-03..03-29 wrong-person",
        "03-30 late-12",
        "03-31 not-yet",
    ]


def test_who_is_short_of_cash_hears_at_most_the_gentlest_follow_up_and_then_a_person() -> None:
    early = {"02-27": change(told=told(Reason.SHORT_OF_CASH, day("02-27")))}
    assert diary(FACTS, day("02-26"), day("05-01"), early) == [
        "02-26 due-today",
        "02-27..03-05 short-of-cash",
        "03-06 late-4",
        "03-07..05-01 short-of-cash",
    ]
    assert after(Reason.SHORT_OF_CASH, "05-01") == ["03-02 late-4", "03-03..05-01 short-of-cash"]


def the_action(facts: AccountFacts, cadence: Cadence = DEFAULT) -> Action:
    (action,) = plan(facts, cadence, OFFICE, NOW).actions
    return action


def test_who_is_short_of_cash_hears_the_words_for_that() -> None:
    told_us = invoice(LATE, told=told(Reason.SHORT_OF_CASH, day("02-27")))
    action = the_action(account(told_us))
    assert (action.lead, action.template, action.tone) == ("late-4", "short-of-cash", Tone.KIND)
    nudge = invoice(day("03-10"), told=told(Reason.SHORT_OF_CASH, day("02-27")))
    assert the_action(account(nudge)).template == "due-today", "before the day nothing is late"


def test_who_is_short_of_cash_about_one_invoice_hears_those_words_about_all() -> None:
    poor, other = invoice(LATE, 1, told=told(Reason.SHORT_OF_CASH, day("02-27"))), heard(id=2)
    action = the_action(account(poor, other))
    assert [line.step for line in action.lines] == ["late-12", "late-4"]
    assert (action.lead, action.template) == ("late-4", "short-of-cash")


def test_who_refuses_is_written_to_only_after_a_person_has_agreed_and_in_words_for_that() -> None:
    facts = account(heard(told=told(Reason.REFUSES, day("03-03"))))
    answer = plan(facts, DEFAULT, OFFICE, NOW)
    assert [one.cause for one in answer.because] == [Cause.AWAITING_APPROVAL]
    (draft,) = answer.drafts
    assert (draft.lead, draft.template) == ("late-12", "refuses")
    agreed = replace(facts, approvals={fingerprint(facts, draft): Approval(moment("2026-03-10 09:00"))})
    assert the_action(agreed) == draft


def test_after_an_arrangement_the_reason_is_answered() -> None:
    """The parts of it have words of their own, up to the call."""
    facts = account(
        invoice(
            LATE,
            told=told(Reason.SHORT_OF_CASH, day("02-20")),
            arranged=True,
            instalment=Instalment(day("03-07"), eur(2_000)),
        )
    )
    assert diary(facts, day("03-10"), day("03-17"), cadence=FULL) == [
        "03-10 part-missed",
        "03-11..03-16 not-yet",
        "03-17 part-call (call)",
    ]


def test_a_cadence_may_be_quieter_after_any_reason() -> None:
    quiet = replace(DEFAULT, reasons={Reason.IN_ORDER: Branch(hold_days=2), Reason.FORGOT: Branch(hold_days=10)})
    events = {"03-09": change(told=told(Reason.IN_ORDER, day("03-09")))}
    assert diary(FACTS, day("03-02"), day("03-12"), events, quiet) == [
        "03-02 late-4",
        "03-03..03-08 not-yet",
        "03-09..03-10 replied",
        "03-11 late-12",
        "03-12 not-yet",
    ]


def test_a_condition_may_ask_for_a_reason() -> None:
    only = parsed(step("late-4", 4), step("soft", 8, when="{reasons = ['forgot']}"), step("late-12", 12))
    assert the_action(account(heard(told=told(Reason.FORGOT, day("03-02")))), only).lead == "late-12"
    events = {"03-03": change(told=told(Reason.FORGOT, day("03-03")))}
    assert diary(FACTS, day("03-02"), day("03-10"), events, only) == [
        "03-02 late-4",
        "03-03..03-05 forgot",
        "03-06 soft",
        "03-07..03-09 not-yet",
        "03-10 late-12",
    ]


@pytest.mark.parametrize("reason", list(Reason))
def test_the_quiet_days_end_at_the_opening_of_a_working_day(reason: Reason) -> None:
    days = BRANCHES[reason].hold_days
    answer = plan(account(heard(told=told(reason, day("03-06")))), DEFAULT, OFFICE, moment("2026-03-06 10:00"))
    ends = {3: "2026-03-11 09:00", 5: "2026-03-13 09:00", 7: "2026-03-17 09:00"}
    (because,) = answer.because
    if days:
        assert because == Because(because.cause, 1, moment(ends[days]))
    assert answer.actions == ()


def test_somebody_else_who_shares_the_account_is_not_silenced_by_it() -> None:
    facts = account(heard(told=told(Reason.WRONG_PERSON, day("03-03"))), heard(id=2))
    assert [line.invoice for line in the_action(facts).lines] == [2]
