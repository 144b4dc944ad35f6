"""What customers ask for or send on their page and a person looks at: more time, another contact, files, a word on us.

No decisions, no queries.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasUid
from models.ledger import Invoice

extension_invoice = Table(
    "extension_invoice",
    Base.metadata,
    Column("extension_id", ForeignKey("extension.id"), primary_key=True),
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True, index=True),
)


class Extension(HasUid, Base):
    """A new date for some invoices, asked for by the customer or given by a person.

    `state`: asked (a person answers until `answer_by`), granted, refused, or over (replaced by a later one).
    """

    __tablename__ = "extension"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    day: Mapped[date]
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="asked", index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    answer_by: Mapped[date | None]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    invoices: Mapped[list[Invoice]] = relationship(secondary=extension_invoice, lazy="raise_on_sql")


class Contact(HasUid, Base):
    """Whom to write to instead, as somebody said on the page; a person accepts or refuses it.

    `state`: proposed, accepted or refused.
    """

    __tablename__ = "contact"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    told_id: Mapped[int | None] = mapped_column(ForeignKey("told.id"))
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="proposed", index=True)
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class SentFile(HasUid, Base):
    """A file that came with an answer: what it really is (`kind`, found by looking), its size in bytes, sealed."""

    __tablename__ = "sent_file"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    told_id: Mapped[int | None] = mapped_column(ForeignKey("told.id"), index=True)
    dispute_id: Mapped[int | None] = mapped_column(ForeignKey("dispute.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]


class Feedback(HasUid, Base):
    """One answer to "how did we treat you?", 1 (badly) to 5 (well), after a payment or a contact."""

    __tablename__ = "feedback"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    cadence_version_id: Mapped[int] = mapped_column(ForeignKey("cadence_version.id"), index=True)
    about: Mapped[str] = mapped_column(String(40))
    score: Mapped[int]
    text: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("account_id", "about"),)
