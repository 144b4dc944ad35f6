"""The tables of Procrastinate, which carries work to workers on PostgreSQL: made, and brought up to what is installed.

They are the library's own and nothing here reads them. A migration of ours calls `bring_up`, once for each version of
the library that brings new steps; a test says when one is missing.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from sqlalchemy import Connection, text

# Which step was taken last stands as a comment on the library's own table, so that no row of ours is needed.
_TAKEN = text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")


def bring_up(connection: Connection) -> None:
    """On PostgreSQL: all tables where there are none, else the steps that are still to be taken."""
    if connection.dialect.name != "postgresql":
        return
    taken = connection.scalar(_TAKEN)
    if taken is None:
        _run(connection, (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8"))
    else:
        for step in steps():
            if step > taken:
                _run(connection, _folder().joinpath(step).read_text(encoding="utf-8"))
    connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS '{steps()[-1]}'"))


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic is to look at something of that name when it compares the tables with our models."""
    return kind != "table" or not str(name).startswith("procrastinate_")


def steps() -> list[str]:
    """The installed library's own migrations, by name and in order."""
    return sorted(one.name for one in _folder().iterdir() if one.name.endswith(".sql"))


def _folder() -> Any:
    return resources.files("procrastinate.sql") / "migrations"


def _run(connection: Connection, statements: str) -> None:
    """Several at once, and without any parameter, so that nothing in them is taken for one."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statements)
