"""Deleting a company: asked for by an owner, stopped at once, called off for seven days, and then not any more.

It refuses while money is under way. While it waits nothing is said to customers and their pages are closed; what is
carried out afterwards is in `leaving_now`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Attempt, AttemptLine, Company, Deletion, Effect, EffectKind, EffectState, Posting, Reversal
from workflows import audit, notices, people, stopping
from workflows.errors import Refusal
from workflows.owed import ON_ITS_WAY
from workflows.pending import UNSEEN
from workflows.reaching import Reach
from workflows.runtime import Runtime

GRACE = timedelta(days=7)
_NOW = (EffectState.CLAIMED.value, EffectState.SENDING.value, EffectState.IN_DOUBT.value)


@dataclass(frozen=True, slots=True)
class Against:
    """One sentence that stands against a deletion, and the page on which it is settled: desk or month-end."""

    sentence: str
    place: str


def against(session: Session, company_id: int) -> list[Against]:
    """What must be settled first, so that no money is lost on its way."""
    return list(_against(session, company_id))


def _against(session: Session, company_id: int) -> Iterator[Against]:
    for sentence, place, table, condition in _UNDER_WAY:
        if session.scalar(select(table.id).where(table.company_id == company_id, condition).limit(1)) is not None:
            yield Against(sentence, place)
    attempts = select(Attempt.id).where(Attempt.company_id == company_id)
    taken = AttemptLine.attempt_id.in_(attempts), AttemptLine.state.in_(ON_ITS_WAY)
    if session.scalar(select(AttemptLine.id).where(*taken).limit(1)) is not None:
        yield Against("A payment was taken that the ledger does not show yet.", "month-end")
    back = Reversal.attempt_id.in_(attempts), Reversal.state.in_(("due", "desk", "again"))
    if session.scalar(select(Reversal.id).where(*back).limit(1)) is not None:
        yield Against("Money that went back is not settled in the ledger yet.", "desk")


_UNDER_WAY: tuple[tuple[str, str, Any, Any], ...] = (
    (
        "A message or a booking is under way, or in doubt. Wait a few minutes, or settle it on the desk.",
        "desk",
        Effect,
        Effect.state.in_(_NOW),
    ),
    (
        "A payment waits to be booked in the ledger.",
        "desk",
        Effect,
        (Effect.kind == EffectKind.BOOKING.value) & (Effect.state == EffectState.DUE.value),
    ),
    (
        "A customer has begun a payment that has not come to its end.",
        "month-end",
        Attempt,
        Attempt.state.in_(("created", "open", "pending")),
    ),
    (
        "A change of the ledger waits to be written, or is not seen there yet.",
        "desk",
        Posting,
        Posting.state.in_(("due", "desk")) | ((Posting.state == "written") & UNSEEN),
    ),
)


def standing(session: Session, company_id: int) -> Deletion | None:
    """The deletion that was asked for and has neither ended nor been called off."""
    mine = Deletion.gone_id == company_id, Deletion.state.in_(("asked", "running"))
    return session.scalars(select(Deletion).where(*mine)).first()


def waiting(session: Session, reach: Reach) -> Sequence[tuple[Deletion, Company]]:
    """Companies within somebody's reach that wait to be deleted, or are on their way out."""
    wanted = select(Deletion, Company).join(Company, Company.id == Deletion.gone_id)
    mine = reach.company(), Deletion.state.in_(("asked", "running"))
    return [(row, company) for row, company in session.execute(wanted.where(*mine).order_by(Deletion.id))]


def ask(rt: Runtime, company_id: int, user_id: int, typed: str) -> Deletion:
    """Stop everything of a company at once, and let it be deleted after the days of grace.

    Refusal for who is no owner, when `typed` is not the company's name, and while money is under way.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        company = session.get_one(Company, company_id, with_for_update=True)
        by = people.owner(session, company.practice_id, user_id)
        if typed.strip().casefold() != company.name.strip().casefold():
            raise Refusal("Please type the company's name exactly as it stands here, so that no other is deleted.")
        if company.leaving_at is not None:
            raise Refusal("It was asked for already; the page shows when it goes.")
        found = against(session, company_id)
        if found:
            raise Refusal("This company cannot be deleted yet. {against}", against=found[0].sentence)
        row = Deletion(
            uid=rt.new_id(),
            practice_id=company.practice_id,
            gone_id=company.id,
            state="asked",
            asked_by_id=by.id,
            asked_at=now,
            effective_at=now + GRACE,
        )
        session.add(row)
        company.leaving_at = now
        stopping.changed(rt, session, company.id, going_on=False)
        _note(rt, session, row, company, "deletion-asked", by.id)
        when = f"{row.effective_at:%d %B %Y at %H:%M} UTC"
        text = _ASKED.format(who=by.name, name=company.name, when=when)
        _tell(rt, session, row, company, f"{company.name} will be deleted", text)
    return row


_ASKED = (
    "{who} asked for {name} to be deleted, with everything that Dunlin keeps of it.\n\nFrom now on nothing is sent "
    "for it, and its customers' pages are closed. It is deleted on {when}, and nobody can bring it back after "
    "that. Until then any owner can call it off, and all goes on as before.\n\n"
    "See it, take its data out, or call it off here:"
)


def call_off(rt: Runtime, company_id: int, user_id: int) -> None:
    """An owner changes their mind: all goes on as it was. Refusal for anybody else, and once it has begun."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id, with_for_update=True)
        by = people.owner(session, company.practice_id, user_id)
        row = standing(session, company_id)
        if row is None or row.state != "asked":
            raise Refusal("There is nothing to call off any more; the page shows how things stand now.")
        row.state, row.ended_at, row.ended_by_id = "cancelled", rt.clock.now(), by.id
        company.leaving_at = None
        stopping.changed(rt, session, company.id, going_on=True)
        _note(rt, session, row, company, "deletion-called-off", by.id)
        text = f"{by.name} called it off. {company.name} stays, and sending goes on as it was set before."
        _tell(rt, session, row, company, f"{company.name} is not deleted", text)


def notice_key(row: Deletion, what: str) -> str:
    return f"deletion/{row.uid}/{what}"


def _note(rt: Runtime, session: Session, row: Deletion, company: Company, kind: str, user_id: int) -> None:
    """In both logs: the company's own goes with it."""
    audit.record(rt, session, kind, company.id, subject=row.uid, user=user_id)
    audit.record_practice(rt, session, kind, company.practice_id, row.uid, user=user_id, company=company.uid)


def _tell(rt: Runtime, session: Session, row: Deletion, company: Company, subject: str, text: str) -> None:
    page = f"/companies/{company.uid}/delete"
    key = notice_key(row, row.state)
    notices.want(rt, session, company.practice_id, None, key, subject, text, page, owners=True)
