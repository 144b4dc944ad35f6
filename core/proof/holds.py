"""Silence that is owed: what is not to be paid, every hold until before, on and after its end, and what customers said.

Each cause is tried alone, on the veto that answers for it and on `plan()` itself, with something to say if it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product

from core.because import Cause
from core.cadence import Anchor, Reason
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, Instalment, InvoiceFacts, InvoiceStatus, Said, Told, TouchState
from core.money import Money
from core.proof.case import HOUSE_STALE, Case
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import ANN, BOB, OWED, heard_by, open_day, speaker

_DAY = timedelta(days=1)
_ON_ITS_WAY = (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING)


@dataclass(frozen=True, slots=True)
class Silent:
    """Facts about which nothing may be said, nor prepared; `veto` is whether the rule that answers for them says so.

    `what` happened on the day `since`, told as a sentence.
    """

    promise: Promise
    facts: AccountFacts
    veto: Callable[[AccountFacts, datetime], bool]
    since: date
    what: str


def look(case: Case, record: Record) -> None:
    """Find days with something to say, of every kind around days off, and silence them in every way."""
    for now in _openings(case):
        facts = speaker(case, now)
        if facts is None:
            continue
        for one in _silences(case, facts, now):
            answer = case.rules.plan(one.facts, case.free, case.calendar, now)
            kept = one.veto(one.facts, now) and not answer.actions and not answer.drafts
            record.check(one.promise, kept, lambda: _story(case, one, now))  # noqa: B023
        for one, spared in _left_out(case, facts, now):
            spoken = spared in heard_by(case, one.facts, case.calendar, now)
            record.check(one.promise, not spoken, lambda: _story(case, one, now))  # noqa: B023


def _openings(case: Case) -> Iterator[datetime]:
    """An ordinary week and one with a day off in it, at opening and in the last minute of each day."""
    holidays = sorted(day for day in case.calendar.holidays if day.year == case.year)
    for first in (date(case.year, 3, 1), *(day - 2 * _DAY for day in holidays[:1])):
        now = open_day(case, first)
        for _ in range(5 if now else 0):
            if now is not None:
                yield now
                now = open_day(case, case.calendar.today(now) + _DAY)


def _silences(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    for make in (_not_owed, _credit, _holds, _closed, _told, _arranged, _on_its_way, _unwanted):
        yield from make(case, facts, now)


def _story(case: Case, one: Silent, now: datetime) -> Iterator[Scene]:
    yield Scene(one.since, one.what)
    yield Scene(case.calendar.local(now), "A message about it goes out.")


def _with(facts: AccountFacts, **of_invoice: object) -> AccountFacts:
    return replace(facts, invoices=tuple(replace(one, **of_invoice) for one in facts.invoices))  # type: ignore[arg-type]


# --- not owed -------------------------------------------------------------------------------------------------------


def _not_owed(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    today = case.calendar.today(now)
    for status, minor in product(InvoiceStatus, (-1, 0, 1)):
        if status is InvoiceStatus.OPEN and minor > 0:
            continue
        money = Money(minor, OWED.currency)
        what = f"In the ledger the invoice is {status.value}, with {money.decimal} left to pay."
        silent = _with(facts, status=status, balance=money)
        yield Silent(Promise.OWED, silent, lambda all, _: _each(all, case.rules.not_owed), today, what)


def _credit(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    today = case.calendar.today(now)

    def veto(all: AccountFacts, _: datetime) -> bool:
        return {one.id for one in all.invoices} <= case.rules.covered(all, case.cadence, case.calendar, today)

    for more in (0, 1, OWED.minor):
        credit = Money(OWED.minor + more, OWED.currency)
        what = f"A credit of {credit.decimal} is open, which covers the invoice."
        yield Silent(Promise.OWED, replace(facts, credits=(credit,)), veto, today, what)


# --- holds ----------------------------------------------------------------------------------------------------------


def _holds(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    """Each cause, without an end and until days after today, alone and behind one that has ended."""
    today = case.calendar.today(now)
    ended = Hold(Cause.PROMISE, today)
    for cause, days, before in product(Cause, (None, 1, 2, 400), ((), (ended,))):
        hold = Hold(cause, None if days is None else today + days * _DAY)
        end = "without an end" if hold.until is None else f"until {hold.until:%a %d %b %Y}"
        what = f"The hold “{cause.value}” stands {end}."
        on_invoice, on_account = _with(facts, holds=(*before, hold)), replace(facts, holds=(*before, hold))
        yield Silent(Promise.HELD, on_invoice, _invoice_held(case), today, what)
        yield Silent(Promise.HELD, on_account, _account_closed(case), today, what)


def _closed(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    """Not live, never read, or read too long ago."""
    today, hours = case.calendar.today(now), min(case.cadence.stale_hours, HOUSE_STALE)
    veto = _account_closed(case)
    yield Silent(Promise.HELD, replace(facts, live=False), veto, today, "Sending is not switched on.")
    yield Silent(Promise.HELD, replace(facts, read_at=None), veto, today, "The ledger was never read.")
    for late in (timedelta(seconds=1), timedelta(hours=1), timedelta(days=30)):
        read = now - timedelta(hours=hours) - late
        what = f"The ledger was read for the last time, at {case.calendar.local(read):%H:%M}."
        yield Silent(Promise.HELD, replace(facts, read_at=read), veto, case.calendar.today(read), what)


def _told(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    """Each reason on each day on which its quiet working days are not yet over."""
    today = case.calendar.today(now)
    for reason in Reason:
        days = case.promised_branch(reason).hold_days
        for ago in range(1000 if days is None else 3 * days + 15):
            since = today - ago * _DAY
            if days is not None and _working_days(case.calendar, since, today) >= days:
                break
            what = f"The customer answers: {reason.value}. That is worth "
            what += "a person's answer." if days is None else f"{days} quiet working days."
            silent = _with(facts, told=Told(reason, since))
            yield Silent(Promise.HELD, silent, _invoice_held(case), since, what)
            if days is None and ago > 30:
                break


def _working_days(calendar: Calendar, after: date, until: date) -> int:
    """Days that were worked after one day, up to and with another."""
    days = (after + count * _DAY for count in range(1, (until - after).days + 1))
    return sum(day.weekday() in calendar.weekdays and day not in calendar.holidays for day in days)


def _on_its_way(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    yesterday = case.calendar.today(now) - _DAY
    for state in _ON_ITS_WAY:
        what = f"A message about it is being sent ({state.value}) and not done yet."
        silent = _with(facts, said=(Said(case.free.steps[0].name, yesterday, state),))
        yield Silent(Promise.HELD, silent, _invoice_held(case), yesterday, what)


def _unwanted(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    """Who asked for no reminders hears none; a dead address is not tried."""
    today, readers = case.calendar.today(now), heard_by(case, facts, case.calendar, now)

    def veto(all: AccountFacts, _: datetime) -> bool:
        return case.rules.no_address(readers, all) is not None

    for name, what in _CLOSED_TO_US.items():
        yield Silent(Promise.HELD, replace(facts, **{name: frozenset(readers)}), veto, today, what)  # type: ignore[arg-type]


_CLOSED_TO_US = {
    "opted_out": "The reader asks for no more reminders.",
    "bounced": "Mail to the reader comes back.",
    "refused": "The mail server refuses the reader's address.",
}


def _left_out(case: Case, facts: AccountFacts, now: datetime) -> Iterator[tuple[Silent, str]]:
    """Each of two readers who wants no mail, or gets none: what is sent goes to the other alone."""
    both = _with(facts, recipients=(ANN, BOB))
    for spared, (name, what) in product(heard_by(case, both, case.calendar, now), _CLOSED_TO_US.items()):
        silent = replace(both, **{name: frozenset({spared})})  # type: ignore[arg-type]
        yield Silent(Promise.HELD, silent, lambda *_: True, case.calendar.today(now), what), spared


# --- arrangements ---------------------------------------------------------------------------------------------------


def _arranged(case: Case, facts: AccountFacts, now: datetime) -> Iterator[Silent]:
    """What belongs to an arrangement, where no part is open or the cadence has no words for parts."""
    today = case.calendar.today(now)
    if any(one.arranged for one in facts.invoices):
        return  # it speaks of an instalment; the ladder's own search looks at those
    yield Silent(
        Promise.ARRANGEMENT,
        _with(facts, arranged=True),
        _invoice_held(case),
        today,
        "An arrangement is agreed on, and none of its parts is open.",
    )
    if not case.cadence.ladders[Anchor.INSTALMENT]:
        silent = _with(facts, arranged=True, instalment=Instalment(today, OWED))
        what = "An arrangement is agreed on; this cadence has no words for its parts."
        yield Silent(Promise.ARRANGEMENT, silent, _invoice_held(case), today, what)


# --- the vetoes -----------------------------------------------------------------------------------------------------


def _each(facts: AccountFacts, veto: Callable[[InvoiceFacts], object | None]) -> bool:
    return all(veto(one) is not None for one in facts.invoices)


def _invoice_held(case: Case) -> Callable[[AccountFacts, datetime], bool]:
    def veto(facts: AccountFacts, now: datetime) -> bool:
        today = case.calendar.today(now)
        return _each(facts, lambda one: case.rules.invoice_held(one, case.cadence, case.calendar, today))

    return veto


def _account_closed(case: Case) -> Callable[[AccountFacts, datetime], bool]:
    return lambda facts, now: case.rules.account_closed(facts, case.cadence, case.calendar, now) is not None
