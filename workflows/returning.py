"""Giving back to the vendor what nobody here uses: one connection, a whole permission, the rest of a consent.

It changes nothing that stands here; whose tie ends is decided by `connecting.py`. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from integrations import oauth
from integrations.errors import OutsideError, Reconnect
from integrations.ledgers.base import LedgerKind, Tenant
from models import Connection, Grant
from workflows import grants
from workflows.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Left:
    """A tie at the vendor that is to end: the permission, and the vendor's id of the connection or ""."""

    grant: Grant
    connection: str


def give_up(rt: Runtime, tie: Left, shared: bool) -> bool:
    """Remove the tie at the vendor, and the whole permission unless it is `shared`; whether the vendor listened.

    With a dead permission its last token is tried and nothing is raised; otherwise what the vendor says is.
    """
    ledger = rt.ledgers.get(tie.grant.kind)
    if ledger is None:
        return False
    dead, told = False, True
    try:
        token = grants.token_of(rt, tie.grant.id)
    except Reconnect:
        dead, token = True, grants.stored_token(rt, tie.grant)
    try:
        if tie.connection:
            ledger.disconnect(token, tie.connection, rt.transport)
    except OutsideError as error:
        if not dead and not isinstance(error, Reconnect):
            raise
        told = False
    if not shared and not dead:
        oauth.revoke(ledger.oauth, token.refresh, rt.transport)
    return told


def leave(rt: Runtime, tie: Left) -> None:
    """Give up a tie whose place somebody else's permission has taken."""
    with rt.store.read() as session:
        shared = grants.in_use(session, tie.grant.id)
    try:
        give_up(rt, tie, shared)
    except OutsideError as error:  # Nobody renews it, so that it runs out by itself.
        log.warning("a former permission could not be given back", kind=tie.grant.kind, error=str(error))
    grants.close_unused(rt, tie.grant.id)


def withdraw(rt: Runtime, ledger: LedgerKind, token: oauth.Token) -> None:
    """Withdraw a permission that was never kept."""
    try:
        oauth.revoke(ledger.oauth, token.refresh or token.access, rt.transport)
    except OutsideError as error:  # It runs out by itself, and nobody here has it.
        log.warning("a permission could not be given back", kind=ledger.kind, error=str(error))


def remove_unused(rt: Runtime, ledger: LedgerKind, grant_id: int, given: Sequence[Tenant], token: oauth.Token) -> None:
    """Remove at the vendor what a consent gave anew and came to nothing, so that no later one brings it along; and what
    a person disconnected here while the permission was dead and nobody could be told.
    """
    tags = {one.id: rt.vault.tag(ledger.kind, one.id) for one in given}
    with rt.store.read() as session:
        known = session.scalars(select(Connection).where(Connection.external_tag.in_(tags.values()))).all()
    standing = [one for one in known if one.state != "disconnected"]
    used = {rt.vault.unseal(one.connection_sealed).decode() for one in standing}
    here = {one.external_tag for one in standing if one.grant_id == grant_id}
    ended = {one.external_tag for one in known if one.grant_id == grant_id}
    for tenant in given:
        tag = tags[tenant.id]
        if tag in here or tenant.connection in used or not (tenant.fresh or tag in ended):
            continue
        try:
            ledger.disconnect(token, tenant.connection, rt.transport)
        except OutsideError as error:  # It opens nothing: nobody here keeps its id.
            log.warning("a connection could not be removed", kind=ledger.kind, error=str(error))
