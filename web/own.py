"""What a page is about, by its uid: a row of the practice that is signed in. Somebody else's does not exist (404)."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from werkzeug.exceptions import NotFound

from models import Account, ApprovalRow, CadenceOverride, CadenceVersion, Company, Draft, Effect, Rollout, Task
from web import queries
from web.auth import person
from web.guards import runtime

Found = TypeVar("Found")
OfCompany = TypeVar("OfCompany", ApprovalRow, Draft, Effect, Task)
OfPractice = TypeVar("OfPractice", CadenceOverride, CadenceVersion, Rollout)


def row(kind: type[OfCompany], uid: str) -> OfCompany:
    """A row that belongs to one of the practice's companies."""
    with runtime().store.read() as session:
        wanted = select(kind).join(Company, Company.id == kind.company_id)
        return _there(
            session.scalars(wanted.where(kind.uid == uid, Company.practice_id == person().practice_id)).first()
        )


def shared(kind: type[OfPractice], uid: str) -> OfPractice:
    """A row that belongs to the practice as a whole."""
    with runtime().store.read() as session:
        mine = kind.uid == uid, kind.practice_id == person().practice_id
        return _there(session.scalars(select(kind).where(*mine)).first())


def company(uid: str) -> Company:
    with runtime().store.read() as session:
        return _there(queries.company(session, person().practice_id, uid))


def account(uid: str) -> Account:
    """With its company."""
    with runtime().store.read() as session:
        return _there(queries.account(session, person().practice_id, uid))


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound
    return found
