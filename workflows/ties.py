"""A company's connection to its ledger, looked up: the one that lets us in, the one that stands, or the newest.

It only looks, and says what people call the ledger. How one is worked through, made or ended is said elsewhere.
"""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from integrations.errors import OutsideError
from models import Connection
from workflows.runtime import Runtime


class Ended(OutsideError):
    """Somebody ended the connection while it was in use. The ledger had nothing against it."""


def active(session: Session, company_id: int) -> Connection | None:
    """The company's connection, if its ledger lets us in."""
    return session.scalars(_active(company_id)).first()


def being_read(session: Session, company_id: int) -> Connection:
    """The active connection of a company that is being read; Ended when it is not any more."""
    found = session.scalars(_active(company_id)).first()
    if found is None:
        raise Ended("The company was disconnected while it was being read.")
    return found


def standing(session: Session, company_id: int) -> Connection | None:
    """The company's connection with its grant, unless it was given back. It may need a new consent."""
    return session.scalars(
        select(Connection)
        .where(Connection.company_id == company_id, Connection.state != "disconnected")
        .options(joinedload(Connection.grant), joinedload(Connection.company))
    ).first()


def newest(session: Session, company_id: int) -> Connection | None:
    """The company's newest connection, whatever its state."""
    return session.scalars(
        select(Connection).where(Connection.company_id == company_id).order_by(Connection.id.desc())
    ).first()


def ledger_name(rt: Runtime, kind: str) -> str:
    """What people call the ledger; it may have been taken out of the settings since."""
    known = rt.ledgers.get(kind)
    return known.label if known else kind.capitalize()


def _active(company_id: int) -> Select[Connection]:
    return select(Connection).where(Connection.company_id == company_id, Connection.state == "active")
