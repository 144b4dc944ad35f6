"""Working through a company's tie to its ledger, and finding out whether it still holds.

Who may be asked and with which token is settled here; making and giving back a tie is `connecting.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from integrations.errors import OutsideError, Reconnect
from integrations.ledgers.base import Feature, Ledger
from models import Company, Connection, Grant, Memory
from models.upsert import insert_into
from workflows import endings, grants, ties
from workflows.budgets import Budget
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.runtime import Runtime

CHECK_MEMORY = timedelta(minutes=5)
_NOT_CONNECTED = "This company is not connected; connect it again."
Answer = TypeVar("Answer")


def with_ledger(rt: Runtime, company_id: int, work: Callable[[Ledger], Answer]) -> Answer:
    """Do `work` with the company's ledger open. A refused token is renewed once; refused again, the tie is cut.

    Raises Reconnect when the company is not connected, and whatever the ledger raises.
    """
    with rt.store.read() as session:
        connection = ties.standing(session, company_id)
    if connection is None or connection.state != "active":
        raise Reconnect(_NOT_CONNECTED)
    try:
        return _work(rt, connection, work)
    except ties.Ended:
        raise Reconnect(_NOT_CONNECTED) from None
    except OutsideError as error:
        # What the library said names the address that was called, and the organisation's id is part of it.
        raise error from None


def _work(rt: Runtime, connection: Connection, work: Callable[[Ledger], Answer]) -> Answer:
    grant = grants.ready(rt, connection.grant_id, connection.grant)
    try:
        return _do(rt, connection, grant, work)
    except Reconnect:
        grants.distrust(rt, grant)
    grant = grants.ready(rt, connection.grant_id)
    try:
        return _do(rt, connection, grant, work)
    except Reconnect:
        why = _why_refused(rt, connection)
        with rt.store.write() as session:
            endings.needs_reconnect(rt, session, [connection.id], why)
        raise Reconnect(why) from None


def _do(rt: Runtime, connection: Connection, grant: Grant, work: Callable[[Ledger], Answer]) -> Answer:
    kind = grants.ledger_of(rt, grant)
    access, tenant = (rt.vault.unseal(one).decode() for one in (grant.access_sealed, connection.tenant_sealed))
    budget = Budget(rt, kind, connection.company_id, connection.uid)
    try:
        return work(kind.open(access, tenant, rt.transport, budget))
    finally:
        budget.close()


def _why_refused(rt: Runtime, connection: Connection) -> str:
    """What a refusal of a fresh token means, for people. Raises when the vendor cannot be asked: nobody knows then."""
    kind = grants.ledger_of(rt, connection.grant)
    try:
        given = kind.tenants(grants.token_of(rt, connection.grant_id), rt.transport)
    except Reconnect:
        given = None
    if given is None:
        return f"{kind.label} refuses the permission for this company, even a fresh one."
    if rt.vault.unseal(connection.tenant_sealed).decode() not in {one.id for one in given}:
        return f"It was disconnected in {kind.label}."
    return (
        f"Whoever connected it may no longer open it in {kind.label}; give that person access there again, "
        "or let somebody who has it connect."
    )


# Finding out


def check(rt: Runtime, company_id: int) -> bool:
    """Ask the ledger now whether it still lets us in. Refusal when it cannot be asked."""
    try:
        with_ledger(rt, company_id, lambda ledger: ledger.company())
    except Reconnect:
        return False
    except OutsideError as error:
        raise Refusal(f"The connection could not be checked. {error}") from error
    return True


def check_soon(rt: Runtime, reach: Reach, kind: str) -> bool:
    """Read their companies in this ledger at the next tick, which shows whether it still lets us in.

    False when that was asked for within five minutes already: whoever asks need not be anybody we trust.
    """
    now = rt.clock.now()
    mine = select(Company.id).join(Connection, Connection.company_id == Company.id)
    mine = mine.where(reach.company(), Company.ledger_kind == kind, Connection.state == "active")
    with rt.store.write() as session:
        if not _first_in_a_while(session, f"checked/{kind}/{reach.practice_id}", now):
            return False
        session.execute(
            update(Company)
            .where(Company.id.in_(mine))
            .values(next_sync_at=now)
            .execution_options(synchronize_session=False)
        )
        return True


def _first_in_a_while(session: Session, name: str, now: datetime) -> bool:
    """Whether this was last done five minutes ago or more; from now on it was done now."""
    session.execute(
        insert_into(session, Memory).values(name=name, value="").on_conflict_do_nothing(index_elements=["name"])
    )
    long_ago, this = ((now - age).isoformat(timespec="microseconds") for age in (CHECK_MEMORY, timedelta()))
    done = session.execute(update(Memory).where(Memory.name == name, Memory.value <= long_ago).values(value=this))
    return cast(CursorResult[Any], done).rowcount == 1


# Showing


@dataclass(frozen=True, slots=True)
class Standing:
    """How a company's tie stands. `features`: each one the ledger knows, whether it is allowed, and the sets of scopes
    any one of which is enough; `shared`: how many other companies stand on the same permission; `ends_at`: when it ends
    for good, where the vendor tells; `trouble`: what the vendor says of this installation's own keys.
    """

    connection: Connection | None
    features: tuple[tuple[Feature, bool, tuple[tuple[str, ...], ...]], ...]
    shared: int
    ends_at: datetime | None
    trouble: str


def standing(rt: Runtime, session: Session, company: Company) -> Standing:
    """For the company's connection page."""
    connection, kind = ties.standing(session, company.id), rt.ledgers.get(company.ledger_kind)
    words = grants.trouble(session, company.ledger_kind)
    if connection is None or kind is None:
        return Standing(connection, (), 0, None, words)
    allowed = grants.allowed_by(rt, connection.grant)
    features = tuple(
        (feature, feature in allowed, tuple(tuple(sorted(each)) for each in kind.scopes[feature]))
        for feature in Feature
        if feature in kind.scopes
    )
    others = select(Connection.id).where(
        Connection.grant_id == connection.grant_id, Connection.id != connection.id, Connection.state != "disconnected"
    )
    shared = len(session.scalars(others).all())
    return Standing(connection, features, shared, connection.grant.hard_expires_at, words)


def broken(session: Session, reach: Reach, kind: str) -> list[tuple[Connection, Company]]:
    """Their companies in this ledger that somebody must connect again, by name."""
    rows = session.execute(
        select(Connection, Company)
        .join(Company, Company.id == Connection.company_id)
        .where(reach.company(), Company.ledger_kind == kind, Connection.state == "needs_reconnect")
        .order_by(Company.name)
    )
    return [(connection, company) for connection, company in rows]
