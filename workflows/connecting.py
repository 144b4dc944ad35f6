"""Making a company's tie to its ledger through the vendor's consent page, making it anew, and giving it back.

Nothing is stored before the consent turned out to be for the right organisation, and a permission that nobody here uses
is given back to the vendor. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from integrations import oauth
from integrations.errors import Misconfigured, OutsideError
from integrations.ledgers.base import Consent, LedgerCompany, LedgerKind, Tenant
from models import Account, Company, Connection, Grant
from workflows import audit, endings, grants, library, mirror, reading, returning, ties
from workflows.budgets import Budget
from workflows.errors import Refusal
from workflows.returning import Left
from workflows.rows import plain
from workflows.runtime import Runtime

Found = Sequence[tuple[Tenant, LedgerCompany]]
UNNAMED = "an organisation without a name"


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
    """Exchange the code, read who was given, create or renew the companies; their names, as `keep` says."""
    return keep(rt, practice_id, exchange(rt, kind, callback, verifier, redirect_uri(rt, kind)), company_uid)


@dataclass(frozen=True, slots=True)
class Given:
    """What a consent gave, not kept yet."""

    kind: str
    token: oauth.Token
    consent: Consent


def keep(rt: Runtime, practice_id: int, given: Given, company_uid: str = "") -> list[str]:
    """Create or renew the companies that a consent gave; their names.

    An organisation of another practice, or one that cannot be opened, is skipped and named as such; Refusal when no
    other is given, or when the one of `company_uid` is not among them: then nothing that stands is changed.
    """
    kind, token, consent = given.kind, given.token, given.consent
    ledger = rt.ledgers[kind]
    left: list[Left] = []
    with _given_back_when_refused(rt, ledger, consent, token):
        with rt.store.read() as session:
            wanted = _expected(rt, session, ledger, practice_id, company_uid, consent.tenants)
            chosen = _chosen(rt, session, ledger, practice_id, wanted, consent.tenants)
        found, closed = _opened(rt, ledger, token.access, chosen, wanted)
        with rt.store.write() as session:
            grant = grants.keep(rt, session, kind, consent.holder, token)
            grants.forget_trouble(session, kind)
            names = _connected(rt, session, practice_id, grant, found, left)
    returning.remove_unused(rt, ledger, grant.id, consent.tenants, token)
    for tie in left:
        returning.leave(rt, tie)
    return names + closed


def give_back(rt: Runtime, given: Given) -> None:
    """Nothing comes of a consent: what it gave is given back, and what stands of earlier ones stays."""
    with suppress(Refusal), _given_back_when_refused(rt, rt.ledgers[given.kind], given.consent, given.token):
        raise Refusal("Nothing was connected.")


def exchange(rt: Runtime, kind: str, callback: Mapping[str, str], verifier: str, way_back: str) -> Given:
    """The tokens of a consent, and what it gave. Refusal where the vendor gives none."""
    token = token_of(rt, kind, callback, verifier, way_back)
    return Given(kind, token, consent_of(rt, kind, token, callback))


def token_of(rt: Runtime, kind: str, callback: Mapping[str, str], verifier: str, way_back: str) -> oauth.Token:
    ledger = rt.ledgers[kind]
    with _said(rt, kind):
        return oauth.exchange(ledger.oauth, way_back, callback.get("code", ""), verifier, rt.transport, rt.clock.now())


def consent_of(rt: Runtime, kind: str, token: oauth.Token, callback: Mapping[str, str]) -> Consent:
    with _said(rt, kind):
        return rt.ledgers[kind].consent(token, callback, rt.transport)


@contextmanager
def _said(rt: Runtime, kind: str) -> Iterator[None]:
    """What the vendor refuses is said in its own words."""
    try:
        yield
    except OutsideError as error:
        if isinstance(error, Misconfigured):
            grants.note_trouble(rt, kind, error)
        raise Refusal(str(error)) from None


def _expected(
    rt: Runtime, session: Session, ledger: LedgerKind, practice_id: int, company_uid: str, given: Sequence[Tenant]
) -> str:
    """The tag of the organisation that was to be connected again; "" where that was not the question.

    Refusal when nothing was given, or not that one.
    """
    if not given:
        raise Refusal(f"{ledger.label} gave no organisation; choose at least one and allow it.")
    if not company_uid:
        return ""
    company = session.scalars(
        select(Company).where(Company.uid == company_uid, Company.practice_id == practice_id)
    ).first()
    if company is None:
        raise Refusal("The company that was to be connected again is not here any more.")
    tags = select(Connection.external_tag).where(Connection.company_id == company.id).order_by(Connection.id.desc())
    wanted = session.scalars(tags).first() or ""
    if wanted not in {rt.vault.tag(ledger.kind, tenant.id) for tenant in given}:
        names = ", ".join(tenant.name or UNNAMED for tenant in given if tenant.fresh) or UNNAMED
        raise Refusal(
            f"You gave access to {names}, but {company.name} was to be connected again. Nothing was changed; "
            f"try once more and choose {company.name}."
        )
    return wanted


def _chosen(
    rt: Runtime, session: Session, ledger: LedgerKind, practice_id: int, wanted: str, given: Sequence[Tenant]
) -> list[Tenant]:
    """What this consent is about: what it gave anew, what was to be connected again, and what the practice has anyway.

    The ledger tells of every organisation that the person ever gave. One that somebody has disconnected since must not
    come back by a consent to another one, nor to another practice.
    """
    standing = select(Connection.external_tag).join(Company, Company.id == Connection.company_id)
    standing = standing.where(Company.practice_id == practice_id, Connection.state != "disconnected")
    known = {wanted, *session.scalars(standing)}
    chosen = [one for one in given if one.fresh or rt.vault.tag(ledger.kind, one.id) in known]
    if not chosen:
        raise Refusal(
            f"{ledger.label} gave no organisation anew; choose at least one and allow it. A company that was "
            "disconnected here comes back by Connect again on its own page."
        )
    return chosen


def _opened(
    rt: Runtime, ledger: LedgerKind, access: str, tenants: Sequence[Tenant], wanted: str
) -> tuple[Found, list[str]]:
    """(what could be opened, what could not and why). Refusal when that is the wanted one, or all of them."""
    found: list[tuple[Tenant, LedgerCompany]] = []
    closed: list[str] = []
    for tenant in tenants:
        try:
            found.append((tenant, ledger.open(access, tenant.id, rt.transport, Budget(rt, ledger)).company()))
        except OutsideError as error:
            if rt.vault.tag(ledger.kind, tenant.id) == wanted:
                raise Refusal(str(error)) from None
            closed.append(f"{tenant.name or UNNAMED} (skipped: {str(error).rstrip('.')})")
    if not found:
        raise Refusal(f"Nothing could be opened: {', '.join(closed)}.")
    return found, closed


@contextmanager
def _given_back_when_refused(rt: Runtime, ledger: LedgerKind, consent: Consent, token: oauth.Token) -> Iterator[None]:
    """A consent that comes to nothing leaves no permission behind at the vendor.

    Unless a connection of ours stands on the same permission: withdrawing would cut that one. It gets the new tokens
    instead, for the vendor may have ended its old ones with this consent, and only what was given anew is removed.
    """
    try:
        yield
    except (Refusal, IntegrityError) as refused:
        with rt.store.write() as session:
            tag = grants.holder_tag(rt, ledger.kind, consent.holder)
            grant = session.scalars(select(Grant).where(Grant.holder_tag == tag)).first()
            used = grant is not None and grant.state == "active" and grants.in_use(session, grant.id)
            if used:
                grants.keep(rt, session, ledger.kind, consent.holder, token)
        if grant is not None and used:
            returning.remove_unused(rt, ledger, grant.id, consent.tenants, token)
        else:
            returning.withdraw(rt, ledger, token)
        if isinstance(refused, IntegrityError):
            raise Refusal("Somebody is connecting the same organisation at this moment; try again.") from None
        raise


def _connected(
    rt: Runtime, session: Session, practice_id: int, grant: Grant, found: Found, left: list[Left]
) -> list[str]:
    """Names of what was connected, and of what was not and why. Old ties that a new one replaces come into `left`."""
    connected: list[str] = []
    skipped: list[str] = []
    for tenant, about in found:
        company = _keep_connection(rt, session, practice_id, grant, tenant, about, left)
        (connected if company else skipped).append(company.name if company else about.name)
    if not connected:
        raise Refusal(f"{skipped[0]} is already connected by another practice; it must be disconnected there first.")
    return connected + [f"{name} (already connected by another practice, skipped)" for name in skipped]


def _keep_connection(
    rt: Runtime,
    session: Session,
    practice_id: int,
    grant: Grant,
    tenant: Tenant,
    about: LedgerCompany,
    left: list[Left],
) -> Company | None:
    """The company, its tie made or renewed; None when another practice has it."""
    now, tag = rt.clock.now(), rt.vault.tag(grant.kind, tenant.id)
    known = session.scalars(
        select(Connection)
        .where(Connection.external_tag == tag)
        .options(joinedload(Connection.company), joinedload(Connection.grant))
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
    elif standing.grant_id != grant.id:
        old = rt.vault.unseal(standing.connection_sealed).decode()
        left.append(Left(standing.grant, old if old != tenant.connection else ""))
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
        cadence_version_id=library.first_version(rt, session, practice_id).id,
        created_at=rt.clock.now(),
    )
    session.add(company)
    session.flush()
    return company


def disconnect(rt: Runtime, company_id: int) -> str:
    """Give the permission back: the tenant's connection, and the whole grant when nothing else uses it.

    "" or, where the vendor could not be told any more, a sentence about what to look for there.
    """
    with rt.store.read() as session:
        connection = ties.standing(session, company_id)
        if connection is None:
            raise Refusal("This company is not connected.")
        shared = grants.in_use(session, connection.grant_id, besides=connection.id)
    tie = Left(connection.grant, rt.vault.unseal(connection.connection_sealed).decode())
    try:
        told = returning.give_up(rt, tie, shared)
    except OutsideError as error:
        raise Refusal(f"{error} Nothing was changed; try again in a few minutes.") from None
    label = ties.ledger_name(rt, connection.grant.kind)
    why = "" if told else f"{label} no longer listened to us; if it still lists Dunlin as connected, remove it there."
    with rt.store.write() as session:
        endings.give_back(rt, session, connection.id, why)
    grants.close_unused(rt, connection.grant_id)
    return why
