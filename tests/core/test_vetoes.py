"""The removing half of `plan()`: every cause of silence from the facts that make it, and the edges of each limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from core import vetoes
from core.because import Because, Cause
from core.cadence import Cap, Channel
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, Instalment, InvoiceFacts, InvoiceStatus, TouchFacts, TouchState
from core.money import Money
from core.plan import Plan, plan
from tests.core.builders import (
    ANN,
    BOB,
    DEFAULT,
    OFFICE,
    account,
    day,
    eur,
    held,
    invoice,
    ladder,
    moment,
    parsed,
    said,
    step,
    touched,
)
from tests.core.causes import NOW, TODAY, owed
from tests.core.diaries import FULL

OPENING = moment("2026-03-03 09:00")


def because(facts: AccountFacts, now: datetime = NOW) -> Because:
    """The one silence of a plan without actions."""
    answer = plan(facts, DEFAULT, OFFICE, now)
    assert answer.actions == ()
    assert len(answer.because) == 1
    return answer.because[0]


def test_without_a_cause_against_it_the_invoice_is_spoken_about() -> None:
    answer = plan(account(owed()), DEFAULT, OFFICE, NOW)
    assert [(action.recipients, action.lead) for action in answer.actions] == [((ANN,), "late-4")]
    assert answer.because == ()


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (InvoiceStatus.PAID, Cause.PAID),
        (InvoiceStatus.VOIDED, Cause.GONE),
        (InvoiceStatus.DELETED, Cause.GONE),
        (InvoiceStatus.DRAFT, Cause.DRAFT),
        (InvoiceStatus.UNKNOWN, Cause.UNKNOWN_STATUS),
    ],
)
def test_only_an_open_invoice_is_owed(status: InvoiceStatus, cause: Cause) -> None:
    assert vetoes.not_owed(owed(status=status)) == Because(cause, 1)


@pytest.mark.parametrize(("balance", "is_owed"), [(1, True), (0, False), (-1, False)])
def test_only_something_left_to_pay_is_owed(balance: int, is_owed: bool) -> None:
    assert (vetoes.not_owed(owed(balance=eur(balance))) is None) is is_owed


def test_what_is_paid_is_called_paid_whatever_else_is_true() -> None:
    facts = account(owed(balance=eur(0), holds=(held(Cause.DISPUTE),)), live=False, read_at=None)
    assert because(facts).cause is Cause.PAID


@pytest.mark.parametrize("level", ["account", "invoice"])
def test_a_hold_ends_on_its_day_when_the_company_opens(level: str) -> None:
    def facts(until: date | None) -> AccountFacts:
        holds = (held(Cause.PROMISE, until),)
        return account(owed(), holds=holds) if level == "account" else account(owed(holds=holds))

    assert because(facts(day("03-03"))) == Because(Cause.PROMISE, 1, OPENING)
    assert because(facts(day("03-07"))).until == moment("2026-03-09 09:00"), "a Saturday ends on the Monday"
    assert because(facts(None)).until is None
    assert plan(facts(TODAY), DEFAULT, OFFICE, NOW).actions
    assert plan(facts(day("02-01")), DEFAULT, OFFICE, NOW).actions


def test_a_hold_that_is_over_does_not_hide_one_that_is_not() -> None:
    holds = (held(Cause.PROMISE, day("02-01")), held(Cause.DISPUTE), held(Cause.PAUSED, day("03-03")))
    assert because(account(owed(holds=holds))).cause is Cause.DISPUTE


def test_the_words_of_a_hold_travel_with_it() -> None:
    hold = Hold(Cause.PROMISE, day("03-10"), (("day", "2026-03-05"),))
    assert because(account(owed(holds=(hold,)))).detail == hold.detail


def test_a_hold_on_one_invoice_leaves_the_others_as_they_were() -> None:
    answer = plan(account(owed(holds=(held(Cause.DISPUTE),)), owed(id=2)), DEFAULT, OFFICE, NOW)
    assert [line.invoice for action in answer.actions for line in action.lines] == [2]
    assert answer.because == (Because(Cause.DISPUTE, 1),)


@pytest.mark.parametrize(("hours", "is_stale"), [(0, False), (36, False), (37, True)])
def test_a_reading_is_fresh_for_as_long_as_the_cadence_says(hours: int, is_stale: bool) -> None:
    facts = account(owed(), read_at=NOW - timedelta(hours=hours))
    assert (plan(facts, DEFAULT, OFFICE, NOW).actions == ()) is is_stale
    assert because(replace(facts, read_at=None)).cause is Cause.STALE


@pytest.mark.parametrize("state", list(TouchState))
def test_an_invoice_waits_while_a_message_about_it_is_on_its_way(state: TouchState) -> None:
    facts = account(owed(said=(said("heads-up", day("02-20"), state),)))
    waiting = plan(facts, DEFAULT, OFFICE, NOW).actions == ()
    assert waiting is (state in (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING))


def covered(*invoices: InvoiceFacts, credits: tuple[Money, ...]) -> set[int]:
    return set(vetoes.covered(account(*invoices, credits=credits), DEFAULT, OFFICE, TODAY))


def test_credit_covers_the_oldest_due_first_and_whole_invoices_only() -> None:
    three = [invoice(day(f"02-{due}"), id, balance=eur(100)) for id, due in ((1, "20"), (2, "10"), (3, "15"))]
    assert covered(*three, credits=(eur(99),)) == set()
    assert covered(*three, credits=(eur(101),)) == {2}
    assert covered(*three, credits=(eur(250),)) == {2, 3}
    assert covered(*three, credits=(eur(300),)) == {1, 2, 3}


def test_credit_that_goes_into_an_older_invoice_does_not_cover_a_newer_one() -> None:
    older, newer = invoice(day("02-10"), 1, balance=eur(500)), invoice(day("02-20"), 2, balance=eur(100))
    assert covered(older, newer, credits=(eur(400),)) == set()
    assert covered(older, newer, credits=(eur(600),)) == {1, 2}


def test_credit_of_exactly_the_sum_of_an_invoice_belongs_to_it() -> None:
    older, newer = invoice(day("02-10"), 1, balance=eur(500)), invoice(day("02-20"), 2, balance=eur(100))
    assert covered(older, newer, credits=(eur(100),)) == {2}
    twins = [invoice(day("02-10"), id, balance=eur(100)) for id in (1, 2)]
    assert covered(*twins, credits=(eur(100),)) == {1}, "and to no two"


def test_an_invoice_that_is_left_alone_anyway_uses_up_no_credit() -> None:
    newer = invoice(day("02-20"), 2, balance=eur(100))
    tomorrow = TODAY + timedelta(days=1)
    for holds, ids in (
        ((held(Cause.DISPUTE),), {2}),
        ((held(Cause.PROMISE, tomorrow),), {2}),
        ((held(Cause.PROMISE, TODAY),), {1}),
    ):
        older = invoice(day("02-10"), 1, balance=eur(100), holds=holds)
        assert covered(older, newer, credits=(eur(150),)) == ids


def test_what_is_arranged_uses_credit_up_only_where_its_parts_are_spoken_of() -> None:
    part = Instalment(day("03-09"), eur(50))
    older, newer = invoice(day("02-10"), 1, balance=eur(100)), invoice(day("02-20"), 2, balance=eur(100))
    for instalment, cadence, ids in ((part, FULL, {1}), (None, FULL, {2}), (part, DEFAULT, {2})):
        facts = account(replace(older, arranged=True, instalment=instalment), newer, credits=(eur(150),))
        assert vetoes.covered(facts, cadence, OFFICE, TODAY) == ids


def test_each_credit_covers_what_it_can() -> None:
    euros, dollars = invoice(day("02-10"), 1, balance=eur(500)), invoice(day("02-20"), 2, balance=Money(700, "USD"))
    assert covered(euros, dollars, credits=(Money(700, "USD"), eur(500))) == {1, 2}
    assert covered(euros, dollars, credits=(Money(900, "USD"), eur(100))) == {2}


def test_credit_covers_nothing_in_another_currency_and_is_not_used_up_by_what_is_paid() -> None:
    paid, open_ = invoice(day("02-10"), 1, status=InvoiceStatus.PAID), invoice(day("02-20"), 2, balance=eur(100))
    assert covered(paid, open_, credits=(Money(100_000, "USD"),)) == set()
    assert covered(paid, open_, credits=(Money(100_000, "USD"), eur(100))) == {2}


def test_where_no_due_date_is_known_the_day_of_issue_stands_in() -> None:
    undated = invoice(None, 1, balance=eur(100), issued=day("01-01"))
    assert covered(undated, invoice(day("02-10"), 2, balance=eur(100)), credits=(eur(150),)) == {1}


@pytest.mark.parametrize(
    ("closed", "cause"),
    [("refused", Cause.ADDRESS_REFUSED), ("bounced", Cause.BOUNCED), ("opted_out", Cause.OPTED_OUT)],
)
def test_who_cannot_or_will_not_be_written_to_is_left_out_and_the_others_are_not(closed: str, cause: Cause) -> None:
    both, bob, ann = owed(recipients=(ANN, BOB)), owed(id=2, recipients=(BOB,)), owed(id=3)
    answer = plan(account(both, bob, ann, **{closed: frozenset({ANN})}), DEFAULT, OFFICE, NOW)
    assert [action.recipients for action in answer.actions] == [(BOB,)]
    assert [line.invoice for line in answer.actions[0].lines] == [1, 2]
    assert answer.because == (Because(cause, 3),)


def test_of_several_reasons_why_nobody_is_left_the_readers_own_wish_is_named_first() -> None:
    ann, bob, both = frozenset({ANN}), frozenset({BOB}), (ANN, BOB)
    assert vetoes.no_address(both, account(opted_out=bob, bounced=ann)) == Because(Cause.OPTED_OUT)
    assert vetoes.no_address(both, account(bounced=bob, refused=ann)) == Because(Cause.BOUNCED)
    assert vetoes.no_address(both, account(refused=ann | bob)) == Because(Cause.ADDRESS_REFUSED)
    assert vetoes.no_address((), account(opted_out=ann)) == Because(Cause.NO_ADDRESS)
    assert vetoes.no_address(both, account(opted_out=ann)) is None


def too_often(
    *touches: TouchFacts,
    recipients: tuple[str, ...] = (ANN,),
    now: datetime = NOW,
    caps: tuple[Cap, ...] = (),
    calendar: Calendar = OFFICE,
    **limits: int,
) -> Because | None:
    cadence = ladder(4, **limits)
    return vetoes.too_often(recipients, touches, cadence, (*cadence.caps, *caps), calendar, now)


def elsewhere(touch: TouchFacts) -> TouchFacts:
    """The same message, about another account."""
    return replace(touch, own=False)


def test_one_message_a_day_to_one_account_and_to_one_person_in_whatever_company() -> None:
    for recipients in ((ANN,), (ANN, BOB)):
        assert too_often(elsewhere(touched(TODAY, *recipients))) == Because(Cause.ONE_A_DAY, until=OPENING)
    assert too_often(elsewhere(touched(TODAY, ANN)), recipients=(ANN, BOB)) == Because(Cause.ONE_A_DAY, until=OPENING)
    assert too_often(touched(TODAY, BOB)) == Because(Cause.ONE_A_DAY, until=OPENING), "to somebody else of this account"
    assert too_often(elsewhere(touched(TODAY, BOB))) is None, "to somebody else of another account"
    assert too_often(touched(day("02-01")), touched(TODAY)) == Because(Cause.ONE_A_DAY, until=OPENING), "the last one"


@pytest.mark.parametrize(
    ("last", "until"),
    [
        ("02-28 10:00", None),
        ("02-28 10:01", "2026-03-02 10:01"),
        ("02-28 16:59", "2026-03-02 16:59"),
        ("02-28 17:00", "2026-03-03 09:00"),  # the hours are over by then
        ("03-01 09:00", "2026-03-03 09:00"),
        ("03-01 12:00", "2026-03-03 12:00"),
    ],
)
def test_hours_lie_between_two_messages_to_one_person(last: str, until: str | None) -> None:
    on, at = last.split()
    answer = too_often(touched(day(on), at=at), touched(day("02-01")))
    assert answer == (Because(Cause.GAP, until=moment(until)) if until else None)


@pytest.mark.parametrize(("hours", "is_soon"), [(24, False), (48, False), (49, True), (72, True)])
def test_how_many_hours_is_the_cadences_to_say(hours: int, is_soon: bool) -> None:
    assert (too_often(touched(day("02-28"), at="10:00"), gap_hours=hours) is not None) is is_soon


@pytest.mark.parametrize(("on", "until"), [("02-27", None), ("02-28", "2026-03-03 09:00")])
def test_a_message_whose_moment_is_not_known_counts_as_the_end_of_its_day(on: str, until: str | None) -> None:
    answer = too_often(TouchFacts((ANN,), day(on)))
    assert answer == (Because(Cause.GAP, until=moment(until)) if until else None)


def test_the_gap_is_kept_to_an_account_and_to_a_person() -> None:
    soon = touched(day("03-01"), BOB)
    assert too_often(soon) is not None
    assert too_often(elsewhere(soon)) is None
    assert too_often(elsewhere(soon), recipients=(ANN, BOB)) is not None


@pytest.mark.parametrize(
    ("days", "until"),
    [
        (["02-24", "02-26"], "2026-03-03"),  # the 24th leaves the seven days on the third
        (["02-23", "02-26"], None),
        (["02-26"], None),
        (["02-24", "02-25", "02-26"], "2026-03-04"),  # three, in an earlier cadence: the second must leave
    ],
)
def test_a_week_has_its_limit(days: list[str], until: str | None) -> None:
    answer = too_often(*(touched(day(one), BOB) for one in days), gap_hours=24)
    detail = (("limit", "2"), ("days", "7"))
    assert answer == (Because(Cause.BUDGET, until=moment(f"{until} 09:00"), detail=detail) if until else None)


@pytest.mark.parametrize(("first", "is_full"), [("02-02", True), ("02-01", True), ("01-31", False)])
def test_thirty_days_have_their_limit(first: str, is_full: bool) -> None:
    answer = too_often(touched(day(first), BOB), touched(day("02-15"), BOB), month_limit=2)
    assert (answer is not None) is is_full
    if answer is not None:
        assert answer.detail == (("limit", "2"), ("days", "30"))
        assert answer.until == OFFICE.opening(day(first) + timedelta(days=30))


def test_a_limit_counts_for_the_account_and_for_each_of_its_readers_apart() -> None:
    days = [day("02-24"), day("02-26")]
    to_ann, to_bob = ([elsewhere(touched(one, who)) for one in days] for who in (ANN, BOB))
    both = (ANN, BOB)
    assert too_often(*to_ann) is not None
    assert too_often(*to_bob) is None
    assert too_often(*to_bob, recipients=both) is not None, "Bob has heard enough"
    one_each = (elsewhere(touched(days[0], ANN)), elsewhere(touched(days[1], BOB)))
    assert too_often(*one_each, recipients=both) is None, "neither has"
    assert too_often(touched(days[0], "carl@customer.test"), elsewhere(touched(days[1], ANN))) is None


@pytest.mark.parametrize(("cap", "is_full"), [(Cap(2, 10), True), (Cap(2, 9), False), (Cap(3, 10), False)])
def test_a_limit_from_outside_the_cadence_counts_too(cap: Cap, is_full: bool) -> None:
    heard = touched(day("02-21")), touched(day("02-26"))
    answer = too_often(*heard, caps=(cap,), week_limit=3)
    assert (answer is not None) is is_full
    if answer is not None:
        assert answer.detail == (("limit", "2"), ("days", "10"))


def test_the_stricter_of_several_limits_wins() -> None:
    heard = touched(day("02-24")), touched(day("02-26"))
    facts = account(owed(), touches=heard, caps=(Cap(3, 7), Cap(10, 30)))
    assert because(facts).detail == (("limit", "2"), ("days", "7"))
    assert because(replace(facts, touches=heard[1:], caps=(Cap(1, 7),))).detail == (("limit", "1"), ("days", "7"))


def test_two_messages_to_one_account_do_not_go_out_on_one_day_even_to_different_people() -> None:
    to_ann, to_both, to_bob = (
        owed(recipients=(ANN,)),
        invoice(day("02-20"), 2, recipients=(ANN, BOB)),
        owed(id=3, recipients=(BOB,)),
    )
    answer = plan(account(to_ann, to_both, to_bob), DEFAULT, OFFICE, NOW)
    assert [action.recipients for action in answer.actions] == [(ANN,)]
    assert answer.because == (Because(Cause.ONE_A_DAY, 2, OPENING), Because(Cause.ONE_A_DAY, 3, OPENING))


def test_outside_the_hours_it_waits_for_the_next_opening() -> None:
    assert vetoes.outside_hours(OFFICE, NOW) is None
    evening = moment("2026-03-06 17:00")
    assert vetoes.outside_hours(OFFICE, evening) == Because(Cause.OUTSIDE_HOURS, until=moment("2026-03-09 09:00"))


def test_a_limit_is_named_before_the_hours_because_it_lasts_longer() -> None:
    night = Calendar(opens=time(9), closes=time(9, 30))
    answer = plan(account(owed(), touches=(touched(TODAY),)), DEFAULT, night, NOW)
    assert [one.cause for one in answer.because] == [Cause.ONE_A_DAY]


def test_a_step_whose_channel_is_not_set_up_is_not_silently_passed_over() -> None:
    texts = parsed(step("text", 4, channel="'sms'"), step("late-12", 12))
    facts = account(invoice(day("02-12")))
    assert plan(replace(facts, channels=frozenset(Channel)), texts, OFFICE, NOW).actions
    answer = plan(facts, texts, OFFICE, NOW)
    detail = (("step", "text"), ("channel", "sms"))
    assert answer == Plan((), OPENING, (Because(Cause.NO_CHANNEL, 1, OPENING, detail),))
