"""The append-only log: who did what to the outside world or to a setting, sealed, later chained by hash.

Rows are inserted unlinked; a clock verb gives them `sequence`, `previous` and `link`, in one chain per company and one
per practice for what concerns no company.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasUid


class AuditKey(Base):
    """The key that seals one account's payloads, or those of a company or a practice itself; destroying it erases
    them. A practice's own key has no company.
    """

    __tablename__ = "audit_key"

    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    # One key each. An index for each kind, for no two empty accounts are the same to a unique constraint.
    __table_args__ = (
        Index(
            "uq_audit_key_practice_id",
            "practice_id",
            unique=True,
            sqlite_where=text("practice_id IS NOT NULL"),
            postgresql_where=text("practice_id IS NOT NULL"),
        ),
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
    """One fact of a company, or, where it concerns none, of a practice. `payload_hash` is over the sealed bytes, so
    that the chain survives an erasure. `proof` is over the entry as it was written, under a key that is not in the
    database; None for what was written before there was one.
    """

    __tablename__ = "audit_event"

    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64), default="")
    payload_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    payload_hash: Mapped[str] = mapped_column(String(64))
    proof: Mapped[str | None] = mapped_column(String(64))
    sequence: Mapped[int | None]
    previous: Mapped[str | None] = mapped_column(String(64))
    link: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("company_id", "sequence"),
        UniqueConstraint("practice_id", "sequence"),
        Index(
            "ix_audit_event_unlinked",
            "id",
            sqlite_where=text("sequence IS NULL"),
            postgresql_where=text("sequence IS NULL"),
        ),
    )


class AuditHead(Base):
    """How far a chain goes: its last `sequence` and `link`, with a `proof` under a key that is not in the database.

    Entries up to `plain_until` were written before entries had proofs of their own. Without a proof it was carried
    over by a migration and is proved at the next linking.
    """

    __tablename__ = "audit_head"

    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"), unique=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), unique=True)
    sequence: Mapped[int]
    link: Mapped[str] = mapped_column(String(64))
    plain_until: Mapped[int] = mapped_column(default=0)
    proof: Mapped[str | None] = mapped_column(String(64))
