"""Cadences as they were written, what is changed of them where, and which version came to whom when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class CadenceVersion(HasUid, Base):
    """A cadence as it was written; never changed once used. `parts` holds the texts of the cadences it uses, by name.

    `number` counts the versions of one name in a practice.
    """

    __tablename__ = "cadence_version"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column(default=1)
    fingerprint: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class CadenceOverride(HasUid, Base):
    """Named fields that a level changes of the cadence above it, or another cadence for this level.

    `level`: practice, company, segment or account; `company_id` is None for the practice's own, `segment` "" unless the
    level is a segment's.
    """

    __tablename__ = "cadence_override"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"))
    level: Mapped[str] = mapped_column(String(10))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    segment: Mapped[str] = mapped_column(String(60), default="")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    cadence_version_id: Mapped[int | None] = mapped_column(ForeignKey("cadence_version.id"))
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]

    __table_args__ = (Index("ix_cadence_override_scope", "practice_id", "company_id", "level"),)


class Rollout(HasUid, Base):
    """A version given to chosen companies at once. `moves` lists [company, version before, version after].

    `undone_at` is when it was rolled back; companies that had been changed since are its exceptions.
    """

    __tablename__ = "rollout"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    cadence_version_id: Mapped[int] = mapped_column(ForeignKey("cadence_version.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    moves: Mapped[list[Any]] = mapped_column(default=list)
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CadenceDraft(HasUid, Base):
    """A cadence that somebody works on, as TOML in `source`; `revision` grows with each save, so that nobody writes
    over what somebody else just wrote. `state`: draft, proved, approved, kept or dropped; any change makes it a draft
    again. `version_id` is what it was kept as.
    """

    __tablename__ = "cadence_draft"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    based_on_id: Mapped[int | None] = mapped_column(ForeignKey("cadence_version.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("cadence_version.id"))
