"""`plan()` run along a timeline to come: the preview.

It says what *would be sent* if nothing else happened; never what would be paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.because import Because
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts
from core.plan import Action
from core.walk import Walk


@dataclass(frozen=True, slots=True)
class Replay:
    """`sent`: each message with its moment, in order. `because`: the silences at the first moment."""

    sent: tuple[tuple[datetime, Action], ...]
    because: tuple[Because, ...]


def replay(account: AccountFacts, cadence: Cadence, calendar: Calendar, start: datetime, end: datetime) -> Replay:
    """Walk from wake to wake; the account counts as live and freshly read at every moment."""
    walk = Walk(account, cadence, calendar, start)
    sent: list[tuple[datetime, Action]] = []
    first: tuple[Because, ...] | None = None
    now = walk.wake
    while now is not None and now < end:
        answer = walk.ask(now)
        first = answer.because if first is None else first
        sent += [(now, action) for action in answer.actions]
        now = walk.wake
    return Replay(tuple(sent), first or ())
