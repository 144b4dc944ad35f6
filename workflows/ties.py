"""A company's connection to its ledger, looked up: the one that lets us in, the one that stands, or the newest.

It only looks, and says what people call the ledger. How one is worked through, made or ended is said elsewhere.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from integrations.errors import OutsideError
from models import Connection
from workflows.runtime import Runtime

# Asked at every turn, so they are made once.
_OF_COMPANY = select(Connection).where(Connection.company_id == bindparam("company"))
_ACTIVE = _OF_COMPANY.where(Connection.state == "active")
_STANDING = _OF_COMPANY.where(Connection.state != "disconnected").options(
    joinedload(Connection.grant), joinedload(Connection.company)
)
_NEWEST = _OF_COMPANY.order_by(Connection.id.desc())


class Ended(OutsideError):
    """Somebody ended the connection while it was in use. The ledger had nothing against it."""


def active(session: Session, company_id: int) -> Connection | None:
    """The company's connection, if its ledger lets us in."""
    return session.scalars(_ACTIVE, {"company": company_id}).first()


def being_read(session: Session, company_id: int) -> Connection:
    """The active connection of a company that is being read; Ended when it is not any more."""
    found = active(session, company_id)
    if found is None:
        raise Ended("The company was disconnected while it was being read.")
    return found


def standing(session: Session, company_id: int) -> Connection | None:
    """The company's connection with its grant, unless it was given back. It may need a new consent."""
    return session.scalars(_STANDING, {"company": company_id}).first()


def newest(session: Session, company_id: int) -> Connection | None:
    """The company's newest connection, whatever its state."""
    return session.scalars(_NEWEST, {"company": company_id}).first()


def ledger_name(rt: Runtime, kind: str) -> str:
    """What people call the ledger; it may have been taken out of the settings since."""
    known = rt.ledgers.get(kind)
    return known.label if known else kind.capitalize()
