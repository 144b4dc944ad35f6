"""What the people of a practice are told by mail, each thing once: wanted with the fact itself, sent by the clock.

Plain text with one link to the page where something can be done. It never writes to customers. Who wants to hear of it
in the morning has a row of their own from the beginning, in state *daily*, and is not among those told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.orm import Session

from integrations.channels.base import AddressRefused, Conversation, Envelope
from integrations.errors import InDoubt, OutsideError, Rejected, Transient
from models import Notice, User
from models.upsert import added
from workflows import audit, told
from workflows.runtime import Runtime
from workflows.told import Topic, When

log = structlog.get_logger()
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=12)
NO_SERVER = timedelta(hours=1)
TRIES = 12
AT_ONCE = 200
TO_ONE = ("daily", "morning")  # what begins so is for one person, whose uid comes next
# Asked at every tick, so it is made once.
_DUE = (
    select(Notice)
    .where(Notice.state == "due", Notice.not_before <= bindparam("now"))
    .order_by(Notice.id)
    .limit(AT_ONCE)
)


def want(
    rt: Runtime,
    session: Session,
    practice_id: int,
    company_id: int | None,
    key: str,
    subject: str,
    text: str,
    page: str = "/desk",
    owners: bool = False,
    topic: Topic = Topic.ALWAYS,
) -> None:
    """Tell everybody of the practice whom it concerns, or only its `owners`, once for each `key` (200 characters): at
    once, or in the morning, as each chose for the `topic`. `page`: where to go, on our own site.
    """
    readers = told.people(session, practice_id, company_id, owners)
    if not any(told.choice(one, topic) is not When.NOT for one in readers) and (readers or topic is Topic.ANSWERS):
        return
    uid, text = rt.new_id(), f"{text}\n\n{rt.public_url}{page}"
    about = _Wanted(practice_id, company_id, topic, " ".join(subject.split()), text, owners)
    if _keep(rt, session, about, uid, key, "due"):
        for one in readers:
            if told.choice(one, topic) is When.DAILY:
                _keep(rt, session, about, rt.new_id(), told.copy_key(one, uid), "daily")


def want_one(rt: Runtime, session: Session, user: User, kind: str, day: str, subject: str, text: str) -> bool:
    """Tell one person, once for each `kind` (of `TO_ONE`) and day; whether it was news."""
    about = _Wanted(user.practice_id, None, Topic.ALWAYS, subject, text, owners=False)
    return _keep(rt, session, about, rt.new_id(), f"{kind}/{user.uid}/{day}", "due")


@dataclass(frozen=True, slots=True)
class _Wanted:
    practice_id: int
    company_id: int | None
    topic: Topic
    subject: str
    text: str
    owners: bool


def _keep(rt: Runtime, session: Session, about: _Wanted, uid: str, key: str, state: str) -> bool:
    """Whether it is new."""
    now = rt.clock.now()
    values = {
        "uid": uid,
        "practice_id": about.practice_id,
        "company_id": about.company_id,
        "key": key,
        "owners": about.owners,
        "topic": about.topic.value,
        "subject": about.subject,
        "text": about.text,
        "state": state,
        "attempts": 0,
        "not_before": now,
        "created_at": now,
    }
    return added(session, Notice, values)


def send_due(rt: Runtime) -> int:
    """Mail what is due; how many were sent. What was being handed over when its answer was lost is never repeated."""
    with rt.store.read() as session:
        due = session.scalars(_DUE, {"now": rt.clock.now()}).all()
    if not due:
        return 0
    if rt.channel is None:
        for notice in due:
            _move(rt, notice, "due", "due", not_before=rt.clock.now() + NO_SERVER)
        return 0
    left, sent = list(due), 0
    try:
        with rt.channel.open() as talk:
            while left:
                sent += _send(rt, talk, left[0])
                left.pop(0)
    except OutsideError as error:  # The session could not be opened, or broke before `left` was handed over.
        for notice in left:
            _later(rt, notice, error)
    return sent


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    email: str


def _send(rt: Runtime, talk: Conversation, notice: Notice) -> bool:
    """One notice to its end, or put off. An address that is turned away does not keep the others from being told."""
    readers, chosen = _readers(rt, notice)
    if not readers and chosen:
        _move(rt, notice, "due", "sent", quietly=True)  # everybody hears of it in the morning, or wants not to
        return False
    while readers:
        try:
            talk.offer(_envelope(rt, notice, readers))
        except AddressRefused as error:
            readers = [one for one in readers if one.email != error.address]
            continue
        except (Rejected, Transient) as error:
            _later(rt, notice, error)
            return False
        return _move(rt, notice, "due", "sending") and _deliver(rt, talk, notice)
    _move(rt, notice, "due", "failed")
    log.warning("a notice has no reader", notice=notice.uid)
    return False


def _readers(rt: Runtime, notice: Notice) -> tuple[list[_Reader], bool]:
    """Who is told at once, and whether others are not because they chose so."""
    kind, _, rest = notice.key.partition("/")
    with rt.store.read() as session:
        if kind in TO_ONE:
            mine = User.uid == rest.partition("/")[0], User.left_at.is_(None)
            return [_Reader(one.name, one.email) for one in session.scalars(select(User).where(*mine))], False
        people = told.people(session, notice.practice_id, notice.company_id, notice.owners)
        keys = {told.copy_key(one, notice.uid): one.id for one in people}
        later = {keys[one] for one in session.scalars(select(Notice.key).where(Notice.key.in_(keys)))}
    now = [one for one in people if one.id not in later and told.choice(one, notice.topic) is not When.NOT]
    return [_Reader(one.name, one.email) for one in now], len(now) < len(people)


def _deliver(rt: Runtime, talk: Conversation, notice: Notice) -> bool:
    try:
        talk.deliver()
    except InDoubt:  # It stays in sending: it may have arrived.
        log.warning("a notice is in doubt", notice=notice.uid)
        return False
    except (Rejected, Transient) as error:
        _later(rt, notice, error, since="sending")
        return False
    return _move(rt, notice, "sending", "sent", sent_at=rt.clock.now())


def _later(rt: Runtime, notice: Notice, error: OutsideError, since: str = "due") -> None:
    """Nothing was sent: once more after a wait that doubles each time, until it is given up."""
    attempts = notice.attempts + 1
    wait = min(FIRST_WAIT * 2**notice.attempts, LONGEST_WAIT)
    if isinstance(error, Transient):
        wait = max(wait, timedelta(seconds=error.retry_after))
    state = "due" if attempts < TRIES else "failed"
    _move(rt, notice, since, state, attempts=attempts, not_before=rt.clock.now() + wait)


def _move(rt: Runtime, notice: Notice, since: str, state: str, *, quietly: bool = False, **values: object) -> bool:
    """Of two who try, one gets it."""
    with rt.store.write() as session:
        moved = session.execute(
            update(Notice).where(Notice.id == notice.id, Notice.state == since).values(state=state, **values)
        )
        if cast(CursorResult[Any], moved).rowcount == 0:
            return False
        if state in ("sent", "failed") and not quietly:
            audit.record_practice(rt, session, f"notice-{state}", notice.practice_id, notice.uid)
        return True


def _envelope(rt: Runtime, notice: Notice, readers: Sequence[_Reader]) -> Envelope:
    domain = rt.mail_from.rpartition("@")[2]
    greeting = f"Hello {readers[0].name}," if len(readers) == 1 else "Hello,"
    return Envelope(
        sender=formataddr(("Dunlin", rt.mail_from if "@" in rt.mail_from else f"notices@{domain}")),
        recipients=tuple(one.email for one in readers),
        reply_to="",
        subject=notice.subject,
        text=f"{greeting}\n\n{notice.text}\n\nDunlin wrote this by itself; nobody reads answers to it.\n",
        html="",
        message_id=f"<{notice.uid}@{domain}>",
        headers={"Auto-Submitted": "auto-generated"},
    )
