"""Permissions given to an installation without a browser and without reading a ledger, for tests of tokens alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations import oauth
from models import Company, Connection, Grant, Practice
from sandbox.oauth import Grant as Given
from tests.town import Town
from workflows import connecting, grants, library
from workflows.runtime import Runtime

TOKENS = {"quickbooks": "/tokens/bearer", "xero": "/connect/token"}


@dataclass(frozen=True, slots=True)
class Tie:
    """One company on a permission; `given` is the vendor's own record of that."""

    grant_id: int
    company: Company
    given: Given
    tenant: str


def permit(town: Town, kind: str, rt: Runtime | None = None) -> tuple[int, Given]:
    """The vendor gives a permission, and it is kept; (its id, the vendor's record)."""
    rt = rt or town.rt
    moment = town.now.isoformat()
    given = Given(
        town.new_id(), ("read",), {"given": moment, "used": moment, "admin": "robin@books.test", "event": "e"}
    )
    address = connecting.redirect_uri(rt, kind)
    code = town.twin(kind).tokens.code_for(given, address)
    token = oauth.exchange(rt.ledgers[kind].oauth, address, code, "", rt.transport, rt.clock.now())
    with rt.store.write() as session:
        return grants.keep(rt, session, kind, given.subject, token).id, given


def tie(town: Town, kind: str, name: str = "Larch & Co", grant: tuple[int, Given] | None = None) -> Tie:
    """A company of a practice of its own, connected by a permission; by the given one where there is one."""
    rt, tenant = town.rt, town.new_id()
    grant_id, given = grant or permit(town, kind)
    with rt.store.write() as session:
        practice = Practice(uid=rt.new_id(), name=f"{name}'s practice", created_at=town.now)
        session.add(practice)
        session.flush()
        company = Company(
            uid=rt.new_id(),
            practice_id=practice.id,
            name=name,
            ledger_kind=kind,
            currency="GBP",
            country="GB",
            cadence_version_id=library.shipped_version(rt, session, practice.id, "default").id,
            created_at=town.now,
        )
        session.add(company)
        session.flush()
        session.add(
            Connection(
                uid=rt.new_id(),
                company_id=company.id,
                grant_id=grant_id,
                external_tag=rt.vault.tag(kind, tenant),
                tenant_sealed=rt.vault.seal(tenant.encode()),
                connection_sealed=rt.vault.seal(b"connection"),
                created_at=town.now,
            )
        )
    return Tie(grant_id, company, given, tenant)


def change(town: Town, grant_id: int, **values: Any) -> None:
    with town.rt.store.write() as session:
        grant = session.get_one(Grant, grant_id)
        for name, value in values.items():
            setattr(grant, name, value)


def expire(town: Town, after: timedelta = timedelta(hours=2)) -> datetime:
    """Time passes until every access token has run out."""
    town.clock.move(town.now + after)
    return town.now
