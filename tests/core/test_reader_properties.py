"""Whatever the steps and senders of a cadence say of their readers: no address hears twice a day, nor sooner than the
hours, nor more often than any limit; not even where it reads for two customers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from core.cadence import Cadence, Sender
from core.facts import AccountFacts, TouchFacts
from core.plan import Action, done, plan
from tests.core.builders import ANN, BOB, OFFICE, account, day, invoice, moment, parsed, step

WORDS = ["invoice", "account", "everyone", ANN, BOB, "boss@customer.test"]
PEOPLE = [(), (ANN,), (BOB,), (ANN, BOB), ("carl@customer.test",)]
LADDER = parsed(
    step("welcome", 1, "friendly", anchor="'issued'"),
    step("soon", -3, "friendly"),
    step("late", 2),
    step("later", 6),
    step("latest", 11, "clear", escalated="true"),
    step("statement", 16, "friendly", anchor="'month'"),
    gap_hours=24,
    week_limit=3,
)

to = st.lists(st.sampled_from(WORDS), max_size=3).map(tuple)


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    steps = tuple(replace(one, to=draw(to)) for one in LADDER.steps)
    return replace(LADDER, steps=steps, normal=Sender(to=draw(to)), escalated=Sender(to=draw(to)))


@st.composite
def customers(draw: st.DrawFn, id: int) -> AccountFacts:
    people = st.sampled_from(PEOPLE)
    due = st.sampled_from([day("03-02") + timedelta(days=count) for count in range(20)])
    invoices = [
        invoice(draw(due), 10 * id + number, issued=day("03-01"), recipients=draw(people)) for number in range(3)
    ]
    closed = draw(st.sampled_from([frozenset(), frozenset({BOB})]))
    return replace(account(*invoices, emails=draw(people), people=draw(people), opted_out=closed), id=id)


@settings(max_examples=40, deadline=None)
@given(cadences(), customers(1), customers(2))
def test_no_address_hears_twice_a_day_nor_too_often_whatever_the_steps_say(
    cadence: Cadence, one: AccountFacts, two: AccountFacts
) -> None:
    heard: dict[str, list[datetime]] = defaultdict(list)
    for now in (moment("2026-03-02 10:00") + timedelta(hours=6 * count) for count in range(4 * 30)):
        for this in (0, 1):
            facts = (one, two)[this]
            for action in (said := plan(facts, cadence, OFFICE, now).actions):
                assert facts.opted_out.isdisjoint(action.recipients)
                assert action.recipients == tuple(sorted(set(action.recipients))) != ()
                for address in action.recipients:
                    heard[address].append(now)
            one, two = _after(one, two, said, now) if this == 0 else _after(two, one, said, now)[::-1]
    for moments in heard.values():
        days = [now.date() for now in moments]
        assert len(set(days)) == len(days)
        assert all(later - earlier >= timedelta(hours=24) for earlier, later in pairwise(moments))
        assert all(sum(timedelta() <= last - one < timedelta(days=7) for one in days) <= 3 for last in days)


def _after(
    speaker: AccountFacts, other: AccountFacts, said: tuple[Action, ...], now: datetime
) -> tuple[AccountFacts, AccountFacts]:
    """Both as they stand afterwards: who is written to about one has heard it also for the other."""
    touches = tuple(TouchFacts(action.recipients, action.day, at=now, own=False) for action in said)
    return done(speaker, said, now), replace(other, touches=(*other.touches, *touches))
