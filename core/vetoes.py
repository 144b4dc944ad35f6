"""The removing half of `plan()`: small functions, each of which can only say no and why.

A veto looks at facts and the moment; it never proposes anything. That is what makes the promises provable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from core.because import Because, Cause
from core.cadence import Anchor, Cadence, Cap, Step
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Told, TouchFacts, TouchState
from core.money import Money
from core.readers import reachable

_CLOSED = {
    InvoiceStatus.PAID: Cause.PAID,
    InvoiceStatus.VOIDED: Cause.GONE,
    InvoiceStatus.DELETED: Cause.GONE,
    InvoiceStatus.DRAFT: Cause.DRAFT,
    InvoiceStatus.UNKNOWN: Cause.UNKNOWN_STATUS,
}
_OPEN, _SENT = InvoiceStatus.OPEN, TouchState.SENT
_ON_ITS_WAY = (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING)


def not_owed(invoice: InvoiceFacts) -> Because | None:
    """Only an open invoice with something left to pay is owed; a status we do not know holds."""
    if invoice.status is not _OPEN:
        return Because(_CLOSED[invoice.status], invoice.id)
    if invoice.balance.minor <= 0:
        return Because(Cause.PAID, invoice.id)
    return None


def account_closed(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Because | None:
    """Reasons that silence the whole account."""
    if not account.live:
        return Because(Cause.NOT_LIVE)
    held = first_hold(account.holds, calendar, calendar.today(now)) if account.holds else None
    if held is not None:
        return held
    if account.read_at is None or now - account.read_at > timedelta(hours=cadence.stale_hours):
        return Because(Cause.STALE)
    return None


def first_hold(holds: Iterable[Hold], calendar: Calendar, today: date, invoice: int | None = None) -> Because | None:
    """The first hold still in force, until it ends."""
    for hold in holds:
        if hold.until is None or hold.until > today:
            until = None if hold.until is None else calendar.opening(hold.until)
            return Because(hold.cause, invoice, until, hold.detail)
    return None


def invoice_held(invoice: InvoiceFacts, cadence: Cadence, calendar: Calendar, today: date) -> Because | None:
    """Promise, dispute, payment in flight …, what the customer told us, or a message about it already on its way."""
    held = first_hold(invoice.holds, calendar, today, invoice.id) if invoice.holds else None
    if held is None and invoice.arranged:
        held = _arranged(invoice, cadence)
    if held is None and invoice.told is not None:
        held = _told(invoice.told, invoice, cadence, calendar, today)
    if held is not None:
        return held
    for said in invoice.said:
        if said.state is not _SENT and said.state in _ON_ITS_WAY:
            return Because(Cause.SENDING, invoice.id)
    return None


def _arranged(invoice: InvoiceFacts, cadence: Cadence) -> Because | None:
    """What belongs to an arrangement is spoken about only as its parts come due, and only where the cadence can."""
    if not invoice.arranged or (invoice.instalment is not None and cadence.ladders[Anchor.INSTALMENT]):
        return None
    return Because(Cause.ARRANGEMENT, invoice.id)


def _told(told: Told, invoice: InvoiceFacts, cadence: Cadence, calendar: Calendar, today: date) -> Because | None:
    """The quiet days that a reason given earns; without an end a person owes the answer."""
    days = cadence.branch(told.reason).hold_days
    if days is None:
        return Because(told.cause, invoice.id)
    until = calendar.shifted(told.day, days, working=True)
    return Because(told.cause, invoice.id, calendar.opening(until)) if until > today else None


def covered(account: AccountFacts, cadence: Cadence, calendar: Calendar, today: date) -> frozenset[int]:
    """Ids of owed invoices that the account's open credit pays in full, per currency.

    A credit of exactly an invoice's sum belongs to it; any other goes to the oldest first. An invoice that is left
    alone anyway (disputed, promised …) uses none up.
    """
    if not account.credits:
        return frozenset()
    owed = [
        one
        for one in account.invoices
        if not_owed(one) is None and first_hold(one.holds, calendar, today) is None and not _arranged(one, cadence)
    ]
    owed.sort(key=lambda one: (one.due or one.issued, one.id))
    ids: set[int] = set()
    for credit in account.credits:
        same = [one for one in owed if one.balance.currency == credit.currency]
        exact = next((one for one in same if one.balance == credit), None)
        ids |= {exact.id} if exact else _oldest_first(same, credit)
    return frozenset(ids)


def _oldest_first(invoices: Iterable[InvoiceFacts], credit: Money) -> set[int]:
    """Those of one currency that the credit pays in full when it is spent in this order."""
    ids = set()
    for invoice in invoices:
        if invoice.balance <= credit:
            ids.add(invoice.id)
        credit = max(credit - invoice.balance, Money.zero(credit.currency))
    return ids


def no_address(wanted: tuple[str, ...], account: AccountFacts, invoice: int | None = None) -> Because | None:
    """Nobody to write to: none of those it is meant for has an address that is known, open and alive."""
    if not wanted:
        return Because(Cause.NO_ADDRESS, invoice)
    if reachable(wanted, account):
        return None
    for addresses, cause in ((account.opted_out, Cause.OPTED_OUT), (account.bounced, Cause.BOUNCED)):
        if not addresses.isdisjoint(wanted):
            return Because(cause, invoice)
    return Because(Cause.ADDRESS_REFUSED, invoice)


def no_channel(step: Step, account: AccountFacts) -> Because | None:
    """A step that cannot be carried out here is not silently passed over."""
    if step.channel in account.channels:
        return None
    return Because(Cause.NO_CHANNEL, detail=(("step", step.name), ("channel", step.channel.value)))


def too_often(
    recipients: tuple[str, ...],
    touches: Sequence[TouchFacts],
    cadence: Cadence,
    caps: Sequence[Cap],
    calendar: Calendar,
    now: datetime,
) -> Because | None:
    """One message a day, hours between two, and every limit: for the account and for each of its readers."""
    mine = [one for one in touches if one.own or not set(one.recipients).isdisjoint(recipients)]
    if not mine:
        return None
    today = calendar.today(now)
    last = max(one.day for one in mine)
    if last >= today:
        return Because(Cause.ONE_A_DAY, until=calendar.opening(last + timedelta(days=1)))
    soon = too_soon(mine, cadence.gap_hours, calendar, now)
    if soon:
        return soon
    heard = [tuple([one.day for one in mine if one.own])]
    heard += [tuple([one.day for one in mine if address in one.recipients]) for address in recipients]
    for days in dict.fromkeys(heard):  # mostly they have all heard the same
        full = over_budget(days, caps, calendar, today)
        if full:
            return full
    return None


def too_soon(touches: Iterable[TouchFacts], hours: int, calendar: Calendar, now: datetime) -> Because | None:
    """The hours between two messages; a touch whose moment is not known counts as the end of its day."""
    last = max(one.at or calendar.at(one.day + timedelta(days=1), time.min) for one in touches)
    free = last + timedelta(hours=hours)
    if free <= now:
        return None
    return Because(Cause.GAP, until=free if calendar.is_open(free) else calendar.next_opening(free))


def over_budget(days: Sequence[date], caps: Iterable[Cap], calendar: Calendar, today: date) -> Because | None:
    """Every limit on messages in so many days; the stricter wins because each can only say no."""
    spent = sorted(days)
    for cap in caps:
        recent = [day for day in spent if (today - day).days < cap.days]
        if len(recent) >= cap.limit:
            detail = (("limit", str(cap.limit)), ("days", str(cap.days)))
            free = recent[-cap.limit] + timedelta(days=cap.days)
            return Because(Cause.BUDGET, until=calendar.opening(free), detail=detail)
    return None


def outside_hours(calendar: Calendar, now: datetime) -> Because | None:
    if calendar.is_open(now):
        return None
    return Because(Cause.OUTSIDE_HOURS, until=calendar.next_opening(now))
