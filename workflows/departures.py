"""How fast a mailbox may send: its limits by the minute, the hour and the day, and a gentle beginning.

It counts what left and says when there is room again. The last tenth of every limit is kept for what cannot wait
(thank-yous, codes to sign in with); reminders never take it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from integrations.errors import Transient
from models import Departure, Sender
from workflows.runtime import Runtime

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GENTLY = 50  # on the first day; twice as many on each day after it
FOREVER = 10_000_000
KEPT = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` messages within `window`; `words` are for people ("100 an hour")."""

    count: int
    window: timedelta
    words: str


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may leave now. What does not fit follows in batches: `batch` from `again` on, then as many
    after each `window`; `words` name the limit.
    """

    count: int
    again: datetime
    batch: int = 1
    window: timedelta = DAY
    words: str = ""

    def when(self, place: int) -> datetime:
        """When the message at this place among those that do not fit can leave (0: the first)."""
        return self.again + place // self.batch * self.window


def limits(sender: Sender, today: date) -> Iterator[Limit]:
    """The limits that hold on a day of the company."""
    if sender.per_minute:
        yield Limit(sender.per_minute, MINUTE, f"{sender.per_minute:,} a minute")
    if sender.per_hour:
        yield Limit(sender.per_hour, HOUR, f"{sender.per_hour:,} an hour")
    days = (today - (sender.first_day or today)).days
    gentle = GENTLY * 2**days if sender.gentle and days < 20 else FOREVER
    if gentle < (sender.per_day or FOREVER):
        yield Limit(gentle, DAY, f"{gentle:,} today, because it is new to sending and begins slowly")
    elif sender.per_day:
        yield Limit(sender.per_day, DAY, f"{sender.per_day:,} a day")


def room(session: Session, sender: Sender, now: datetime, today: date, reminders: bool = False) -> Room:
    """What may leave now; for reminders the last tenth of each limit is taken already."""
    rooms = [_room(session, sender, limit, now, reminders) for limit in limits(sender, today)]
    # Of two that are full the one that is so for longer decides.
    return min(rooms, key=lambda one: (one.count, -one.again.timestamp()), default=Room(FOREVER, now))


def _room(session: Session, sender: Sender, limit: Limit, now: datetime, reminders: bool) -> Room:
    most = limit.count - limit.count // KEPT if reminders else limit.count
    lately = Departure.mailbox == sender.mailbox, Departure.at > now - limit.window
    gone = session.scalar(select(func.count()).select_from(Departure).where(*lately)) or 0
    # The next place is free once the oldest that still counts has gone out of the window.
    newest = select(Departure.at).where(*lately).order_by(Departure.at.desc(), Departure.id.desc())
    oldest = session.scalars(newest.offset(min(gone, most) - 1).limit(1)).one() if gone else now
    return Room(max(most - gone, 0), oldest + limit.window, most, limit.window, limit.words)


def take(rt: Runtime, sender: Sender, today: date) -> None:
    """Count one message that is about to leave. Transient, and nothing is counted, when there is no room after all, or
    when somebody has changed the mailbox since `sender` was read.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        # Every company that sends through this mailbox waits here for its turn.
        rows = session.scalars(
            select(Sender).where(Sender.mailbox == sender.mailbox).order_by(Sender.id).with_for_update()
        ).all()
        row = next((one for one in rows if one.id == sender.id), None)
        if row is None or (row.state, row.address) != ("proved", sender.address):
            raise Transient("The mailbox was changed while the message was being written.", 0)
        free = room(session, row, now, today)
        if free.count < 1:
            raise Transient(f"The mailbox sends at most {free.words}.", (free.again - now).total_seconds())
        row.first_day = row.first_day or today
        count(session, sender.mailbox, now)


def count(session: Session, mailbox: str, now: datetime) -> None:
    """Write one departure down, and forget those that count no more."""
    session.execute(delete(Departure).where(Departure.mailbox == mailbox, Departure.at <= now - DAY))
    session.add(Departure(mailbox=mailbox, at=now))


def lately(session: Session, mailbox: str, now: datetime) -> tuple[int, int]:
    """How many messages left the mailbox in the last hour, and in the last 24 hours."""
    counted = select(func.count()).select_from(Departure).where(Departure.mailbox == mailbox)
    hour, day = (session.scalar(counted.where(Departure.at > now - window)) or 0 for window in (HOUR, DAY))
    return hour, day
