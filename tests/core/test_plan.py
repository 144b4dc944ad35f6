"""One message out of many proposals: which step leads it, in what tone, and what is kept of it once it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import Channel, Payer, Tone
from core.facts import Approval, Hold, Instalment, Said, TouchFacts, TouchState
from core.plan import TAKE_BACK, done, fingerprint, plan
from tests.core.builders import ANN, DEFAULT, OFFICE, account, day, eur, invoice, moment, parsed, said, step
from tests.core.causes import NOW, TODAY, owed

OPENING = moment("2026-03-03 09:00")


def test_mail_and_a_call_are_two_things_and_the_firmer_comes_first() -> None:
    calls = parsed(step("late-4", 4), step("call", 12, channel="'call'"))
    facts = account(owed(id=1), invoice(day("02-18"), 2, said=(said("late-4", day("02-23")),)))
    (action,) = plan(facts, calls, OFFICE, NOW).actions
    assert (action.lead, action.channel, [line.invoice for line in action.lines]) == ("call", Channel.CALL, [2])
    assert plan(facts, calls, OFFICE, NOW).because == (Because(Cause.ONE_A_DAY, 1, OPENING),)


@pytest.mark.parametrize(
    ("payer", "soften", "tones"),
    [
        (Payer.NEW, True, [Tone.KIND, Tone.KIND, Tone.CLEAR, Tone.FIRM]),
        (Payer.SLOW, True, [Tone.KIND, Tone.KIND, Tone.CLEAR, Tone.FIRM]),
        (Payer.STEADY, True, [Tone.FRIENDLY, Tone.FRIENDLY, Tone.KIND, Tone.CLEAR]),
        (Payer.STEADY, False, [Tone.KIND, Tone.KIND, Tone.CLEAR, Tone.FIRM]),
    ],
)
def test_a_good_history_softens_the_tone_by_one_and_nothing_hardens_it(
    payer: Payer, soften: bool, tones: list[Tone]
) -> None:
    cadence, facts, heard = replace(DEFAULT, soften=soften), account(invoice(day("01-05")), payer=payer), []
    for now in (moment("2026-02-02 10:00") + timedelta(weeks=3 * count) for count in range(4)):
        (action,) = plan(facts, cadence, OFFICE, now).actions
        heard.append(action.tone)
        facts = done(facts, [action], now)
    assert heard == tones


def test_a_nudge_is_as_friendly_as_can_be_and_stays_so() -> None:
    (action,) = plan(account(invoice(TODAY), payer=Payer.STEADY), DEFAULT, OFFICE, NOW).actions
    assert (action.lead, action.tone) == ("due-today", Tone.FRIENDLY)


def test_a_welcome_does_not_lead_where_a_day_is_spoken_of() -> None:
    cadence = parsed(step("welcome", 10, "friendly", anchor="'issued'"), step("due-today", 0, "friendly"))
    new, today = invoice(day("03-20"), 1, issued=day("02-20")), invoice(TODAY, 2)
    (action,) = plan(account(new, today), cadence, OFFICE, NOW).actions
    assert [line.step for line in action.lines] == ["due-today", "welcome"]
    assert action.lead == "due-today"


def test_what_was_done_is_kept_with_its_rung_its_anchor_and_its_balance() -> None:
    facts = account(owed(), invoice(day("06-01"), 2))
    actions = plan(facts, DEFAULT, OFFICE, NOW).actions
    after = done(facts, actions, NOW, TouchState.DUE)
    assert after.touches == (TouchFacts((ANN,), TODAY, TouchState.DUE, NOW),)
    assert after.invoices[0].said == (Said("late-4", TODAY, TouchState.DUE, "due/2026-02-26", 1, 10_000),)
    assert after.invoices[1] == facts.invoices[1]


def test_a_message_names_its_account_its_day_and_what_was_passed_over() -> None:
    (action,) = plan(account(invoice(day("02-26"))), DEFAULT, OFFICE, NOW).actions
    assert (action.account, action.day) == (7, TODAY)
    assert action.lines[0].missed == ("heads-up", "due-today")


def test_of_two_nudges_the_one_nearer_to_its_day_leads() -> None:
    (action,) = plan(account(invoice(day("03-06"), 1), invoice(TODAY, 2)), DEFAULT, OFFICE, NOW).actions
    assert [(line.invoice, line.step) for line in action.lines] == [(2, "due-today"), (1, "heads-up")]
    assert action.lead == "due-today"


@pytest.mark.parametrize(
    "older",
    [
        {"holds": (Hold(Cause.PROMISE, TODAY + timedelta(days=1)),)},
        {"arranged": True},
        {"arranged": True, "instalment": Instalment(TODAY, eur(100))},
    ],
    ids=["promised", "arranged", "arranged in parts"],
)
def test_open_credit_goes_past_what_is_left_alone_today(older: dict[str, Any]) -> None:
    facts = account(invoice(day("02-10"), 1, **older), owed(id=2), credits=(eur(15_000),))
    assert plan(facts, DEFAULT, OFFICE, NOW).because[1] == Because(Cause.COVERED_BY_CREDIT, 2)


def test_it_wakes_at_the_earliest_end_of_a_silence() -> None:
    facts = account(invoice(day("03-20"), 1), invoice(day("03-12"), 2), invoice(day("04-20"), 3), invoice(None, 4))
    assert plan(facts, DEFAULT, OFFICE, NOW).wake_at == moment("2026-03-06 09:00")
    assert plan(account(invoice(None)), DEFAULT, OFFICE, NOW).wake_at is None


@pytest.mark.parametrize("agreed", ["call", "statement"])
def test_of_two_silences_about_one_invoice_the_one_that_ends_first_is_named(agreed: str) -> None:
    """A call and a statement wait for a person; one of the two was approved a moment ago."""
    cadence = parsed(step("call", 4, channel="'call'"), step("statement", 2, "friendly", anchor="'month'"))
    facts = account(owed(), drafts=True)
    word = {
        fingerprint(facts, draft): Approval(NOW)
        for draft in plan(facts, cadence, OFFICE, NOW).drafts
        if draft.lead == agreed
    }
    answer = plan(replace(facts, approvals=word), cadence, OFFICE, NOW)
    assert answer.because == (Because(Cause.TAKE_BACK, 1, NOW + TAKE_BACK),)
    assert [draft.lead for draft in answer.drafts] == ["statement" if agreed == "call" else "call"]


def test_of_two_that_end_together_that_of_the_firmer_step_is_named() -> None:
    cadence = parsed(step("call", 4, channel="'call'"), step("statement", 2, "friendly", anchor="'month'"))
    facts = account(owed(), drafts=True, channels=frozenset({Channel.EMAIL}))
    answer = plan(facts, cadence, OFFICE, NOW)
    assert [(one.cause, one.until) for one in answer.because] == [(Cause.NO_CHANNEL, OPENING)]
    assert [draft.lead for draft in answer.drafts] == ["statement"]


def test_who_is_written_to_about_an_invoice_is_not_also_said_to_be_left_alone() -> None:
    """The call goes out; that its statement must wait until tomorrow is asked again then."""
    cadence = parsed(step("call", 4, channel="'call'"), step("statement", 2, "friendly", anchor="'month'"))
    answer = plan(account(owed()), cadence, OFFICE, NOW)
    assert ([action.lead for action in answer.actions], answer.because) == (["call"], ())
    assert answer.wake_at == OPENING
