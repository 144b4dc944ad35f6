"""Taking leave: a company that is to go and the receipt that stays, what customers ask for by law, and answers of
the API that may be asked for again. No decisions, no queries.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Deletion(HasUid, Base):
    """A company that is to go, is going or is gone. `gone_id` was its key; no constraint, for the row goes.

    `state`: asked (nothing goes before `effective_at`), running, done or cancelled. `counts` are rows that went, by
    table; `receipt` what is said of it for good, `check_number` a sum over that, and `proof` that we wrote it.
    """

    __tablename__ = "deletion"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    gone_id: Mapped[int] = mapped_column(BigInteger, index=True)
    state: Mapped[str] = mapped_column(String(10), default="asked", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    check_number: Mapped[str] = mapped_column(String(40), default="")
    proof: Mapped[str | None] = mapped_column(String(64))


class DataRequest(HasUid, Base):
    """What a customer asked for by law: `kind` is see, correct, restrict, object or erase; a person answers until
    `answer_by`. `outcome` is what became of it.
    """

    __tablename__ = "data_request"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    asked_on: Mapped[date]
    answer_by: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    noted_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    outcome: Mapped[str] = mapped_column(Text, default="")


class ApiAnswer(Base):
    """What the API answered to a token under a key of its own, kept for a day so that asking again changes nothing.

    `wish_hash` is over what was asked; without a `status` it is under way.
    """

    __tablename__ = "api_answer"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"))
    key: Mapped[str] = mapped_column(String(255))
    wish_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("token_id", "key"),)
