"""A practice's own words for its messages. No decisions, no queries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Wording(HasUid, Base):
    """Words that take the place of a shipped template in one language; `company_id` None is for the whole practice.

    `channel` is email (letters too) or call. `state`: draft, live or ended. A live one is never changed: another takes
    its place. `number` counts those of one place; `revision` grows with each save of a draft, so that nobody writes
    over what somebody else just wrote. A draft that was put away is ended and was never live.
    """

    __tablename__ = "wording"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    language: Mapped[str] = mapped_column(String(5))
    channel: Mapped[str] = mapped_column(String(10))
    template: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    revision: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    live_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    live_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_wording_place", "practice_id", "state", "language", "template"),)
