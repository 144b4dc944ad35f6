"""What the next night would forget, counted for the companies within somebody's reach. It forgets nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Account, Base, Company, User
from workflows import retention
from workflows.reaching import Reach
from workflows.retention import Kept
from workflows.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Ahead:
    """`rows` is None where rows cannot be told apart by practice."""

    kept: Kept
    days: int
    rows: int | None


def next_night(rt: Runtime, session: Session, reach: Reach) -> Sequence[Ahead]:
    """Each class of data with its period, and how many rows are older by now."""
    now = rt.clock.now()
    return [
        Ahead(one, days, _count(session, one, now - timedelta(days=days), reach))
        for one in retention.TABLE
        for days in (retention.days(rt, one),)
    ]


def _count(session: Session, one: Kept, before: datetime, reach: Reach) -> int | None:
    counts = []
    for rule in one.rules(before):
        mine = _mine(rule.table, reach)
        if mine is not None:
            counts.append(session.scalar(select(func.count()).select_from(rule.table).where(rule.old, mine)) or 0)
    return sum(counts) if counts else None


def _mine(table: type[Base], reach: Reach) -> ColumnElement[bool] | None:
    """The condition that a row is within reach; None where nothing in it says whose it is."""
    columns = table.__table__.c
    if "company_id" in columns and not columns["company_id"].nullable:
        return columns["company_id"].in_(select(Company.id).where(reach.company()))
    if "account_id" in columns:
        theirs = select(Account.id).join(Company, Company.id == Account.company_id)
        return columns["account_id"].in_(theirs.where(reach.company()))
    if reach.limited:
        return None
    if "practice_id" in columns:
        return columns["practice_id"] == reach.practice_id
    if "user_id" in columns:
        return columns["user_id"].in_(select(User.id).where(User.practice_id == reach.practice_id))
    return None
