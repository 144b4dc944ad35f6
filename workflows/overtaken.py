"""What a person said or was asked to do, and facts have overtaken: approvals are withdrawn, calls need not be made.

Looked at with every new answer about an account; it decides nothing that `plan()` decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.facts import Approval, InvoiceStatus
from core.plan import Plan, fingerprint, plan
from models import ApprovalRow, Invoice, Task, Touch, TouchInvoice
from workflows import audit, frozen
from workflows.gather import Gathered
from workflows.owed import is_owed
from workflows.rows import one_of
from workflows.runtime import Runtime

NOT_NEEDED = "not-needed"
# What passes by itself, while the words stay true.
_WAITING = frozenset({Cause.SENDING, Cause.GAP, Cause.ONE_A_DAY, Cause.BUDGET})
_NOBODY: Mapping[str, Approval] = MappingProxyType({})
# Asked with every answer about an account, so they are made once.
_UNUSED = (
    select(ApprovalRow)
    .outerjoin(Touch, Touch.approval_id == ApprovalRow.id)
    .where(
        one_of(ApprovalRow.account_id, "accounts"),
        ApprovalRow.approved,
        ApprovalRow.withdrawn_at.is_(None),
        Touch.id.is_(None),
    )
    .order_by(ApprovalRow.id)
)
_SETTLED = select(Task).where(
    one_of(Task.account_id, "accounts"),
    Task.state == "open",
    ~select(TouchInvoice.id)
    .join(Invoice, Invoice.id == TouchInvoice.invoice_id)
    .where(TouchInvoice.touch_id == Task.touch_id, is_owed())
    .exists(),
)


def withdraw_moved(rt: Runtime, session: Session, answers: Mapping[int, tuple[Gathered, Plan]]) -> None:
    """Withdraw every approval of these accounts that is not used yet and no longer says what would be said now."""
    for account_id, words in _unused(session, answers).items():
        gathered, _ = answers[account_id]
        # As if nobody had said anything yet: every message that is due is then a draft.
        undecided = replace(gathered.facts, approvals=_NOBODY, drafts=True)
        fresh = plan(undecided, gathered.cadence, gathered.calendar, rt.clock.now())
        standing = {fingerprint(gathered.facts, action) for action in fresh.drafts}
        for word in words:
            if word.fingerprint not in standing and (why := _why(session, word, fresh.because)):
                frozen.withdraw(rt, session, word, why)


def _unused(session: Session, accounts: Collection[int]) -> Mapping[int, list[ApprovalRow]]:
    found: dict[int, list[ApprovalRow]] = defaultdict(list)
    for word in session.scalars(_UNUSED, {"accounts": accounts}):
        found[word.account_id].append(word)
    return found


def _why(session: Session, word: ApprovalRow, because: Collection[Because]) -> str:
    """What came between; "" while it only waits its turn."""
    about = {line[0] for line in word.content["lines"]}
    causes = [one.cause for one in because if one.invoice in about]
    if any(cause in _WAITING for cause in causes):
        return ""
    closed = session.scalars(select(Invoice.status).where(Invoice.id.in_(about), ~is_owed())).first()
    if closed is not None:
        return (Cause.PAID if closed in (InvoiceStatus.PAID, InvoiceStatus.OPEN) else Cause.GONE).value
    known = [cause for cause in causes if cause is not Cause.AWAITING_APPROVAL]
    return known[0].value if known else frozen.CHANGED


def close_settled(rt: Runtime, session: Session, accounts: Collection[int], now: datetime) -> None:
    """Nobody is called, and no letter is posted, about what is no longer open."""
    for task in session.scalars(_SETTLED, {"accounts": accounts}):
        task.state, task.outcome, task.done_at = "done", NOT_NEEDED, now
        audit.record(rt, session, "task-not-needed", task.company_id, task.account_id, task.uid)
