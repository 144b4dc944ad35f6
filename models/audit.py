"""The append-only log: who did what to the outside world or to a setting, sealed, later chained by hash.

Rows are inserted unlinked; a clock verb gives them `sequence`, `previous` and `link` per company.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class AuditKey(Base):
    """The key that seals one account's (or one company's own) payloads; destroying it erases them."""

    __tablename__ = "audit_key"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    # One key each. Two indexes, for no two empty accounts are the same to a unique constraint.
    __table_args__ = (
        Index(
            "uq_audit_key_account_id",
            "account_id",
            unique=True,
            sqlite_where=text("account_id IS NOT NULL"),
            postgresql_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "uq_audit_key_company_id",
            "company_id",
            unique=True,
            sqlite_where=text("account_id IS NULL"),
            postgresql_where=text("account_id IS NULL"),
        ),
    )


class AuditEvent(HasUid, Base):
    """One fact. `payload_hash` is over the sealed bytes, so that the chain survives an erasure."""

    __tablename__ = "audit_event"

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64), default="")
    payload_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    payload_hash: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int | None]
    previous: Mapped[str | None] = mapped_column(String(64))
    link: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("company_id", "sequence"),)
