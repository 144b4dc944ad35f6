"""Who of the practice looks after a customer. It changes nothing of what is said to them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.roles import Role
from models import Account, Company, CompanyAccess, User
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime


def colleagues(session: Session, company: Company) -> Sequence[User]:
    """Who could: people of the practice who come to the company and may do more than look, by name."""
    comes = select(CompanyAccess.user_id).where(CompanyAccess.company_id == company.id)
    fits = (
        User.practice_id == company.practice_id,
        User.left_at.is_(None),
        User.role != Role.VIEWER.value,
        or_(~User.limited, User.id.in_(comes)),
    )
    return session.scalars(select(User).where(*fits).order_by(User.name, User.id)).all()


def assign(rt: Runtime, account_ids: Sequence[int], user_id: int | None, by_id: int) -> None:
    """These customers are looked after by this person, or by nobody in particular."""
    with rt.store.write() as session:
        for account in session.scalars(select(Account).where(Account.id.in_(account_ids)).order_by(Account.id)):
            note_assigned(rt, session, account, user_id, by_id)


def note_assigned(rt: Runtime, session: Session, account: Account, user_id: int | None, by_id: int) -> None:
    """The same of one within somebody's transaction. Refusal for who does not come to its company."""
    company = session.get_one(Company, account.company_id)
    if user_id is not None and user_id not in {one.id for one in colleagues(session, company)}:
        raise Refusal("Please choose somebody who comes to this company and may do more than look.")
    if account.assignee_id != user_id:
        account.assignee_id = user_id
        audit.record(rt, session, "assigned", company.id, account.id, account.uid, user=by_id, to=user_id)
