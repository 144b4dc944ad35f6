"""The removing half of `plan()`: small functions, each of which can only say no and why.

A veto looks at facts and the moment; it never proposes anything. That is what makes the promises provable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from core.because import Because, Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, TouchFacts, TouchState
from core.money import Money

_CLOSED = {
    InvoiceStatus.PAID: Cause.PAID,
    InvoiceStatus.VOIDED: Cause.GONE,
    InvoiceStatus.DELETED: Cause.GONE,
    InvoiceStatus.DRAFT: Cause.DRAFT,
    InvoiceStatus.UNKNOWN: Cause.UNKNOWN_STATUS,
}
_ON_ITS_WAY = (TouchState.DUE, TouchState.CLAIMED, TouchState.SENDING)


def not_owed(invoice: InvoiceFacts) -> Because | None:
    """Only an open invoice with something left to pay is owed; a status we do not know holds."""
    if invoice.status is not InvoiceStatus.OPEN:
        return Because(_CLOSED[invoice.status], invoice.id)
    if invoice.balance.minor <= 0:
        return Because(Cause.PAID, invoice.id)
    return None


def account_closed(account: AccountFacts, cadence: Cadence, calendar: Calendar, now: datetime) -> Because | None:
    """Reasons that silence the whole account."""
    if not account.live:
        return Because(Cause.NOT_LIVE)
    held = first_hold(account.holds, calendar, now)
    if held:
        return held
    if account.read_at is None or now - account.read_at > timedelta(hours=cadence.stale_hours):
        return Because(Cause.STALE)
    return None


def first_hold(holds: Iterable[Hold], calendar: Calendar, now: datetime) -> Because | None:
    """The first hold still in force, until it ends."""
    today = calendar.today(now)
    for hold in holds:
        if hold.until is None or hold.until > today:
            until = None if hold.until is None else calendar.opening(hold.until)
            return Because(hold.cause, until=until, detail=hold.detail)
    return None


def invoice_held(invoice: InvoiceFacts, calendar: Calendar, now: datetime) -> Because | None:
    """Promise, dispute, payment in flight …, or a message about it already on its way."""
    held = first_hold(invoice.holds, calendar, now)
    if held:
        return replace(held, invoice=invoice.id)
    if any(said.state in _ON_ITS_WAY for said in invoice.said):
        return Because(Cause.SENDING, invoice.id)
    return None


def covered(account: AccountFacts, calendar: Calendar, now: datetime) -> frozenset[int]:
    """Ids of owed invoices that the account's open credit pays in full, per currency.

    A credit of exactly an invoice's sum belongs to it; any other goes to the oldest first. An invoice that is left
    alone anyway (disputed, promised …) uses none up.
    """
    owed = [one for one in account.invoices if not_owed(one) is None and first_hold(one.holds, calendar, now) is None]
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


def no_address(invoice: InvoiceFacts, account: AccountFacts) -> Because | None:
    if not invoice.recipients:
        return Because(Cause.NO_ADDRESS, invoice.id)
    if account.refused.intersection(invoice.recipients):
        return Because(Cause.ADDRESS_REFUSED, invoice.id)
    return None


def too_often(
    recipients: tuple[str, ...], touches: Iterable[TouchFacts], cadence: Cadence, calendar: Calendar, now: datetime
) -> Because | None:
    """One message per recipient and day, a gap between messages, a weekly and a monthly budget per account."""
    today = calendar.today(now)
    days = sorted(touch.day for touch in touches)
    mine = [touch.day for touch in touches if set(touch.recipients) & set(recipients)]
    if today in mine:
        return Because(Cause.ONE_A_DAY, until=calendar.opening(today + timedelta(days=1)))
    if mine and (today - max(mine)).days < cadence.gap_days:
        return Because(Cause.GAP, until=calendar.opening(max(mine) + timedelta(days=cadence.gap_days)))
    for limit, window in ((cadence.week_limit, 7), (cadence.month_limit, 30)):
        free = _budget_free(days, limit, window, today)
        if free:
            detail = (("limit", str(limit)), ("days", str(window)))
            return Because(Cause.BUDGET, until=calendar.opening(free), detail=detail)
    return None


def _budget_free(days: list[date], limit: int, window: int, today: date) -> date | None:
    """The day on which the budget has room again; None when it has room now."""
    spent = [day for day in days if (today - day).days < window]
    return None if len(spent) < limit else spent[-limit] + timedelta(days=window)


def outside_hours(calendar: Calendar, now: datetime) -> Because | None:
    if calendar.is_open(now):
        return None
    return Because(Cause.OUTSIDE_HOURS, until=calendar.next_opening(now))
