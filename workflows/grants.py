"""Permissions: their tokens sealed at rest, renewed one at a time, and what they allow.

A refresh happens under a 30-second lease on the grant's row; whoever comes meanwhile polls. The new token is saved
before it is used, and a lease found expired retries with the old one. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, CursorResult, Select, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from integrations import oauth
from integrations.errors import Misconfigured, OutsideError, Reconnect, Transient
from integrations.ledgers.base import Feature, LedgerKind, features
from models import Connection, Grant, Memory
from models.upsert import insert_into
from workflows import endings, ties
from workflows.runtime import Runtime

log = structlog.get_logger()
LEASE = timedelta(seconds=30)
MARGIN = timedelta(seconds=90)
POLL = 0.5
LOST = "lost"  # stands in the lease's place when nobody knows whether the vendor has answered
ASK_AGAIN = timedelta(minutes=1)
POLLS = int(LEASE.total_seconds() / POLL) + 2  # long enough to take over the lease of one who died
SAME = timedelta(days=1)  # the hard end of a permission is told in seconds from now; so far it may waver


def access_token(rt: Runtime, grant_id: int) -> str:
    """A good access token. Waits while somebody else renews it; Transient when that takes too long; Reconnect when the
    permission is gone.
    """
    return rt.vault.unseal(ready(rt, grant_id).access_sealed).decode()


def ready(rt: Runtime, grant_id: int, known: Grant | None = None) -> Grant:
    """The grant with a good access token in it, first as it was `known` a moment ago; raises as `access_token` does."""
    for _ in range(POLLS):
        grant, known = known or _read(rt, grant_id), None
        if grant.state != "active":
            raise Reconnect("The permission was withdrawn or has expired; connect the company again.")
        now = rt.clock.now()
        if grant.expires_at - now > MARGIN:
            return grant
        free = grant.lease_until is None or grant.lease_until <= now or grant.lease_owner == LOST
        renewed = _renew(rt, grant) if free else None
        if renewed is not None:
            return renewed
        rt.pause(POLL)
    raise Transient("The permission is being renewed just now.", retry_after=5)


def _read(rt: Runtime, grant_id: int) -> Grant:
    with rt.store.read() as session:
        return session.get_one(Grant, grant_id)


def token_of(rt: Runtime, grant_id: int) -> oauth.Token:
    """The grant's token set with a good access token in it; raises as `access_token` does."""
    return stored_token(rt, ready(rt, grant_id))


def stored_token(rt: Runtime, grant: Grant) -> oauth.Token:
    """The grant's token set as it was last given, good or not."""
    access, refresh = (rt.vault.unseal(one).decode() for one in (grant.access_sealed, grant.refresh_sealed))
    return oauth.Token(access, refresh, tuple(grant.scope.split()), grant.expires_at)


def ledger_of(rt: Runtime, grant: Grant) -> LedgerKind:
    """The kind of ledger that gave it. Misconfigured when it was taken out of the settings since."""
    if grant.kind not in rt.ledgers:
        raise Misconfigured(f"This installation has no developer keys for {ties.ledger_name(rt, grant.kind)} any more.")
    return rt.ledgers[grant.kind]


def app_of(rt: Runtime, kind: str) -> oauth.OAuthApp:
    """Who we are at the ledger or mail provider that gave a permission. Misconfigured when we have no keys there."""
    giver = rt.ledgers.get(kind) or rt.mail.get(kind)
    if giver is None or giver.oauth is None:
        raise Misconfigured(f"This installation has no developer keys for {ties.ledger_name(rt, kind)} any more.")
    return giver.oauth


def distrust(rt: Runtime, grant: Grant) -> None:
    """The ledger refused this grant's access token before its time: renew it, unless somebody has done so meanwhile."""
    with rt.store.write() as session:
        session.execute(
            update(Grant)
            .where(Grant.id == grant.id, Grant.access_sealed == grant.access_sealed)
            .values(expires_at=rt.clock.now())
        )


def keep(rt: Runtime, session: Session, kind: str, holder: str, token: oauth.Token) -> Grant:
    """The holder's grant, made or renewed by a consent. What was granted before and is not said now counts no more."""
    tag = holder_tag(rt, kind, holder)
    grant = session.scalars(select(Grant).where(Grant.holder_tag == tag)).first()
    if grant is None:
        grant = Grant(uid=rt.new_id(), kind=kind, holder_tag=tag, created_at=rt.clock.now())
        session.add(grant)
    grant.holder_sealed = rt.vault.seal(holder.encode())
    grant.state, grant.lease_owner, grant.lease_until = "active", "", None
    grant.scope, grant.hard_expires_at = " ".join(app_of(rt, kind).scopes), None
    _keep_token(rt, grant, token)
    session.flush()
    return grant


def holder_tag(rt: Runtime, kind: str, holder: str) -> str:
    return rt.vault.tag(f"{kind}-holder", holder)


def used() -> Select[Any]:
    """The ids of the grants that some connection stands on."""
    return select(Connection.grant_id).where(Connection.state != "disconnected")


def in_use(session: Session, grant_id: int, besides: int = 0) -> bool:
    """Whether some connection stands on the grant, `besides` that one."""
    standing = used().where(Connection.grant_id == grant_id, Connection.id != besides)
    return session.scalars(standing).first() is not None


def close_unused(rt: Runtime, grant_id: int) -> None:
    """Forget the tokens of a grant on which no connection stands any more."""
    nothing = rt.vault.seal(b"")
    with rt.store.write() as session:
        session.execute(
            update(Grant)
            .where(Grant.id == grant_id, Grant.id.not_in(used()))
            .values(state="revoked", access_sealed=nothing, refresh_sealed=nothing)
        )


def _keep_token(rt: Runtime, grant: Grant, token: oauth.Token) -> None:
    """Whoever gets a token is the client that the permission was given to."""
    grant.client_id = app_of(rt, grant.kind).client_id
    grant.access_sealed = rt.vault.seal(token.access.encode())
    grant.refresh_sealed = rt.vault.seal(token.refresh.encode())
    grant.expires_at = token.expires_at
    grant.scope = " ".join(token.scope) or grant.scope or ""
    known, told = grant.hard_expires_at, token.refresh_hard_expires_at
    if told is not None and (known is None or abs(told - known) > SAME):
        grant.hard_expires_at = told


def _renew(rt: Runtime, grant: Grant) -> Grant | None:
    """Renew under the lease. None when somebody else is at it, or was faster: look again."""
    owner, app = rt.new_id(), app_of(rt, grant.kind)
    if not _lease(rt, grant, owner):
        return None
    try:
        refresh = rt.vault.unseal(grant.refresh_sealed).decode()
        token = oauth.refresh(app, refresh, rt.transport, rt.clock.now())
    except Reconnect:
        if grant.client_id not in ("", app.client_id):
            raise _other_client(rt, grant, owner) from None
        if _mark_dead(rt, grant, owner):
            raise
        _release(rt, grant.id, owner)
        return None
    except Exception as error:
        if isinstance(error, Misconfigured):
            _release(rt, grant.id, owner)
            note_trouble(rt, grant.kind, error)
        else:
            _release(rt, grant.id, owner, left=LOST)
        raise
    return _save(rt, grant, owner, token)


def _other_client(rt: Runtime, grant: Grant, owner: str) -> Misconfigured:
    """A vendor renews a permission only for the client it was given to, so its refusal says nothing about this one."""
    label = ties.ledger_name(rt, grant.kind)
    error = Misconfigured(
        f"The permissions of {label} were given to another client id than the one in this installation's settings."
    )
    _release(rt, grant.id, owner)
    note_trouble(rt, grant.kind, error)
    return error


def _save(rt: Runtime, grant: Grant, owner: str, token: oauth.Token) -> Grant | None:
    """Keep the answer, unless somebody else has a newer one.

    Our lease may have run out, and then somebody else asked too. Whoever holds it has the newer answer; without it
    ours counts only as long as the token we asked with is still the one that is stored.
    """
    with rt.store.write() as session:
        fresh = session.scalars(
            select(Grant)
            .where(
                Grant.id == grant.id,
                Grant.state == "active",
                or_(Grant.lease_owner == owner, Grant.refresh_sealed == grant.refresh_sealed),
            )
            .with_for_update(key_share=True)
        ).first()
        if fresh is None:
            return None
        _keep_token(rt, fresh, token)
        if fresh.lease_owner == owner:
            fresh.lease_owner, fresh.lease_until = "", None
        forget_trouble(session, grant.kind)
        return fresh


def _lease(rt: Runtime, grant: Grant, owner: str) -> bool:
    now = rt.clock.now()
    with rt.store.write() as session:
        taken = session.execute(
            update(Grant)
            .where(
                Grant.id == grant.id,
                Grant.refresh_sealed == grant.refresh_sealed,
                Grant.expires_at == grant.expires_at,
                or_(Grant.lease_until.is_(None), Grant.lease_until <= now, Grant.lease_owner == LOST),
            )
            .values(lease_owner=owner, lease_until=now + LEASE)
        )
        return cast(CursorResult[Any], taken).rowcount == 1


def _release(rt: Runtime, grant_id: int, owner: str, left: str = "") -> None:
    until = rt.clock.now() + ASK_AGAIN if left else None
    with rt.store.write() as session:
        session.execute(
            update(Grant)
            .where(Grant.id == grant_id, Grant.lease_owner == owner)
            .values(lease_owner=left, lease_until=until)
        )


def unfinished() -> ColumnElement[bool]:
    """Grants whose last renewal has come to no end: its answer was lost, or who asked has died."""
    return and_(Grant.state == "active", Grant.lease_owner != "")


# Asked at every tick, so it is made once.
_LOST = select(Grant.id).where(unfinished(), Grant.lease_until <= bindparam("now"))


def finish(rt: Runtime) -> int:
    """Ask again, with the old token, where the answer to a renewal was lost; how many have a new token now.

    The vendors accept the old one for a while only (Xero for 30 minutes), and no job may come by as soon as that.
    """
    with rt.store.read() as session:
        lost = session.scalars(_LOST, {"now": rt.clock.now()}).all()
    return sum(_finished(rt, grant_id) for grant_id in lost)


def _finished(rt: Runtime, grant_id: int) -> bool:
    try:
        ready(rt, grant_id)
    except OutsideError as error:
        log.warning("a renewal has come to no end yet", grant=grant_id, kind=type(error).__name__)
        return False
    return True


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
        standing = session.scalars(select(Connection.id).where(Connection.grant_id == grant.id)).all()
        ledger = ties.ledger_name(rt, grant.kind)
        why = f"{ledger} no longer accepts the permission; it was withdrawn there, or ran out."
        endings.needs_reconnect(rt, session, standing, why)
        return True


# What a permission allows


def granted(rt: Runtime, company_id: int) -> frozenset[Feature]:
    """What the company's connection allows us to do; nothing without one. Not to be called inside a session."""
    with rt.store.read() as session:
        connection = ties.standing(session, company_id)
    return frozenset() if connection is None else allowed_by(rt, connection.grant)


def allows(rt: Runtime, company_id: int, feature: Feature) -> bool:
    """Whether the company's connection includes the permission for this. Not to be called inside a session."""
    return feature in granted(rt, company_id)


def allowed_by(rt: Runtime, grant: Grant) -> frozenset[Feature]:
    """What the scopes of a grant allow; where the vendor did not say, it granted what was asked for."""
    kind = rt.ledgers.get(grant.kind)
    return features(kind.scopes, grant.scope.split() or kind.oauth.scopes) if kind else frozenset()


# Our own keys


def note_trouble(rt: Runtime, kind: str, error: OutsideError) -> None:
    """The vendor does not accept this installation itself: no customer is to blame, and `doctor` tells the operator."""
    with rt.store.write() as session:
        words = {"value": str(error)}
        statement = insert_into(session, Memory).values(name=_trouble(kind), **words)
        session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=words))


def forget_trouble(session: Session, kind: str) -> None:
    session.execute(delete(Memory).where(Memory.name == _trouble(kind)))


def trouble(session: Session, kind: str) -> str:
    """What the vendor said of this installation's own keys at the last try; "" when they are good."""
    return session.scalars(select(Memory.value).where(Memory.name == _trouble(kind))).first() or ""


def complaints(rt: Runtime) -> Iterator[str]:
    """For `doctor`: one sentence for each ledger and mail provider that does not accept our keys."""
    with rt.store.read() as session:
        for kind in sorted({*rt.ledgers, *rt.mail}):
            words = trouble(session, kind)
            stops = "No company is read" if kind in rt.ledgers else "No mailbox there sends"
            if words:
                yield f"{words} {stops} until the settings are mended; none has to be connected again."


def _trouble(kind: str) -> str:
    return f"keys-refused/{kind}"


def idle_since(before: datetime) -> Any:
    """The condition on grants that have not been renewed since that moment."""
    return (Grant.state == "active") & (Grant.expires_at < before)
