"""What a company agreed to with its customers, who was given it, and what was handed to an agency. No decisions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Terms(HasUid, Base):
    """Terms from a local day on, for a company's customers or for one account that agreed on others.

    They are a `text` (paragraphs apart by an empty line) or a `pdf` that was given; never changed, only withdrawn. Of
    those in force the one with the latest `valid_from` counts, an account's own before the company's.
    """

    __tablename__ = "terms"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    valid_from: Mapped[date]
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary)
    by_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_terms_company", "company_id", "account_id", "valid_from"),)


class TermsGiven(Base):
    """These terms went to this account with that message: once, whatever happens."""

    __tablename__ = "terms_given"

    terms_id: Mapped[int] = mapped_column(ForeignKey("terms.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id", ondelete="CASCADE"), index=True)

    __table_args__ = (UniqueConstraint("terms_id", "account_id"),)


class Handover(HasUid, Base):
    """An account on its way to an agency. `state`: prepared, released, recalled or discarded.

    `file_sealed` is the ZIP that a person reviews and hands over, `file_hash` its SHA-256; `content` says what is in it
    and what could not be had. Released, it keeps a hold on the account (`hold_id`) until it is recalled.
    """

    __tablename__ = "handover"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    state: Mapped[str] = mapped_column(String(10), default="prepared")
    agency: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    file_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_hash: Mapped[str] = mapped_column(String(64), default="")
    prepared_at: Mapped[datetime]
    prepared_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
