"""The cadences a practice has: the shipped one, kept as an immutable version in its own words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Cadence, parse_cadence
from models import CadenceVersion
from workflows.runtime import Runtime

SHIPPED = Path(__file__).resolve().parent.parent / "templates" / "cadences"


@lru_cache(maxsize=64)
def parsed(source: str) -> Cadence:
    """The cadence of a stored text; stored texts never change, so the reading is kept."""
    return parse_cadence(source)


def shipped(name: str) -> str:
    """The text of a shipped cadence; FileNotFoundError when there is none of that name."""
    return (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")


def default_version(rt: Runtime, session: Session, practice_id: int) -> CadenceVersion:
    """The practice's copy of the shipped default, made when first needed."""
    source = shipped("default")
    fingerprint = parsed(source).fingerprint
    found = session.scalars(
        select(CadenceVersion).where(
            CadenceVersion.practice_id == practice_id, CadenceVersion.fingerprint == fingerprint
        )
    ).first()
    if found is None:
        found = CadenceVersion(
            uid=rt.new_id(),
            practice_id=practice_id,
            name=parsed(source).name,
            fingerprint=fingerprint,
            source=source,
            created_at=rt.clock.now(),
        )
        session.add(found)
        session.flush()
    return found
