"""What people of the practice note about a customer for each other. No customer sees it, and nothing acts on it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.roles import Role
from models import Account, Remark, User
from workflows import audit
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

LONGEST = 2_000


def add(rt: Runtime, account_id: int, user_id: int, text: str) -> Remark:
    """Keep it beside the customer, with who wrote it and when."""
    text = plain(text, LONGEST).strip()
    if not text:
        raise Refusal("Please write what your colleagues should know.")
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        row = Remark(
            uid=rt.new_id(),
            company_id=account.company_id,
            account_id=account.id,
            user_id=user_id,
            text=text,
            made_at=rt.clock.now(),
        )
        session.add(row)
        audit.record(rt, session, "remark-made", account.company_id, account.id, row.uid, user=user_id)
    return row


def take_back(rt: Runtime, remark_id: int, user_id: int) -> None:
    """By whoever wrote it, or somebody who answers for the company. Nobody reads it any more."""
    with rt.store.write() as session:
        row = session.get_one(Remark, remark_id)
        by = session.get_one(User, user_id)
        if row.user_id != user_id and not Role(by.role).may(Role.ACCOUNTANT):
            raise Refusal("Only whoever wrote it, or an accountant, can take it back.")
        if row.gone_at is None:
            row.gone_at, row.text = rt.clock.now(), ""
            audit.record(rt, session, "remark-taken-back", row.company_id, row.account_id, row.uid, user=user_id)


def of_account(session: Session, account_id: int) -> list[tuple[Remark, str]]:
    """What stands there now, the newest first, each with the name of who wrote it."""
    rows = session.execute(
        select(Remark, User.name)
        .join(User, User.id == Remark.user_id)
        .where(Remark.account_id == account_id, Remark.gone_at.is_(None))
        .order_by(Remark.id.desc())
    )
    return [(row, name) for row, name in rows]
