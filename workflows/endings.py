"""How a company's tie to its ledger ends: given back here, or no longer accepted there and waiting for a person.

Every way closes the same doors in one transaction: the accounts are woken (and find themselves disconnected), the log
has it, the people are told. It calls nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from models import Account, Company, Connection
from workflows import audit, mirror, notices, ties
from workflows.runtime import Runtime
from workflows.told import Topic


def give_back(rt: Runtime, session: Session, connection_id: int, why: str = "") -> None:
    """Somebody disconnected it in Dunlin. The company is switched off, so that a new connection alone sends nothing.

    `why` is a sentence for the log where the vendor could not be told.
    """
    before = ("active", "needs_reconnect")
    if _end(rt, session, connection_id, before, state="disconnected", ended_why=why, ended_at=rt.clock.now()):
        session.get_one(Company, session.get_one(Connection, connection_id).company_id).live_at = None


def needs_reconnect(rt: Runtime, session: Session, connection_ids: Iterable[int], why: str) -> None:
    """The ledger does not let us in any more: each practice gets one notice about all of its companies.

    One that somebody has disconnected stays so: only an active one can come to need a new consent.
    """
    state = {"state": "needs_reconnect", "ended_why": why, "ended_at": None}
    ended = [one for one in connection_ids if _end(rt, session, one, ("active",), **state)]
    companies = session.scalars(
        select(Company).join(Connection, Connection.company_id == Company.id).where(Connection.id.in_(ended))
    ).all()
    for practice_id in sorted({one.practice_id for one in companies}):
        _tell(rt, session, sorted((one for one in companies if one.practice_id == practice_id), key=_name), why)


def _name(company: Company) -> str:
    return company.name


def _end(rt: Runtime, session: Session, connection_id: int, before: Sequence[str], **values: object) -> bool:
    ended = session.execute(
        update(Connection).where(Connection.id == connection_id, Connection.state.in_(before)).values(**values)
    )
    if cast(CursorResult[Any], ended).rowcount == 0:
        return False
    connection = session.get_one(Connection, connection_id)
    accounts = select(Account.id).where(Account.company_id == connection.company_id)
    mirror.wake(session, session.scalars(accounts).all(), rt.clock.now())
    kind = str(values["state"]).replace("_", "-")
    audit.record(rt, session, kind, connection.company_id, subject=connection.uid, why=values["ended_why"])
    return True


def _tell(rt: Runtime, session: Session, companies: Sequence[Company], why: str) -> None:
    first, now = companies[0], rt.clock.now()
    names = ", ".join(one.name for one in companies)
    ledger = ties.ledger_name(rt, first.ledger_kind)
    alone = len(companies) == 1
    text = (
        f"{names} must be connected to {ledger} again.\n\n{why} Until then nothing is read there, no payment is booked "
        f"and nothing is sent to {'its' if alone else 'their'} customers.\n\n"
        "It takes a minute: open this page, press Connect again, and choose the same company:"
    )
    page = f"/companies/{first.uid}/connection" if alone else f"/connect/{first.ledger_kind}/reconnect"
    notices.want(
        rt,
        session,
        first.practice_id,
        first.id if alone else None,
        f"reconnect/{first.uid}/{now.isoformat()}",
        f"Please connect {names[:150]} to {ledger} again",
        text,
        page,
        topic=Topic.CONNECTION,
    )
