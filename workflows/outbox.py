"""A company's way out for one round: its own mailbox at that mailbox's pace, or the installation's.

Where the company's own cannot be used its messages are held, with the reason; it never takes another way by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.calendars import Calendar
from integrations.channels.base import Conversation, Envelope
from integrations.errors import Misconfigured, Reconnect, Transient
from models import Company, Effect, EffectKind, Sender
from workflows import departures, senders
from workflows.calendars import calendar_of
from workflows.runtime import Runtime

RETRY = timedelta(hours=1)
NO_SERVER = timedelta(minutes=15)


class Held(Exception):
    """Nothing may leave before `until`; the message says why, for people."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


@dataclass(frozen=True, slots=True)
class Outbox:
    """`sender` is the company's own mailbox, None for the installation's."""

    company_id: int
    calendar: Calendar
    sender: Sender | None

    def first(self, rt: Runtime, effects: Sequence[Effect]) -> list[Effect]:
        """Those for which there is room now, thank-yous before reminders, each kind in the order given."""
        thanks = [one for one in effects if not _reminds(one)]
        reminders = [one for one in effects if _reminds(one)]
        room, rest = self._room(rt, reminders=False), self._room(rt, reminders=True)
        thanks = thanks[: room.count]
        return [*thanks, *reminders[: max(min(rest.count, room.count - len(thanks)), 0)]]

    def waits(self, rt: Runtime, effects: Sequence[Effect]) -> Iterator[tuple[Effect, datetime, str]]:
        """For each of those that had to wait: until when, and why, for people."""
        for reminders in (False, True):
            room = self._room(rt, reminders)
            for place, effect in enumerate(one for one in effects if _reminds(one) is reminders):
                if place < room.count:
                    yield effect, rt.clock.now(), "Its turn comes in a moment."
                else:
                    yield effect, *self._later(rt, room, place - room.count, reminders)

    def _room(self, rt: Runtime, reminders: bool) -> departures.Room:
        now = rt.clock.now()
        if self.sender is None:
            return departures.Room(departures.FOREVER, now)
        with rt.store.read() as session:
            return departures.room(session, self.sender, now, self.calendar.today(now), reminders)

    def _later(self, rt: Runtime, room: departures.Room, place: int, reminds: bool) -> tuple[datetime, str]:
        today, until = self.calendar.today(rt.clock.now()), room.when(place)
        if room.window == departures.DAY:
            # Tomorrow has a limit of its own; what does not fit into that is told so then.
            until = min(until, self.calendar.opening(today + departures.DAY))
        if reminds and not self.calendar.is_open(until):
            until = self.calendar.next_opening(until)
        local = self.calendar.local(until)
        follows = f"{local:%H:%M}" if local.date() == today else f"{local:%H:%M} on {local:%A}"
        least = " at the earliest" if room.window == departures.DAY else ""
        return until, f"Your mailbox sends at most {room.words}; this one follows at {follows}{least}."

    @contextmanager
    def open(self, rt: Runtime) -> Iterator[Conversation]:
        """One session. Held when there is no mail server or the mailbox does not let us in; else as `Channel`."""
        with ExitStack() as stack:
            if self.sender is None:
                if rt.channel is None:
                    raise Held("No mail server is set up.", rt.clock.now() + NO_SERVER)
                yield Common(rt, stack.enter_context(rt.channel.open()), self.company_id)
            else:
                talk = self._own(rt, self.sender, stack)
                yield Paced(rt, talk, self.sender, self.calendar.today(rt.clock.now()))

    @staticmethod
    def _own(rt: Runtime, sender: Sender, stack: ExitStack) -> Conversation:
        try:
            talk = stack.enter_context(rt.mailbox(senders.mailbox_of(rt, sender)).open())
        except (Misconfigured, Reconnect) as error:
            senders.shut_out(rt, sender, error)
            raise Held(f"It waits for the mailbox {sender.address}. {error}", rt.clock.now() + RETRY) from error
        senders.let_in(rt, sender)
        return talk


def of(rt: Runtime, company_id: int) -> Outbox:
    """The company's way out now. Held when it has a mailbox of its own that may not be used, or lets us in no more."""
    now = rt.clock.now()
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        sender = senders.speaking(session, company_id)
    if sender is not None and sender.state != "proved":
        raise Held(f"It waits until the mailbox {sender.address} is proved, on the page Sender.", now + RETRY)
    found = Outbox(company_id, calendar_of(company, now), sender)
    if sender is not None and sender.trouble:
        with found.open(rt):  # before the ledger is read for messages that could not leave
            pass
    return found


def _reminds(effect: Effect) -> bool:
    return effect.kind == EffectKind.MESSAGE.value


@dataclass(frozen=True, slots=True)
class Common:
    """A conversation through the installation's mail server, where no message of a company with its own may leave.

    One proved in the middle of a round has its address in the messages already; they are Transient, and leave by it.
    """

    rt: Runtime
    talk: Conversation
    company_id: int

    def offer(self, message: Envelope) -> None:
        with self.rt.store.read() as session:
            own = senders.speaking(session, self.company_id)
        if own is not None:
            raise Transient("The company has begun to speak from its own mailbox.", 0)
        self.talk.offer(message)

    def deliver(self) -> str:
        return self.talk.deliver()


@dataclass(frozen=True, slots=True)
class Paced:
    """A conversation through a company's own mailbox: each message is counted once its recipients are accepted.

    Where there is no room after all it is Transient, and nothing was sent.
    """

    rt: Runtime
    talk: Conversation
    sender: Sender
    today: date

    def offer(self, message: Envelope) -> None:
        self.talk.offer(message)
        departures.take(self.rt, self.sender, self.today)

    def deliver(self) -> str:
        return self.talk.deliver()
