"""Writes the next migration: what the tables in `models` have that the migrations so far have not.

For developers (`make migration m="what changed"`); the result is read and tried with data before it is committed.
"""

from __future__ import annotations

import sys

from alembic import command

from models.store import MIGRATIONS, Store, alembic_config, migrate


def write(message: str) -> str:
    """The path of the new migration, numbered after the last one."""
    number = 1 + len(list((MIGRATIONS / "versions").glob("[0-9]*.py")))
    store = Store("sqlite://")
    config = alembic_config()
    try:
        migrate(store)
        with store.migrating() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    finally:
        store.close()
    return str(getattr(script, "path", ""))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what changes: make migration m="what changed"')
    print(write(sys.argv[1].strip()))
