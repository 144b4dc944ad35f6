"""What people decide and are told: changes of the ledger asked for by a person, and notices to the practice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.money import Money
from models.base import Base, HasUid


class Posting(HasUid, Base):
    """One change of the ledger beside the payments taken on the portal; its `uid` is the reference in the ledger.

    `kind` names the order of the port (credit, allocation, on-account, undo-payment, due-date, expected-date, note);
    `content` holds what only that kind has. `state`: due, written, desk (a person must see to it) or void.
    """

    __tablename__ = "posting"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3), default="")
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    day: Mapped[date]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="due", index=True)
    external_id: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    written_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Notice(HasUid, Base):
    """Something the practice's people are told by mail, once for each `key`. `state`: due, sending, sent or failed.

    `owners`: only those of them who are owners. By `topic` (a code) everybody chooses when to be told, if at all.
    """

    __tablename__ = "notice"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    owners: Mapped[bool] = mapped_column(default=False)
    topic: Mapped[str] = mapped_column(String(20), default="")
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="due", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
