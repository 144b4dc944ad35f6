"""Each reason for leaving somebody alone, told day by day with the days on which nothing is said, and what comes after.

The invoice is due on Thursday 26 February 2026, so that the first follow-up falls on Monday 2 March.
"""

from __future__ import annotations

import pytest

from core.because import Because, Cause
from core.cadence import Cadence
from core.facts import Hold, Instalment, Said
from core.plan import plan
from tests.core.builders import ANN, BOB, DEFAULT, OFFICE, account, day, eur, held, invoice, moment, said
from tests.core.diaries import FULL, change, change_all, diary, hold

LATE = day("02-26")
FACTS = account(invoice(LATE))


def test_a_promise_is_waited_for_and_after_it_the_ladder_goes_on_where_it_was() -> None:
    promised = {"03-04": hold(held(Cause.PROMISE, day("03-15")))}
    assert diary(FACTS, day("03-02"), day("04-12"), promised) == [
        "03-02 late-4",
        "03-03 not-yet",
        "03-04..03-14 promise",
        "03-15 outside-hours",
        "03-16 late-12",
        "03-17..03-24 not-yet",
        "03-25 late-21",
        "03-26..04-07 not-yet",
        "04-08 late-35",
        "04-09..04-12 ladder-done",
    ]


def test_a_promise_that_was_broken_is_spoken_of_in_words_of_its_own_gently_at_first() -> None:
    events = {
        "03-12": hold(held(Cause.PROMISE, day("03-21"))),
        "03-21": change(holds=(), broken=day("03-16")),
    }
    assert diary(FACTS, day("03-10"), day("04-05"), events, FULL) == [
        "03-10 late-4",
        "03-11 not-yet",
        "03-12..03-20 promise",
        "03-21..03-22 outside-hours",
        "03-23 promise-passed",
        "03-24..03-29 not-yet",
        "03-30 promise-passed-again",
        "03-31..04-05 ladder-done",
    ]


def test_a_promise_for_a_day_before_the_due_date_changes_nothing() -> None:
    broken = account(invoice(day("03-09"), broken=day("03-03")))
    assert diary(broken, day("03-02"), day("03-09"), None, FULL) == diary(
        account(invoice(day("03-09"))), day("03-02"), day("03-09"), None, FULL
    )


def test_more_time_given_is_time_without_a_word() -> None:
    assert diary(FACTS, day("03-02"), day("03-31"), {"03-03": hold(held(Cause.EXTENSION, day("03-20")))}) == [
        "03-02 late-4",
        "03-03..03-19 extension",
        "03-20 late-12",
        "03-21..03-28 not-yet",
        "03-29 outside-hours",
        "03-30 late-21",
        "03-31 not-yet",
    ]


@pytest.mark.parametrize(
    ("cadence", "after"),
    [
        (DEFAULT, ["03-23..03-25 not-yet", "03-26 late-4", "03-27..04-02 not-yet", "04-03 late-12", "04-04 not-yet"]),
        (FULL, ["03-23..03-26 not-yet", "03-27 settled", "03-28..04-04 ladder-done"]),
    ],
)
def test_a_dispute_is_for_a_person_and_after_its_end_the_gentlest_word_comes_first(
    cadence: Cadence, after: list[str]
) -> None:
    events = {"03-12": hold(held(Cause.DISPUTE)), "03-23": change(holds=(), resolved=day("03-23"))}
    assert diary(FACTS, day("02-26"), day("04-04"), events, cadence) == [
        "02-26 due-today",
        "02-27..03-01 not-yet",
        "03-02 late-4",
        "03-03..03-09 not-yet",
        "03-10 late-12",
        "03-11 not-yet",
        "03-12..03-22 dispute",
        *after,
    ]


def test_a_dispute_that_ends_before_the_due_date_leaves_the_ladder_as_it_was() -> None:
    facts = account(invoice(day("03-09"), resolved=day("03-04")))
    assert diary(facts, day("03-06"), day("03-13"), None, FULL) == [
        "03-06 heads-up",
        "03-07..03-08 not-yet",
        "03-09 due-today",
        "03-10..03-12 not-yet",
        "03-13 late-4",
    ]


def test_what_belongs_to_an_arrangement_is_left_alone_where_the_cadence_has_no_words_for_it() -> None:
    arranged = {"03-03": change(arranged=True)}
    assert diary(FACTS, day("03-02"), day("05-01"), arranged) == ["03-02 late-4", "03-03..05-01 arrangement"]


def test_an_arrangement_is_spoken_of_part_by_part_and_a_new_part_begins_gently() -> None:
    events = {
        "03-03": change(arranged=True, instalment=Instalment(day("03-12"), eur(2_000))),
        "03-25": change(instalment=Instalment(day("04-13"), eur(2_000)), balance=eur(8_000)),
        "04-14": change(instalment=None),
    }
    assert diary(FACTS, day("03-02"), day("04-30"), events, FULL) == [
        "03-02 late-4",
        "03-03..03-08 not-yet",
        "03-09 part-soon",
        "03-10..03-11 not-yet",
        "03-12 part-today",
        "03-13..03-15 not-yet",
        "03-16 part-missed",
        "03-17..03-22 not-yet",
        "03-23 part-call (call)",
        "03-24 ladder-done",
        "03-25..04-09 not-yet",
        "04-10 part-soon",
        "04-11..04-12 not-yet",
        "04-13 part-today",
        "04-14..04-30 arrangement",
    ]


LATE_4, LATE_12 = (said(f"late-{days}", day("03-02"), rung=rung, balance=10_000) for days, rung in ((4, 1), (12, 2)))


@pytest.mark.parametrize(
    ("heard", "left", "then"),
    [
        ((), 10_000, ["03-24..03-29 not-yet", "03-30 late-4"]),
        ((LATE_4,), 10_000, ["03-24..03-30 not-yet", "03-31 late-12"]),
        ((LATE_4,), 8_000, ["03-24..03-30 not-yet", "03-31 late-4"]),
        ((LATE_12,), 10_000, ["03-24..03-31 not-yet", "04-01 late-21"]),
    ],
    ids=["a week where nothing was said before", "else the ladder's spacing", "after a part", "the higher the longer"],
)
def test_after_an_arrangement_is_over_the_ladder_waits_from_the_last_word_about_it(
    heard: tuple[Said, ...], left: int, then: list[str]
) -> None:
    events = {
        "03-20": change(arranged=True, instalment=Instalment(day("03-20"), eur(2_000))),
        "03-27": change(arranged=False, instalment=None, balance=eur(left)),
    }
    facts = account(invoice(LATE, said=heard))
    told = diary(facts, day("03-20"), day("04-01"), events, FULL)
    assert told[:3] == ["03-20 part-today", "03-21..03-22 not-yet", "03-23 part-missed"]
    assert told[3:5] == then


def test_of_several_words_about_an_arrangement_the_last_one_counts_in_whatever_order_they_are_listed() -> None:
    first, last = (said("part-missed", day(on), anchor=f"instalment/2026-{on}") for on in ("03-02", "03-23"))
    for words in ((first, last), (last, first)):
        facts = account(invoice(LATE, said=words))
        assert diary(facts, day("03-24"), day("03-30"), cadence=FULL) == ["03-24..03-29 not-yet", "03-30 late-4"]


def test_who_is_paused_hears_nothing_until_the_day() -> None:
    paused = {"02-27": change_all(holds=(held(Cause.PAUSED, day("03-09")),))}
    assert diary(FACTS, day("02-26"), day("03-10"), paused) == [
        "02-26 due-today",
        "02-27..03-08 paused",
        "03-09 late-4",
        "03-10 not-yet",
    ]


def test_a_payment_on_its_way_is_waited_for() -> None:
    events = {"03-02": hold(held(Cause.IN_FLIGHT)), "03-05": change(balance=eur(0), holds=())}
    assert diary(FACTS, day("03-01"), day("03-08"), events) == [
        "03-01 not-yet",
        "03-02..03-04 in-flight",
        "03-05..03-08 paid",
    ]


def test_books_that_were_not_read_lately_silence_everybody() -> None:
    stale = account(invoice(LATE), read_at=moment("2026-02-28 12:00"))
    assert diary(stale, day("03-01"), day("03-06"), {"03-05": change_all(read_at=moment("2026-03-05 09:00"))}) == [
        "03-01 not-yet",
        "03-02..03-04 stale",
        "03-05 late-4",
        "03-06 not-yet",
    ]


def test_an_open_credit_that_covers_it_is_spent_first() -> None:
    events = {"03-02": change_all(credits=(eur(10_000),)), "03-05": change_all(credits=(eur(9_999),))}
    assert diary(FACTS, day("03-01"), day("03-06"), events) == [
        "03-01 not-yet",
        "03-02..03-04 covered-by-credit",
        "03-05 late-4",
        "03-06 not-yet",
    ]


def test_who_wrote_to_us_is_answered_by_a_person_first() -> None:
    events = {"03-02": change_all(holds=(held(Cause.REPLIED, day("03-05")),))}
    assert diary(FACTS, day("03-01"), day("03-06"), events) == [
        "03-01 not-yet",
        "03-02..03-04 replied",
        "03-05 late-4",
        "03-06 not-yet",
    ]


@pytest.mark.parametrize(("fact", "cause"), [("bounced", Cause.BOUNCED), ("opted_out", Cause.OPTED_OUT)])
def test_an_address_that_bounced_or_opted_out_is_left_alone_until_there_is_another(fact: str, cause: Cause) -> None:
    events = {"03-10": change_all(**{fact: frozenset({ANN})}), "03-20": change(recipients=(BOB,))}
    assert diary(FACTS, day("03-02"), day("03-21"), events) == [
        "03-02 late-4",
        "03-03..03-09 not-yet",
        f"03-10..03-19 {cause.value}",
        "03-20 late-12",
        "03-21 not-yet",
    ]


@pytest.mark.parametrize("cause", [Cause.BREATHING_SPACE, Cause.AGENCY])
def test_a_death_or_the_agency_ends_all_messages_until_a_person_says_otherwise(cause: Cause) -> None:
    """Neither has an end of its own. A recall begins where the ladder was, one rung at a time."""
    owner = Hold(cause, None, (("who", "Maria"),))
    events = {"03-03": change_all(holds=(owner,)), "06-01": change_all(holds=())}
    assert diary(FACTS, day("03-02"), day("06-09"), events) == [
        "03-02 late-4",
        f"03-03..05-31 {cause.value}",
        "06-01 late-12",
        "06-02..06-09 not-yet",
    ]
    silence = plan(change_all(holds=(owner,))(FACTS), DEFAULT, OFFICE, moment("2026-03-03 10:00")).because[0]
    assert (silence.until, silence.detail) == (None, (("who", "Maria"),))


def test_what_was_long_late_when_the_company_was_connected_is_begun_by_a_person() -> None:
    facts = account(invoice(day("01-01"), 1), invoice(day("01-02"), 2), connected=day("04-02"))
    answer = plan(facts, DEFAULT, OFFICE, moment("2026-04-02 10:00"))
    assert answer.because == (Because(Cause.OLD_AT_START, 1, detail=(("days", "91"),)),)
    assert [line.invoice for action in answer.actions for line in action.lines] == [2]


def test_who_pays_in_parts_hears_the_same_word_once_more_and_then_a_person_takes_over() -> None:
    facts = account(invoice(LATE, said=(said("late-4", day("03-02"), rung=1, balance=10_000),)))
    paying = {"03-05": change(balance=eur(8_000)), "03-20": change(balance=eur(6_000))}
    assert diary(facts, day("03-03"), day("04-05"), paying) == [
        "03-03..03-09 not-yet",
        "03-10 late-4",
        "03-11..03-17 not-yet",
        "03-18 late-12",
        "03-19 not-yet",
        "03-20..04-05 part-payments",
    ]


def test_who_stops_paying_in_parts_hears_the_next_word_after_the_same_one() -> None:
    facts = account(invoice(LATE, said=(said("late-21", day("03-19"), rung=3, balance=10_000),)))
    assert diary(facts, day("03-20"), day("04-20"), {"03-25": change(balance=eur(1_000))}) == [
        "03-20..04-01 not-yet",
        "04-02 late-21",
        "04-03..04-15 not-yet",
        "04-16 late-35",
        "04-17..04-20 ladder-done",
    ]


def test_after_the_last_word_a_part_payment_earns_it_once_more_a_week_later_and_nothing_firmer() -> None:
    facts = account(invoice(LATE, said=(said("late-35", day("04-02"), rung=4, balance=10_000),)))
    assert diary(facts, day("04-03"), day("04-20"), {"04-06": change(balance=eur(1_000))}) == [
        "04-03..04-05 ladder-done",
        "04-06..04-08 not-yet",
        "04-09 late-35",
        "04-10..04-20 ladder-done",
    ]


def test_a_hold_counts_for_the_parts_of_an_arrangement_too() -> None:
    part = Instalment(day("03-02"), eur(2_000))
    events = {"03-02": hold(held(Cause.IN_FLIGHT, day("03-05")))}
    facts = account(invoice(LATE, arranged=True, instalment=part))
    assert diary(facts, day("03-02"), day("03-06"), events, FULL) == [
        "03-02..03-04 in-flight",
        "03-05 part-missed",
        "03-06 not-yet",
    ]
