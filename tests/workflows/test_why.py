"""Why, for any day: kept answers, changes within a day, what was said or left unsaid, days to come, days unrecorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete

from core.because import Because, Cause
from models import Decision
from tests.stories.days import EVENING, effects_of, town_of
from tests.town import Town
from workflows import companies, dispatcher, holds, planner, why
from workflows.answered import coded
from workflows.errors import Refusal
from workflows.why import Answer, Source, Span, Why

DUE = date(2026, 3, 9)
MONDAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def lived() -> Iterator[Town]:
    """A-1 is due on Monday the ninth; it is Friday evening the thirteenth, and nobody changes anything any more."""
    with town_of("quickbooks", ("A-1", "fern", DUE), ("A-2", "fern", DUE + timedelta(days=60))) as town:
        town.at(date(2026, 3, 13), EVENING)
        yield town


@pytest.fixture
def fresh() -> Iterator[Town]:
    """The same town on its first evening, to be changed."""
    with town_of("quickbooks", ("A-1", "fern", DUE)) as town:
        town.at(MONDAY, EVENING)
        yield town


def asked(town: Town, day: date) -> Why:
    return why.why(town.rt, town.account("A-1").id, day)


def causes(town: Town, answer: Answer) -> dict[str, str]:
    """Invoice number to cause."""
    numbers = why_numbers(town)
    return {numbers[one.invoice or 0]: one.cause.value for one in answer.because}


def why_numbers(town: Town) -> dict[int, str]:
    return {town.invoice(number).id: number for number in ("A-1", "A-2")}


def test_a_day_on_which_nothing_was_said_has_the_answer_that_stood(lived: Town) -> None:
    found = asked(lived, date(2026, 3, 7))
    assert (found.source, found.heard, found.unsaid) == (Source.KEPT, (), ())
    (stood,) = found.answers
    assert stood.since < datetime(2026, 3, 7, tzinfo=UTC), "it was given earlier, and stood"
    assert causes(lived, stood) == {"A-1": "not-yet", "A-2": "not-yet"}
    assert ("step", "due-today") in stood.because[0].detail


def test_a_day_on_which_something_was_said_shows_it_with_its_evidence_and_the_changes_of_the_answer(
    lived: Town,
) -> None:
    found = asked(lived, date(2026, 3, 9))
    (heard,) = found.heard
    assert (heard.step, heard.state, heard.kind) == ("due-today", "sent", "message")
    assert heard.recipients == ("fern@customers.example",)
    assert [balance for _, _, balance in heard.evidence["balances"]] == ["100.00 USD"]
    before, wanted, after, *_ = found.answers
    assert before.since < datetime(2026, 3, 9, tzinfo=UTC) < wanted.since <= after.since
    assert [(one.step, one.invoices) for one in wanted.wanted] == [("due-today", (lived.invoice("A-1").id,))]
    assert causes(lived, found.answers[-1]) == {"A-1": "not-yet", "A-2": "not-yet"}


def test_every_day_since_the_connection_has_an_answer_and_no_silence_is_without_a_because(lived: Town) -> None:
    for place in range(12):
        day = MONDAY + timedelta(days=place)
        found = asked(lived, day)
        assert found.source is Source.KEPT
        last = found.answers[-1]
        spoken = {invoice for one in found.heard for invoice in one.invoices}
        assert spoken | {one.invoice for one in last.because} == set(why_numbers(lived)), day


def test_runs_of_the_same_silence_are_folded_and_a_day_with_a_message_stands_alone(lived: Town) -> None:
    spans = why.spans(lived.rt, lived.account("A-1").id, date(2026, 2, 1), date(2026, 3, 31))

    def line(span: Span) -> tuple[str, list[str], set[str]]:
        return f"{span.first:%d}-{span.last:%d}", [one.step for one in span.heard], {one.cause for one in span.because}

    assert [line(one) for one in spans] == [
        ("02-03", [], {"not-yet"}),
        ("04-04", ["heads-up"], {"not-yet"}),
        ("05-08", [], {"not-yet"}),
        ("09-09", ["due-today"], {"not-yet"}),
        ("10-12", [], {"not-yet"}),
        ("13-13", ["late-4"], {"not-yet"}),  # today; the days to come are not in it
    ]
    assert [one.invoice for one in spans[1].because] == [lived.invoice("A-2").id], "A-1 was spoken about"
    assert why.spans(lived.rt, lived.account("A-1").id, date(2026, 3, 20), date(2026, 3, 31)) == ()


def test_before_the_first_record_it_says_so_and_invents_nothing(lived: Town) -> None:
    found = asked(lived, date(2026, 3, 1))
    assert (found.source, found.answers, found.heard) == (Source.NOTHING, (), ())
    assert asked(lived, date(2, 2, 9)).source is Source.NOTHING


def test_a_day_to_come_is_worked_out_as_if_nothing_else_happened(lived: Town) -> None:
    found = asked(lived, date(2026, 3, 23))  # a Monday, after the weekend on which late-12 is reached
    assert found.source is Source.AHEAD
    rest, wanted = found.answers
    assert [(one.step, one.invoices) for one in wanted.wanted] == [("late-12", (lived.invoice("A-1").id,))]
    assert wanted.since == datetime(2026, 3, 23, 13, tzinfo=UTC), "at nine in New York, in summer time"
    assert causes(lived, rest) == {"A-2": "not-yet"}
    (quiet,) = asked(lived, date(2026, 3, 24)).answers
    assert causes(lived, quiet) == {"A-1": "not-yet", "A-2": "not-yet"}
    assert ("step", "late-21") in quiet.because[0].detail, "it knows what will have been said by then"


def test_a_day_to_come_knows_the_holds_of_today(fresh: Town) -> None:
    holds.hold(fresh.rt, fresh.account("A-1").id, Cause.PAUSED, until=date(2026, 3, 12))
    (paused,) = asked(fresh, date(2026, 3, 9)).answers
    assert [one.cause for one in paused.because] == [Cause.PAUSED]
    (after,) = asked(fresh, date(2026, 3, 12)).answers
    assert [one.cause for one in after.because] == [Cause.NOT_YET]


def test_what_is_on_its_way_now_counts_as_said_by_then(fresh: Town) -> None:
    fresh.at(date(2026, 3, 4), 13)  # before New York opens
    fresh.clock.move(datetime(2026, 3, 4, 15, tzinfo=UTC))
    planner.plan_due(fresh.rt)
    assert [one.state for one in effects_of(fresh)] == ["due"]
    (today,) = why.spans(fresh.rt, fresh.account("A-1").id, date(2026, 3, 4), date(2026, 3, 4))
    assert ([one.step for one in today.wanted], today.because) == (["heads-up"], ())
    (quiet,) = asked(fresh, date(2026, 3, 6)).answers
    assert [(one.cause, dict(one.detail)["step"]) for one in quiet.because] == [(Cause.NOT_YET, "due-today")]


def test_a_day_more_than_a_year_away_is_refused(lived: Town) -> None:
    assert asked(lived, date(2027, 3, 14)).source is Source.AHEAD
    for day in (date(2027, 3, 15), date.max, date.min):
        with pytest.raises(Refusal, match="at most a year"):
            asked(lived, day)


def test_today_without_a_record_is_worked_out(fresh: Town) -> None:
    with fresh.rt.store.write() as session:
        session.execute(delete(Decision))
    found = asked(fresh, MONDAY)
    assert (found.source, [one.cause for one in found.answers[0].because]) == (Source.AHEAD, [Cause.NOT_YET])
    assert asked(fresh, MONDAY - timedelta(days=1)).source is Source.NOTHING


def test_what_the_mail_server_refused_is_named_with_its_reason(fresh: Town) -> None:
    fresh.mailbox.plan_fault("refuse", times=1)
    fresh.at(date(2026, 3, 4), EVENING)
    found = asked(fresh, date(2026, 3, 4))
    (unsaid,) = found.unsaid
    assert (unsaid.step, unsaid.state, unsaid.invoices) == ("heads-up", "rejected", (fresh.invoice("A-1").id,))
    assert unsaid.note
    assert [one.cause for one in found.answers[-1].because] == [Cause.ADDRESS_REFUSED]


def test_what_was_left_unsaid_at_the_door_is_named_with_its_reason(fresh: Town) -> None:
    fresh.at(date(2026, 3, 4), 13)  # before New York opens
    fresh.transfer("quickbooks", "A-1", "100.00")
    fresh.clock.move(datetime(2026, 3, 4, 15, tzinfo=UTC))
    planner.plan_due(fresh.rt)  # nobody has told us of the payment yet
    (effect,) = effects_of(fresh)
    fresh.clock.move(effect.not_before)
    dispatcher.perform_due(fresh.rt)
    (unsaid,) = asked(fresh, date(2026, 3, 4)).unsaid
    assert (unsaid.state, unsaid.note) == ("dropped", "Asked again before sending; left unsaid: paid.")


def test_a_change_within_the_day_is_told_with_its_moment(fresh: Town) -> None:
    companies.set_paused(fresh.rt, fresh.company("quickbooks").id, on=True)
    planner.plan_due(fresh.rt)
    found = asked(fresh, MONDAY)
    assert [one.cause for one in found.answers[-1].because] == [Cause.PAUSED]
    assert found.answers[-1].since == fresh.now
    assert [one.cause for one in found.answers[-2].because] == [Cause.NOT_YET]


def test_a_silence_that_outlasted_its_end_does_not_name_a_moment_that_is_over(fresh: Town) -> None:
    until = datetime(2026, 3, 3, 14, tzinfo=UTC)
    account = fresh.account("A-1").id
    with fresh.rt.store.write() as session:
        session.execute(delete(Decision))
        kept = [coded(Because(Cause.GAP, 1, until))]
        session.add(Decision(account_id=account, at=datetime(2026, 2, 2, 9, tzinfo=UTC), because=kept, actions=[]))
    assert asked(fresh, date(2026, 3, 1)).answers[0].because == (Because(Cause.GAP, 1, until),)
    fresh.at(date(2026, 3, 3), EVENING)
    with fresh.rt.store.write() as session:
        session.execute(delete(Decision).where(Decision.at > datetime(2026, 2, 3, tzinfo=UTC)))
    fresh.clock.move(datetime(2026, 3, 6, 12, tzinfo=UTC))
    assert asked(fresh, date(2026, 3, 5)).answers[0].because == (Because(Cause.GAP, 1, None),)


def test_a_silence_is_read_back_as_it_was_kept() -> None:
    kept = [Because(Cause.NOT_YET, 7, datetime(2026, 3, 3, 9, tzinfo=UTC), (("step", "late-4"),)), Because(Cause.STALE)]
    assert why.decoded([coded(one) for one in kept]) == tuple(kept)
