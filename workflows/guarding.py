"""Changes through which money could be led astray: when one has to wait, and asking for it so that all owners hear.

It knows no kind of change and carries none out; `guarded` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from models import Company, GuardedChange, Touch, User
from workflows import audit, notices
from workflows.runtime import Runtime

DELAY = timedelta(hours=24)
# Puts a change in force inside a transaction; what it gives back is to be done after it.
Deed = Callable[[Session], Callable[[], None] | None]


class NotYet(Exception):
    """A person has to do something first; the message is one sentence that says what."""


class Kind(StrEnum):
    BANK_DETAILS = "bank-details"
    PROCESSOR = "processor"
    SENDER = "sender"
    REPLIES = "replies"


LABELS = {
    Kind.BANK_DETAILS: "bank details",
    Kind.PROCESSOR: "online payments",
    Kind.SENDER: "the sender of its messages",
    Kind.REPLIES: "the address that gets replies",
}
ENDS = {
    "done": "changed",
    "cancelled": "not changed: it was stopped",
    "failed": "not changed",
    "waiting": "not changed yet",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change: `about` is what of its kind it changes, such as a currency; `summary` is for people and holds no keys;
    `content` is what carries it out, JSON, and is sealed.
    """

    kind: Kind
    about: str
    summary: str
    content: Mapping[str, Any]


def must_wait(session: Session, company: Company, used_before: bool) -> bool:
    """Whether customers could be led astray: the company speaks, has ever spoken, or something is to be replaced.

    Switching a company off is no way round: whoever was written to still has a page to pay on.
    """
    if company.live_at is not None or used_before:
        return True
    return session.scalars(select(Touch.id).where(Touch.company_id == company.id).limit(1)).first() is not None


def ask(rt: Runtime, session: Session, company: Company, wanted: Wanted, by: User) -> GuardedChange:
    """Let it wait for a day and tell all owners. What waits about the same thing is replaced, and that is told too."""
    session.execute(select(Company.id).where(Company.id == company.id).with_for_update())
    now, replaced = rt.clock.now(), ""
    for one in waiting(session, company.id):
        if one.kind == wanted.kind.value and content_of(rt, one)["about"] == wanted.about:
            end(rt, session, one, "cancelled", "A later one took its place.", by.id)
            replaced = f"It takes the place of what was asked for on {_when(one.asked_at, company)}.\n\n"
    change = GuardedChange(
        uid=rt.new_id(),
        company_id=company.id,
        kind=wanted.kind.value,
        summary=wanted.summary,
        content_sealed=rt.vault.seal(json.dumps({**wanted.content, "about": wanted.about}).encode()),
        asked_by_id=by.id,
        asked_at=now,
        effective_at=now + DELAY,
    )
    session.add(change)
    session.flush()
    audit.record(
        rt, session, "change-asked", company.id, subject=change.uid, user=by.id, what=change.kind, says=wanted.summary
    )
    text = (
        f"{by.name} asked for this change of {company.name}:\n\n{wanted.summary}\n\n{replaced}"
        f"It takes effect on {_when(change.effective_at, company)}, and not before. If it is not right, stop it until "
        "then: any owner can. Ask the person by telephone, not by mail.\n\nSee it and stop it here:"
    )
    _tell(rt, session, change, company, "asked", f"{company.name}: {LABELS[wanted.kind]} will change tomorrow", text)
    return change


def done_at_once(rt: Runtime, session: Session, company: Company, wanted: Wanted, by: User) -> None:
    """Something that leads nobody astray, such as taking a way to pay away: written down, and all owners told."""
    change = GuardedChange(
        uid=rt.new_id(),
        company_id=company.id,
        kind=wanted.kind.value,
        summary=wanted.summary,
        content_sealed=rt.vault.seal(json.dumps({"about": wanted.about}).encode()),
        state="done",
        asked_by_id=by.id,
        asked_at=rt.clock.now(),
        effective_at=rt.clock.now(),
        ended_at=rt.clock.now(),
    )
    session.add(change)
    session.flush()
    audit.record(rt, session, "change-done", company.id, subject=change.uid, user=by.id, says=wanted.summary)
    subject = f"{company.name}: {LABELS[wanted.kind]} changed"
    _tell(rt, session, change, company, "done", subject, f"{by.name} changed this:\n\n{wanted.summary}\n\nSee it here:")


def content_of(rt: Runtime, change: GuardedChange) -> dict[str, Any]:
    """What carries the change out. VaultError when no key opens it any more."""
    found: dict[str, Any] = json.loads(rt.vault.unseal(change.content_sealed))
    return found


def ended(session: Session, company_id: int, most: int) -> Sequence[GuardedChange]:
    """What took effect, was stopped or failed, the newest first."""
    mine = GuardedChange.company_id == company_id, GuardedChange.state != "waiting"
    newest = GuardedChange.ended_at.desc(), GuardedChange.id.desc()
    return session.scalars(select(GuardedChange).where(*mine).order_by(*newest).limit(most)).all()


def waiting(session: Session, company_id: int, kind: Kind | None = None) -> list[GuardedChange]:
    """What waits to take effect, the next one first."""
    wanted = select(GuardedChange).where(GuardedChange.company_id == company_id, GuardedChange.state == "waiting")
    if kind is not None:
        wanted = wanted.where(GuardedChange.kind == kind.value)
    return list(session.scalars(wanted.order_by(GuardedChange.effective_at, GuardedChange.id)))


def end(
    rt: Runtime, session: Session, change: GuardedChange, state: str, note: str = "", user_id: int | None = None
) -> bool:
    """It waits no longer: done, cancelled or failed. Of two who end it one succeeds. What was sealed is forgotten."""
    ended = session.execute(
        update(GuardedChange)
        .where(GuardedChange.id == change.id, GuardedChange.state == "waiting")
        .values(
            state=state,
            note=note,
            ended_by_id=user_id,
            ended_at=rt.clock.now(),
            content_sealed=rt.vault.seal(b"{}"),
        )
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], ended).rowcount == 0:
        return False
    audit.record(
        rt, session, f"change-{state}", change.company_id, subject=change.uid, user=user_id, what=change.kind, why=note
    )
    return True


def tell_end(rt: Runtime, session: Session, change: GuardedChange, state: str, why: str) -> None:
    """All owners hear how it ended; `why` is one sentence."""
    company = session.get_one(Company, change.company_id)
    subject = f"{company.name}: {LABELS[Kind(change.kind)]} {ENDS[state]}"
    _tell(rt, session, change, company, state, subject, f"{why}\n\n{change.summary}\n\nSee it here:")


def notice_key(change: GuardedChange, what: str = "asked") -> str:
    """Under which the owners were told of it."""
    return f"guarded/{change.uid}/{what}"


def _tell(
    rt: Runtime, session: Session, change: GuardedChange, company: Company, what: str, subject: str, text: str
) -> None:
    page = f"/companies/{company.uid}/paying"
    notices.want(
        rt, session, company.practice_id, company.id, notice_key(change, what), subject, text, page, owners=True
    )


def _when(moment: datetime, company: Company) -> str:
    """On the company's own wall clock, with its zone: the mail may be read anywhere."""
    zone = company.zone or "UTC"
    return f"{format_datetime(moment, 'd MMMM y, HH:mm', tzinfo=ZoneInfo(zone), locale='en_GB')} ({zone})"
