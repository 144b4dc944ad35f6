"""The statement of account: once a month to the same readers, together with whatever else is said to them that day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from core.because import Because, Cause
from core.cadence import Cadence, Reason, Tone
from core.calendars import Calendar
from core.facts import AccountFacts, Instalment
from core.plan import Action, done, plan
from core.replay import replay
from tests.core.builders import (
    ANN,
    BOB,
    OFFICE,
    account,
    day,
    eur,
    held,
    invoice,
    moment,
    parsed,
    said,
    step,
    told,
    touched,
)

MONTHLY = parsed(step("statement", 2, "friendly", anchor="'month'"), step("late-7", 7), step("late-20", 20, "clear"))
ALONE = parsed(step("statement", 28, "friendly", anchor="'month'"))
NOW = moment("2026-03-02 10:00")


def actions(facts: AccountFacts, now: datetime = NOW, cadence: Cadence = MONTHLY) -> tuple[Action, ...]:
    return plan(facts, cadence, OFFICE, now).actions


def days_of(facts: AccountFacts, days: int, cadence: Cadence = ALONE, calendar: Calendar = OFFICE) -> list[str]:
    """The days on which something is said from the beginning of the year, with the leading step."""
    start = moment("2026-01-01 06:00")
    sent = replay(facts, cadence, calendar, start, start + timedelta(days=days)).sent
    return [f"{action.day:%m-%d} {action.lead}" for _, action in sent]


def test_it_names_every_open_invoice_due_or_not_on_its_day() -> None:
    facts = account(invoice(day("03-20"), 1), invoice(day("04-20"), 2), invoice(day("03-01"), 3, balance=eur(0)))
    (action,) = actions(facts)
    assert (action.lead, action.template, action.tone) == ("statement", "statement", Tone.FRIENDLY)
    assert [(line.invoice, line.step, line.missed, line.anchor, line.rung) for line in action.lines] == [
        (1, "statement", (), "month/2026-03", 0),
        (2, "statement", (), "month/2026-03", 0),
    ]


def test_it_comes_once_a_month_on_a_working_day_of_that_month() -> None:
    """The 28th of February and of March are Saturdays; of June a Sunday. None slips into the next month unsaid."""
    assert days_of(account(invoice(date(2027, 1, 1))), 190) == [
        "01-28 statement",
        "02-27 statement",
        "03-30 statement",
        "04-28 statement",
        "05-28 statement",
        "06-29 statement",
    ]


def test_it_takes_up_the_reminders_of_the_day() -> None:
    """An invoice stands in two lines where it is named and reminded of; the words are those of the statement."""
    facts = account(invoice(day("02-09"), 1, said=(said("late-7", day("02-16")),)), invoice(day("03-20"), 2))
    (action,) = actions(facts)
    assert (action.lead, action.template) == ("statement", "statement")
    assert [(line.invoice, line.step) for line in action.lines] == [(1, "late-20"), (1, "statement"), (2, "statement")]


def test_a_statement_and_a_reminder_never_go_out_apart_on_one_day() -> None:
    facts = account(invoice(day("02-23"), 1), invoice(day("03-20"), 2))
    walked = replay(facts, MONTHLY, OFFICE, NOW, NOW + timedelta(days=60)).sent
    days = [action.day for _, action in walked]
    assert len(set(days)) == len(days)
    assert [line.step for line in walked[0][1].lines] == ["late-7", "statement", "statement"]


def test_what_was_written_on_its_day_is_in_it() -> None:
    assert [one.lead for one in actions(account(invoice(day("04-20"), issued=day("03-02"))))] == ["statement"]


def test_what_was_written_after_its_day_waits_for_the_next_one() -> None:
    facts = account(invoice(day("04-20"), issued=day("03-03")))
    (because,) = plan(facts, MONTHLY, OFFICE, moment("2026-03-03 10:00")).because
    assert because == Because(
        Cause.NOT_YET, 1, moment("2026-04-02 09:00"), (("step", "statement"), ("day", "2026-04-02"))
    )


def test_an_invoice_that_comes_free_later_in_the_month_brings_no_second_statement() -> None:
    listed = invoice(day("04-20"), 1, said=(said("statement", day("03-02"), anchor="month/2026-03"),))
    was_held = invoice(day("04-21"), 2, holds=(held(Cause.PROMISE, day("03-05")),))
    heard = (touched(day("03-02"), statement="month/2026-03"),)
    assert actions(account(listed, was_held, touches=heard), moment("2026-03-05 10:00")) == ()
    other_reader = account(listed, replace(was_held, recipients=(BOB,)), touches=heard)
    assert [one.recipients for one in actions(other_reader, moment("2026-03-05 10:00"))] == [(BOB,)]


def test_where_all_that_it_named_is_paid_another_invoice_brings_no_second_one_to_the_same_readers() -> None:
    facts = account(invoice(day("04-20"), 1), invoice(day("04-20"), 3, recipients=(ANN, BOB)))
    sent = plan(facts, MONTHLY, OFFICE, NOW).actions
    assert [one.recipients for one in sent] == [(ANN,)]
    heard = done(facts, sent, NOW).touches
    assert [one.statement for one in heard] == ["month/2026-03"]
    comes_up = account(invoice(day("04-20"), 2, issued=day("03-01")), touches=heard)
    for later in ("2026-03-04 10:00", "2026-03-08 10:00"):
        (because,) = plan(comes_up, MONTHLY, OFFICE, moment(later)).because
        assert (because.cause, because.until) == (Cause.NOT_YET, moment("2026-04-02 09:00"))
    assert [one.lead for one in actions(comes_up, moment("2026-04-02 10:00"))] == ["statement"]
    about_another = tuple(replace(one, own=False) for one in heard)
    assert len(actions(replace(comes_up, touches=about_another), moment("2026-03-04 10:00"))) == 1


def test_its_readers_are_those_the_step_names() -> None:
    """Two invoices to two people of one customer, whose statement goes to the customer: one, naming both."""
    to_customer = parsed(step("statement", 2, "friendly", anchor="'month'", to="['account']"), gap_hours=24)
    facts = account(invoice(day("04-20"), 1), invoice(day("04-20"), 2, recipients=(BOB,)), emails=("c@customer.test",))
    (action,) = actions(facts, cadence=to_customer)
    assert (action.recipients, [line.invoice for line in action.lines]) == (("c@customer.test",), [1, 2])
    after = done(facts, (action,), NOW)
    new = replace(after, invoices=(invoice(day("04-20"), 3, issued=day("03-01")),))
    assert actions(new, moment("2026-03-05 10:00"), to_customer) == ()


@pytest.mark.parametrize(("last", "is_sent"), [("03-06", True), ("03-07", False)])
def test_where_it_had_to_wait_it_comes_within_six_days_or_not_at_all(last: str, is_sent: bool) -> None:
    """The second message to an account comes 48 hours after the first."""
    facts = account(invoice(day("04-20")), touches=(touched(day(last), BOB),))
    every_day = replace(OFFICE, weekdays=frozenset(range(7)))
    sent = replay(facts, MONTHLY, every_day, moment(f"2026-{last} 12:00"), moment("2026-03-31 00:00")).sent
    assert [action.day for _, action in sent] == ([day("03-08")] if is_sent else [])


def test_a_mistake_of_last_month_does_not_count_for_this_one() -> None:
    facts = account(invoice(day("04-20"), said=(said("statement", day("02-02"), anchor="month/2026-02"),)))
    assert [one.lead for one in actions(facts)] == ["statement"]


@pytest.mark.parametrize(
    "facts",
    [
        account(invoice(day("04-20"), holds=(held(Cause.DISPUTE),))),
        account(invoice(day("04-20"), arranged=True)),
        account(invoice(day("04-20"), arranged=True, instalment=Instalment(day("03-20"), eur(100)))),
        account(invoice(date(2025, 8, 1))),
        account(invoice(date(2025, 8, 1)), connected=day("01-01")),
        account(invoice(None)),
    ],
    ids=["disputed", "arranged", "arranged by parts", "too old", "old at the start", "without a due date"],
)
def test_what_is_left_to_a_person_is_not_in_it(facts: AccountFacts) -> None:
    assert actions(facts) == ()
    assert actions(facts, cadence=replace(MONTHLY, steps=MONTHLY.steps[:1])) == ()


def test_its_condition_is_asked() -> None:
    many = parsed(step("statement", 2, "friendly", anchor="'month'", when="{open_at_least = 2}"))
    one, two = invoice(day("04-20"), 1), invoice(day("04-20"), 2)
    assert plan(account(one), many, OFFICE, NOW).because == (Because(Cause.CONDITION, 1),)
    assert len(actions(account(one, two), cadence=many)) == 1


def test_after_the_last_reminder_it_still_comes() -> None:
    heard = (said("late-7", day("01-12")), said("late-20", day("01-26")))
    assert [one.lead for one in actions(account(invoice(day("01-05"), said=heard)))] == ["statement"]


def test_who_refuses_gets_none_that_a_person_has_not_seen() -> None:
    facts = account(invoice(day("04-20"), told=told(Reason.REFUSES, day("02-20"))))
    answer = plan(facts, MONTHLY, OFFICE, NOW)
    assert [draft.template for draft in answer.drafts] == ["statement"]
    assert answer.actions == ()


def test_two_sets_of_readers_have_one_each_and_not_on_one_day() -> None:
    facts = account(invoice(day("04-20"), 1), invoice(day("04-20"), 2, recipients=(ANN, BOB)))
    assert days_of(facts, 40, replace(ALONE, gap_hours=24)) == ["01-28 statement", "01-29 statement"]
