"""Lines of bank statements that somebody brought in, and what each is taken to be. No decisions, no queries."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.money import Money
from models.base import Base, HasUid
from models.ledger import Invoice


class BankFile(HasUid, Base):
    """A statement that was brought in. `kind`: camt, ofx or csv; `digest` (SHA-256) knows the same file again."""

    __tablename__ = "bank_file"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int]
    known: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    brought_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "digest"),)


class BankLine(HasUid, Base):
    """One line of a bank account. `amount_minor` is signed: what came in is positive. `external_id` is the bank's own
    id, or a digest of the line where it has none, so that the same line never counts twice.

    `state`: unclear, probable (it may pay what it is matched with: those invoices wait), matched (a person or an exact
    reference said so), payout (a processor's), set-aside (has nothing to do with customers) or seen (what it pays
    stands in the ledger). `holds_until` ends a hold that nobody has looked at.
    """

    __tablename__ = "bank_line"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    account: Mapped[str] = mapped_column(String(64), default="")
    external_id: Mapped[str] = mapped_column(String(100))
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    payer: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="unclear")
    note: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("payout.id"), index=True)
    holds_until: Mapped[date | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]

    matches: Mapped[list[BankMatch]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    __table_args__ = (
        UniqueConstraint("company_id", "account", "external_id"),
        Index("ix_bank_line_company_state", "company_id", "state"),
    )

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class BankMatch(Base):
    """How much of a line is for which invoice, and why it is thought so, in words."""

    __tablename__ = "bank_match"

    line_id: Mapped[int] = mapped_column(ForeignKey("bank_line.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(Text, default="")

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
