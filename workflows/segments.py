"""The segment of customers that an account is put into by hand: a name a person gives, by which cadences can differ."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import CadenceError
from core.segments import is_name
from models import Account, CadenceOverride, Company, SegmentRule
from workflows import audit, cadences, library, mirror, segment_rules
from workflows.errors import Refusal
from workflows.runtime import Runtime


def known(session: Session, company_id: int) -> Sequence[str]:
    """The segments there are at a company: those that customers are in, and those with a rule or with changes."""
    used = select(Account.segment).where(Account.company_id == company_id, Account.segment != "")
    changed = select(CadenceOverride.segment).where(
        CadenceOverride.company_id == company_id, CadenceOverride.segment != ""
    )
    ruled = select(SegmentRule.segment).where(SegmentRule.company_id == company_id)
    return session.scalars(used.union(changed, ruled).order_by("segment")).all()


def assign(rt: Runtime, account_id: int, segment: str, user_id: int) -> None:
    """Put an account into a segment, or with "" leave it to the rules. Refusal where the name cannot be used, or where
    what would be said then could not be read or could break a promise.
    """
    if segment and not is_name(segment):
        raise Refusal("Name a segment with small letters, digits and dashes, such as key-accounts.")
    _check(rt, account_id, segment)
    with rt.store.write() as session:
        row = session.get_one(Account, account_id)
        before, row.segment, row.segment_by = row.segment, segment, segment_rules.HAND if segment else ""
        audit.record(
            rt, session, "segment", row.company_id, row.id, row.uid, user=user_id, before=before, after=segment
        )
        mirror.wake(session, [row.id], rt.clock.now())
    segment_rules.follow(rt, row.company_id)


def _check(rt: Runtime, account_id: int, segment: str) -> None:
    """What this customer would hear there, with changes of their own, is read and proved."""
    with rt.store.read() as session:
        company = session.get_one(Company, session.get_one(Account, account_id).company_id)
        try:
            cadence = cadences.Known(session, company).of(account_id, segment)
        except CadenceError as error:
            raise Refusal(str(error)) from error
    no = library.objection(rt, company, [cadence])
    if no:
        raise Refusal(no)
