"""What customers told us: promises, disputes and payments on the portal."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.money import Money
from models.base import Base, HasUid
from models.ledger import Invoice

promise_invoice = Table(
    "promise_invoice",
    Base.metadata,
    Column("promise_id", ForeignKey("promise.id"), primary_key=True),
    Column("invoice_id", ForeignKey("invoice.id"), primary_key=True),
)


class Promise(HasUid, Base):
    """The customer will pay on `day`; we are silent until `until` (a local date, exclusive).

    `state`: open, kept, broken or withdrawn.
    """

    __tablename__ = "promise"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    day: Mapped[date]
    until: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    invoices: Mapped[list[Invoice]] = relationship(secondary=promise_invoice, lazy="raise_on_sql")


class Dispute(HasUid, Base):
    """The customer says something is wrong with an invoice; silent until a person resolves it.

    `answer_by` is when we told the customer that somebody will answer; `ending`: corrected, credited, rejected or
    withdrawn.
    """

    __tablename__ = "dispute"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    answer_by: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    resolution: Mapped[str] = mapped_column(Text, default="")
    ending: Mapped[str] = mapped_column(String(12), default="")
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")


class Attempt(HasUid, Base):
    """One try to pay, written before the processor is asked.

    `state`: created (asked, answer unknown), open, pending (the customer has done their part and the bank has not),
    paid, expired or failed (`note` says why). `link` is the unsigned part of the portal link it came from, "" where a
    part of an arrangement (`instalment_id`) is collected. `method` is card, debit or instant. On `ask_at` the processor
    is asked where no word of it has come.
    """

    __tablename__ = "attempt"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    processor: Mapped[str] = mapped_column(String(20))
    processor_account_id: Mapped[int | None] = mapped_column(ForeignKey("processor_account.id"))
    method: Mapped[str] = mapped_column(String(10), default="card")
    instalment_id: Mapped[int | None] = mapped_column(ForeignKey("instalment.id"), index=True)
    checkout_id: Mapped[str] = mapped_column(String(200), default="", index=True)
    payment_reference: Mapped[str] = mapped_column(String(200), default="", index=True)
    link: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="created", index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    ask_at: Mapped[datetime | None] = mapped_column(index=True)
    paid_at: Mapped[datetime | None]

    lines: Mapped[list[AttemptLine]] = relationship(back_populates="attempt", lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class AttemptLine(HasUid, Base):
    """One invoice paid in an attempt; its `uid` is the reference in the ledger.

    `state`: waiting (not paid yet), coming (the bank will move it), taken, booked (the ledger said yes), confirmed (a
    later sync saw it), desk (a person must book it) or void.
    """

    __tablename__ = "attempt_line"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    ledger_payment: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    booked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    attempt: Mapped[Attempt] = relationship(back_populates="lines", lazy="raise_on_sql")
    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
