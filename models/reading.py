"""How the ledgers are read: what is known to have changed, each reading, and the calls it cost."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class DirtyRow(Base):
    """A webhook said that this row changed; a reading that begins later takes it away. `entity` as in the port."""

    __tablename__ = "dirty_row"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    entity: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(64))
    marked_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("company_id", "entity", "external_id"),)


class Reading(Base):
    """One reading of a company's ledger. `kind`: whole, changes, sweep, door or look; `ended_at` None: cut short.

    `missed` counts what a sweep found that the changes had not told; `note` is for people.
    """

    __tablename__ = "reading"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_reading_began", "company_id", "began_at"),)


class CallWindow(Base):
    """The budget of one window of one limit. `scope` is a connection's uid, or "" for all organisations of the kind.

    `room` is what may still be called of `calls` until `ends_at`, by our count until the vendor tells its own.
    """

    __tablename__ = "call_window"

    kind: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(22))
    name: Mapped[str] = mapped_column(String(20))
    ends_at: Mapped[datetime]
    calls: Mapped[int]
    room: Mapped[int]

    __table_args__ = (UniqueConstraint("kind", "scope", "name"),)


class CallCount(Base):
    """Calls to a company's ledger on a UTC day by purpose; `metered` are those on the vendor's bill."""

    __tablename__ = "call_count"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    day: Mapped[date]
    purpose: Mapped[str] = mapped_column(String(10))
    calls: Mapped[int] = mapped_column(default=0)
    metered: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (UniqueConstraint("company_id", "day", "purpose"),)
