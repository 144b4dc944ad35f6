"""Why somebody is left alone although money is open: a person's holds, what customers told us, arrangements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.money import Money
from models.base import Base, HasUid
from models.ledger import Invoice


class HoldRow(HasUid, Base):
    """A hold on an account, or on one invoice of it. It ends on `until` (local date, exclusive) or has an owner.

    `cause` is one of `core.because`: paused, replied, breathing-space, extension, agency. `state`: open or ended.
    """

    __tablename__ = "hold"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    cause: Mapped[str] = mapped_column(String(30))
    until: Mapped[date | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_hold_account", "account_id", "state"),)


told_invoice = Table(
    "told_invoice",
    Base.metadata,
    Column("told_id", ForeignKey("told.id"), primary_key=True),
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True, index=True),
)


class ToldRow(HasUid, Base):
    """A reason the customer gave about some invoices on a local date. `by_user_id` is set when a person noted it.

    `state`: open, or closed when a person has dealt with it or a later word took its place. `detail` holds what was
    asked for with the reason: paid_on and reference, purchase_order. `answer_by` is when we said somebody will answer.
    """

    __tablename__ = "told"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    reason: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    text: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    answer_by: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    invoices: Mapped[list[Invoice]] = relationship(secondary=told_invoice, lazy="raise_on_sql")


class AddressWord(HasUid, Base):
    """What is known of an address in one company, by hash: `cause` is opted-out or bounced."""

    __tablename__ = "address_word"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    address_hash: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "address_hash", "cause"),)


arrangement_invoice = Table(
    "arrangement_invoice",
    Base.metadata,
    Column("arrangement_id", ForeignKey("arrangement.id"), primary_key=True),
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True, index=True),
)


class Arrangement(HasUid, Base):
    """A payment plan for some invoices of one currency.

    `state`: proposed (by the customer; a person answers until `answer_by`), refused, running, kept, broken or ended. On
    `until` (a local date) it is asked whether the next part has come; that is its day and some days of grace. `agreed`
    is what the customer agreed to, word for word; `total_minor` what its invoices came to when the parts were last
    fitted to them; `mandate_id` what the parts are collected by.
    """

    __tablename__ = "arrangement"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="running", index=True)
    until: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    agreed: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answer_by: Mapped[date | None]
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    mandate_id: Mapped[int | None] = mapped_column(ForeignKey("mandate.id"))
    by_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    invoices: Mapped[list[Invoice]] = relationship(secondary=arrangement_invoice, lazy="raise_on_sql")
    parts: Mapped[list[InstalmentRow]] = relationship(back_populates="arrangement", lazy="raise_on_sql")


class InstalmentRow(HasUid, Base):
    """One part of an arrangement; paid when the open sum of its invoices has come down to `left_minor`."""

    __tablename__ = "instalment"

    arrangement_id: Mapped[int] = mapped_column(ForeignKey("arrangement.id"), index=True)
    day: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    left_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))

    arrangement: Mapped[Arrangement] = relationship(back_populates="parts", lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
