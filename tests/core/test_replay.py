"""The preview: what would be said, day by day, if nothing else happened."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.because import Cause
from core.facts import AccountFacts
from core.plan import plan
from core.replay import Replay, replay
from tests.core.builders import ANN, BOB, DEFAULT, OFFICE, account, day, eur, held, invoice, moment, said, touched

START = moment("2026-03-02 06:00")
DUE = day("03-09")


def story(facts: AccountFacts, days: int = 60, start: datetime = START) -> Replay:
    return replay(facts, DEFAULT, OFFICE, start, start + timedelta(days=days))


def told(facts: AccountFacts, days: int = 60) -> list[tuple[str, str, list[int]]]:
    """Each message as (moment, leading step, invoices)."""
    return [
        (when.strftime("%m-%d %H:%M"), action.lead, [line.invoice for line in action.lines])
        for when, action in story(facts, days).sent
    ]


def test_an_invoice_nobody_pays_hears_the_whole_ladder_each_time_when_the_company_opens() -> None:
    assert told(account(invoice(DUE))) == [
        ("03-04 09:00", "heads-up", [1]),
        ("03-09 09:00", "due-today", [1]),
        ("03-13 09:00", "late-4", [1]),
        ("03-23 09:00", "late-12", [1]),
        ("03-30 09:00", "late-21", [1]),
        ("04-13 09:00", "late-35", [1]),
    ]


def test_several_late_invoices_make_one_message_led_by_the_firmest() -> None:
    old, new = invoice(day("02-18"), 1, said=(said("late-4", day("02-23")),)), invoice(day("02-26"), 2)
    ((_, action),) = story(account(new, old), days=1).sent
    assert action.lead == "late-12"
    assert [(line.invoice, line.step) for line in action.lines] == [(1, "late-12"), (2, "late-4")]


def test_people_who_share_no_invoice_are_written_to_apart_and_not_on_one_day() -> None:
    to_ann, to_bob = invoice(day("02-26"), 1), invoice(day("02-26"), 2, recipients=(BOB,))
    sent = story(account(to_ann, to_bob), days=4).sent
    assert [(action.recipients, action.day) for _, action in sent] == [((ANN,), day("03-02")), ((BOB,), day("03-05"))]


def test_a_moment_inside_the_hours_speaks_at_once_and_not_at_the_next_opening() -> None:
    noon = moment("2026-03-02 12:34:56")
    assert [when for when, _ in story(account(invoice(day("02-26"))), 1, noon).sent] == [noon]


def test_the_end_is_not_part_of_the_time() -> None:
    facts = account(invoice(DUE))
    opening = moment("2026-03-04 09:00")
    assert replay(facts, DEFAULT, OFFICE, START, opening).sent == ()
    assert len(replay(facts, DEFAULT, OFFICE, START, opening + timedelta(microseconds=1)).sent) == 1


def test_a_time_of_no_length_tells_nothing() -> None:
    assert replay(account(invoice(DUE)), DEFAULT, OFFICE, START, START) == Replay((), ())


def test_the_company_counts_as_live_and_its_books_as_read_at_every_moment() -> None:
    asleep = account(invoice(DUE), live=False, read_at=None)
    assert [cause.cause for cause in plan(asleep, DEFAULT, OFFICE, START).because] == [Cause.NOT_LIVE]
    assert told(asleep) == told(account(invoice(DUE)))


def test_why_nothing_is_said_is_told_as_of_the_first_moment() -> None:
    facts = account(invoice(DUE), invoice(DUE, 2, holds=(held(Cause.DISPUTE),)), invoice(DUE, 3, balance=eur(0)))
    answer = story(facts)
    assert [(one.invoice, one.cause) for one in answer.because] == [
        (1, Cause.NOT_YET),
        (2, Cause.DISPUTE),
        (3, Cause.PAID),
    ]
    assert {line.invoice for _, action in answer.sent for line in action.lines} == {1}


def test_a_promise_puts_the_ladder_off_and_costs_one_rung_at_the_most() -> None:
    facts = account(invoice(DUE, said=(said("late-4", day("03-13")),), holds=(held(Cause.PROMISE, day("04-10")),)))
    assert told(facts, 90) == [
        ("04-10 09:00", "late-12", [1]),
        ("04-17 09:00", "late-21", [1]),
        ("05-01 09:00", "late-35", [1]),
    ]


def test_what_was_said_already_is_not_said_again() -> None:
    heard = (said("heads-up", day("03-04")), said("due-today", DUE))
    facts = account(invoice(DUE, said=heard), touches=(touched(day("03-04")), touched(DUE)))
    assert told(facts, 20)[0] == ("03-13 09:00", "late-4", [1])


@pytest.mark.parametrize("days", [5, 20, 45])
def test_a_shorter_preview_is_the_beginning_of_a_longer_one(days: int) -> None:
    facts = account(invoice(DUE), invoice(day("03-17"), 2), invoice(day("02-02"), 3, recipients=(ANN, BOB)))
    short, long = story(facts, days).sent, story(facts, 90).sent
    assert short == long[: len(short)]
    assert all(when < START + timedelta(days=days) for when, _ in short)
    assert len(short) < len(long)
