"""Things to do in the outside world, and what was really said.

An effect is a row with a unique key; the row alone claims, counts attempts and waits. A touch is the message as sent.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasUid, where


class EffectState(StrEnum):
    """due → claimed → sending → sent | in_doubt | rejected | dropped."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"
    DROPPED = "dropped"


class EffectKind(StrEnum):
    """MESSAGE is a cadence message, or a call or letter in its place; BY_HAND one that a person wrote; THANKS answers a
    confirmed payment, ANSWER what a customer asked for; BOOKING writes a payment to the ledger.
    """

    MESSAGE = "message"
    BY_HAND = "by-hand"
    THANKS = "thanks"
    ANSWER = "answer"
    BOOKING = "booking"


class Effect(HasUid, Base):
    """One thing to do outside, once. `content` is what was planned (ids, steps, stored bytes); `note` is for people.

    Only a booking may be of no account: what a processor kept back concerns the company alone. While it is due it may
    have been given to a worker (`handed_until`), who claims it like anybody else.
    """

    __tablename__ = "effect"

    key: Mapped[str] = mapped_column(String(300), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=EffectState.DUE)
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str] = mapped_column(String(22), default="")
    lease_until: Mapped[datetime | None]
    handed_until: Mapped[datetime | None]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index("ix_effect_due", "state", "not_before"),)

    @property
    def whom(self) -> int:
        """The account that something is said to. ValueError where it concerns the company alone."""
        if self.account_id is None:
            raise ValueError(f"Effect {self.key} is of no account.")
        return self.account_id


class Touch(HasUid, Base):
    """A message that was sent, is being sent, or is in doubt. `evidence` is what was read just before.

    `recipients_hash` outlives an erased person; `text` and `html` are what was said. `approval_id` is the word of the
    person who approved exactly this text.
    """

    __tablename__ = "touch"

    effect_id: Mapped[int] = mapped_column(ForeignKey("effect.id"), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    cadence_version_id: Mapped[int | None] = mapped_column(ForeignKey("cadence_version.id"))
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"))
    state: Mapped[str] = mapped_column(String(10))
    step: Mapped[str] = mapped_column(String(60))
    channel: Mapped[str] = mapped_column(String(10), default="email")
    day: Mapped[date]
    recipients: Mapped[list[Any]] = mapped_column(default=list)
    recipients_hash: Mapped[str] = mapped_column(String(64), default="")
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sending_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    effect: Mapped[Effect] = relationship(lazy="raise_on_sql")
    lines: Mapped[list[TouchInvoice]] = relationship(back_populates="touch", lazy="raise_on_sql")

    # The few among all that were ever sent; counted for every page.
    __table_args__ = (Index("ix_touch_in_doubt", "company_id", **where("state = 'in_doubt'")),)


class TouchRecipient(Base):
    """Who got a cadence message on which local day, by hash. The constraint makes a second one that day impossible."""

    __tablename__ = "touch_recipient"

    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    address_hash: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]

    __table_args__ = (UniqueConstraint("company_id", "address_hash", "day"),)


class TouchInvoice(Base):
    """One invoice in a message: the step said about it, how firm it was, and its balance and version at the door."""

    __tablename__ = "touch_invoice"

    touch_id: Mapped[int] = mapped_column(ForeignKey("touch.id", ondelete="CASCADE"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    anchor: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(60))
    rung: Mapped[int | None]
    balance_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    version: Mapped[str] = mapped_column(String(64), default="")

    touch: Mapped[Touch] = relationship(back_populates="lines", lazy="raise_on_sql")

    # A step is said once per invoice and anchor instance.
    __table_args__ = (UniqueConstraint("invoice_id", "anchor", "step"),)


class MissedStep(Base):
    """A step that was passed over unsaid; missed is not owed."""

    __tablename__ = "missed_step"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    anchor: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("invoice_id", "anchor", "step"),)
