"""What a customer told us about invoices: kept with its day, and read by `plan()`, which branches the cadence.

A dispute and a promise have workflows of their own (`answers`); what a refusal is, only a person may say.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from core.cadence import Reason
from models import Company, Invoice, ToldRow
from workflows import audit, holds, mirror, planner, replies
from workflows.answers import open_invoices
from workflows.calendars import calendar_of
from workflows.errors import Refusal
from workflows.runtime import Runtime

_ELSEWHERE = (Reason.DISPUTE, Reason.WILL_PAY)
_AGAIN = "They say for the second time that this is paid."


def tell(
    rt: Runtime,
    account_id: int,
    invoice_uids: Sequence[str],
    reason: Reason,
    text: str = "",
    user_id: int | None = None,
) -> ToldRow:
    """Keep what was said about these open invoices; it takes the place of an earlier reason.

    Who says a second time that an invoice is paid waits for a person. Refusal when only a person may say it.
    """
    with rt.store.write() as session:
        return note(rt, session, account_id, invoice_uids, reason, text, user_id)


def note(
    rt: Runtime,
    session: Session,
    account_id: int,
    invoice_uids: Sequence[str],
    reason: Reason,
    text: str = "",
    user_id: int | None = None,
) -> ToldRow:
    """The same within somebody's transaction."""
    if reason in _ELSEWHERE:
        raise Refusal("A dispute and a promise are noted on pages of their own.")
    if reason is Reason.REFUSES and user_id is None:
        raise Refusal("Only a person can note that a customer refuses to pay.")
    now = rt.clock.now()
    invoices = open_invoices(session, account_id, invoice_uids)
    company = session.get_one(Company, invoices[0].company_id)
    again = reason is Reason.PAID_ALREADY and _said_before(session, invoices, reason)
    _close_open(rt, session, invoices)
    made = ToldRow(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account_id,
        reason=reason.value,
        day=calendar_of(company, now).today(now),
        text=text.strip()[:10_000],
        state="open",
        by_user_id=user_id,
        made_at=now,
        invoices=list(invoices),
    )
    session.add(made)
    if reason is Reason.COPY:
        replies.want(rt, session, made)
    if again:
        session.add_all(holds.for_a_person(rt, one, Cause.PAID_ALREADY, _AGAIN) for one in invoices)
    audit.record(rt, session, "told", company.id, account_id, made.uid, reason=reason, user=user_id)
    mirror.wake(session, [account_id], now)
    return made


def close(rt: Runtime, told_uid: str, user_id: int, answer: str) -> None:
    """A person has dealt with it: the invoices are spoken about again as the cadence says."""
    if not answer.strip():
        raise Refusal("Please note in a few words what was done.")
    with rt.store.write() as session:
        found = session.scalars(
            select(ToldRow)
            .where(ToldRow.uid == told_uid, ToldRow.state == "open")
            .options(selectinload(ToldRow.invoices))
        ).first()
        if found is None:
            raise Refusal("Somebody has already dealt with this.")
        found.state, found.answer, found.closed_at = "closed", answer.strip()[:10_000], rt.clock.now()
        audit.record(rt, session, "told-closed", found.company_id, found.account_id, found.uid, user=user_id)
        planner.wake_owners(rt, session, [one.id for one in found.invoices], found.account_id)


def _said_before(session: Session, invoices: Sequence[Invoice], reason: Reason) -> bool:
    about = ToldRow.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    return session.scalars(select(ToldRow.id).where(ToldRow.reason == reason.value, about)).first() is not None


def _close_open(rt: Runtime, session: Session, invoices: Sequence[Invoice]) -> None:
    """A new word about the same invoices takes the place of an earlier one; of others it stays."""
    ids = {one.id for one in invoices}
    open_rows = select(ToldRow).where(ToldRow.state == "open", ToldRow.invoices.any(Invoice.id.in_(ids)))
    for earlier in session.scalars(open_rows.options(selectinload(ToldRow.invoices))).all():
        left = [one for one in earlier.invoices if one.id not in ids]
        if left:
            earlier.invoices = left
        else:
            earlier.state, earlier.closed_at = "closed", rt.clock.now()
