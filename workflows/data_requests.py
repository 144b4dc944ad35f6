"""What a customer asks for by law, noted with the day by which it must be answered, and closed by a person.

It answers nothing by itself: seeing, correcting, restricting, objecting and erasing each have their own button.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Cause
from models import Account, Company, Contact, DataRequest
from workflows import audit, holds
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.rows import plain
from workflows.runtime import Runtime


class Kind(StrEnum):
    SEE = "see"
    CORRECT = "correct"
    RESTRICT = "restrict"
    OBJECT = "object"
    ERASE = "erase"


def answer_by(asked_on: date) -> date:
    """One month later (GDPR Art. 12(3)); where that month has no such day, its last."""
    year, month = asked_on.year + asked_on.month // 12, asked_on.month % 12 + 1
    return date(year, month, min(asked_on.day, monthrange(year, month)[1]))


def note(rt: Runtime, account_id: int, user_id: int, kind: str, asked_on: date, text: str) -> DataRequest:
    """Write a request down. Refusal for a kind that there is not, and for a day to come."""
    if kind not in list(Kind):
        raise Refusal("Please choose what they ask for.")
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        company = session.get_one(Company, account.company_id)
        if asked_on > today_of(company, rt.clock.now()):
            raise Refusal("Please give the day on which they asked: today, or one before.")
        row = DataRequest(
            uid=rt.new_id(),
            company_id=company.id,
            account_id=account.id,
            kind=kind,
            asked_on=asked_on,
            answer_by=answer_by(asked_on),
            note=plain(text).strip()[:2000],
            noted_by_id=user_id,
            noted_at=rt.clock.now(),
        )
        session.add(row)
        audit.record(rt, session, "data-request-noted", company.id, account.id, row.uid, user=user_id, what=kind)
    return row


def close(rt: Runtime, account_id: int, uid: str, user_id: int, outcome: str) -> None:
    """It was answered. Refusal without a word on how, and where it was before."""
    told = plain(outcome).strip()[:2000]
    if not told:
        raise Refusal("Please say in a few words how it was answered.")
    with rt.store.write() as session:
        mine = DataRequest.account_id == account_id, DataRequest.uid == uid
        row = session.scalars(select(DataRequest).where(*mine).with_for_update()).first()
        if row is None or row.done_at is not None:
            raise Refusal("This was answered already.")
        row.done_at, row.done_by_id, row.outcome = rt.clock.now(), user_id, told
        audit.record(rt, session, "data-request-closed", row.company_id, account_id, row.uid, user=user_id)


def object_to_mail(rt: Runtime, account_id: int) -> int:
    """They object: no address of theirs is written to by itself any more; how many there are."""
    with rt.store.read() as session:
        account = session.get_one(Account, account_id)
        contacts = session.scalars(select(Contact.email).where(Contact.account_id == account_id))
        people = [address for _, address, *_ in account.people]
        known = {one.lower() for one in (*account.emails, *account.instead, *people, *contacts) if one}
    for one in sorted(known):
        holds.note_address(rt, account.company_id, one, Cause.OPTED_OUT)
    return len(known)


def of_account(session: Session, account_id: int) -> Sequence[DataRequest]:
    """All of a customer's, the newest first."""
    mine = select(DataRequest).where(DataRequest.account_id == account_id)
    return session.scalars(mine.order_by(DataRequest.id.desc())).all()


def still_open(session: Session, reach: Reach) -> Sequence[tuple[DataRequest, Account, Company]]:
    """Within somebody's reach, the one that must be answered first in front."""
    wanted = (
        select(DataRequest, Account, Company)
        .join(Account, Account.id == DataRequest.account_id)
        .join(Company, Company.id == DataRequest.company_id)
        .where(reach.company(), DataRequest.done_at.is_(None))
        .order_by(DataRequest.answer_by, DataRequest.id)
    )
    return [(row, account, company) for row, account, company in session.execute(wanted)]
