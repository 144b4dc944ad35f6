"""Making a company's tie to its ledger through the vendor's consent page, making it anew, and giving it back.

Nothing is stored before the consent turned out to be for the right organisation, and a permission that nobody here uses
is given back to the vendor. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from integrations import oauth
from integrations.errors import Misconfigured, OutsideError, Reconnect
from integrations.ledgers.base import Consent, LedgerCompany, LedgerKind, Tenant
from models import Account, Company, Connection, Grant
from workflows import audit, cadences, endings, grants, mirror, reading
from workflows.budgets import Budget
from workflows.errors import Refusal
from workflows.rows import plain
from workflows.runtime import Runtime

log = structlog.get_logger()
Found = Sequence[tuple[Tenant, LedgerCompany]]


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the browser to `url`; keep the rest in its session for the way back. `company_uid`: "" for a new one."""

    url: str
    state: str
    verifier: str
    company_uid: str = ""


def redirect_uri(rt: Runtime, kind: str) -> str:
    return f"{rt.public_url}/connect/{kind}/callback"


def begin(rt: Runtime, kind: str, company_uid: str = "") -> Begun:
    """Start the consent at the vendor, or with a company's uid connect that company again.

    Refusal for a ledger this installation has no keys for. Whose company it is the caller has made sure of.
    """
    ledger = rt.ledgers.get(kind)
    if ledger is None:
        raise Refusal("This installation has no developer keys for that ledger yet.")
    return Begun(*oauth.begin(ledger.oauth, redirect_uri(rt, kind)), company_uid)


def finish(
    rt: Runtime, practice_id: int, kind: str, callback: Mapping[str, str], verifier: str, company_uid: str = ""
) -> list[str]:
    """Exchange the code, read who was given, create or renew the companies; their names.

    An organisation of another practice is skipped and named as such; Refusal when no other is given, or when the one of
    `company_uid` is not among them: then nothing that stands is changed.
    """
    ledger = rt.ledgers[kind]
    token, consent = _exchanged(rt, ledger, callback, verifier)
    with _given_back_when_refused(rt, ledger, consent.holder, token):
        try:
            found = [(tenant, _about(rt, ledger, token.access, tenant)) for tenant in consent.tenants]
        except OutsideError as error:
            raise Refusal(str(error)) from None
        with rt.store.write() as session:
            _expected(rt, session, ledger, practice_id, company_uid, found)
            grant = grants.keep(rt, session, kind, consent.holder, token)
            grants.forget_trouble(session, kind)
            return _connected(rt, session, practice_id, grant, found)


def _exchanged(
    rt: Runtime, ledger: LedgerKind, callback: Mapping[str, str], verifier: str
) -> tuple[oauth.Token, Consent]:
    code, way_back = callback.get("code", ""), redirect_uri(rt, ledger.kind)
    try:
        token = oauth.exchange(ledger.oauth, way_back, code, verifier, rt.transport, rt.clock.now())
        return token, ledger.consent(token, callback, rt.transport)
    except OutsideError as error:
        if isinstance(error, Misconfigured):
            grants.note_trouble(rt, ledger.kind, error)
        raise Refusal(str(error)) from None


def _about(rt: Runtime, ledger: LedgerKind, access: str, tenant: Tenant) -> LedgerCompany:
    return ledger.open(access, tenant.id, rt.transport, Budget(rt, ledger)).company()


def _expected(
    rt: Runtime, session: Session, ledger: LedgerKind, practice_id: int, company_uid: str, found: Found
) -> None:
    """Refusal when nothing was given, or not the organisation of the company that was to be connected again."""
    if not found:
        raise Refusal(f"{ledger.label} gave no organisation; choose at least one and allow it.")
    if not company_uid:
        return
    company = session.scalars(
        select(Company).where(Company.uid == company_uid, Company.practice_id == practice_id)
    ).first()
    if company is None:
        raise Refusal("The company that was to be connected again is not here any more.")
    tags = select(Connection.external_tag).where(Connection.company_id == company.id).order_by(Connection.id.desc())
    if session.scalars(tags).first() not in {rt.vault.tag(ledger.kind, tenant.id) for tenant, _ in found}:
        given = ", ".join(about.name for _, about in found)
        raise Refusal(
            f"You gave access to {given}, but {company.name} was to be connected again. Nothing was changed; "
            f"try once more and choose {company.name}."
        )


@contextmanager
def _given_back_when_refused(rt: Runtime, ledger: LedgerKind, holder: str, token: oauth.Token) -> Iterator[None]:
    """A consent that comes to nothing leaves no permission behind at the vendor.

    Unless a connection of ours stands on the same permission: withdrawing would cut that one. It gets the new tokens
    instead, for the vendor may have ended its old ones with this consent.
    """
    try:
        yield
    except (Refusal, IntegrityError) as refused:
        with rt.store.write() as session:
            tag = grants.holder_tag(rt, ledger.kind, holder)
            grant = session.scalars(select(Grant).where(Grant.holder_tag == tag)).first()
            used = grant is not None and grant.state == "active" and grants.in_use(session, grant.id)
            if used:
                grants.keep(rt, session, ledger.kind, holder, token)
        if not used:
            _withdraw(rt, ledger, token)
        if isinstance(refused, IntegrityError):
            raise Refusal("Somebody is connecting the same organisation at this moment; try again.") from None
        raise


def _withdraw(rt: Runtime, ledger: LedgerKind, token: oauth.Token) -> None:
    try:
        oauth.revoke(ledger.oauth, token.refresh or token.access, rt.transport)
    except OutsideError as error:  # It runs out by itself, and nobody here has it.
        log.warning("a permission could not be given back", kind=ledger.kind, error=str(error))


def _connected(rt: Runtime, session: Session, practice_id: int, grant: Grant, found: Found) -> list[str]:
    connected: list[str] = []
    skipped: list[str] = []
    for tenant, about in found:
        company = _keep_connection(rt, session, practice_id, grant, tenant, about)
        (connected if company else skipped).append(company.name if company else about.name)
    if not connected:
        raise Refusal(f"{skipped[0]} is already connected by another practice; it must be disconnected there first.")
    return connected + [f"{name} (already connected by another practice, skipped)" for name in skipped]


def _keep_connection(
    rt: Runtime, session: Session, practice_id: int, grant: Grant, tenant: Tenant, about: LedgerCompany
) -> Company | None:
    """The company, its tie made or renewed; None when another practice has it."""
    now, tag = rt.clock.now(), rt.vault.tag(grant.kind, tenant.id)
    known = session.scalars(
        select(Connection)
        .where(Connection.external_tag == tag)
        .options(joinedload(Connection.company))
        .order_by(Connection.id.desc())
    ).all()
    standing = next((one for one in known if one.state != "disconnected"), None)
    if standing is not None and standing.company.practice_id != practice_id:
        return None
    company = next((one.company for one in known if one.company.practice_id == practice_id), None)
    company = company or _new_company(rt, session, practice_id, grant.kind, about)
    reading.learn(company, about)
    if standing is None:
        standing = Connection(uid=rt.new_id(), company_id=company.id, external_tag=tag, created_at=now)
        session.add(standing)
    standing.grant_id, standing.state, standing.ended_why = grant.id, "active", ""
    standing.tenant_sealed = rt.vault.seal(tenant.id.encode())
    standing.connection_sealed = rt.vault.seal(tenant.connection.encode())
    company.next_sync_at = now
    mirror.wake(session, session.scalars(select(Account.id).where(Account.company_id == company.id)).all(), now)
    audit.record(rt, session, "connected", company.id, subject=company.uid, ledger=grant.kind)
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
        connection = endings.tie(session, company_id)
        if connection is None:
            raise Refusal("This company is not connected.")
        shared = grants.in_use(session, connection.grant_id, besides=connection.id)
    ledger = rt.ledgers.get(connection.grant.kind)
    try:
        if ledger is not None:
            token = grants.token_of(rt, connection.grant_id)
            ledger.disconnect(token, rt.vault.unseal(connection.connection_sealed).decode(), rt.transport)
            if not shared:
                oauth.revoke(ledger.oauth, token.refresh, rt.transport)
    except Reconnect:
        pass  # The vendor has already ended it; ending it here is all that is left to do.
    except OutsideError as error:
        raise Refusal(f"{error} Nothing was changed; try again in a few minutes.") from None
    with rt.store.write() as session:
        endings.give_back(rt, session, connection.id)
        if not grants.in_use(session, connection.grant_id):
            nothing = rt.vault.seal(b"")
            values = {"state": "revoked", "access_sealed": nothing, "refresh_sealed": nothing}
            session.execute(update(Grant).where(Grant.id == connection.grant_id).values(**values))
