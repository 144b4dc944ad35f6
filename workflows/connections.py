"""Connecting a company to its ledger, keeping the permission alive, and giving it back.

Tokens are sealed at rest and refreshed under a 30-second lease on the grant's row: one refresh at a time, the new
token saved before it is used, and a lease found expired retries with the old one. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session, joinedload

from integrations import oauth
from integrations.errors import OutsideError, Reconnect, Transient
from integrations.ledgers.base import Ledger, LedgerCompany, Tenant
from models import Account, Company, Connection, Grant
from workflows import audit, cadences, mirror
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.upserts import plain

LEASE = timedelta(seconds=30)
MARGIN = timedelta(seconds=90)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the browser to `url`; keep `state` and `verifier` in its session for the way back."""

    url: str
    state: str
    verifier: str


def redirect_uri(rt: Runtime, kind: str) -> str:
    return f"{rt.public_url}/connect/{kind}/callback"


def begin(rt: Runtime, kind: str) -> Begun:
    """Start the consent at the vendor. Refusal for a ledger this installation has no keys for."""
    ledger = rt.ledgers.get(kind)
    if ledger is None:
        raise Refusal("This installation has no developer keys for that ledger yet.")
    return Begun(*oauth.begin(ledger.oauth, redirect_uri(rt, kind)))


def finish(rt: Runtime, practice_id: int, kind: str, callback: Mapping[str, str], verifier: str) -> list[str]:
    """Exchange the code, read who was given, create or renew the companies; their names.

    An organisation of another practice is skipped and named as such; Refusal when no other is given.
    """
    ledger = rt.ledgers[kind]
    try:
        token = oauth.exchange(
            ledger.oauth, redirect_uri(rt, kind), callback.get("code", ""), verifier, rt.transport, rt.clock.now()
        )
        consent = ledger.consent(token, callback, rt.transport)
        found = [(tenant, _about(rt, kind, token.access, tenant)) for tenant in consent.tenants]
    except OutsideError as error:
        raise Refusal(str(error)) from error
    if not found:
        raise Refusal(f"{ledger.label} gave no organisation; choose at least one and allow it.")
    with rt.store.write() as session:
        grant = _keep_grant(rt, session, kind, consent.holder, token)
        connected: list[str] = []
        skipped: list[str] = []
        for tenant, about in found:
            company = _keep_connection(rt, session, practice_id, kind, grant, tenant, about)
            (connected if company else skipped).append(company.name if company else about.name)
        if not connected:
            raise Refusal(
                f"{skipped[0]} is already connected by another practice; it must be disconnected there first."
            )
        return connected + [f"{name} (already connected by another practice, skipped)" for name in skipped]


def _about(rt: Runtime, kind: str, access: str, tenant: Tenant) -> LedgerCompany:
    meter = lambda purpose: rt.count_call(kind, purpose)  # noqa: E731
    return rt.ledgers[kind].open(access, tenant.id, rt.transport, meter).company()


def _keep_grant(rt: Runtime, session: Session, kind: str, holder: str, token: oauth.Token) -> Grant:
    tag = rt.vault.tag(f"{kind}-holder", holder)
    grant = session.scalars(select(Grant).where(Grant.holder_tag == tag)).first()
    if grant is None:
        grant = Grant(uid=rt.new_id(), kind=kind, holder_tag=tag, created_at=rt.clock.now())
        session.add(grant)
    grant.state, grant.lease_owner, grant.lease_until = "active", "", None
    _keep_token(rt, grant, token)
    session.flush()
    return grant


def _keep_token(rt: Runtime, grant: Grant, token: oauth.Token) -> None:
    grant.access_sealed = rt.vault.seal(token.access.encode())
    grant.refresh_sealed = rt.vault.seal(token.refresh.encode())
    grant.expires_at = token.expires_at
    grant.scope = " ".join(token.scope) or grant.scope or ""
    grant.hard_expires_at = token.refresh_hard_expires_at or grant.hard_expires_at


def _keep_connection(
    rt: Runtime, session: Session, practice_id: int, kind: str, grant: Grant, tenant: Tenant, about: LedgerCompany
) -> Company | None:
    """The company, its tie made or renewed; None when another practice has it."""
    now, tag = rt.clock.now(), rt.vault.tag(kind, tenant.id)
    known = session.scalars(
        select(Connection)
        .where(Connection.external_tag == tag)
        .options(joinedload(Connection.company))
        .order_by(Connection.id.desc())
    ).first()
    if known is not None and known.state != "disconnected" and known.company.practice_id != practice_id:
        return None
    mine = known if known is not None and known.company.practice_id == practice_id else None
    company = mine.company if mine else _new_company(rt, session, practice_id, kind, about)
    if mine is None or mine.state == "disconnected":
        mine = Connection(uid=rt.new_id(), company_id=company.id, external_tag=tag, created_at=now)
        session.add(mine)
    mine.grant_id, mine.state = grant.id, "active"
    mine.tenant_sealed = rt.vault.seal(tenant.id.encode())
    mine.connection_sealed = rt.vault.seal(tenant.connection.encode())
    company.next_sync_at = now
    mirror.wake(session, session.scalars(select(Account.id).where(Account.company_id == company.id)).all(), now)
    audit.record(rt, session, "connected", company.id, subject=company.uid, ledger=kind)
    return company


def _new_company(rt: Runtime, session: Session, practice_id: int, kind: str, about: LedgerCompany) -> Company:
    company = Company(
        uid=rt.new_id(),
        practice_id=practice_id,
        name=plain(about.name, 500),
        ledger_kind=kind,
        currency=about.currency,
        country=about.country,
        zone=about.zone,
        email=about.email,
        short_code=about.short_code,
        cadence_version_id=cadences.default_version(rt, session, practice_id).id,
        created_at=rt.clock.now(),
    )
    session.add(company)
    session.flush()
    return company


def disconnect(rt: Runtime, company_id: int) -> None:
    """Give the permission back: the tenant's connection, and the whole grant when nothing else uses it."""
    with rt.store.read() as session:
        connection = _active(session, company_id)
        if connection is None:
            raise Refusal("This company is not connected.")
        shared = session.scalars(
            select(Connection.id).where(
                Connection.grant_id == connection.grant_id,
                Connection.id != connection.id,
                Connection.state != "disconnected",
            )
        ).first()
    ledger = rt.ledgers[connection.grant.kind]
    try:
        token = _token_of(rt, connection.grant)
        ledger.disconnect(token, rt.vault.unseal(connection.connection_sealed).decode(), rt.transport)
        if shared is None:
            oauth.revoke(ledger.oauth, token.refresh, rt.transport)
    except Reconnect:
        pass  # The vendor has already ended it; ending it here is all that is left to do.
    except OutsideError as error:
        raise Refusal(f"{error} Nothing was changed; try again in a few minutes.") from error
    with rt.store.write() as session:
        _end(rt, session, connection.id, "disconnected")
        if shared is None:
            session.execute(update(Grant).where(Grant.id == connection.grant_id).values(state="revoked"))


def _token_of(rt: Runtime, grant: Grant) -> oauth.Token:
    """The grant's token set with a good access token in it."""
    access = access_token(rt, grant.id)
    with rt.store.read() as session:
        fresh = session.get_one(Grant, grant.id)
    refresh = rt.vault.unseal(fresh.refresh_sealed).decode()
    return oauth.Token(access, refresh, tuple(fresh.scope.split()), fresh.expires_at)


def _end(rt: Runtime, session: Session, connection_id: int, state: str) -> None:
    """Close a connection's doors: nothing is planned or read for the company until somebody connects again.

    One that somebody has disconnected stays so: only an active one can come to need a new consent.
    """
    now = rt.clock.now()
    before = ("active", "needs_reconnect") if state == "disconnected" else ("active",)
    ended = session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.state.in_(before))
        .values(state=state, ended_at=now if state == "disconnected" else None)
    )
    if cast(CursorResult[Any], ended).rowcount == 0:
        return
    connection = session.get_one(Connection, connection_id)
    accounts = select(Account.id).where(Account.company_id == connection.company_id)
    mirror.wake(session, session.scalars(accounts).all(), now)
    audit.record(rt, session, state.replace("_", "-"), connection.company_id, subject=connection.uid)


def _active(session: Session, company_id: int) -> Connection | None:
    return session.scalars(
        select(Connection)
        .where(Connection.company_id == company_id, Connection.state != "disconnected")
        .options(joinedload(Connection.grant))
    ).first()


def access_token(rt: Runtime, grant_id: int) -> str:
    """A good access token. Transient while somebody else refreshes; Reconnect when the permission is gone."""
    with rt.store.read() as session:
        grant = session.get_one(Grant, grant_id)
    if grant.state != "active":
        raise Reconnect("The permission was withdrawn or has expired; connect the company again.")
    if grant.expires_at - rt.clock.now() > MARGIN:
        return rt.vault.unseal(grant.access_sealed).decode()
    return _refresh(rt, grant)


def _refresh(rt: Runtime, grant: Grant) -> str:
    owner = rt.new_id()
    if not _lease(rt, grant, owner):
        raise Transient("The permission is being renewed just now.", retry_after=5)
    app = rt.ledgers[grant.kind].oauth
    try:
        token = oauth.refresh(app, rt.vault.unseal(grant.refresh_sealed).decode(), rt.transport, rt.clock.now())
    except Reconnect:
        if _mark_dead(rt, grant, owner):
            raise
        return _renewed_elsewhere(rt, grant, owner)
    except OutsideError:
        _release(rt, grant.id, owner)
        raise
    with rt.store.write() as session:
        # Our lease may have run out, and then somebody else asked too. Whoever holds it has the newer answer; without
        # it ours counts only as long as the token we asked with is still the one that is stored.
        fresh = session.scalars(
            select(Grant)
            .where(
                Grant.id == grant.id,
                Grant.state == "active",
                or_(Grant.lease_owner == owner, Grant.refresh_sealed == grant.refresh_sealed),
            )
            .with_for_update(key_share=True)
        ).first()
        if fresh is not None:
            _keep_token(rt, fresh, token)
            if fresh.lease_owner == owner:
                fresh.lease_owner, fresh.lease_until = "", None
            return token.access
    return _renewed_elsewhere(rt, grant, owner)


def _renewed_elsewhere(rt: Runtime, grant: Grant, owner: str) -> str:
    """Our answer came too late to count: use what is stored by now."""
    _release(rt, grant.id, owner)
    return access_token(rt, grant.id)


def _lease(rt: Runtime, grant: Grant, owner: str) -> bool:
    now = rt.clock.now()
    with rt.store.write() as session:
        taken = session.execute(
            update(Grant)
            .where(
                Grant.id == grant.id,
                Grant.refresh_sealed == grant.refresh_sealed,
                Grant.expires_at == grant.expires_at,
                or_(Grant.lease_until.is_(None), Grant.lease_until <= now),
            )
            .values(lease_owner=owner, lease_until=now + LEASE)
        )
        return cast(CursorResult[Any], taken).rowcount == 1


def _release(rt: Runtime, grant_id: int, owner: str) -> None:
    with rt.store.write() as session:
        session.execute(
            update(Grant)
            .where(Grant.id == grant_id, Grant.lease_owner == owner)
            .values(lease_owner="", lease_until=None)
        )


def _mark_dead(rt: Runtime, grant: Grant, owner: str) -> bool:
    """The vendor no longer accepts the token: every company on it needs a person to connect again.

    False, and nothing is marked, when somebody has meanwhile renewed or withdrawn the permission.
    """
    with rt.store.write() as session:
        dead = session.execute(
            update(Grant)
            .where(
                Grant.id == grant.id,
                Grant.state == "active",
                Grant.lease_owner == owner,
                Grant.refresh_sealed == grant.refresh_sealed,
            )
            .values(state="needs_reconnect", lease_owner="", lease_until=None)
        )
        if cast(CursorResult[Any], dead).rowcount == 0:
            return False
        for connection_id in session.scalars(
            select(Connection.id).where(Connection.grant_id == grant.id, Connection.state == "active")
        ).all():
            _end(rt, session, connection_id, "needs_reconnect")
        return True


def with_ledger(rt: Runtime, company_id: int, work: Callable[[Ledger], Answer]) -> Answer:
    """Do `work` with the company's ledger open. A refused token is renewed once; refused again, the tie is cut.

    Raises Reconnect when the company is not connected, and whatever the ledger raises.
    """
    with rt.store.read() as session:
        connection = _active(session, company_id)
    if connection is None or connection.state != "active":
        raise Reconnect("This company is not connected; connect it again.")
    try:
        return work(_open(rt, connection))
    except Reconnect:
        with rt.store.write() as session:
            session.get_one(Grant, connection.grant_id).expires_at = rt.clock.now()
    try:
        return work(_open(rt, connection))
    except Reconnect:
        with rt.store.write() as session:
            _end(rt, session, connection.id, "needs_reconnect")
        raise


def _open(rt: Runtime, connection: Connection) -> Ledger:
    kind = connection.grant.kind
    access = access_token(rt, connection.grant_id)
    tenant = rt.vault.unseal(connection.tenant_sealed).decode()
    return rt.ledgers[kind].open(access, tenant, rt.transport, lambda purpose: rt.count_call(kind, purpose))
