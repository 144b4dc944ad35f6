"""What may stand against a message that a person wrote: what plan() removes for everybody, and nothing else.

Pure, like plan(): it answers for one moment. When the cadence would have spoken plays no part.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from core import vetoes
from core.because import Because, Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, TouchState

# Holds against which no word about money is sent, whoever wrote it.
NEVER = frozenset(
    {
        Cause.ERASED,
        Cause.DISCONNECTED,
        Cause.BREATHING_SPACE,
        Cause.AGENCY,
        Cause.IN_FLIGHT,
        Cause.BEING_CHANGED,
        Cause.UNREADABLE_CREDIT,
    }
)
_UNSENT = (TouchState.DUE, TouchState.CLAIMED)  # the cadence's own word gives way to a person's


def against(
    account: AccountFacts,
    cadence: Cadence,
    calendar: Calendar,
    invoices: Collection[int],
    recipients: tuple[str, ...],
    at: datetime,
) -> Because | None:
    """The first cause against writing to these readers about these invoices at that moment; None when they may be."""
    return (
        _about_account(account, cadence, calendar, at)
        or _about_invoices(account, cadence, calendar, invoices, at)
        or vetoes.too_often(
            recipients,
            [one for one in account.touches if one.state not in _UNSENT],
            cadence,
            (*cadence.caps, *account.caps),
            calendar,
            at,
        )
        or vetoes.outside_hours(calendar, at)
    )


def _about_account(account: AccountFacts, cadence: Cadence, calendar: Calendar, at: datetime) -> Because | None:
    if not account.live:
        return Because(Cause.NOT_LIVE)
    if account.read_at is None or at - account.read_at > timedelta(hours=cadence.stale_hours):
        return Because(Cause.STALE)
    return vetoes.first_hold([one for one in account.holds if one.cause in NEVER], calendar, calendar.today(at))


def _about_invoices(
    account: AccountFacts, cadence: Cadence, calendar: Calendar, invoices: Collection[int], at: datetime
) -> Because | None:
    today = calendar.today(at)
    covered = vetoes.covered(account, cadence, calendar, today)
    known = {one.id: one for one in account.invoices}
    for id in invoices:
        if id not in known:
            return Because(Cause.GONE, id)
        no = vetoes.not_owed(known[id]) or vetoes.first_hold(
            [one for one in known[id].holds if one.cause in NEVER], calendar, today, id
        )
        if no is not None:
            return no
        if id in covered:
            return Because(Cause.COVERED_BY_CREDIT, id)
    return None
