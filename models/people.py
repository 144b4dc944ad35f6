"""The people of a practice: who signs in, how, from which browsers, and to which companies each may come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.roles import Role
from models.base import Base, HasUid
from models.practice import Practice


class User(HasUid, Base):
    """A person of a practice. `email` is lower case; `password_hash` is argon2's own string, "" for who signs in
    through a ledger's vendor only.

    `role` is one of `core.roles`; who is `limited` comes only to the companies named in `CompanyAccess`. Once `left_at`
    is set they open nothing any more. `totp_sealed` is the secret of a second step, which is asked for once `totp_at`
    says that it was tried; `totp_step` is the last one used, for none counts twice. `recovery` are hashes of codes for
    who lost their device, each good once. `told` says by topic when they are told: at once, daily or not.
    """

    __tablename__ = "user"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(10))
    limited: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_at: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(default=0)
    recovery: Mapped[list[Any]] = mapped_column(default=list)
    told: Mapped[dict[str, Any]] = mapped_column(default=dict)

    practice: Mapped[Practice] = relationship(lazy="joined")

    @property
    def owner(self) -> bool:
        return self.role == Role.OWNER.value


class CompanyAccess(Base):
    """A company to which a person who is limited may come."""

    __tablename__ = "company_access"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)

    __table_args__ = (UniqueConstraint("user_id", "company_id"),)


class Invitation(HasUid, Base):
    """Somebody is asked to join the practice. Only the SHA-256 of the secret in their link is kept; it opens once,
    until `ends_at`, and not once `closed_at` is set. `companies` are ids, where they are to be `limited`.
    """

    __tablename__ = "invitation"

    practice_id: Mapped[int] = mapped_column(ForeignKey("practice.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(10))
    limited: Mapped[bool] = mapped_column(default=False)
    companies: Mapped[list[Any]] = mapped_column(default=list)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    closed_at: Mapped[datetime | None]


class Identity(HasUid, Base):
    """A person as a ledger's vendor knows them: `holder_tag` is an HMAC of the vendor's own id for them."""

    __tablename__ = "identity"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    holder_tag: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignIn(HasUid, Base):
    """One signed-in browser. The cookie holds a secret of which `secret_hash` is the SHA-256; once `ended_at` is set it
    opens nothing. `agent` is what the browser calls itself; `through` the vendor who vouched, "" for a password.
    """

    __tablename__ = "sign_in"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    agent: Mapped[str] = mapped_column(String(200), default="")
    through: Mapped[str] = mapped_column(String(20), default="")
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApiToken(HasUid, Base):
    """What a program asks the API with, in the name of a person: it sees what they see, and changes nothing unless
    `may_change`. Only the SHA-256 of its secret is kept; it opens until `ends_at`, and not once `ended_at` is set.
    """

    __tablename__ = "api_token"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    may_change: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
