"""A cadence run over the past: what would have been *sent*, account by account; never what would have been paid.

The same `plan()`, asked at each wake and whenever a fact changes. Only what was known on the day is used: an invoice
is there from its issue date, and paid once its payment was booked. Reads no file and counts nothing (`tally` does).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from core.because import Cause
from core.cadence import BRANCHES, Cadence, Cap, Channel
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus
from core.habits import habit
from core.money import Money
from core.walk import Walk

NOTE = "This is what would have been sent, not what would have been paid."

_READERS = ("the customer",)
_CHANNELS = frozenset(Channel)
_IN_DISPUTE = (Hold(Cause.DISPUTE),)


@dataclass(frozen=True, slots=True)
class Past:
    """One invoice of the past. `paid` is each payment of it, in its own currency and in order of days, none before it
    was issued.

    `disputed` without a day to it is taken as in dispute from the first day on: nothing is said about it.
    """

    customer: str
    number: str
    issued: date
    due: date | None
    amount: Money
    paid: tuple[tuple[date, Money], ...] = ()
    disputed: bool = False
    delivered: date | None = None

    @property
    def settled(self) -> date | None:
        """The day on which nothing was left to pay."""
        left = self.amount.minor
        for day, part in self.paid:
            left -= part.minor
            if left <= 0:
                return day
        return None


@dataclass(frozen=True, slots=True)
class Setting:
    """How the past is walked: on which calendar, from the morning of `start` to the end of `end`.

    `booking_delay`: days from a payment until it is booked and so can be known. `start` counts as the day on which
    the company was connected. `caps` are limits beside the cadence's own.
    """

    calendar: Calendar
    start: date
    end: date
    booking_delay: int = 2
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """One message or task that would have gone out, with each invoice in it and the step said about that."""

    customer: str
    day: date
    step: str
    lines: tuple[tuple[Past, str], ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What one cadence would have done: messages by day, and the invoices never spoken about, each with its cause.

    `looked_at` are the invoices that were open on some day of the setting.
    """

    cadence: Cadence
    setting: Setting
    looked_at: tuple[Past, ...]
    sent: tuple[Sent, ...]
    silent: tuple[tuple[Past, Cause], ...]


def backtest(history: Iterable[Past], cadence: Cadence, setting: Setting) -> Backtest:
    """Run the cadence over a history. Where a step asks for a person's approval, the person says yes at once."""
    customers: dict[str, list[Past]] = {}
    for one in history:
        customers.setdefault(one.customer, []).append(one)
    yes = agreed(cadence)
    looked_at: list[Past] = []
    sent: list[Sent] = []
    silent: list[tuple[Past, Cause]] = []
    for invoices in customers.values():
        life = _Life(invoices, yes, setting)
        life.live()
        looked_at += (one for one in life.invoices if is_looked_at(one, setting))
        sent += life.sent
        silent += life.silent()
    sent.sort(key=lambda one: (one.day, one.customer))
    return Backtest(cadence, setting, tuple(looked_at), tuple(sent), tuple(silent))


def is_looked_at(one: Past, setting: Setting) -> bool:
    """Whether it was open, as far as could be known, on some day of the setting."""
    if one.issued >= setting.start or one.settled is None:
        return one.issued <= setting.end
    return one.settled + timedelta(days=setting.booking_delay) > setting.start


def agreed(cadence: Cadence) -> Cadence:
    """The cadence with every approval given."""
    return replace(
        cadence,
        steps=tuple(replace(step, approve=False) for step in cadence.steps),
        approve_all=False,
        reasons={reason: replace(cadence.branch(reason), approve=False) for reason in BRANCHES},
    )


def asks(cadence: Cadence, steps: Iterable[str]) -> bool:
    """Whether a message with these steps is shown to a person before it leaves."""
    return cadence.approve_all or any(step.approve for name in steps if (step := cadence.step(name)))


class _Life:
    """One account's past, lived through once: what becomes known on each day, and what would have been said."""

    def __init__(self, invoices: Sequence[Past], cadence: Cadence, setting: Setting) -> None:
        self.setting = setting
        self.invoices = sorted(invoices, key=lambda one: (one.issued, one.number))
        self.sent: list[Sent] = []
        self._events = self._what_happened()
        self._delays: list[int] = []
        self._why: dict[int, Cause] = {}
        self._spoken: set[int] = set()
        self._begin = setting.calendar.opening(setting.start)
        facts = AccountFacts(
            id=0,
            live=True,
            read_at=None,
            emails=_READERS,
            connected=setting.start,
            caps=setting.caps,
            channels=_CHANNELS,
        )
        self._walk = Walk(facts, cadence, setting.calendar, self._begin)

    def _what_happened(self) -> list[tuple[date, int, int]]:
        """(day known, minor units paid or -1 for being issued, place of the invoice), the latest first."""
        delay = timedelta(days=self.setting.booking_delay)
        found = [(one.issued, -1, place) for place, one in enumerate(self.invoices)]
        for place, one in enumerate(self.invoices):
            found += [(day + delay, amount.minor, place) for day, amount in one.paid]
        return sorted(found, reverse=True)

    def live(self) -> None:
        """Go through the setting; afterwards `sent` and `silent` tell."""
        calendar, end = self.setting.calendar, self.setting.end
        now: datetime | None = self._begin
        while now is not None and (today := calendar.today(now)) <= end:
            self._learn(today, now)
            wake = self._walk.wake
            if wake is not None and wake <= now:
                self._ask(now)
                wake = self._walk.wake
            now = self._next(wake)
        self._learn(end, calendar.opening(end))

    def silent(self) -> list[tuple[Past, Cause]]:
        """The invoices nothing was said about: the last cause, or that they were paid before their first word."""
        found = []
        for place, one in enumerate(self.invoices):
            if place not in self._spoken and is_looked_at(one, self.setting):
                cause = self._why.get(place, Cause.NOT_YET)
                closed = place not in self._walk.open
                found.append((one, Cause.PAID if closed and cause is Cause.NOT_YET else cause))
        return found

    def _next(self, wake: datetime | None) -> datetime | None:
        """The next moment at which an answer can change: at the wake, or as something becomes known."""
        if not self._events:
            return wake
        known = self.setting.calendar.opening(self._events[-1][0])
        return known if wake is None else min(wake, known)

    def _learn(self, today: date, now: datetime) -> None:
        """Take in what has become known by `today`."""
        while self._events and self._events[-1][0] <= today:
            known, paid, place = self._events.pop()
            if paid < 0:
                self._walk.add(_facts(place, self.invoices[place]), now)
            elif place in self._walk.open:
                self._book(self._walk.open[place], paid, known, now)

    def _book(self, invoice: InvoiceFacts, paid: int, known: date, now: datetime) -> None:
        left = invoice.balance.minor - paid
        if left > 0:
            self._walk.change(replace(invoice, balance=Money(left, invoice.balance.currency)), now)
            return
        self._walk.take(invoice.id, now)
        if invoice.due is not None:
            self._delays.append((known - invoice.due).days - self.setting.booking_delay)
            self._walk.know(*habit(self._delays), now)

    def _ask(self, now: datetime) -> None:
        answer = self._walk.ask(now)
        self._why.update((no.invoice, no.cause) for no in answer.because if no.invoice is not None)
        for action in answer.actions:
            lines = tuple((self.invoices[line.invoice], line.step) for line in action.lines)
            self.sent.append(Sent(lines[0][0].customer, action.day, action.lead, lines))
            self._spoken.update(line.invoice for line in action.lines)


def _facts(place: int, one: Past) -> InvoiceFacts:
    """The invoice as it was when it was issued."""
    return InvoiceFacts(
        id=place,
        number=one.number,
        status=InvoiceStatus.OPEN,
        issued=one.issued,
        due=one.due,
        total=one.amount,
        balance=one.amount,
        recipients=_READERS,
        holds=_IN_DISPUTE if one.disputed else (),
        delivered=one.delivered,
    )
