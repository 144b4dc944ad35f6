"""An INSERT that can say what becomes of a row that is there already. Both databases know it, each by its own class.

It holds no table and takes no decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT for the session's database, to be finished by `on_conflict_do_nothing` or `on_conflict_do_update`."""
    return insert_for(session.get_bind().dialect.name, table)


def added(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Add a row unless there is one that is to be the only one of its kind; whether it is new. The databases count such
    rows differently, so the row itself is asked for.
    """
    new = insert_into(session, table).values(values).on_conflict_do_nothing().returning(table.id)
    return session.execute(new).first() is not None


def insert_for(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """The same for the database of this name: what is said often is made once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
