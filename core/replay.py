"""`plan()` run along a timeline: the preview, and later the backtest.

It says what *would be sent* if nothing else happened; never what would be paid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.because import Because
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts
from core.plan import Action, done, plan


@dataclass(frozen=True, slots=True)
class Replay:
    """`sent`: each message with its moment, in order. `because`: the silences at the first moment."""

    sent: tuple[tuple[datetime, Action], ...]
    because: tuple[Because, ...]


def replay(account: AccountFacts, cadence: Cadence, calendar: Calendar, start: datetime, end: datetime) -> Replay:
    """Walk from wake to wake; the account counts as live and freshly read at every moment."""
    account = replace(account, live=True)
    sent: list[tuple[datetime, Action]] = []
    first: tuple[Because, ...] | None = None
    now: datetime | None = start
    while now is not None and now < end:
        account = replace(account, read_at=now)
        answer = plan(account, cadence, calendar, now)
        first = answer.because if first is None else first
        sent += [(now, action) for action in answer.actions]
        account = done(account, answer.actions)
        now = answer.wake_at
    return Replay(tuple(sent), first or ())
