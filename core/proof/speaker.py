"""Facts made to order: an account that would hear something today if no veto said no, and small parts of it.

Plain values; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from core.cadence import Anchor, Channel, Step
from core.calendars import Calendar
from core.facts import AccountFacts, Approval, Instalment, InvoiceFacts, InvoiceStatus
from core.money import Money
from core.plan import fingerprint
from core.proof.case import Case

ANN, BOB = "ann@customer.example", "bob@customer.example"
OWED = Money(100_00, "EUR")
LONG_AGO = timedelta(days=100)


def invoice(issued: date, due: date, **more: Any) -> InvoiceFacts:
    """An open invoice over 100 euros to Ann."""
    facts: dict[str, Any] = {
        "id": 1,
        "number": "1",
        "status": InvoiceStatus.OPEN,
        "total": OWED,
        "balance": OWED,
        "recipients": (ANN,),
    }
    return InvoiceFacts(issued=issued, due=due, **facts | more)


def account(case: Case, now: datetime, *invoices: InvoiceFacts, **more: Any) -> AccountFacts:
    """A live account, read at `now`, for which every condition holds and every channel is there. Ann is the customer,
    and Bob works for her.
    """
    facts: dict[str, Any] = {"segment": case.all_hold, "caps": case.caps, "channels": frozenset(Channel)}
    return AccountFacts(id=1, live=True, read_at=now, invoices=invoices, emails=(ANN,), people=(BOB,), **facts | more)


def heard_by(case: Case, facts: AccountFacts, calendar: Calendar, now: datetime) -> tuple[str, ...]:
    """Who a message or a draft of it goes to; nobody where there is none."""
    answer = case.rules.plan(facts, case.free, calendar, now)
    return next((one.recipients for one in (*answer.actions, *answer.drafts)), ())


def speaker(case: Case, now: datetime) -> AccountFacts | None:
    """An account that has reached a step on the day of `now`, approved where that is needed; None: there is no such.

    Its ladder and words are the cadence's own; only vetoes can keep it silent.
    """
    calendar, table = case.calendar, case.table()
    today = calendar.today(now)
    for one in _reaching(case, calendar, today):
        found = account(case, now, one)
        if isinstance(case.rules.propose(one, found, table, today), tuple):
            return approved(case, found, now, calendar)
    return None


def approved(case: Case, facts: AccountFacts, now: datetime, calendar: Calendar) -> AccountFacts:
    """The same account with a person's word of the day before on whatever waits for one."""
    drafts = case.rules.plan(facts, case.free, calendar, now).drafts
    words = {fingerprint(facts, draft): Approval(now - timedelta(days=1)) for draft in drafts}
    return replace(facts, approvals={**facts.approvals, **words})


def moments(case: Case, day: date) -> Iterator[datetime]:
    """The moments of a local day of the customer's at which an answer may change, and those just before them."""
    zone = case.calendar.hours_zone or case.calendar.zone
    second = timedelta(seconds=1)
    for clock in (time(3), case.calendar.opens, time(12), case.calendar.closes):
        moment = case.calendar.at(day, clock, zone)
        yield from (moment - second, moment)


def open_day(case: Case, after: date) -> datetime | None:
    """The first opening from `after` on at which somebody has something to hear; None where there is none in a year."""
    for shift in range(366):
        now = case.calendar.opening(after + timedelta(days=shift))
        found = speaker(case, now)
        if found is not None and case.rules.plan(found, case.free, case.calendar, now).actions:
            return now
    return None


def _reaching(case: Case, calendar: Calendar, today: date) -> Iterator[InvoiceFacts]:
    """An invoice for each gentle step, on the day on which the step is reached."""
    for step in case.free.steps:
        if step.rung <= 1:
            settled = step.anchor in (Anchor.PROMISE, Anchor.RESOLVED)
            offset = max(step.offset, case.cadence.settle_days) if settled else step.offset
            yield _on_its_day(step, calendar.shifted(today, -offset, step.working), today)


def _on_its_day(step: Step, base: date, today: date) -> InvoiceFacts:
    if step.anchor is Anchor.ISSUED:
        return invoice(base, today + LONG_AGO)
    if step.anchor is Anchor.DUE:
        return invoice(base - LONG_AGO, base)
    if step.anchor is Anchor.INSTALMENT:
        return invoice(base - LONG_AGO, base - timedelta(days=10), arranged=True, instalment=Instalment(base, OWED))
    if step.anchor is Anchor.PROMISE:
        return invoice(base - LONG_AGO, base - timedelta(days=10), broken=base)
    if step.anchor is Anchor.RESOLVED:
        return invoice(base - LONG_AGO, base - timedelta(days=10), resolved=base)
    return invoice(today - LONG_AGO, today + timedelta(days=10))
