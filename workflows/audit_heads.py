"""How far each chain of the log goes, for keeping somewhere else: who cuts a chain and ends it anew is found by it.

It writes nothing but lines of the program's own log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, AuditHead, Company, Practice
from workflows import audit, leaving_receipt
from workflows.errors import Refusal
from workflows.runtime import Runtime

log = structlog.get_logger()


def differences(rt: Runtime, ends: Sequence[audit.End]) -> list[str]:
    """One sentence for each noted end that the log does not have in its place any more."""
    with rt.store.read() as session:
        return [one for end in ends for one in _differs(session, end)]


def _differs(session: Session, end: audit.End) -> Iterator[str]:
    """Whether an entry that was the last one when it was noted still stands in its place."""
    kind, _, uid = end.of.partition(" ")
    of_company = kind == "company"
    mine = AuditEvent.company_id if of_company else AuditEvent.practice_id
    named = select(Company.id, Company.name).where(Company.uid == uid)
    owner = session.execute(
        named if of_company else select(Practice.id, Practice.name).where(Practice.uid == uid)
    ).first()
    gone = leaving_receipt.of_company(session, uid) if owner is None and of_company else None
    if gone is not None:
        ended = gone.receipt["log"]
        if end.sequence > ended["entries"] or (end.sequence == ended["entries"] and end.link != ended["link"]):
            yield f"The receipt {gone.uid} of a deleted company does not fit the end of its log that was noted."
        return
    if owner is None:
        yield f"A log that was noted is not there any more: {end.of}."
        return
    link = session.scalar(select(AuditEvent.link).where(mine == owner.id, AuditEvent.sequence == end.sequence))
    if link is None:
        yield f"The log of {owner.name} once went to entry {end.sequence}, which is not there any more."
    elif link != end.link:
        yield f"The log of {owner.name} was written anew: entry {end.sequence} is not the one that was noted."


def noted(text: str) -> list[audit.End]:
    """The ends in what `flask audit verify --json` once printed. Refusal for anything else."""
    try:
        ends = [audit.End(str(one["of"]), int(one["sequence"]), str(one["link"])) for one in json.loads(text)["heads"]]
    except (ValueError, TypeError, KeyError) as error:
        raise Refusal("This is not what `flask audit verify --json` prints: it has no heads.") from error
    if any(one.of.partition(" ")[0] not in ("company", "practice") for one in ends):
        raise Refusal("A head in this file is of neither a company nor a practice.")
    return ends


def write_down(rt: Runtime) -> int:
    """Say the end of every chain in the program's own log, which leaves the machine; how many there are.

    Who later cuts a chain and ends it anew is found by it, even with the installation's keys.
    """
    with rt.store.read() as session:
        ends = [
            (called, head.sequence, head.link)
            for chain, _, called in audit.chains(session)
            for head in session.scalars(select(AuditHead).filter_by(**chain.owner))
        ]
    for called, sequence, link in ends:
        log.info("the end of the log", of=called, entry=sequence, link=link)
    return len(ends)
