"""What a backtest meant to the customers, counted: each figure against a history small enough to count by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from core.backtest import Backtest, Past, Sent, Setting
from core.because import Cause
from core.cadence import Cadence, Tone
from core.language import parse_cadence
from core.money import Money
from core.tally import Tally, firm_steps, tally
from tests.core.builders import DEFAULT, day, eur
from tests.core.test_backtest import END, OFFICE, START, past, run


def found(*sent: Sent, silent: Sequence[tuple[Past, Cause]] = (), cadence: Cadence = DEFAULT) -> Backtest:
    """A backtest with exactly these messages."""
    looked = {line for one in sent for line, _ in one.lines} | {one for one, _ in silent}
    return Backtest(cadence, Setting(OFFICE, START, END), tuple(looked), sent, tuple(silent))


def said(on: str, step: str, *invoices: Past, customer: str = "Ann") -> Sent:
    return Sent(customer, day(on), step, tuple((one, step) for one in invoices))


def of(counted: Tally, step: str) -> tuple[int, int, int, int]:
    one = next(one for one in counted.steps if one.step == step)
    return one.messages, one.invoices, one.paid_within_two_days, one.after_payment


@pytest.mark.parametrize(
    ("settled", "soon", "before"),
    [("03-12", 0, 1), ("03-13", 1, 0), ("03-15", 1, 0), ("03-16", 0, 0), (None, 0, 0)],
)
def test_whether_a_message_was_needed_is_told_by_the_day_of_payment(
    settled: str | None, soon: int, before: int
) -> None:
    counted = tally(found(said("03-13", "late-4", past(day("03-09"), settled and day(settled)))))  # type: ignore[arg-type]
    assert (counted.paid_within_two_days, counted.after_payment) == (soon, before)
    assert of(counted, "late-4") == (1, 1, soon, before)
    assert of(counted, "late-12") == (0, 0, 0, 0)


def test_a_message_counts_once_however_many_of_its_invoices_were_paid() -> None:
    one, other = past(day("03-09"), day("03-13")), past(day("03-09"), day("03-14"), number="N-2")
    counted = tally(found(said("03-13", "late-4", one, other)))
    assert of(counted, "late-4") == (1, 2, 1, 0)


def test_an_invoice_with_a_softer_step_counts_for_that_step_and_the_message_for_its_leader() -> None:
    one, other = past(day("03-09")), past(day("03-18"), number="N-2")
    sent = Sent("Ann", day("03-13"), "late-4", ((one, "late-4"), (other, "heads-up")))
    assert of(tally(found(sent)), "late-4")[:2] == (1, 1)
    assert of(tally(found(sent)), "heads-up")[:2] == (0, 1)


def test_weeks_without_a_word_are_counted_as_well() -> None:
    """Issued on a Monday and paid on the Sunday four weeks later: four weeks, two of them with one message."""
    one = Past("Ann", "N-1", day("03-02"), day("03-16"), eur(100), ((day("03-29"), eur(100)),))
    counted = tally(found(said("03-09", "heads-up", one), said("03-20", "late-4", one)))
    assert counted.weeks == ((0, 2), (1, 2))
    assert counted.by_week == ((day("03-09"), 1), (day("03-16"), 1))


def test_the_most_contacts_in_seven_days_do_not_begin_on_a_monday() -> None:
    one = past(day("03-09"))
    days = ["03-02", "03-06", "03-07", "03-11", "03-12"]
    counted = tally(found(*(said(on, "late-4", one) for on in days)))
    worst = counted.most_often[0]
    assert (worst.in_seven_days, worst.since, worst.contacts) == (4, day("03-06"), 5)


def test_the_busiest_days_come_first_and_days_alike_in_order() -> None:
    counted = tally(found(*(said(on, "late-4", past(day("03-09"))) for on in ("03-03", "03-04", "03-05", "03-05"))))
    assert counted.busiest_days == ((day("03-05"), 2), (day("03-03"), 1), (day("03-04"), 1))


def test_who_heard_a_firm_step_is_named_with_how_often_and_since_when() -> None:
    one, other = past(day("03-09")), past(day("03-09"), customer="Bob")
    counted = tally(
        found(
            said("03-30", "late-21", one),
            said("04-13", "late-35", one),
            said("04-20", "late-35", one),
            said("04-13", "late-35", other, customer="Bob"),
        )
    )
    assert counted.firm_steps == ("late-35",)
    assert [(one.customer, one.messages, one.first, one.steps) for one in counted.heard_firm] == [
        ("Ann", 2, day("04-13"), ("late-35",)),
        ("Bob", 1, day("04-13"), ("late-35",)),
    ]


def test_without_a_firm_tone_the_top_of_the_ladder_is_the_firm_step() -> None:
    soft = parse_cadence(
        "name = 'soft'\ntitle = 'S'\n"
        "[[step]]\nname = 'soon'\noffset = -3\ntone = 'friendly'\n"
        "[[step]]\nname = 'late'\noffset = 4\ntone = 'kind'\n"
        "[[step]]\nname = 'call'\noffset = 9\ntone = 'clear'\nchannel = 'call'\n"
    )
    assert firm_steps(soft) == ("call",)
    assert [step.tone for step in DEFAULT.steps if step.name in firm_steps(DEFAULT)] == [Tone.FIRM]


def test_causes_are_counted_from_the_most_frequent_on() -> None:
    silent = [(past(day("03-09"), number=f"N-{place}"), Cause.PAID) for place in range(3)]
    counted = tally(found(silent=[*silent, (past(day("03-09"), disputed=True), Cause.DISPUTE)]))
    assert (counted.never_spoken_about, counted.causes) == (4, ((Cause.PAID, 3), (Cause.DISPUTE, 1)))


def test_amounts_are_summed_for_each_currency_apart() -> None:
    euros, yen = past(day("03-09")), past(day("03-09"), number="N-2", amount=Money(5000, "JPY"))
    counted = tally(found(said("03-13", "late-4", yen), silent=[(euros, Cause.PAID)]))
    assert [
        (one.currency, one.invoices, str(one.amount), one.spoken_about, str(one.amount_spoken_about))
        for one in counted.currencies
    ] == [("EUR", 1, "100.00 EUR", 0, "0.00 EUR"), ("JPY", 1, "5000 JPY", 1, "5000 JPY")]


def test_messages_that_a_person_is_asked_about_first_are_counted() -> None:
    asking = parse_cadence(
        "name = 'asking'\ntitle = 'A'\n"
        "[[step]]\nname = 'late-4'\noffset = 4\ntone = 'kind'\n"
        "[[step]]\nname = 'late-12'\noffset = 12\ntone = 'clear'\napprove = true\n"
    )
    counted = tally(run(past(day("03-09")), cadence=asking))
    assert (counted.messages, counted.approvals) == (2, 1)


def test_a_whole_run_adds_up() -> None:
    dues = [day("02-02") + timedelta(days=place) for place in range(12)]
    invoices = [
        past(due, due + timedelta(days=3 * place), number=f"N-{place}", customer=f"C-{place % 3}")
        for place, due in enumerate(dues)
    ]
    counted = tally(run(*invoices))
    assert (counted.invoices, counted.customers) == (12, 3)
    assert counted.messages == sum(step.messages for step in counted.steps) == sum(n for _, n in counted.by_week)
    assert counted.messages == sum(contacts * weeks for contacts, weeks in counted.weeks)
    assert counted.most_often[0].in_seven_days <= DEFAULT.week_limit
