"""What a page is about, by its uid: a row of the practice that is signed in. Somebody else's does not exist (404)."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import defer
from werkzeug.exceptions import NotFound

from models import (
    Account,
    ApprovalRow,
    Arrangement,
    BulkChange,
    CadenceDraft,
    CadenceOverride,
    CadenceVersion,
    Charge,
    Company,
    Deletion,
    Draft,
    Effect,
    Extension,
    GuardedChange,
    Handover,
    HoldRow,
    Invitation,
    Remark,
    Rollout,
    Task,
    Terms,
    ToldRow,
    User,
    Wording,
)
from web import queries
from web.auth import person, reach
from web.guards import runtime

Found = TypeVar("Found")
OfCompany = TypeVar("OfCompany", ApprovalRow, Arrangement, Charge, Draft, Effect, Extension, GuardedChange, Task)
OfAccount = TypeVar("OfAccount", Arrangement, Extension, Handover, HoldRow, Remark, ToldRow)
OfPractice = TypeVar(
    "OfPractice", BulkChange, CadenceDraft, CadenceOverride, CadenceVersion, Deletion, Invitation, Rollout, User
)


def row(kind: type[OfCompany], uid: str) -> OfCompany:
    """A row that belongs to one of the practice's companies."""
    with runtime().store.read() as session:
        wanted = select(kind).join(Company, Company.id == kind.company_id)
        return _there(session.scalars(wanted.where(kind.uid == uid, reach().company())).first())


def shared(kind: type[OfPractice], uid: str) -> OfPractice:
    """A row that belongs to the practice as a whole."""
    with runtime().store.read() as session:
        mine = kind.uid == uid, kind.practice_id == person().practice_id
        return _there(session.scalars(select(kind).where(*mine)).first())


def wording(uid: str) -> Wording:
    """Of the whole practice, or of a company that is open to who asks."""
    with runtime().store.read() as session:
        wanted = select(Wording).outerjoin(Company, Company.id == Wording.company_id)
        mine = Wording.uid == uid, Wording.practice_id == person().practice_id
        return _there(session.scalars(wanted.where(*mine, Company.id.is_(None) | reach().company())).first())


def company(uid: str) -> Company:
    with runtime().store.read() as session:
        return _there(queries.company(session, reach(), uid))


def account(uid: str) -> Account:
    """With its company."""
    with runtime().store.read() as session:
        return _there(queries.account(session, reach(), uid))


def of_account(account: Account, kind: type[OfAccount], uid: str) -> OfAccount:
    """A row of this very account."""
    with runtime().store.read() as session:
        return _there(session.scalars(select(kind).where(kind.uid == uid, kind.account_id == account.id)).first())


def terms(uid: str) -> tuple[Terms, Company, Account | None]:
    """Terms without their file, whose they are, and with whom they were agreed."""
    with runtime().store.read() as session:
        found = session.execute(
            select(Terms, Company, Account)
            .join(Company, Company.id == Terms.company_id)
            .outerjoin(Account, Account.id == Terms.account_id)
            .where(Terms.uid == uid, reach().company())
            .options(defer(Terms.pdf, raiseload=True))
        ).first()
    one, company, account = _there(found)
    return one, company, account


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound
    return found
