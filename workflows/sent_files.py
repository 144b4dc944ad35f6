"""Files that customers send along with an answer: looked at before they are kept, sealed, and given only to people.

What a file is, its bytes say; its name is only a name. Nothing here opens or shows one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.file_kinds import ENDINGS, kind_of
from models import Company, Dispute, SentFile, ToldRow
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.runtime import Runtime

MOST = 3
LARGEST_MB = 5
LARGEST = LARGEST_MB * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """A file that may be kept: a plain name with the ending of what it is, its kind, and its bytes."""

    name: str
    kind: str
    body: bytes


def looked_at(files: Sequence[tuple[str, bytes]]) -> tuple[Given, ...]:
    """(name, bytes) as they came. Refusal for too many, too large, or of a kind that we do not take."""
    if len(files) > MOST:
        raise Refusal("Please send at most {most} files.", most=MOST)
    return tuple(_looked_at(name, body) for name, body in files)


def _looked_at(name: str, body: bytes) -> Given:
    if len(body) > LARGEST:
        raise Refusal("Each file may have up to {megabytes} MB; please send a smaller one.", megabytes=LARGEST_MB)
    kind = kind_of(body)
    if not kind:
        raise Refusal("Please send a PDF, a picture (JPEG, PNG or WebP) or plain text; we cannot take another file.")
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name.rpartition(".")[0] or name).strip("-")[:80]
    return Given(f"{stem or 'file'}.{ENDINGS[kind]}", kind, body)


def keep(rt: Runtime, session: Session, files: Sequence[Given], account_id: int, about: Dispute | ToldRow) -> None:
    """Keep them sealed, with the answer that they came with (which has its id)."""
    session.add_all(
        SentFile(
            uid=rt.new_id(),
            company_id=about.company_id,
            account_id=account_id,
            told_id=about.id if isinstance(about, ToldRow) else None,
            dispute_id=about.id if isinstance(about, Dispute) else None,
            name=one.name,
            kind=one.kind,
            size=len(one.body),
            body_sealed=rt.vault.seal(one.body),
            made_at=rt.clock.now(),
        )
        for one in files
    )


def within(rt: Runtime, session: Session, reach: Reach, uid: str) -> Given | None:
    """One of them, opened; None when it is not theirs."""
    mine = SentFile.uid == uid, reach.company()
    wanted = select(SentFile).join(Company, Company.id == SentFile.company_id).where(*mine)
    found = session.scalars(wanted).first()
    return None if found is None else Given(found.name, found.kind, rt.vault.unseal(found.body_sealed))
