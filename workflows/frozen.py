"""The words a person approved: what leaves is exactly these, or the approval is withdrawn because something moved.

It finds approvals and takes them back; who gives one, and how, is `approvals`.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.plan import Action, fingerprint
from models import ApprovalRow
from workflows import audit
from workflows.gather import Gathered
from workflows.message_facts import MessageFacts
from workflows.messages import Opening, opening
from workflows.runtime import Runtime

CHANGED, TAKEN_BACK = "changed", "taken-back"


def approved(session: Session, gathered: Gathered, action: Action) -> ApprovalRow | None:
    """The last word on exactly this message, where it was a yes."""
    mark = fingerprint(gathered.facts, action)
    if mark not in gathered.facts.approvals:
        return None
    word = session.scalars(
        select(ApprovalRow)
        .where(
            ApprovalRow.account_id == action.account,
            ApprovalRow.fingerprint == mark,
            ApprovalRow.withdrawn_at.is_(None),
        )
        .order_by(ApprovalRow.id.desc())
        .limit(1)
    ).first()
    return word if word is not None and word.approved else None


def still_true(word: ApprovalRow, facts: MessageFacts, action: Action, gathered: Gathered) -> bool:
    """Whether the template says today what it said on the day of the approval: "is due tomorrow" is not for ever."""
    then = replace(facts, today=gathered.calendar.today(word.at))
    return opening(facts, action.channel) == opening(then, action.channel)


def words_of(word: ApprovalRow) -> Opening:
    return Opening(word.subject, tuple(word.paragraphs))


def withdraw(rt: Runtime, session: Session, word: ApprovalRow, why: str, **payload: object) -> None:
    """It counts no more; `why` is a cause, "changed" or "taken-back"."""
    word.withdrawn_at, word.note = rt.clock.now(), why
    audit.record(rt, session, "approval-withdrawn", word.company_id, word.account_id, word.uid, why=why, **payload)
