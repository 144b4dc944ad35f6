"""When a step is reached, whether it applies and who hears it: delays, working days, conditions, days out of sight."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import Cadence, Payer, Reason
from core.calendars import Calendar
from core.facts import InvoiceFacts, InvoiceStatus
from core.ladder import Proposal, propose
from core.language import parse_cadence
from core.money import Money
from core.plan import plan
from core.replay import replay
from core.timetable import timetable
from tests.core.builders import (
    ANN,
    BOB,
    DEFAULT,
    OFFICE,
    account,
    day,
    eur,
    invoice,
    ladder,
    moment,
    parsed,
    said,
    step,
    told,
    touched,
)

MONDAY, DUE = day("03-02"), day("03-09")
NOON = moment("2026-03-02 12:00")


def proposed(
    facts: InvoiceFacts, today: date, cadence: Cadence = DEFAULT, **more: Any
) -> tuple[Proposal, ...] | Because:
    return propose(facts, account(facts, **more), timetable(cadence, OFFICE), today)


STEADY = {"payer": Payer.STEADY, "usual_delay": 6}


def first_day(cadence: Cadence, **more: Any) -> str | None:
    """The day on which the first follow-up is said."""
    for today in (DUE + timedelta(days=count) for count in range(1, 40)):
        answer = proposed(invoice(DUE), today, cadence, **more)
        if not isinstance(answer, Because):
            return f"{today:%m-%d}"
    return None


def test_the_usual_delay_of_a_steady_payer_is_waited_out_as_far_as_the_cadence_says() -> None:
    patient = ladder(4, 20, wait_days=5)
    assert first_day(patient) == "03-13"
    assert first_day(patient, **STEADY) == "03-18"
    assert first_day(patient, **{**STEADY, "usual_delay": 2}) == "03-16", "the fifteenth is a Sunday"
    assert first_day(patient, **{**STEADY, "usual_delay": -4}) == "03-13", "who pays early is not asked earlier"
    assert first_day(patient, payer=Payer.SLOW, usual_delay=6) == "03-13"
    assert first_day(ladder(4), **STEADY) == "03-13", "a cadence that does not wait"


def test_a_broken_promise_is_spoken_of_without_waiting_for_a_usual_delay() -> None:
    cadence = parsed(step("late", 4), step("broken", 4, anchor="'promise'"), wait_days=10)
    facts = invoice(DUE, broken=day("03-12"))
    assert isinstance(proposed(facts, day("03-13"), cadence, **STEADY), Because)
    assert not isinstance(proposed(facts, day("03-16"), cadence, **STEADY), Because)


@pytest.mark.parametrize("happened", ["broken", "resolved"])
def test_what_is_delivered_after_a_promise_or_a_dispute_is_given_its_days_too(happened: str) -> None:
    cadence = parsed(
        step("late", 4), step("broken", 1, anchor="'promise'"), step("over", 1, anchor="'dispute-resolved'")
    )
    facts = invoice(DUE, **{happened: day("03-10"), "delivered": day("03-13")})
    assert isinstance(proposed(facts, day("03-15"), cadence), Because)
    assert not isinstance(proposed(facts, day("03-16"), cadence), Because)


def test_a_nudge_does_not_wait_for_a_usual_delay() -> None:
    answer = proposed(invoice(DUE), DUE, ladder(0, 4, wait_days=5), **STEADY)
    assert not isinstance(answer, Because)


@pytest.mark.parametrize(
    ("offset", "due", "reached"),
    [(3, "03-06", "03-11"), (3, "03-02", "03-05"), (5, "03-02", "03-09"), (3, "04-01", "04-08")],
)
def test_working_days_do_not_count_weekends_and_holidays(offset: int, due: str, reached: str) -> None:
    easter = Calendar(holidays=frozenset({day("04-03"), day("04-06")}))
    cadence = parsed(step("late", offset, days="'working'"))
    facts = invoice(day(due))
    for today in (day(due) + timedelta(days=count) for count in range(20)):
        said_now = not isinstance(propose(facts, account(facts), timetable(cadence, easter), today), Because)
        assert said_now is (today >= day(reached))


def test_a_heads_up_in_working_days_comes_that_many_before() -> None:
    cadence = parsed(step("soon", -3, "friendly", days="'working'"), step("late", 4))
    assert isinstance(proposed(invoice(DUE), day("03-03"), cadence), Because)
    assert not isinstance(proposed(invoice(DUE), day("03-04"), cadence), Because)


CONDITIONS = [
    ("amount_at_least = 100", {}, {}, True),
    ("amount_at_least = 100.01", {}, {}, False),
    ("account_at_least = 100", {}, {}, True),
    ("account_at_least = 100.01", {}, {}, False),
    ("segments = ['key', 'other']", {}, {"segment": "key"}, True),
    ("segments = ['key']", {}, {"segment": ""}, False),
    ("not_segments = ['key']", {}, {"segment": "key"}, False),
    ("not_segments = ['key']", {}, {"segment": "other"}, True),
    ("payers = ['slow', 'unsure']", {}, {"payer": Payer.UNSURE}, True),
    ("payers = ['slow']", {}, {"payer": Payer.NEW}, False),
    ("open_at_least = 1", {}, {}, True),
    ("open_at_least = 2", {}, {}, False),
    ("open_at_most = 1", {}, {}, True),
    ("currencies = ['USD', 'EUR']", {}, {}, True),
    ("currencies = ['USD']", {}, {}, False),
    ("reasons = ['forgot']", {"told": told(Reason.FORGOT, day("02-01"))}, {}, True),
    ("reasons = ['forgot']", {"told": told(Reason.COPY, day("02-01"))}, {}, False),
    ("reasons = ['forgot']", {}, {}, False),
    ("amount_at_least = 50, segments = ['key']", {}, {"segment": "key"}, True),
    ("amount_at_least = 50, segments = ['key']", {}, {"segment": ""}, False),
]


@pytest.mark.parametrize(("when", "of_invoice", "of_account", "applies"), CONDITIONS)
def test_a_step_with_a_condition_is_said_only_where_it_holds(
    when: str, of_invoice: dict[str, Any], of_account: dict[str, Any], applies: bool
) -> None:
    cadence = parsed(step("late", 4, when=f"{{{when}}}"))
    facts = invoice(day("02-26"), **of_invoice)
    answer = proposed(facts, MONDAY, cadence, **of_account)
    assert (answer == Because(Cause.CONDITION, 1)) is not applies
    assert isinstance(answer, Because) is not applies


def test_a_word_long_before_the_day_stays_true_until_it() -> None:
    answer = proposed(invoice(DUE), DUE, ladder(-20, 4))
    assert not isinstance(answer, Because)
    assert isinstance(proposed(invoice(DUE), DUE + timedelta(days=1), ladder(-20, 4)), Because)


def test_a_welcome_is_said_within_ten_days_or_not_at_all() -> None:
    welcome = parsed(step("welcome", 1, "friendly", anchor="'issued'"))
    facts = invoice(day("04-20"), issued=day("03-01"))  # a Sunday; the welcome is for Monday
    assert not isinstance(proposed(facts, day("03-12"), welcome), Because)
    assert isinstance(proposed(facts, day("03-13"), welcome), Because)


def test_a_welcome_counts_from_the_delivery_of_its_own_invoice() -> None:
    welcome = parsed(step("welcome", 2, "friendly", anchor="'issued'"))
    early, late = (invoice(DUE, issued=day("02-20"), delivered=day(on)) for on in ("02-24", "02-27"))
    assert isinstance(proposed(late, day("02-26"), welcome), Because)
    assert not isinstance(proposed(early, day("02-26"), welcome), Because)


def test_what_is_left_to_pay_counts_to_the_last_cent() -> None:
    two = parsed(step("late", 4, when="{open_at_least = 2}"))
    mine, cent, paid = invoice(day("02-26"), 1), invoice(DUE, 2, balance=eur(1)), invoice(DUE, 3, balance=eur(0))
    for other, is_said in ((cent, True), (paid, False)):
        answer = propose(mine, account(mine, other), timetable(two, OFFICE), MONDAY)
        assert isinstance(answer, tuple) is is_said


def test_sums_and_counts_are_those_of_what_is_open_in_the_same_currency() -> None:
    mine = invoice(day("02-26"), 1)
    paid = invoice(day("02-26"), 2, status=InvoiceStatus.PAID)
    nothing = invoice(day("02-26"), 3, balance=eur(0))
    dollars = invoice(day("02-26"), 4, balance=Money(99_900, "USD"))
    facts = account(mine, paid, nothing, dollars)

    def applies(when: str) -> bool:
        table = timetable(parsed(step("late", 4, when=f"{{{when}}}")), OFFICE)
        return not isinstance(propose(mine, facts, table, MONDAY), Because)

    assert applies("account_at_least = 100")
    assert not applies("account_at_least = 101")
    assert applies("open_at_least = 2")
    assert not applies("open_at_least = 3")
    assert applies("open_at_most = 2")
    assert not applies("open_at_most = 1")


def test_a_step_whose_condition_does_not_hold_is_passed_over_and_not_called_missed() -> None:
    cadence = parsed(step("a", 4), step("b", 8, when="{amount_at_least = 101}"), step("c", 12))
    answer = proposed(invoice(day("02-02"), said=(said("a", day("02-06")),)), MONDAY, cadence)
    assert not isinstance(answer, Because)
    assert (answer[0].step.name, answer[0].missed) == ("c", ())
    last = invoice(day("02-02"), said=(said("c", day("02-16")),))
    assert proposed(last, MONDAY, cadence) == Because(Cause.LADDER_DONE, 1)


def test_a_cadence_in_the_place_of_one_that_is_gone_has_a_timetable_of_its_own() -> None:
    calendar, gone, new = Calendar(), ladder(4), ladder(9)
    calendar.memory[id(new)] = timetable(gone, calendar)
    assert timetable(new, calendar).cadence is new
    assert timetable(new, calendar) is timetable(new, calendar)


@pytest.mark.parametrize("due", [date.min, date(1, 6, 1), date(9998, 12, 31), date.max])
def test_a_date_that_stands_for_never_is_only_a_date(due: date) -> None:
    for issued in (date.min, day("03-01"), date.max):
        answer = proposed(invoice(due, issued=issued, resolved=date.max, broken=date.min), MONDAY)
        assert isinstance(answer, Because)


# --- to whom ---------------------------------------------------------------------------------------------------------

CARL, PAT = "carl@customer.test", "pat@customer.test"


def readers_of(to: str, sender: str = "", **more: Any) -> list[tuple[str, ...]]:
    """Who hears a follow-up about an invoice to Ann of the customer Bob, whose people the ledger mails are Pat."""
    cadence = parse_cadence(f"name = 'to'\ntitle = 'To'\n{sender}\n{step('late', 4)}{to}")
    facts = account(invoice(day("02-26")), **{"emails": (BOB,), "people": (PAT,)} | more)
    return [one.recipients for one in plan(facts, cadence, OFFICE, NOON).actions]


@pytest.mark.parametrize(
    ("to", "heard_by"),
    [
        ("", (ANN,)),
        ("to = ['invoice']", (ANN,)),
        ("to = ['account']", (BOB,)),
        ("to = ['everyone']", (ANN, BOB, PAT)),
        ("to = ['Carl@Customer.test']", (CARL,)),
        ("to = ['carl@customer.test', 'invoice']", (ANN, CARL)),
        ("to = ['account', 'bob@customer.test', 'invoice', 'account']", (ANN, BOB)),
    ],
)
def test_a_step_is_written_to_whom_it_names_each_once_and_in_order(to: str, heard_by: tuple[str, ...]) -> None:
    assert readers_of(to) == [heard_by]


SENDERS = "[normal]\nto = ['account']\n[escalated]\nto = ['carl@customer.test']"


@pytest.mark.parametrize(
    ("to", "sender", "heard_by"),
    [
        ("", SENDERS, BOB),
        ("escalated = true", SENDERS, CARL),
        ("escalated = true\nto = ['invoice']", SENDERS, ANN),
        ("escalated = true", "[normal]\nto = ['account']", BOB),
        ("escalated = true", "", ANN),
    ],
)
def test_the_step_names_its_readers_else_the_escalated_sender_does_else_the_normal_one(
    to: str, sender: str, heard_by: str
) -> None:
    assert readers_of(to, sender) == [(heard_by,)]


def test_who_opted_out_or_cannot_be_reached_is_left_out_of_everyone() -> None:
    everyone = "to = ['everyone']"
    assert readers_of(everyone, opted_out=frozenset({ANN})) == [(BOB, PAT)]
    assert readers_of(everyone, bounced=frozenset({BOB}), refused=frozenset({PAT})) == [(ANN,)]
    assert readers_of(everyone, bounced=frozenset({ANN, BOB}), opted_out=frozenset({PAT})) == []


def test_where_nobody_it_names_has_an_address_the_silence_says_so_and_another_step_still_speaks() -> None:
    cadence = parsed(step("first", 4, to="['account']"), step("second", 9))
    facts = account(invoice(day("02-26"), said=()))
    (because,) = plan(facts, cadence, OFFICE, NOON).because
    assert because == Because(Cause.NO_ADDRESS, 1, moment("2026-03-03 09:00")), "and it is asked anew tomorrow"
    first = said("first", day("02-16"))
    heard = account(invoice(day("02-12"), said=(first,)))
    assert [one.lead for one in plan(heard, cadence, OFFICE, NOON).actions] == ["second"]
    nowhere = account(invoice(day("04-26"), recipients=()))
    assert plan(nowhere, cadence, OFFICE, NOON).because == (Because(Cause.NO_ADDRESS, 1),), "long before its day"


def test_what_goes_to_the_same_people_is_one_message_whatever_it_is_called() -> None:
    cadence = parsed(step("heads-up", -3, "friendly", to="['account']"), step("late", 4))
    facts = account(invoice(day("03-05"), 1), invoice(day("02-26"), 2, recipients=(BOB,)), emails=(BOB,))
    (action,) = plan(facts, cadence, OFFICE, NOON).actions
    assert (action.recipients, action.lead) == ((BOB,), "late")
    assert [line.invoice for line in action.lines] == [2, 1]


def test_what_goes_to_others_too_waits_for_another_day() -> None:
    """The firmer word first; the account, and each who reads both, hears once a day and after the hours between."""
    cadence = parsed(step("heads-up", -3, "friendly"), step("late", 4, to="['everyone']"))
    facts = account(invoice(day("03-05"), 1), invoice(day("02-26"), 2), emails=(BOB,))
    sent = replay(facts, cadence, OFFICE, NOON, NOON + timedelta(days=5)).sent
    assert [(f"{action.day:%m-%d}", action.recipients) for _, action in sent] == [
        ("03-02", (ANN, BOB)),
        ("03-04", (ANN,)),
    ]


def test_an_address_in_the_cadence_hears_of_one_customer_a_day() -> None:
    cadence = parsed(step("late", 4, to="['carl@customer.test']"))
    facts = account(invoice(day("02-26")), touches=(touched(MONDAY, CARL, own=False),))
    assert [one.cause for one in plan(facts, cadence, OFFICE, NOON).because] == [Cause.ONE_A_DAY]
