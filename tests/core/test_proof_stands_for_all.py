"""Every concrete account comes down to an abstract state that the proof has visited, with the same decision.

Accounts of many invoices live through months on calendars with holidays, in zones whose clocks change, under cadences
changed by every level; at each step what is decided about each invoice is held against the proof's own answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.because import Because
from core.cadence import Cadence, Payer, Reason
from core.calendars import Calendar
from core.facts import AccountFacts, Instalment, InvoiceFacts, Said, Told
from core.inheritance import Level, Override, effective
from core.ladder import propose
from core.language import parse_cadence
from core.money import Money
from core.proof import Proved
from core.proof.case import Case
from core.proof.ladders import Search, searches
from core.proof.promises import Record
from core.proof.states import Node
from core.timetable import Timetable, timetable
from tests.core.abstraction import Answer, Sight, decision, sight
from tests.core.builders import DEFAULT, account, invoice, ladder

DAY = timedelta(days=1)
FOLDER = Path(__file__).parents[2] / "templates/cadences"
SHIPPED = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml")}
CONDITIONS = parse_cadence(
    "name = 'asks'\ntitle = 'Asks'\nwait_days = 10\n"
    "[[step]]\nname = 'soon'\noffset = -4\ntone = 'friendly'\n[step.when]\nopen_at_least = 2\n"
    "[[step]]\nname = 'late-5'\noffset = 5\ntone = 'kind'\n[step.when]\namount_at_least = 60\n"
    "[[step]]\nname = 'late-9'\noffset = 5\ndays = 'working'\ntone = 'kind'\n"
    "[[step]]\nname = 'late-20'\noffset = 20\ntone = 'clear'\n[step.when]\npayers = ['slow', 'steady']\n"
    "[[step]]\nname = 'late-40'\noffset = 40\ntone = 'clear'\n"
)
CHANGED = effective(
    DEFAULT,
    [
        Override(Level.PRACTICE, {"wait_days": 7, "settle_days": 10}),
        Override(Level.SEGMENT, {"steps": {"late-12": {"off": True}, "late-35": {"offset": 50, "days": "working"}}}),
    ],
)
CADENCES = {
    "default": DEFAULT,
    "changed": CHANGED,
    "asks": CONDITIONS,
    **{name: parse_cadence(SHIPPED[name], SHIPPED) for name in ("early-intervention", "statement-monthly")},
}
EASTER = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)})
CALENDARS = [
    Calendar("Europe/Berlin", EASTER),
    Calendar("Australia/Lord_Howe", weekdays=frozenset({1, 3, 5})),
    Calendar("America/New_York", EASTER, weekdays=frozenset(range(7)), hours_zone="Pacific/Auckland"),
]


@cache
def visited(name: str) -> dict[Sight, object]:
    """Every sight of the search with what was decided there; it is an error if two decisions were met."""
    found: dict[Sight, object] = {}
    case = Case(CADENCES[name], Calendar(), (), 2026)

    def look(one: InvoiceFacts, who: AccountFacts, table: Timetable, today: date, answer: Answer) -> None:
        seen = sight(one, who, table, today)
        assert found.setdefault(seen, decision(answer)) == decision(answer), repr((seen, one, today))

    for search in searches(case, Record(), look):
        search.run()
    return found


EVERYDAY = ("default", "early-intervention")  # the others are searched for longer


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in EVERYDAY else pytest.mark.slow) for name in CADENCES]
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_decision_about_an_account_is_one_the_proof_has_looked_at(name: str, data: st.DataObject) -> None:
    cadence, calendar = CADENCES[name], data.draw(st.sampled_from(CALENDARS))
    table, known = timetable(cadence, calendar), visited(name)
    facts = data.draw(accounts())
    today = min(one.issued for one in facts.invoices)
    for _ in range(data.draw(st.integers(2, 14))):
        today = calendar.on_or_after(today + data.draw(st.sampled_from([1, 1, 2, 3, 5, 8, 13, 30])) * DAY)
        facts = data.draw(changed(facts, today))
        after = []
        for one in facts.invoices:
            answer = propose(one, facts, table, today)
            seen = sight(one, facts, table, today)
            assert seen in known, repr((seen, one, today))
            assert known[seen] == decision(answer), repr((seen, one, today))
            said = not isinstance(answer, Because) and data.draw(st.booleans())
            after.append(spoken(one, answer, today) if said else one)
        facts = replace(facts, invoices=tuple(after))


def spoken(one: InvoiceFacts, answer: Answer, today: date) -> InvoiceFacts:
    words = () if isinstance(answer, Because) else answer
    said = (
        Said(word.step.name, today, anchor=word.anchor, rung=word.step.rung, balance=one.balance.minor)
        for word in words
    )
    return replace(one, said=(*one.said, *said))


@st.composite
def accounts(draw: st.DrawFn) -> AccountFacts:
    invoices = []
    for id in range(1, draw(st.integers(1, 4)) + 1):
        due = date(2026, 3, 1) + draw(st.integers(0, 60)) * DAY
        issued = due - draw(st.sampled_from([60, 30, 14, 7, 1, 0, -5])) * DAY
        delivered = draw(st.sampled_from([None, None, issued - DAY, issued + DAY, issued + 12 * DAY]))
        invoices.append(invoice(due, id, issued=issued, delivered=delivered))
    payer, delay = draw(st.sampled_from(Payer)), draw(st.sampled_from([0, 3, 9, 40]))
    return account(*invoices, payer=payer, usual_delay=delay, segment=draw(st.sampled_from(["", "trade"])))


@st.composite
def changed(draw: st.DrawFn, facts: AccountFacts, today: date) -> AccountFacts:
    """Life goes on: most often nothing happens, else one thing about one invoice."""
    one = draw(st.sampled_from(facts.invoices))
    event = draw(st.sampled_from(["", "", "", "part", "broken", "resolved", "told", "arranged", "kept"]))
    if event == "part":
        one = replace(one, balance=Money(max(one.balance.minor - 1_500, 1), "EUR"))
    elif event in ("broken", "resolved"):
        one = replace(one, **{event: today}, arranged=False, instalment=None)
    elif event == "told":
        one = replace(one, told=draw(st.sampled_from([None, *(Told(reason, today) for reason in Reason)])))
    elif event == "arranged":
        day = today + draw(st.integers(0, 20)) * DAY
        one = replace(one, arranged=True, instalment=Instalment(day, one.balance))
    elif event == "kept":
        one = replace(one, arranged=False, instalment=None)
    return replace(facts, invoices=tuple(one if each.id == one.id else each for each in facts.invoices))


# --- the days that are looked at stand for the rest -------------------------------------------------------------------


class EveryDay(Search):
    """The same search over each single day."""

    def days(self, node: Node) -> Iterable[int]:
        return range(node.day + 1, max(super().days(node), default=node.day) + 1)


@pytest.mark.parametrize(
    "cadence", [ladder(-3, 4, 12), ladder(4, 12, 21, wait_days=5)], ids=["with-a-nudge", "with-patience"]
)
def test_looking_at_every_single_day_finds_nothing_more(cadence: Cadence) -> None:
    cadence = replace(cadence, oldest_days=60)
    case = Case(cadence, Calendar(), (), 2026)
    own_days, single_days = Record(), Record()
    few, every = Search(case, own_days).run(), EveryDay(case, single_days).run()
    assert few.states < every.states
    assert few.spoken.keys() == every.spoken.keys()
    assert all(isinstance(one, Proved) for one in (*own_days.found().values(), *single_days.found().values()))
