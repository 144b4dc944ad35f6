"""The mirror: what the ledger says, row by row. The ledger is the truth; these rows are a cache and never deleted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.money import Money
from models.base import Base, HasUid
from models.practice import Company


class Account(HasUid, Base):
    """One billing customer, the unit of planning.

    `facts_version` grows with every change of a fact; `wake_at` is when to plan next (None: only a fact can wake it);
    `because` is the last answer's silences as codes. `bills_to` is the vendor id of the parent that gets the bill.
    """

    __tablename__ = "account"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    external_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text, default="")
    emails: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(default=True)
    erased: Mapped[bool] = mapped_column(default=False)
    bills_to: Mapped[str] = mapped_column(String(64), default="")
    merged_into: Mapped[str] = mapped_column(String(64), default="")
    paused_until: Mapped[date | None]
    refused: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[str] = mapped_column(String(64), default="")
    facts_version: Mapped[int] = mapped_column(default=1)
    wake_at: Mapped[datetime | None]
    because: Mapped[list[Any]] = mapped_column(default=list)
    planned_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship(lazy="raise_on_sql")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="account", lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("company_id", "external_id"),
        Index("ix_account_wake", "wake_at"),
    )


class Invoice(HasUid, Base):
    """A sales invoice. `customer` is the vendor id it was raised for, which may bill to another account."""

    __tablename__ = "invoice"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(64))
    customer: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(Text)
    issued: Mapped[date]
    due: Mapped[date | None]
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(10))
    raw_status: Mapped[str] = mapped_column(Text, default="")
    emails: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime]
    read_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    gone_why: Mapped[str] = mapped_column(String(40), default="")

    account: Mapped[Account] = relationship(back_populates="invoices", lazy="raise_on_sql")

    __table_args__ = (UniqueConstraint("company_id", "external_id"), Index("ix_invoice_open", "company_id", "status"))

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def anchor(self) -> str:
        """The instance of the anchor the steps stand on: a changed due date makes a new one."""
        return f"due/{self.due.isoformat() if self.due else '-'}"


class Payment(Base):
    """Money the ledger says was received. `applied` lists [invoice vendor id, minor units]."""

    __tablename__ = "payment"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    customer: Mapped[str] = mapped_column(String(64), index=True)
    external_id: Mapped[str] = mapped_column(String(64))
    paid_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(Text, default="", index=True)
    applied: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[str] = mapped_column(String(64), default="")
    gone_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("company_id", "external_id"),)


class Credit(Base):
    """A credit note, over- or prepayment; `remaining_minor` is what is still open."""

    __tablename__ = "credit"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    customer: Mapped[str] = mapped_column(String(64), index=True)
    external_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    remaining_minor: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(64), default="")
    gone_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("company_id", "external_id"),)


class UnreadableRow(HasUid, Base):
    """A row of the ledger we could not read, kept for a person; cleared when it can be read again."""

    __tablename__ = "unreadable_row"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    entity: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "entity", "external_id"),)
