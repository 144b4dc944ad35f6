"""The receipt of a deleted company: what went, when, who asked, how its log ended, and what stays and why.

It names the company by its uid and a sum over its name, and no customer. Its check number is a sum that anybody can
work out from it; the proof beside it, under the installation's key, is that we wrote it. Nothing is deleted here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, Company, Deletion, Practice, User
from workflows import typesetting
from workflows.runtime import Runtime
from workflows.vault import Vault

SAID = "company-deleted"  # in the log of the practice


def canonical(receipt: Mapping[str, Any]) -> str:
    """The one way in which a receipt is written for its sum: JSON, keys in order, no spaces, other letters escaped."""
    return json.dumps(receipt, sort_keys=True, separators=(",", ":"))


def number_of(receipt: Mapping[str, Any]) -> str:
    """The first 24 digits of the SHA-256 of what is canonical, in groups of four."""
    digits = hashlib.sha256(canonical(receipt).encode()).hexdigest()[:24].upper()
    return "-".join(digits[place : place + 4] for place in range(0, 24, 4))


def proof_of(vault: Vault, receipt: Mapping[str, Any]) -> str:
    return vault.tag("deletion-receipt", canonical(receipt))


def name_sum(uid: str, name: str) -> str:
    """Whoever knows the name can see that a receipt is of that company; whoever does not, cannot read it there."""
    return hashlib.sha256(f"{uid}|{name}".encode()).hexdigest()


def made(rt: Runtime, session: Session, row: Deletion, company: Company, counts: Mapping[str, int]) -> dict[str, Any]:
    """What the receipt says, at the end."""
    asked_by = session.get_one(User, row.asked_by_id)
    practice = session.get_one(Practice, row.practice_id)
    return {
        "receipt": row.uid,
        "practice": practice.name,
        "company": company.uid,
        "company_name_sha256": name_sum(company.uid, company.name),
        "asked_by": asked_by.name,
        "confirmed_with": "password, second step where there is one, and the name typed",
        "asked_at": row.asked_at.isoformat(timespec="seconds"),
        "began_at": row.began_at.isoformat(timespec="seconds") if row.began_at else "",
        "ended_at": rt.clock.now().isoformat(timespec="seconds"),
        "rows": dict(sorted(counts.items())),
        "log": row.receipt.get("log", {}),
        "ledger": row.receipt.get("ledger", ""),
        "stays": list(_stays(rt)),
    }


def _stays(rt: Runtime) -> Iterator[str]:
    yield "In the log of the practice: that this company was deleted, when and by whom, and how its own log ended."
    yield "Webhooks as they arrived, sealed and not told apart by company, until the retention period ends."
    kept = rt.upkeep.backups_kept
    if rt.upkeep.backup_to is not None:
        yield f"Backups of the database, of which the last {kept} nights are kept: after {kept} nights none holds it."
    else:
        yield "Backups that the operator takes outside Dunlin, for as long as the operator keeps them."
    yield "The ledger's own books, mail that was sent, and money and mandates at payment processors: they are not ours."


def seal(rt: Runtime, row: Deletion, receipt: dict[str, Any]) -> None:
    """Write the receipt down, with its number and its proof."""
    row.receipt, row.check_number, row.proof = receipt, number_of(receipt), proof_of(rt.vault, receipt)


def holds(rt: Runtime, session: Session, row: Deletion) -> bool:
    """Whether the receipt is as we wrote it, and the log of the practice says so too."""
    said = select(AuditEvent.id).where(AuditEvent.practice_id == row.practice_id, AuditEvent.kind == SAID)
    return (
        row.check_number == number_of(row.receipt)
        and row.proof == proof_of(rt.vault, row.receipt)
        and session.scalars(said.where(AuditEvent.subject == row.uid).limit(1)).first() is not None
    )


def complaints(rt: Runtime) -> Iterator[str]:
    """One sentence for each receipt that is not as we wrote it."""
    with rt.store.read() as session:
        for row in session.scalars(select(Deletion).where(Deletion.state == "done").order_by(Deletion.id)).all():
            if not holds(rt, session, row):
                yield f"The receipt {row.uid} of a deleted company is not as this installation wrote it."


def of_company(session: Session, uid: str) -> Deletion | None:
    """The receipt of a company that is gone."""
    every = session.scalars(select(Deletion).where(Deletion.state == "done").order_by(Deletion.id)).all()
    return next((one for one in every if one.receipt.get("company") == uid), None)


def standing(session: Session, practice_id: int) -> Sequence[Deletion]:
    """Receipts of a practice, the newest first."""
    mine = Deletion.practice_id == practice_id, Deletion.state == "done"
    return session.scalars(select(Deletion).where(*mine).order_by(Deletion.id.desc())).all()


def by_number(session: Session, practice_id: int, typed: str) -> Deletion | None:
    """The receipt with this check number, however it was typed."""
    wanted = typed.upper().replace("-", "").replace(" ", "")
    return next((one for one in standing(session, practice_id) if one.check_number.replace("-", "") == wanted), None)


def paper(row: Deletion) -> bytes:
    """The same as a PDF."""
    said, log = row.receipt, row.receipt["log"]
    about = [
        ["Receipt", said["receipt"]],
        ["Company", said["company"]],
        ["SHA-256 of its uid, | and its name", said["company_name_sha256"]],
        ["Asked for by", f"{said['asked_by']}, {said['asked_at']}"],
        ["Confirmed with", said["confirmed_with"]],
        ["Deleted", f"{said['began_at']} to {said['ended_at']}"],
        ["Entries in its log", str(log.get("entries", 0))],
        ["Last link of its log", log.get("link", "")],
        ["Check number", row.check_number],
    ]
    facts = {
        "title": "Receipt of a deletion",
        "language": "en",
        "company": said["practice"],
        "day": said["ended_at"][:10],
        "page": "Page",
        "facts": about,
        "rows": [[name, str(count)] for name, count in said["rows"].items()],
        "notes": [one for one in (said["ledger"], *said["stays"]) if one],
    }
    return typesetting.pdf("deletion", facts)
