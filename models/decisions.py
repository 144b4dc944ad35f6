"""What was decided about an account and when, what waits for a person's word, and what a person is asked to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Decision(Base):
    """An answer of plan() that differed from the one before it: it stood from `at` until the next one.

    `because` are its silences as codes; `actions` what it wanted said: [[step, invoice ids], …].
    """

    __tablename__ = "decision"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    because: Mapped[list[Any]] = mapped_column(default=list)
    actions: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (Index("ix_decision_account", "account_id", "at"),)


class Draft(HasUid, Base):
    """A message that plan() would send if a person agreed. Made and unmade with every answer about its account."""

    __tablename__ = "draft"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    fingerprint: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(60))
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("account_id", "fingerprint"),)


class ApprovalRow(HasUid, Base):
    """A person's word on a draft of exactly this fingerprint. The text they saw, edited or not, is frozen here.

    `content` is the draft's. `approved` False: skipped until `until` (local date), with `note` as its because. A
    withdrawn one counts no more; `note` then says why: the cause that came between, "changed" or "taken-back".
    """

    __tablename__ = "approval"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    fingerprint: Mapped[str] = mapped_column(String(32))
    approved: Mapped[bool]
    at: Mapped[datetime]
    until: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    paragraphs: Mapped[list[Any]] = mapped_column(default=list)
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_approval_account", "account_id", "fingerprint"),)


class Task(HasUid, Base):
    """A call to make or a letter to post, for a person of the company. `state`: open or done, with its outcome.

    `day` is the local date from which it is to be done; `phone` a number somebody gave us on the way.
    """

    __tablename__ = "task"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="open")
    day: Mapped[date]
    phone: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(30), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
