"""A world in one piece: an account, a cadence, a calendar and a moment, and what becomes of it from wake to wake.

Nothing is decided or checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.because import Because
from core.cadence import Anchor, Cadence, Step
from core.calendars import Calendar
from core.facts import AccountFacts, Approval, InvoiceFacts, Said, TouchState
from core.ladder import episode
from core.plan import Action, Plan, done, fingerprint, plan
from core.timetable import Episode, timetable

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

    @property
    def wall(self) -> datetime:
        """The customer's wall clock, or the company's."""
        return self.now.astimezone(ZoneInfo(self.calendar.hours_zone or self.calendar.zone))

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
        return replace(self, account=done(self.account, actions, self.now, state))

    def instead(self, id: int | None, **facts: Any) -> World:
        """The same world with other facts about one invoice."""
        invoices = (replace(one, **facts) if one.id == id else one for one in self.account.invoices)
        return self.told(invoices=tuple(invoices))

    def fresh_calendar(self) -> Calendar:
        """Its calendar, without what that has remembered."""
        return replace(self.calendar)

    def agreed(self, drafts: Iterable[Action], word: Approval) -> World:
        """The same world once a person has decided about the drafts."""
        words = {fingerprint(self.account, draft): word for draft in drafts}
        return self.told(approvals={**self.account.approvals, **words})

    def episode(self, one: InvoiceFacts) -> Episode:
        """What the invoice stands on now."""
        return episode(one, one.due or date.max, timetable(self.cadence, self.calendar))

    def steps(self, one: InvoiceFacts) -> tuple[Step, ...]:
        return self.cadence.ladders[self.episode(one).ladder]

    def words(self, one: InvoiceFacts) -> list[Said]:
        """What was said about the invoice on the ladder it stands on now."""
        names = {step.name for step in self.steps(one)}
        name = self.episode(one).name
        anchors = ("", name, f"{name}/part", Anchor.ISSUED.value)
        return [word for word in one.said if word.step in names and word.anchor in anchors]


def lines(actions: Iterable[Action]) -> list[int]:
    """The invoices that are spoken about."""
    return [line.invoice for action in actions for line in action.lines]


def silence(answer: Plan, invoice: int | None) -> Because | None:
    """Why nothing is said about the invoice; None where something is."""
    return next((one for one in answer.because if one.invoice == invoice), None)


Customer = Callable[[World, Action], World]


def walk(
    world: World, days: int, also: Iterable[datetime] = (), agree: bool = True, customer: Customer | None = None
) -> Iterator[tuple[World, Action]]:
    """Live from wake to wake, and ask at other moments too: each message with the world it was decided in.

    A person approves each draft as soon as it is seen, if `agree`; the `customer` answers each message.
    """
    end = world.now + timedelta(days=days)
    asked = sorted({moment for moment in also if world.now < moment < end})
    now: datetime | None = world.now
    while now is not None and now < end:
        world = world.at(now).fresh()
        answer = world.ask()
        if agree and answer.drafts:
            world = world.agreed(answer.drafts, Approval(now))
            answer = world.ask()
        assert answer.wake_at is None or answer.wake_at > now
        for action in answer.actions:
            yield world, action
            world = world.after([action])
            world = customer(world, action) if customer else world
        asked = [moment for moment in asked if moment > now]
        wakes = (SECOND + now if customer and answer.actions else answer.wake_at, *asked[:1])
        now = min((one for one in wakes if one is not None), default=None)


def edges(calendar: Calendar, days: Iterable[date]) -> list[datetime]:
    """The moments of those days at which an answer may change, and those just before and after."""
    clocks = [(time(0), "")]
    clocks += [(clock, calendar.hours_zone) for clock in (calendar.opens, time(12), calendar.closes)]
    return [
        calendar.at(day, clock, zone) + shift
        for day in days
        for clock, zone in clocks
        for shift in (-SECOND, SECOND * 0, SECOND)
    ]
