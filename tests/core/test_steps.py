"""When a step is reached and whether it applies: usual delays, working days, conditions, and days far out of sight."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.because import Because, Cause
from core.cadence import Cadence, Payer, Reason
from core.calendars import Calendar
from core.facts import InvoiceFacts, InvoiceStatus
from core.ladder import Proposal, propose
from core.money import Money
from core.timetable import timetable
from tests.core.builders import DEFAULT, OFFICE, account, day, eur, invoice, ladder, parsed, said, step, told

MONDAY, DUE = day("03-02"), day("03-09")


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


@pytest.mark.parametrize("due", [date.min, date(1, 6, 1), date(9998, 12, 31), date.max])
def test_a_date_that_stands_for_never_is_only_a_date(due: date) -> None:
    for issued in (date.min, day("03-01"), date.max):
        answer = proposed(invoice(due, issued=issued, resolved=date.max, broken=date.min), MONDAY)
        assert isinstance(answer, Because)
