"""The append-only log: write a sealed fact, chain the facts of each company, verify the chain.

Rows are inserted unlinked inside the caller's transaction; `link_all` is the clock's verb. Nothing here is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import AuditEvent, AuditKey, Company
from models.upsert import insert_into
from workflows.runtime import Runtime
from workflows.vault import new_key, seal_with

START = "0" * 64


def record(
    rt: Runtime,
    session: Session,
    kind: str,
    company_id: int,
    account_id: int | None = None,
    subject: str = "",
    **payload: Any,
) -> None:
    """Append one fact. `subject` is a uid; `payload` is sealed with the account's (or company's) own key."""
    sealed = seal_with(_key(rt, session, company_id, account_id), _canonical(payload))
    session.add(
        AuditEvent(
            uid=rt.new_id(),
            company_id=company_id,
            account_id=account_id,
            at=rt.clock.now(),
            kind=kind,
            subject=subject,
            payload_sealed=sealed,
            payload_hash=hashlib.sha256(sealed).hexdigest(),
        )
    )


def _canonical(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), default=str).encode()


def _key(rt: Runtime, session: Session, company_id: int, account_id: int | None) -> bytes:
    """The key of the account, or of the company itself; made at its first fact.

    Of two who make it at once one succeeds and both use that one. After an erasure each fact gets a key of its own
    that nobody keeps.
    """
    mine = AuditKey.account_id == account_id, AuditKey.company_id == company_id
    found = session.scalars(select(AuditKey).where(*mine)).first()
    if found is None:
        made = rt.vault.seal(new_key(rt.new_id().encode()))
        values = {"company_id": company_id, "account_id": account_id, "key_sealed": made}
        session.execute(insert_into(session, AuditKey).values(values).on_conflict_do_nothing())
        found = session.scalars(select(AuditKey).where(*mine)).one()
    return new_key(rt.new_id().encode()) if found.key_sealed is None else rt.vault.unseal(found.key_sealed)


def link_all(rt: Runtime) -> int:
    """Chain every unlinked row, company by company; how many were linked."""
    with rt.store.read() as session:
        unlinked = AuditEvent.sequence.is_(None), AuditEvent.company_id == Company.id
        companies = session.scalars(select(Company.id).where(exists().where(*unlinked))).all()
    return sum(_link_company(rt, company_id) for company_id in companies)


def _link_company(rt: Runtime, company_id: int) -> int:
    with rt.store.write() as session:
        # The row of the company is the lock: two clocks never chain the same company at once.
        session.execute(select(Company.id).where(Company.id == company_id).with_for_update())
        last = session.scalars(_linked(company_id).order_by(AuditEvent.sequence.desc()).limit(1)).first()
        sequence, previous = (last.sequence or 0, last.link or START) if last else (0, START)
        rows = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.company_id == company_id, AuditEvent.sequence.is_(None))
            .order_by(AuditEvent.id)
            .limit(500)
        ).all()
        for row in rows:
            sequence += 1
            row.sequence, row.previous = sequence, previous
            row.link = previous = _link(row)
        return len(rows)


def _linked(company_id: int) -> Any:
    return select(AuditEvent).where(AuditEvent.company_id == company_id, AuditEvent.sequence.is_not(None))


def _link(row: AuditEvent) -> str:
    whose = (row.company_id, row.account_id)
    fields = (row.previous, row.sequence, row.uid, *whose, row.at.isoformat(), row.kind, row.subject, row.payload_hash)
    return hashlib.sha256("|".join(map(str, fields)).encode()).hexdigest()


def verify(rt: Runtime) -> Iterator[str]:
    """One sentence for each place where the log does not hold; none when it is unbroken."""
    with rt.store.read() as session:
        for company in session.scalars(select(Company).order_by(Company.id)).all():
            previous = START
            for expected, row in enumerate(session.scalars(_linked(company.id).order_by(AuditEvent.sequence)), 1):
                if row.sequence != expected or row.previous != previous or row.link != _link(row):
                    yield f"The log of {company.name} is broken at entry {row.sequence}."
                    break
                if hashlib.sha256(row.payload_sealed).hexdigest() != row.payload_hash:
                    yield f"Entry {row.sequence} of {company.name} was changed after it was written."
                    break
                previous = row.link or START
