"""Accounts that differ in names alone are replayed once, and each is told exactly what it would have been told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.alike import Alike
from core.because import Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, TouchFacts
from core.replay import replay
from tests.core.builders import ANN, BOB, DEFAULT, OFFICE, account, day, eur, invoice, moment
from tests.core.test_backtest import CROWDED, MONTHLY

START = moment("2026-03-02 06:00")
END = START + timedelta(days=45)
NAMES = (ANN, BOB, "cay@customer.test")
ELSEWHERE = Calendar("Pacific/Auckland")

SAID = st.builds(
    Said,
    step=st.sampled_from(("heads-up", "late-4")),
    day=st.sampled_from((day("02-23"), day("02-27"))),
    rung=st.sampled_from((None, 1)),
    balance=st.sampled_from((None, 9_000, 10_000)),
)


@st.composite
def invoices(draw: st.DrawFn) -> InvoiceFacts:
    return invoice(
        draw(st.sampled_from((day("02-24"), day("03-06"), day("03-09"), None))),
        draw(st.integers(1, 10_000)),
        balance=eur(draw(st.sampled_from((0, 7_000, 9_000, 10_000)))),
        status=draw(st.sampled_from((InvoiceStatus.OPEN, InvoiceStatus.OPEN, InvoiceStatus.DRAFT))),
        recipients=tuple(sorted(draw(st.sets(st.sampled_from(NAMES), max_size=2)))),
        holds=draw(st.sampled_from(((), (), (Hold(Cause.PROMISE, day("03-20")),), (Hold(Cause.DISPUTE),)))),
        said=tuple(draw(st.lists(SAID, max_size=2))),
    )


@st.composite
def accounts(draw: st.DrawFn) -> AccountFacts:
    found = draw(st.lists(invoices(), min_size=1, max_size=3, unique_by=lambda one: one.id))
    touches = st.builds(
        TouchFacts,
        st.sampled_from(((ANN,), (BOB,), ("other@elsewhere.test",))),
        st.sampled_from((day("02-27"), day("02-28"))),
        own=st.booleans(),
    )
    facts = account(
        *found,
        touches=tuple(draw(st.lists(touches, max_size=2))),
        refused=draw(st.sampled_from((frozenset(), frozenset({ANN}), frozenset({"other@elsewhere.test"})))),
        credits=draw(st.sampled_from(((), (), (), (eur(7_000),)))),
    )
    return replace(facts, id=draw(st.integers(1, 99)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(accounts(), min_size=2, max_size=8),
    st.sampled_from((DEFAULT, CROWDED, MONTHLY)),
    st.sampled_from((OFFICE, ELSEWHERE)),
)
def test_what_is_remembered_of_one_is_what_another_would_have_been_told(
    many: list[AccountFacts], cadence: Cadence, calendar: Calendar
) -> None:
    alike = Alike(START, END)
    for one in many:
        assert alike.replay(one, cadence, calendar) == replay(one, cadence, calendar, START, END)


def test_the_same_situation_under_other_names_is_told_with_those_names() -> None:
    first = account(invoice(day("03-09"), 5, recipients=(ANN, BOB)), invoice(day("03-20"), 9, recipients=(BOB,)))
    second = replace(
        account(invoice(day("03-09"), 71, recipients=("x", "y")), invoice(day("03-20"), 80, recipients=("y",))), id=3
    )
    alike = Alike(START, END)
    alike.replay(first, DEFAULT, OFFICE)
    told = alike.replay(second, DEFAULT, OFFICE)
    assert told == replay(second, DEFAULT, OFFICE, START, END)
    assert {action.recipients for _, action in told.sent} == {("x", "y"), ("y",)}
    assert {line.invoice for _, action in told.sent for line in action.lines} == {71, 80}


def test_two_cadences_and_two_calendars_are_not_mixed_up() -> None:
    one, alike = account(invoice(day("03-09"))), Alike(START, END)
    for cadence in (DEFAULT, MONTHLY):
        for calendar in (OFFICE, ELSEWHERE):
            assert alike.replay(one, cadence, calendar) == replay(one, cadence, calendar, START, END)
