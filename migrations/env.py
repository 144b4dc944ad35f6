"""Runs migrations on the connection it is handed by `models.store.migrate`, all of them in that one transaction.

It opens no connection and knows no address: whoever migrates holds the database for itself.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from models import Base
from models.base import Moment
from models.jobs import is_ours


def render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Our own column type as the plain one beneath it, so that a migration stays true when our code changes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a table; batch mode rebuilds it
    transactional_ddl=True,  # true on SQLite too, because the store begins the transaction itself
    render_item=render,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
