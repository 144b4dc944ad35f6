"""How a company's customers can pay it: its processor accounts, bank details and mandates, and money that went back.

Secrets are sealed. No decisions, no queries.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.money import Money
from models.base import Base, HasUid


class ProcessorAccount(HasUid, Base):
    """A company's own account at a processor; its `uid` is in the address of its webhooks.

    `keys_sealed` is JSON: secret, webhook. `state`: in-use or past; what is past is still asked about its payments.
    `name` is what the processor calls the account; `trouble` why it does not let us in, for people.
    `payouts_read_at` is when the last whole reading of its payouts began.
    """

    __tablename__ = "processor_account"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), default="")
    keys_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default="in-use")
    trouble: Mapped[str] = mapped_column(Text, default="")
    in_use_since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    payouts_read_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_processor_account_in_use",
            "company_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'in-use'"),
            postgresql_where=text("state = 'in-use'"),
        ),
    )


class BankDetails(HasUid, Base):
    """Where a transfer in one currency goes; `fields` lists [label, value] as they are shown. `state`: in-use, past."""

    __tablename__ = "bank_details"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    holder: Mapped[str] = mapped_column(String(200))
    fields: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(10), default="in-use")
    in_use_since: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class GuardedChange(HasUid, Base):
    """A change through which money could be led astray: asked for by an owner, told to all of them, in force later.

    `kind`: bank-details, processor, sender or replies; `summary` is for people, `content_sealed` what is to be changed,
    JSON. `state`: waiting, done, cancelled or failed (`note` says why).
    """

    __tablename__ = "guarded_change"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str] = mapped_column(Text)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]


class Mandate(HasUid, Base):
    """A customer's permission to collect from their bank. `state`: pending, active, ended."""

    __tablename__ = "mandate"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    processor_account_id: Mapped[int] = mapped_column(ForeignKey("processor_account.id"))
    external_id: Mapped[str] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="pending")
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("processor_account_id", "external_id"),)


class Reversal(HasUid, Base):
    """Money of an attempt that went back: `kind` is refund, chargeback or failure; `external_id` the processor's own.

    `state`: due (to be taken out of the ledger), written, desk (a person must see to it), again (it was written and
    came to us again, so a person must book it) or void (it came to us again and that is settled).
    """

    __tablename__ = "reversal"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(12))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="due", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("attempt_id", "external_id"),)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Brand(HasUid, Base):
    """How a company looks on its customers' page: a small picture, a colour (#rrggbb), and a number to call."""

    __tablename__ = "brand"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), unique=True)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_kind: Mapped[str] = mapped_column(String(20), default="")
    colour: Mapped[str] = mapped_column(String(7), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
