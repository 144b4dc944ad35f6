"""The base of every table: naming convention, and column types that refuse what Dunlin never stores.

No decisions, no queries. Integer keys inside, `uid` outside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON, TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone was about to be stored.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts up only for INTEGER keys; PostgreSQL gets 64 bits.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Every table has an integer `id`."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Moment, list[Any]: JSON, dict[str, Any]: JSON}  # noqa: RUF012

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)


class HasUid:
    """A name of 22 random URL-safe characters for URLs, API and vendor keys."""

    uid: Mapped[str] = mapped_column(String(22), unique=True)


def where(condition: str) -> dict[str, Any]:
    """An index over the few rows of which this is true."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
