"""The backtest: a cadence over the past, using on each day only what was known on that day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.backtest import Backtest, Past, Setting, agreed, asks, backtest
from core.because import Cause
from core.cadence import Cadence, Cap, Sender
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus
from core.habits import habit
from core.language import parse_cadence
from core.money import Money
from core.plan import done, plan
from tests.core.builders import DEFAULT, OFFICE, day, eur, ladder

START, END = day("01-01"), day("12-31")
TRUSTING = parse_cadence(
    "name = 'trusting'\ntitle = 'T'\nwait_days = 10\n[[step]]\nname = 'late-5'\noffset = 5\ntone = 'kind'\n"
)
CROWDED = parse_cadence(
    "name = 'crowded'\ntitle = 'C'\n"
    "[[step]]\nname = 'soon'\noffset = -3\ntone = 'friendly'\n[step.when]\nopen_at_least = 2\n"
    "[[step]]\nname = 'late'\noffset = 4\ntone = 'kind'\n"
    "[[step]]\nname = 'later'\noffset = 9\ntone = 'clear'\n[step.when]\naccount_at_least = 150\n"
)
MONTHLY = parse_cadence(
    "name = 'monthly'\ntitle = 'M'\n"
    "[[step]]\nname = 'hello'\nanchor = 'issued'\noffset = 1\ntone = 'friendly'\n"
    "[[step]]\nname = 'late-6'\noffset = 6\ntone = 'kind'\n[step.when]\npayers = ['slow', 'unsure', 'new']\n"
    "[[step]]\nname = 'statement'\nanchor = 'month'\noffset = 3\ntone = 'friendly'\n"
)


def past(due: date, settled: date | None = None, number: str = "N-1", customer: str = "Ann", **more: object) -> Past:
    """An invoice over 100 euros, issued thirty days before it is due, paid whole or never."""
    facts: dict[str, object] = {
        "issued": due - timedelta(days=30),
        "amount": eur(10_000),
        "paid": () if settled is None else ((settled, eur(10_000)),),
    }
    return Past(customer=customer, number=number, due=due, **facts | more)  # type: ignore[arg-type]


def run(*invoices: Past, cadence: Cadence = DEFAULT, **setting: object) -> Backtest:
    given: dict[str, object] = {"calendar": OFFICE, "start": START, "end": END}
    return backtest(invoices, cadence, Setting(**given | setting))  # type: ignore[arg-type]


def test_the_past_has_one_reader_however_a_step_names_its_own() -> None:
    for to in (("account",), ("everyone",), ("invoice", "boss@customer.test")):
        cadence = replace(TRUSTING, normal=Sender(to=to))
        assert told(run(past(day("03-02")), cadence=cadence)) == [("03-09", "late-5")]


def told(found: Backtest) -> list[tuple[str, str]]:
    return [(f"{one.day:%m-%d}", one.step) for one in found.sent]


def test_an_invoice_nobody_pays_hears_the_whole_ladder_and_then_nothing_more() -> None:
    found = run(past(day("03-09")))
    assert told(found) == [
        ("03-04", "heads-up"),
        ("03-09", "due-today"),
        ("03-13", "late-4"),
        ("03-23", "late-12"),
        ("03-30", "late-21"),
        ("04-13", "late-35"),
    ]
    assert found.silent == ()


@pytest.mark.parametrize(
    ("delay", "steps"),
    [(0, ["heads-up", "due-today"]), (3, ["heads-up", "due-today", "late-4"])],
)
def test_a_payment_stops_the_ladder_on_the_day_it_could_be_known(delay: int, steps: list[str]) -> None:
    found = run(past(day("03-09"), day("03-12")), booking_delay=delay)
    assert [step for _, step in told(found)] == steps


def test_an_invoice_paid_early_is_never_spoken_about_and_the_cause_is_that_it_was_paid() -> None:
    one = past(day("03-09"), day("02-20"))
    assert (run(one).sent, run(one).silent) == ((), ((one, Cause.PAID),))


def test_a_disputed_invoice_is_left_alone_and_the_others_are_not() -> None:
    wrong, right = past(day("03-09"), disputed=True), past(day("03-09"), number="N-2")
    found = run(wrong, right)
    assert {line.number for one in found.sent for line, _ in one.lines} == {"N-2"}
    assert found.silent == ((wrong, Cause.DISPUTE),)


def test_after_a_part_payment_the_next_word_is_the_same_and_not_a_firmer_one() -> None:
    parts = ((day("03-16"), eur(4_000)), (day("06-30"), eur(6_000)))
    found = run(past(day("03-09"), paid=parts))
    steps = [step for _, step in told(found)]
    assert steps[:4] == ["heads-up", "due-today", "late-4", "late-4"]
    assert [step for _, step in told(run(past(day("03-09"), day("06-30"))))][3] == "late-12"
    assert found.looked_at[0].settled == day("06-30")


def test_invoices_of_a_customer_make_one_message_whatever_their_currencies() -> None:
    euros, dollars = past(day("03-09")), past(day("03-09"), number="N-2", amount=Money(7_000, "USD"))
    first = run(euros, dollars).sent[0]
    assert [(line.number, step) for line, step in first.lines] == [("N-1", "heads-up"), ("N-2", "heads-up")]


def test_two_customers_are_planned_apart() -> None:
    found = run(past(day("03-09")), past(day("03-09"), number="N-2", customer="Bob"))
    assert [one.customer for one in found.sent[:2]] == ["Ann", "Bob"]
    assert len(found.sent) == 12


def test_the_usual_delay_of_a_steady_payer_is_waited_out_once_it_is_known() -> None:
    """Paid on the fifth day each time: the word of the fifth day is said until three payments have told so."""
    invoices = [
        past(due, due + timedelta(days=5), number=f"N-{due}")
        for due in (day("02-05"), day("03-05"), day("04-02"), day("05-07"))
    ]
    assert told(run(*invoices, cadence=TRUSTING)) == [("02-10", "late-5"), ("03-10", "late-5"), ("04-07", "late-5")]


def test_what_was_long_late_when_the_company_began_is_left_to_a_person() -> None:
    old = past(day("01-02"))
    found = run(old, start=day("06-01"))
    assert (told(found), found.silent) == ([], ((old, Cause.OLD_AT_START),))


def test_what_was_paid_before_the_beginning_counts_only_for_the_habit() -> None:
    before = past(day("02-02"), day("02-03"))
    assert run(before, start=day("03-01")).looked_at == ()
    paid = [past(day("02-02"), day("02-07"), number=f"N-{place}") for place in range(3)]
    late = past(day("04-06"), day("04-12"))
    assert told(run(*paid, late, cadence=TRUSTING, start=day("03-01"))) == []
    assert told(run(late, cadence=TRUSTING, start=day("03-01"))) == [("04-13", "late-5")]


def test_what_has_not_happened_by_the_end_is_not_known() -> None:
    one, other = past(day("03-09"), day("04-30")), past(day("06-09"), number="N-2")
    found = run(one, other, end=day("03-31"))
    assert told(found)[-1] == ("03-30", "late-21")
    assert found.looked_at == (one,)


def test_the_limits_of_a_country_count_beside_the_cadences_own() -> None:
    eager = replace(ladder(*range(1, 15)), gap_hours=24, week_limit=7, month_limit=30)
    invoices = [past(day("03-02"), number=f"N-{place}") for place in range(3)]
    free, limited = run(*invoices, cadence=eager), run(*invoices, cadence=eager, caps=(Cap(3, 7), Cap(10, 31)))
    weeks = [(one.day - day("03-02")).days // 7 for one in limited.sent]
    assert max(weeks.count(week) for week in weeks) == 3
    assert limited.sent[-1].day > free.sent[-1].day


def test_where_a_person_must_approve_the_person_says_yes_at_once() -> None:
    shy = replace(DEFAULT, approve_all=True)
    assert told(run(past(day("03-09")), cadence=shy)) == told(run(past(day("03-09"))))
    assert asks(shy, ["late-4"])
    assert not asks(DEFAULT, ["late-4", "late-12"])
    assert not agreed(shy).approve_all


def test_an_invoice_without_a_due_date_is_silent_and_says_so() -> None:
    one = Past("Ann", "N-1", day("02-01"), None, eur(100))
    assert run(one).silent == ((one, Cause.NO_DUE_DATE),)


# What follows compares the walk, in which answered invoices sleep, with one that asks about everything every time.

DAYS = st.integers(0, 120).map(lambda days: START + timedelta(days=days))


@st.composite
def pasts(draw: st.DrawFn) -> list[Past]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        issued = draw(DAYS)
        due = issued + timedelta(days=draw(st.sampled_from((0, 7, 14, 30))))
        total, days = draw(st.integers(2, 200)), sorted(draw(st.lists(st.integers(0, 90), max_size=2)))
        shares = [eur(total)] if len(days) == 1 else [eur(total // 2), eur(total - total // 2)]
        paid = tuple((issued + timedelta(days=later), share) for later, share in zip(days, shares, strict=False))
        found.append(Past("Ann", f"N-{number}", issued, due, eur(total), paid, draw(st.integers(0, 9)) == 0))
    return found


SETTINGS = st.builds(
    Setting,
    calendar=st.sampled_from((OFFICE, Calendar("Pacific/Auckland", frozenset({day("01-26"), day("02-06")})))),
    start=st.sampled_from((START, day("02-15"))),
    end=st.just(day("08-31")),
    booking_delay=st.integers(0, 4),
)
CADENCES = st.sampled_from((DEFAULT, TRUSTING, CROWDED, MONTHLY))


def plainly(invoices: Sequence[Past], cadence: Cadence, setting: Setting) -> list[tuple[date, str, list[str]]]:
    """Every open invoice, asked about at every opening of a day and at every wake."""
    calendar, delay = setting.calendar, timedelta(days=setting.booking_delay)
    account = AccountFacts(7, live=True, read_at=None, connected=setting.start)
    known: dict[int, InvoiceFacts] = {}
    sent: list[tuple[date, str, list[str]]] = []
    now: datetime = calendar.opening(setting.start)
    while calendar.today(now) <= setting.end:
        facts, delays = _known(invoices, calendar.today(now), delay)
        known = {id: replace(one, said=known[id].said if id in known else ()) for id, one in facts.items()}
        payer, usual = habit(delays)
        account = replace(account, read_at=now, invoices=tuple(known.values()), payer=payer, usual_delay=usual)
        answer = plan(account, cadence, calendar, now)
        sent += [(one.day, one.lead, [f"N-{line.invoice}" for line in one.lines]) for one in answer.actions]
        account = done(account, answer.actions, now)
        known = {one.id: one for one in account.invoices}
        tomorrow = calendar.opening(calendar.today(now) + timedelta(days=1))
        now = min(tomorrow, answer.wake_at or tomorrow)
    return sent


def _known(invoices: Sequence[Past], today: date, delay: timedelta) -> tuple[dict[int, InvoiceFacts], list[int]]:
    """The open invoices as they stood on the morning of `today`, and how late each paid one was."""
    found: dict[int, InvoiceFacts] = {}
    closed: list[tuple[date, int, int]] = []
    for one in invoices:
        booked = [(on, share) for on, share in one.paid if on + delay <= today]
        left = one.amount.minor - sum(share.minor for _, share in booked)
        id = int(one.number.removeprefix("N-"))
        if left <= 0 and one.issued <= today and one.due:
            closed.append((booked[-1][0], booked[-1][1].minor, (booked[-1][0] - one.due).days))
        elif one.issued <= today:
            holds = (Hold(Cause.DISPUTE),) if one.disputed else ()
            found[id] = InvoiceFacts(
                id, one.number, InvoiceStatus.OPEN, one.issued, one.due, one.amount, eur(left), ("a@b.test",), holds
            )
    return found, [late for *_, late in sorted(closed, key=lambda row: row[:1])]


def summed(found: Backtest) -> list[tuple[date, str, list[str]]]:
    return [(one.day, one.step, sorted(line.number for line, _ in one.lines)) for one in found.sent]


@settings(max_examples=80, deadline=None)
@given(pasts(), CADENCES, SETTINGS)
def test_leaving_out_who_has_been_answered_changes_no_message(
    invoices: list[Past], cadence: Cadence, setting: Setting
) -> None:
    expected = [(on, step, sorted(numbers)) for on, step, numbers in plainly(invoices, cadence, setting)]
    assert summed(backtest(invoices, cadence, setting)) == expected


@settings(max_examples=50, deadline=None)
@given(pasts(), CADENCES, SETTINGS, DAYS)
def test_nothing_that_happened_later_changes_what_was_said_before(
    invoices: list[Past], cadence: Cadence, setting: Setting, cut: date
) -> None:
    known = cut - timedelta(days=setting.booking_delay)
    shorter = [
        replace(one, paid=tuple(share for share in one.paid if share[0] <= known))
        for one in invoices
        if one.issued <= cut
    ]
    until = [row for row in summed(backtest(invoices, cadence, setting)) if row[0] <= cut]
    assert [row for row in summed(backtest(shorter, cadence, setting)) if row[0] <= cut] == until


@settings(max_examples=40, deadline=None)
@given(pasts(), CADENCES, SETTINGS)
def test_every_invoice_looked_at_was_either_spoken_about_or_is_silent_with_a_cause(
    invoices: list[Past], cadence: Cadence, setting: Setting
) -> None:
    found = backtest(invoices, cadence, setting)
    spoken = {line for one in found.sent for line, _ in one.lines}
    silent = [one for one, _ in found.silent]
    assert len(silent) == len(set(silent))
    assert spoken.isdisjoint(silent)
    assert spoken.union(silent) == set(found.looked_at)
