"""The mirror: what the ledger says, row by row. The ledger is the truth; these rows are a cache and never deleted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.because import Cause
from core.money import Money
from models.base import Base, HasUid, where
from models.practice import Company


def _says(*causes: Cause) -> str:
    """The condition that one of these stands in an account's answer, as the database looks it up: its very words."""
    return " OR ".join(f"CAST(because AS VARCHAR) LIKE '%\"{cause.value}\"%'" for cause in causes)


# Of an account: its address was turned away, or the mail server does not take its message; and: the ledger lacks
# something about it. An index knows the few of which one is true, and is used where a question repeats its words.
UNREACHED = f"CAST(refused AS VARCHAR) != '[]' OR {_says(Cause.UNSENDABLE, Cause.UNPLANNABLE)}"
# Of an invoice: something is open on it.
OWED = "status = 'open' AND balance_minor > 0 AND gone_at IS NULL"
LACKING = _says(Cause.NO_ADDRESS, Cause.NO_DUE_DATE)


class Account(HasUid, Base):
    """One billing customer, the unit of planning.

    `facts_version` grows with every change of a fact; `wake_at` is when to plan next (None: only a fact can wake it);
    `because` is the last answer's silences as codes. `bills_to` is the vendor id of the parent that gets the bill.
    `country`, `region` and `zone` are the customer's own where known; `payer` and `usual_delay` (days) its habit.
    `people` lists [name, address, whether the ledger mails them]. `read_at` is when its balances were last read at the
    door, `row_read_at` when the reading began that the customer's own row is from. `instead` are addresses that a
    person accepted to write to in place of the ledger's; a link of an earlier `link_generation` opens nothing.
    `care`: they need a gentle hand, so a person speaks with them and nothing is sent by itself; on `look_again`
    somebody asks how they are. `segment_by` says who put them into their segment: hand, rule, or nobody.
    `assignee_id` is who looks after them. `erased` is what the ledger says of them;
    `erased_at` when all that Dunlin kept of them was blanked.
    """

    __tablename__ = "account"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    external_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text, default="")
    emails: Mapped[list[Any]] = mapped_column(default=list)
    people: Mapped[list[Any]] = mapped_column(default=list)
    phone: Mapped[str] = mapped_column(Text, default="")
    term: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str | None] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(default=True)
    erased: Mapped[bool] = mapped_column(default=False)
    bills_to: Mapped[str] = mapped_column(String(64), default="")
    merged_into: Mapped[str] = mapped_column(String(64), default="")
    country: Mapped[str] = mapped_column(String(3), default="")
    region: Mapped[str] = mapped_column(String(10), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    segment: Mapped[str] = mapped_column(String(60), default="")
    segment_by: Mapped[str] = mapped_column(String(4), default="")
    payer: Mapped[str] = mapped_column(String(10), default="new")
    usual_delay: Mapped[int] = mapped_column(default=0)
    refused: Mapped[list[Any]] = mapped_column(default=list)
    instead: Mapped[list[Any]] = mapped_column(default=list)
    link_generation: Mapped[int] = mapped_column(default=0)
    care: Mapped[bool] = mapped_column(default=False)
    look_again: Mapped[date | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    erased_at: Mapped[datetime | None]
    version: Mapped[str] = mapped_column(String(64), default="")
    facts_version: Mapped[int] = mapped_column(default=1)
    wake_at: Mapped[datetime | None]
    because: Mapped[list[Any]] = mapped_column(default=list)
    planned_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    row_read_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship(lazy="raise_on_sql")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="account", lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("company_id", "external_id"),
        Index("ix_account_wake", "wake_at"),
        Index("ix_account_bills_to", "company_id", "bills_to", **where("bills_to != ''")),
        Index("ix_account_merged_into", "company_id", "merged_into", **where("merged_into != ''")),
        Index("ix_account_unreached", "company_id", **where(UNREACHED)),
        Index("ix_account_lacking", "company_id", **where(LACKING)),
        Index("ix_account_care", "company_id", sqlite_where=text("care = 1"), postgresql_where=text("care")),
    )


class Invoice(HasUid, Base):
    """A sales invoice. `customer` is the vendor id it was raised for, which may bill to another account.

    `seen_at` is when it was first seen, `read_at` when the reading began that this row is from. `mailed` is whether the
    ledger has mailed it (None: not known); `pay_link` the ledger's own page for it, once somebody asked.
    """

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
    cc: Mapped[list[Any]] = mapped_column(default=list)
    mailed: Mapped[bool | None]
    shipped: Mapped[date | None]
    expected: Mapped[date | None]
    term: Mapped[str] = mapped_column(String(64), default="")
    branding: Mapped[str] = mapped_column(String(64), default="")
    pay_link: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime]
    read_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    gone_why: Mapped[str] = mapped_column(String(40), default="")

    account: Mapped[Account] = relationship(back_populates="invoices", lazy="raise_on_sql")

    __table_args__ = (
        UniqueConstraint("company_id", "external_id"),
        Index("ix_invoice_open", "company_id", "status"),
        # Whole in itself, so that what a practice is owed is summed up without opening the rows.
        Index("ix_invoice_owed", "company_id", "currency", "account_id", "due", "balance_minor", **where(OWED)),
    )

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


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
    read_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("company_id", "external_id"),)


class Credit(Base):
    """A credit note, over- or prepayment; `remaining_minor` is what is still open.

    `applied` lists [invoice vendor id, minor units] as far as the ledger tells.
    """

    __tablename__ = "credit"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    customer: Mapped[str] = mapped_column(String(64), index=True)
    external_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    remaining_minor: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str] = mapped_column(Text, default="")
    issued: Mapped[date | None]
    applied: Mapped[list[Any]] = mapped_column(default=list)
    version: Mapped[str] = mapped_column(String(64), default="")
    read_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("company_id", "external_id"),)


class Term(Base):
    """Payment terms; `rule` and the days as in the port. `discount_points` are hundredths of a percent."""

    __tablename__ = "term"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    external_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(String(20))
    days: Mapped[int]
    discount_days: Mapped[int] = mapped_column(default=0)
    discount_points: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("company_id", "external_id"),)


class UnreadableRow(HasUid, Base):
    """A row of the ledger we could not read, kept for a person with its sealed bytes; cleared when it can be read.

    `customer` is the vendor id of whose money it is, known of payments and credits only: they may cover what is open.
    """

    __tablename__ = "unreadable_row"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    entity: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(64))
    customer: Mapped[str] = mapped_column(String(64), default="", index=True)
    reason: Mapped[str] = mapped_column(Text)
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    seen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "entity", "external_id"),)
