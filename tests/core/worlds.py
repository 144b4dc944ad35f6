"""Whole worlds for the property tests of `plan()`: an account, a cadence, a calendar and a moment, drawn together.

The moment lies on or around a day that matters (a step is reached, the clocks are changed, a hold ends), to the second
of opening and closing, because that is where decisions change. Nothing is decided or checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from core.because import Because, Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, TouchFacts, TouchState
from core.money import Money
from core.plan import Action, Plan, done, plan
from tests.core.builders import ANN, BOB, DEFAULT, ladder

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class World:
    """All that `plan()` is told, in one piece."""

    account: AccountFacts
    cadence: Cadence
    calendar: Calendar
    now: datetime

    @property
    def today(self) -> date:
        return self.calendar.today(self.now)

    def ask(self) -> Plan:
        return plan(self.account, self.cadence, self.calendar, self.now)

    def invoice(self, id: int | None) -> InvoiceFacts:
        return next(one for one in self.account.invoices if one.id == id)

    def at(self, moment: datetime) -> World:
        """The same world at another moment."""
        return replace(self, now=moment)

    def fresh(self) -> World:
        """The same world just after the ledger was read."""
        return self.told(read_at=self.now)

    def told(self, **facts: Any) -> World:
        """The same world with other facts about the account."""
        return replace(self, account=replace(self.account, **facts))

    def after(self, actions: Iterable[Action], state: TouchState = TouchState.SENT) -> World:
        """The same world once the actions have been carried out."""
        return replace(self, account=done(self.account, actions, state))

    def instead(self, id: int | None, **facts: Any) -> World:
        """The same world with other facts about one invoice."""
        invoices = (replace(one, **facts) if one.id == id else one for one in self.account.invoices)
        return self.told(invoices=tuple(invoices))


def silence(answer: Plan, invoice: int | None) -> Because | None:
    """Why nothing is said about the invoice; None where something is."""
    return next((one for one in answer.because if one.invoice == invoice), None)


def walk(world: World, days: int, also: Iterable[datetime] = ()) -> Iterator[tuple[World, Action]]:
    """Live from wake to wake, and ask at other moments too: each message with the world it was decided in."""
    end = world.now + timedelta(days=days)
    asked = sorted({moment for moment in also if world.now < moment < end})
    now: datetime | None = world.now
    while now is not None and now < end:
        world = world.at(now).fresh()
        answer = world.ask()
        assert answer.wake_at is None or answer.wake_at > now
        yield from ((world, action) for action in answer.actions)
        world = world.after(answer.actions)
        asked = [moment for moment in asked if moment > now]
        now = min((one for one in (answer.wake_at, *asked[:1]) if one is not None), default=None)


def edges(calendar: Calendar, days: Iterable[date]) -> list[datetime]:
    """The moments of those days at which an answer may change, and those just before and after."""
    clocks = (time(0), calendar.opens, time(12), calendar.closes)
    return [
        calendar.at(day, clock) + shift for day in days for clock in clocks for shift in (-SECOND, SECOND * 0, SECOND)
    ]


# Days on which clocks are changed in Berlin and New York, a holiday season and the end of a month.
_ANCHORS = [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 12, 24)]
_ZONES = ["Europe/Berlin", "America/New_York", "UTC", "Pacific/Auckland", "Australia/Lord_Howe"]
_HOURS = [
    (time(9), time(17)),
    (time(9), time(17)),
    (time(0), time(23, 59, 59)),
    (time(2, 30), time(4)),
    (time(1, 15), time(2, 15)),
]
_WEEKDAYS = [{0, 1, 2, 3, 4}, set(range(7)), set(range(7)), {6}, {1, 3, 5}]
_CADENCES = [
    DEFAULT,
    ladder(4),
    ladder(-3, -1, 1, 2, 3, gap_days=1, week_limit=3, month_limit=10),
    ladder(-10, -1, 0, 7, 8, 30, oldest_days=30),
    ladder(1, 2, 60, month_limit=1, gap_days=1),
    ladder(0, 5, 10, gap_days=7, week_limit=1, stale_hours=1),
]
# How far the day of an invoice's next step lies from the day that matters.
_SHIFTS = [0, 0, 0, -1, -1, -2, -5, 1, 4, 20, -40, -150]
_RECIPIENTS = [(ANN,), (ANN,), (BOB,), (ANN, BOB), (ANN, BOB), ("carl@elsewhere.test",), ()]
_HELD = [
    *(Cause.ARCHIVED, Cause.ERASED, Cause.PAUSED, Cause.DISCONNECTED, Cause.UNREADABLE_CREDIT),
    *(Cause.PROMISE, Cause.DISPUTE, Cause.EXTENSION, Cause.ARRANGEMENT, Cause.IN_FLIGHT, Cause.BEING_CHANGED),
]
_AGO = [45, 40, 35, 32, 30, 29, 20, 14, 8, 7, 6, 3, 2, 1, 0]
# Few oddities at a time, so that most worlds get past the simple causes and have something to say.
_ODD_ACCOUNT = st.sampled_from([(), (), (), (), (), ("live",), ("read",), ("holds",), ("credits",), ("refused",)])
_ODD_INVOICE = st.sampled_from(
    [(), (), (), ("holds",), ("holds",), ("status",), ("balance",), ("currency",), ("issued",), ("due",), ("state",)]
)


def _rare(draw: st.DrawFn, odd: bool, usual: Any, *others: Any) -> Any:
    return draw(st.sampled_from(others)) if odd else usual


def _calendar(draw: st.DrawFn, anchor: date) -> Calendar:
    opens, closes = draw(st.sampled_from(_HOURS))
    off = draw(st.sets(st.sampled_from(range(-6, 8)), max_size=3))
    return Calendar(
        zone=draw(st.sampled_from(_ZONES)),
        holidays=frozenset(anchor + timedelta(days=shift) for shift in off),
        opens=opens,
        closes=closes,
        weekdays=frozenset(draw(st.sampled_from(_WEEKDAYS))),
    )


def _holds(draw: st.DrawFn, odd: bool, today: date) -> tuple[Hold, ...]:
    ends = [None, *(today + timedelta(days=shift) for shift in (1, 1, 2, 9, 0, -1))]
    hold = st.builds(Hold, st.sampled_from(_HELD), st.sampled_from(ends))
    return tuple(draw(st.lists(hold, min_size=1, max_size=2))) if odd else ()


def _said(draw: st.DrawFn, odd: bool, place: int, cadence: Cadence, today: date) -> tuple[Said, ...]:
    """Mostly the steps before `place`, the last of them a while ago and the others a week apart before it."""
    steps = cadence.steps[: draw(st.sampled_from([*[place] * 6, 0, place + 1, len(cadence.steps)]))]
    if not steps:
        return ()
    last = today - timedelta(days=draw(st.sampled_from(_AGO)))
    words = [Said(step.name, last - timedelta(days=7 * back)) for back, step in enumerate(reversed(steps))]
    return (*words[:0:-1], replace(words[0], state=_rare(draw, odd, TouchState.SENT, *TouchState)))


def _invoice(draw: st.DrawFn, id: int, anchor: date, cadence: Cadence, today: date) -> InvoiceFacts:
    """An invoice of which some step, most often the next one, is reached on or around the anchor."""
    odd = draw(_ODD_INVOICE)
    place = draw(st.sampled_from(range(len(cadence.steps))))
    due = anchor + timedelta(days=draw(st.sampled_from(_SHIFTS)) - cadence.steps[place].offset)
    currency = _rare(draw, "currency" in odd, "EUR", "USD")
    return InvoiceFacts(
        id=id,
        number=f"N-{id}",
        status=_rare(draw, "status" in odd, InvoiceStatus.OPEN, *InvoiceStatus),
        issued=due + timedelta(days=_rare(draw, "issued" in odd, -30, -4, 0, 3)),
        due=_rare(draw, "due" in odd, due, None),
        total=Money(10_000, currency),
        balance=Money(_rare(draw, "balance" in odd, 10_000, 0, -5, 2_500), currency),
        recipients=draw(st.sampled_from(_RECIPIENTS)),
        holds=_holds(draw, "holds" in odd, today),
        said=_said(draw, "state" in odd, place, cadence, today),
    )


def _touches(draw: st.DrawFn, invoices: list[InvoiceFacts], today: date) -> tuple[TouchFacts, ...]:
    """A message for each word that was said, and a few about nothing we know of."""
    heard = [TouchFacts(one.recipients, word.day, word.state) for one in invoices for word in one.said]
    days = [today - timedelta(days=ago) for ago in draw(st.lists(st.sampled_from(_AGO), max_size=2))]
    return (*heard, *(TouchFacts(draw(st.sampled_from(_RECIPIENTS[1:-1])), day) for day in days))


def _account(
    draw: st.DrawFn, invoices: list[InvoiceFacts], cadence: Cadence, now: datetime, today: date
) -> AccountFacts:
    odd = draw(_ODD_ACCOUNT)
    stale = now - timedelta(hours=cadence.stale_hours)
    return AccountFacts(
        id=7,
        live="live" not in odd,
        read_at=_rare(draw, "read" in odd, now - SECOND, None, stale, stale - SECOND),
        invoices=tuple(invoices),
        holds=_holds(draw, "holds" in odd, today),
        credits=_rare(draw, "credits" in odd, (), (Money(10_000, "EUR"),), (Money(12_000, "USD"), Money(500, "EUR"))),
        touches=_touches(draw, invoices, today),
        refused=_rare(draw, "refused" in odd, frozenset(), frozenset({BOB})),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    anchor = draw(st.sampled_from(_ANCHORS))
    cadence, calendar = draw(st.sampled_from(_CADENCES)), _calendar(draw, anchor)
    day = anchor + timedelta(days=draw(st.sampled_from([0, 0, 1, 2, -1])))
    moments = edges(calendar, [day])
    open_ones = [moment for moment in moments if calendar.is_open(moment)]
    now = draw(st.sampled_from([*open_ones, *open_ones, *moments]))
    today = calendar.today(now)
    count = draw(st.sampled_from([1, 2, 3, 4]))
    invoices = [_invoice(draw, id, anchor, cadence, today) for id in range(1, count + 1)]
    return World(_account(draw, invoices, cadence, now, today), cadence, calendar, now)
