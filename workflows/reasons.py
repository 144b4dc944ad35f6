"""What a customer told us about invoices: kept with its day, and read by `plan()`, which branches the cadence.

A dispute and a promise have workflows of their own (`answers`); what a refusal is, only a person may say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from core.cadence import Reason
from models import Company, HoldRow, Invoice, ToldRow
from workflows import audit, holds, mirror, passing_on, planner, replies
from workflows.answers import answer_by, open_invoices
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.superseding import supersede

_ELSEWHERE = (Reason.DISPUTE, Reason.WILL_PAY)
# What a customer tells us of these, a person answers.
_PERSONAL = (Reason.WRONG_PERSON, Reason.SHORT_OF_CASH)
_AGAIN = "They say for the second time that this is paid."
_NUMBERED = "They need the order number {} on it. Put it on the invoice in the ledger and send them the new copy."
OLDEST_PAYMENT = timedelta(days=730)
NOTHING: Mapping[str, Any] = MappingProxyType({})


def tell(
    rt: Runtime,
    account_id: int,
    invoice_uids: Sequence[str],
    reason: Reason,
    text: str = "",
    user_id: int | None = None,
    detail: Mapping[str, Any] = NOTHING,
) -> ToldRow:
    """Keep what was said about these open invoices; it takes the place of an earlier reason.

    `detail`: paid_on and reference of what is paid already, the purchase_order a copy has to name. Who says a second
    time that an invoice is paid, or needs a number on it, waits for a person. Refusal when only a person may say it.
    """
    with rt.store.write() as session:
        return note(rt, session, account_id, invoice_uids, reason, text, user_id, detail)


def paid_already(
    rt: Runtime, account_id: int, invoice_uids: Sequence[str], paid_on: date | None, reference: str, text: str
) -> ToldRow:
    """The customer says that these are paid: when, and what stands on the payment, as far as they know."""
    if paid_on is not None:
        today = rt.clock.now().date()
        if paid_on > today + timedelta(days=1):
            raise Refusal("Please give the day on which you paid; it cannot lie ahead. To name one, choose a day.")
        if paid_on < today - OLDEST_PAYMENT:
            raise Refusal("That day is more than two years ago. Please check the year.")
    detail = {"paid_on": paid_on.isoformat() if paid_on else "", "reference": " ".join(reference.split())[:140]}
    return tell(rt, account_id, invoice_uids, Reason.PAID_ALREADY, text, detail=detail)


def order_number(rt: Runtime, account_id: int, invoice_uids: Sequence[str], number: str, text: str = "") -> ToldRow:
    """The customer can pay only with their own order number on the invoice: a person has to put it there."""
    number = " ".join(number.split())[:100]
    if not number:
        raise Refusal("Please tell us the number that has to stand on the invoice.")
    return tell(rt, account_id, invoice_uids, Reason.COPY, text, detail={"purchase_order": number})


def note(
    rt: Runtime,
    session: Session,
    account_id: int,
    invoice_uids: Sequence[str],
    reason: Reason,
    text: str = "",
    user_id: int | None = None,
    detail: Mapping[str, Any] = NOTHING,
) -> ToldRow:
    """The same within somebody's transaction."""
    if reason in _ELSEWHERE:
        raise Refusal("A dispute and a promise are noted on pages of their own.")
    if reason is Reason.REFUSES and user_id is None:
        raise Refusal("Only a person can note that a customer refuses to pay.")
    now = rt.clock.now()
    invoices = open_invoices(session, account_id, invoice_uids)
    company = session.get_one(Company, invoices[0].company_id)
    asks = _asks(session, invoices, reason, detail)
    waits = user_id is None and (asks or reason in _PERSONAL)
    supersede(session, ToldRow, ("open",), invoices, partial(overtake, now=now))
    made = ToldRow(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account_id,
        reason=reason.value,
        day=today_of(company, now),
        text=text.strip()[:10_000],
        detail={**detail, **_seen(invoices, reason)},
        answer_by=answer_by(rt, company) if waits else None,
        state="open",
        by_user_id=user_id,
        made_at=now,
        invoices=list(invoices),
    )
    session.add(made)
    session.flush()
    if asks:
        session.add_all(holds.for_a_person(rt, one, Cause(reason.value), asks) for one in invoices)
    elif reason is Reason.COPY:
        replies.want(rt, session, made)
    audit.record(rt, session, "told", company.id, account_id, made.uid, reason=reason, user=user_id)
    if user_id is None:
        passing_on.say(rt, session, account_id, "told", made.uid)
    mirror.wake(session, [account_id], now)
    return made


def _asks(session: Session, invoices: Sequence[Invoice], reason: Reason, detail: Mapping[str, Any]) -> str:
    """What a person has to do before it goes on, for the desk; "" where nobody has to."""
    if reason is Reason.COPY and detail.get("purchase_order"):
        return _NUMBERED.format(detail["purchase_order"])
    return _AGAIN if reason is Reason.PAID_ALREADY and _said_before(session, invoices, reason) else ""


def _seen(invoices: Sequence[Invoice], reason: Reason) -> dict[str, Any]:
    """In which version they called an invoice in order, to be shown beside a later dispute about it."""
    return {"versions": {one.uid: one.version for one in invoices}} if reason is Reason.IN_ORDER else {}


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
        end(rt, session, found, user_id, answer)


def end(rt: Runtime, session: Session, row: ToldRow, user_id: int, answer: str) -> None:
    """The same within somebody's transaction; the row comes with its invoices. Holds that waited for it end, too."""
    row.state, row.answer, row.closed_at = "closed", answer.strip()[:10_000], rt.clock.now()
    audit.record(rt, session, "told-closed", row.company_id, row.account_id, row.uid, user=user_id)
    about = [one.id for one in row.invoices]
    waiting = HoldRow.state == "open", HoldRow.cause == row.reason, HoldRow.until.is_(None), HoldRow.owner_id.is_(None)
    for hold in session.scalars(select(HoldRow).where(*waiting, HoldRow.invoice_id.in_(about))):
        holds.end(rt, session, hold, user_id)
    planner.wake_owners(rt, session, about, row.account_id)


def _said_before(session: Session, invoices: Sequence[Invoice], reason: Reason) -> bool:
    about = ToldRow.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    return session.scalars(select(ToldRow.id).where(ToldRow.reason == reason.value, about)).first() is not None


def overtake(row: ToldRow, now: datetime) -> None:
    """A later word takes the place of what they told us, or something was agreed on."""
    row.state, row.closed_at = "closed", now
