"""OAuth grants and the connections they carry, with everything secret sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasUid
from models.practice import Company


class Grant(HasUid, Base):
    """One token set. A Xero grant serves every organisation its user connected; a QuickBooks grant one realm.

    `state`: active, needs_reconnect or revoked. The lease (`lease_owner`, `lease_until`) allows one refresh at a time.
    `holder_sealed` is who granted, so that its tag can be made anew under another index key; `client_id` which of the
    vendor's clients we were then, "" where that was not kept yet.
    """

    __tablename__ = "grant"

    kind: Mapped[str] = mapped_column(String(20))
    holder_tag: Mapped[str] = mapped_column(String(64), unique=True)
    holder_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    client_id: Mapped[str] = mapped_column(Text, default="")
    access_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    refresh_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    scope: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime]
    hard_expires_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16), default="active")
    lease_owner: Mapped[str] = mapped_column(String(22), default="")
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Connection(HasUid, Base):
    """A company's tie to one ledger organisation. `state`: active, needs_reconnect or disconnected.

    `cursor` is the ledger's own mark of how far we have read; `read_at` when that was. `load_mark` and `load_began_at`
    stand while a whole reading is under way; `swept_at` is when all open invoices were last gone through;
    `blind` whether a reading since then could not tell what was deleted. `ended_why`
    is for people.
    """

    __tablename__ = "connection"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grant.id"), index=True)
    external_tag: Mapped[str] = mapped_column(String(64))
    tenant_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    connection_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), default="active")
    cursor: Mapped[str] = mapped_column(Text, default="")
    read_at: Mapped[datetime | None]
    load_mark: Mapped[str] = mapped_column(Text, default="")
    load_began_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    blind: Mapped[bool] = mapped_column(default=False)
    ended_why: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship(lazy="raise_on_sql")
    grant: Mapped[Grant] = relationship(lazy="raise_on_sql")

    # An organisation has one connection at a time in the whole installation.
    __table_args__ = (
        Index(
            "uq_connection_external_tag",
            "external_tag",
            unique=True,
            sqlite_where=text("state <> 'disconnected'"),
            postgresql_where=text("state <> 'disconnected'"),
        ),
    )


class Delivery(Base):
    """A webhook as it arrived: verified, read into events, sealed, kept once (`key` hashes it), handled later."""

    __tablename__ = "delivery"

    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    raw_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    events_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
