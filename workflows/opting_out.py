"""The link at the end of every automatic message: who follows it hears from a person instead. The debt stays.

The link names a message by its random id, nothing else, and opens nothing but this one wish; a portal link opens no
such page, and this one no portal. The way back is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Cause
from models import Account, Effect, HoldRow, Touch
from workflows import audit, holds, links, mirror
from workflows.links import BadLink
from workflows.runtime import Runtime

LIFE = timedelta(days=365)
_SALT = "stop-link"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a good link stands for: a message to these `readers`, by the id of its effect."""

    account_id: int
    company_id: int
    message: str
    readers: tuple[str, ...]


def url(rt: Runtime, message: str) -> str:
    """The link of the message with this effect's uid, good for a year."""
    said = f"{message}.{links.day_number(rt, LIFE)}"
    return f"{rt.public_url}/stop/{links.signed(rt, said, _SALT)}"


def read(rt: Runtime, token: str) -> Wish:
    """Open a link. BadLink when it is forged, mangled or expired, or its message never left."""
    said = links.verified(rt, token, _SALT)
    message, _, expires = said.partition(".")
    if int(expires) < links.day_number(rt):
        raise BadLink("This link has expired. Reply to the e-mail it came in, and a person sees to it.")
    with rt.store.read() as session:
        touch = session.scalars(
            select(Touch).join(Effect, Effect.id == Touch.effect_id).where(Effect.uid == message)
        ).first()
    if touch is None:
        raise BadLink("This link no longer leads anywhere. Please reply to the e-mail it came in.")
    return Wish(touch.account_id, touch.company_id, message, tuple(touch.recipients))


def is_granted(rt: Runtime, wish: Wish) -> bool:
    """Whether nobody whom the message was written to is written to by itself any more."""
    with rt.store.read() as session:
        known = (holds.is_known(rt, session, wish.company_id, one, Cause.OPTED_OUT) for one in wish.readers)
        return all(known)


def grant(rt: Runtime, wish: Wish) -> None:
    """From now on nothing is sent to these readers by itself, and a person is asked to get in touch; twice is once."""
    with rt.store.write() as session:
        session.get_one(Account, wish.account_id, with_for_update=True)  # two mail programs may press at once
        fresh = [
            holds.say_of_address(rt, session, wish.company_id, one, Cause.OPTED_OUT)
            for one in dict.fromkeys(wish.readers)
        ]
        if any(fresh):
            _before_a_person(rt, session, wish)


def _before_a_person(rt: Runtime, session: Session, wish: Wish) -> None:
    """The whole account rests until somebody has seen to it; it stands on the desk."""
    cause, now = Cause.OPTED_OUT.value, rt.clock.now()
    open_one = HoldRow.account_id == wish.account_id, HoldRow.cause == cause, HoldRow.state == "open"
    if session.scalars(select(HoldRow.id).where(*open_one)).first() is None:
        row = HoldRow(
            uid=rt.new_id(),
            company_id=wish.company_id,
            account_id=wish.account_id,
            cause=cause,
            state="open",
            made_at=now,
        )
        session.add(row)
        audit.record(rt, session, "opted-out", wish.company_id, wish.account_id, row.uid, message=wish.message)
    mirror.wake(session, [wish.account_id], now)
