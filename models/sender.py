"""A company's own mailbox: how to sign in to it, whether that is proved, how fast it may send, and what has left it.

Secrets are sealed. No decisions, no queries.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class Sender(HasUid, Base):
    """The mailbox a company's messages leave from.

    `kind` is smtp (a password) or a provider one signs in to through a browser, whose token is the grant's.
    A `successor` is set up beside the one that speaks, to take its place when a guarded change takes effect.
    `state`: unproved or proved. `in_use_since` is the first proof: from then on the company speaks from here or not at
    all. `trouble` is why it is not let in just now, for people, since `trouble_at`. `code_sealed` is the code on its
    way to the address. `mailbox` is the same for every company that sends through it; its pace is theirs together.
    `per_minute`, `per_hour`, `per_day`: messages at most, 0 for any number; `gentle`: begin slowly, from `first_day`
    on. `findings` are the last answers about its domain (`workflows/domains.py`), `accepted_at` when a person said that
    it may send although they are bad.
    """

    __tablename__ = "sender"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    successor: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(254))
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    wrapped: Mapped[bool]
    user: Mapped[str] = mapped_column(String(254), default="")
    password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grant.id"), index=True)
    mailbox: Mapped[str] = mapped_column(String(64), index=True)

    state: Mapped[str] = mapped_column(String(10), default="unproved")
    in_use_since: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_at: Mapped[datetime | None]
    code_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_sent_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)

    per_minute: Mapped[int] = mapped_column(default=0)
    per_hour: Mapped[int] = mapped_column(default=0)
    per_day: Mapped[int] = mapped_column(default=0)
    gentle: Mapped[bool] = mapped_column(default=True)
    first_day: Mapped[date | None]

    selector: Mapped[str] = mapped_column(String(63), default="")
    findings: Mapped[list[Any]] = mapped_column(default=list)
    checked_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "successor"),)


class Departure(Base):
    """One message that left a mailbox, or was just about to; kept as long as it counts."""

    __tablename__ = "departure"

    mailbox: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_departure_mailbox_at", "mailbox", "at"),)
