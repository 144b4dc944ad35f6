"""The practice's own work: notes about a customer, rules for segments, and what was changed in many places at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Remark(HasUid, Base):
    """What a person of the practice noted about a customer, for their colleagues only. `gone_at`: taken back."""

    __tablename__ = "remark"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_remark_account", "account_id", "id"),)


class SegmentRule(HasUid, Base):
    """By what customers fall into a segment: `conditions` as `core.segments` writes them. Lower ranks come first."""

    __tablename__ = "segment_rule"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    segment: Mapped[str] = mapped_column(String(60))
    rank: Mapped[int]
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "segment"),)


class BulkChange(HasUid, Base):
    """One change of many things at once, so that it can be taken back as one. `kind` is a code; `items` say of each
    thing by its id what was there before and what came in its place.
    """

    __tablename__ = "bulk_change"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    items: Mapped[list[Any]] = mapped_column(default=list)
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
