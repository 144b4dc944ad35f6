"""Dunlin with one connected company on a fresh database, its ledger at the page server. Nothing is read yet.

The tokens are sealed as they would be after a consent. Our own limits on calls are lifted, as the page server has none:
at Xero's sixty calls a minute every reader would do nothing but wait.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import app
import settings as configuration
from integrations.ledgers.base import Pace
from models import Company, Connection, Grant, Practice
from models.store import Store, migrate
from settings import Settings
from workflows import library
from workflows.runtime import Runtime

KEYS = {"DUNLIN_SECRET_KEYS": "s" * 40, "DUNLIN_INDEX_KEY": "i" * 40}
NOWHERE = "http://127.0.0.1:9"  # the books were read just now, so nothing asks a ledger
FREE = Pace(at_once=1000, per_second=1_000_000)


@dataclass(frozen=True, slots=True)
class Office:
    settings: Settings
    rt: Runtime
    company_id: int


def office(kind: str, server: str, tenant: str, database: str) -> Office:
    """Open the database, which has all tables and no rows, and put one company into it."""
    settings = configuration.load(environment(kind, server, database))
    rt = app.build_runtime(settings)
    for name, value in (("limits", ()), ("pace", FREE)):
        setattr(rt.ledgers[kind], name, value)
    return Office(settings, rt, _company(rt, kind, tenant))


@contextmanager
def office_on_disk() -> Iterator[Office]:
    """One on a new SQLite file, gone in the end, whose ledger nobody reaches."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'book.db'}"
        with closing(Store(url)) as empty:
            migrate(empty)
        made = office("quickbooks", NOWHERE, "tenant", url)
        try:
            yield made
        finally:
            made.rt.engine.close()
            made.rt.store.close()


def environment(kind: str, server: str, database: str) -> dict[str, str]:
    """The settings under which everything outside is found at `server`."""
    urls = {name: server for name in Settings.model_fields if name.endswith("_url") and name != "smtp_url"}
    given = {f"DUNLIN_{name.upper()}": url for name, url in urls.items()}
    given |= {f"DUNLIN_{kind.upper()}_{name}": "bench" for name in ("CLIENT_ID", "CLIENT_SECRET", "WEBHOOK_KEY")}
    return {**given, **KEYS, "DUNLIN_MODE": "demo", "DUNLIN_DATABASE_URL": database}


def _company(rt: Runtime, kind: str, tenant: str) -> int:
    now, seal = rt.clock.now(), rt.vault.seal
    with rt.store.write() as session:
        practice = Practice(uid=rt.new_id(), name="Sandpiper Accounting", created_at=now)
        session.add(practice)
        session.flush()
        version = library.shipped_version(rt, session, practice.id, "default")
        company = Company(uid=rt.new_id(), practice_id=practice.id, name="Heron & Sons", ledger_kind=kind)
        company.currency, company.country, company.zone = "USD", "US", "America/New_York"
        company.cadence_version_id, company.created_at = version.id, now
        grant = Grant(uid=rt.new_id(), kind=kind, holder_tag=rt.vault.tag(f"{kind}-holder", "someone"), created_at=now)
        grant.access_sealed, grant.refresh_sealed = seal(b"bench"), seal(b"bench")
        grant.expires_at, grant.scope = now + timedelta(days=1), " ".join(rt.ledgers[kind].oauth.scopes)
        session.add_all((company, grant))
        session.flush()
        tie = Connection(uid=rt.new_id(), company_id=company.id, grant_id=grant.id, created_at=now)
        tie.external_tag, tie.tenant_sealed = rt.vault.tag(kind, tenant), seal(tenant.encode())
        tie.connection_sealed = seal(b"")
        session.add(tie)
        return company.id
