"""What the people of a practice are told by mail, each thing once: wanted with the fact itself, sent by the clock.

Plain text with one link to the page where something can be done. It never writes to customers.
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
from models.upsert import insert_into
from workflows import audit
from workflows.runtime import Runtime

log = structlog.get_logger()
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=12)
NO_SERVER = timedelta(hours=1)
TRIES = 12
AT_ONCE = 200
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
) -> None:
    """Tell everybody of the practice, or only its `owners`, once for each `key` (200 characters). `page`: where to go,
    on our own site.
    """
    now = rt.clock.now()
    values = {
        "uid": rt.new_id(),
        "practice_id": practice_id,
        "company_id": company_id,
        "key": key,
        "owners": owners,
        "subject": " ".join(subject.split()),
        "text": f"{text}\n\n{rt.public_url}{page}",
        "state": "due",
        "attempts": 0,
        "not_before": now,
        "created_at": now,
    }
    session.execute(insert_into(session, Notice).values(values).on_conflict_do_nothing(index_elements=["key"]))


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
    with rt.store.read() as session:
        mine = User.practice_id == notice.practice_id, User.left_at.is_(None)
        people = session.scalars(select(User).where(*mine).order_by(User.id)).all()
        readers = [_Reader(one.name, one.email) for one in people if one.owner or not notice.owners]
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


def _move(rt: Runtime, notice: Notice, since: str, state: str, **values: object) -> bool:
    """Of two who try, one gets it."""
    with rt.store.write() as session:
        moved = session.execute(
            update(Notice).where(Notice.id == notice.id, Notice.state == since).values(state=state, **values)
        )
        if cast(CursorResult[Any], moved).rowcount == 0:
            return False
        if state in ("sent", "failed"):
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
