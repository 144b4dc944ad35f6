"""A person's word on drafts: as they would be sent now, approved, edited, skipped, taken back; and who is asked.

What is approved is exactly what was shown: a draft that has changed since is refused and shown again. How it leaves is
`frozen`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.cadence import Step
from core.facts import InvoiceFacts
from core.kindness import Finding
from core.plan import Action, fingerprint, plan
from models import Account, ApprovalRow, Company, Draft, Touch
from workflows import audit, compose, frozen, gather, messages, mirror, own_words, planner
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.templating import MessageError

LONGEST_DRAFTS = 366
CHANGED = "This draft has changed since you read it; please read it again."


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as it would be sent now. `mark` stands for exactly this text; `trouble` says why there is none.

    `invoices` are the facts it is about, in its order.
    """

    draft: Draft
    account: Account
    company: Company
    action: Action
    step: Step | None
    invoices: tuple[InvoiceFacts, ...]
    words: messages.Opening
    trouble: str = ""

    @property
    def mark(self) -> str:
        shown = repr((self.draft.fingerprint, self.words.title, self.words.paragraphs))
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def shown(rt: Runtime, session: Session, drafts: Sequence[Draft]) -> list[Shown]:
    """Those of these drafts that still stand, worded now, in their order."""
    now = rt.clock.now()
    gathered = gather.accounts(rt, session, {draft.account_id for draft in drafts}, now)
    standing = {
        (id, fingerprint(one.facts, action)): action
        for id, one in gathered.items()
        for action in plan(one.facts, one.cadence, one.calendar, now).drafts
    }
    return [
        _shown(rt, session, draft, action, gathered[draft.account_id])
        for draft in drafts
        if (action := standing.get((draft.account_id, draft.fingerprint))) is not None
    ]


def _shown(rt: Runtime, session: Session, draft: Draft, action: Action, gathered: gather.Gathered) -> Shown:
    known = {one.id: one for one in gathered.facts.invoices}
    trouble, words = "", messages.Opening("", ())
    try:
        words = messages.opening(compose.cadence_facts(rt, session, action, gathered), action.channel)
    except MessageError as error:
        trouble = str(error)
    return Shown(
        draft,
        gathered.row,
        session.get_one(Company, draft.company_id),
        action,
        gathered.cadence.step(action.lead),
        tuple(known[id] for id in dict.fromkeys(line.invoice for line in action.lines)),
        words,
        trouble,
    )


def approve(
    rt: Runtime, draft_id: int, mark: str, user_id: int, subject: str = "", text: str | None = None
) -> tuple[Finding, ...]:
    """Agree to what was shown, or to `subject` and `text` in its place; what could be kinder about them.

    Refusal when it has changed since it was read, or when a person's own words threaten or claim what is not so.
    """
    with rt.store.write() as session:
        one = _as_read(rt, session, draft_id, mark)
        words = one.words if text is None else own_words.read(subject, text)
        same = words == one.words
        findings = () if same else own_words.checked(rt, session, words, one.company, one.account.id)
        _agree(rt, session, one, words, user_id)
    return findings


def approve_all(rt: Runtime, company_id: int, marks: Mapping[str, str], user_id: int) -> tuple[int, int]:
    """Agree to every one of these drafts of a company (uid -> mark) as it was shown; how many, and how many changed."""
    with rt.store.write() as session:
        drafts = session.scalars(
            select(Draft).where(Draft.company_id == company_id, Draft.uid.in_(list(marks))).order_by(Draft.id)
        ).all()
        same = [one for one in shown(rt, session, drafts) if one.mark == marks[one.draft.uid] and not one.trouble]
        for one in same:
            _agree(rt, session, one, one.words, user_id)
    return len(same), len(marks) - len(same)


def skip(rt: Runtime, draft_id: int, user_id: int, because: str, until: date) -> None:
    """Leave it unsaid until it is asked about again on a day. Refusal without a because, or for a day that is over.

    The day is needed: one word at a time is said, so the next would wait for this one for ever.
    """
    if not because.strip():
        raise Refusal("Please note in a few words why it is left out.")
    with rt.store.write() as session:
        one = _standing(rt, session, draft_id)
        if until <= today_of(one.company, rt.clock.now()):
            raise Refusal("Please choose a day from tomorrow on.")
        row = _word(rt, one, user_id, approved=False)
        row.until, row.note = until, because.strip()[:2000]
        _keep(rt, session, one, row, "draft-skipped", because=row.note, until=str(until))


def take_back(rt: Runtime, approval_id: int, user_id: int) -> None:
    """Withdraw an approval whose message has not begun to leave. Refusal when it has."""
    with rt.store.write() as session:
        row = session.get_one(ApprovalRow, approval_id, with_for_update={"key_share": True})
        if row.withdrawn_at is not None:
            raise Refusal("This was already withdrawn.")
        if session.scalars(select(Touch.id).where(Touch.approval_id == row.id)).first() is not None:
            raise Refusal("It has already left.")
        frozen.withdraw(rt, session, row, frozen.TAKEN_BACK, user=user_id)
        mirror.wake(session, [row.account_id], rt.clock.now())


def set_rule(rt: Runtime, company_id: int, draft_days: int, everything: bool, user_id: int) -> None:
    """How long after going live a person approves every message of a company, or whether always."""
    if not 0 <= draft_days <= LONGEST_DRAFTS:
        raise Refusal(f"Please give a number of days from 0 to {LONGEST_DRAFTS}.")
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.draft_days, company.approve_all = draft_days, everything
        audit.record(
            rt, session, "approval-rule", company_id, subject=company.uid, user=user_id, days=draft_days, all=everything
        )
        planner.wake_company(rt, session, company_id)


def waiting(session: Session, companies: Collection[int]) -> Mapping[int, int]:
    """How many drafts wait, by company."""
    counted = select(Draft.company_id, func.count()).where(Draft.company_id.in_(companies)).group_by(Draft.company_id)
    return {row[0]: row[1] for row in session.execute(counted)}


def lately(session: Session, companies: Collection[int], since: datetime) -> list[tuple[ApprovalRow, bool]]:
    """What was decided, or withdrawn, since then, the newest first; and whether its message has left."""
    rows = session.execute(
        select(ApprovalRow, Touch.id)
        .outerjoin(Touch, Touch.approval_id == ApprovalRow.id)
        .where(ApprovalRow.company_id.in_(companies), (ApprovalRow.at >= since) | (ApprovalRow.withdrawn_at >= since))
        .order_by(ApprovalRow.id.desc())
        .limit(50)
    )
    return [(row, touch is not None) for row, touch in rows]


def _standing(rt: Runtime, session: Session, draft_id: int) -> Shown:
    draft = session.get(Draft, draft_id)
    found = shown(rt, session, [draft]) if draft is not None else []
    if not found:
        raise Refusal(CHANGED)
    return found[0]


def _as_read(rt: Runtime, session: Session, draft_id: int, mark: str) -> Shown:
    one = _standing(rt, session, draft_id)
    if one.mark != mark:
        raise Refusal(CHANGED)
    if one.trouble:
        raise Refusal(one.trouble)
    return one


def _agree(rt: Runtime, session: Session, one: Shown, words: messages.Opening, user_id: int) -> None:
    row = _word(rt, one, user_id, approved=True)
    row.subject, row.paragraphs = words.title, list(words.paragraphs)
    _keep(rt, session, one, row, "draft-approved", edited=words != one.words)


def _word(rt: Runtime, one: Shown, user_id: int, approved: bool) -> ApprovalRow:
    return ApprovalRow(
        uid=rt.new_id(),
        company_id=one.company.id,
        account_id=one.account.id,
        fingerprint=one.draft.fingerprint,
        approved=approved,
        at=rt.clock.now(),
        content=one.draft.content,
        user_id=user_id,
    )


def _keep(rt: Runtime, session: Session, one: Shown, row: ApprovalRow, kind: str, **payload: object) -> None:
    session.add(row)
    session.execute(delete(Draft).where(Draft.id == one.draft.id))
    about = {"user": row.user_id, "step": one.draft.step, "fingerprint": row.fingerprint}
    audit.record(rt, session, kind, row.company_id, row.account_id, row.uid, **about, **payload)
    mirror.wake(session, [row.account_id], rt.clock.now())
