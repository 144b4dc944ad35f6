"""The migrations make exactly the tables of the models, and carry over the rows that are there, on both databases."""

from __future__ import annotations

import ast
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.types import JSON, BigInteger, Boolean, Date, DateTime, Integer, LargeBinary, String, Time

from migrations import new
from models import Base, Practice
from models import store as store_module
from models.jobs import is_ours
from models.store import Store, StoreError, alembic_config, migrate

REVISIONS = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]
MOMENT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_ASKS = ("op.get_bind",)
SAMPLES: list[tuple[type, Any]] = [
    (Boolean, True),
    (Integer, 1),
    (BigInteger, 1),
    (JSON, []),
    (LargeBinary, b"sealed"),
    (DateTime, MOMENT),
    (Date, MOMENT.date()),
    (Time, MOMENT.time()),
    (String, "x"),
]


def test_migrations_are_numbered_one_after_the_other() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS


@pytest.mark.parametrize("revision", [one for one in REVISIONS if one >= "0014"])
def test_a_migration_lets_the_version_before_go_on_beside_it(revision: str) -> None:
    """It makes tables and indexes and adds columns that may be empty, and does nothing else with `op`."""
    script = ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    assert script is not None
    calls = [one for one in ast.walk(ast.parse(Path(script.path).read_text())) if isinstance(one, ast.Call)]
    done = [one for one in calls if ast.unparse(one.func).startswith("op.")]
    assert {ast.unparse(one.func) for one in done} <= {"op.create_table", "op.create_index", "op.add_column", *_ASKS}
    for added in done:
        if ast.unparse(added.func) == "op.add_column":
            assert not {"nullable=False", "unique=True"} & {ast.unparse(word) for word in _keywords(added)}


def _keywords(call: ast.Call) -> list[ast.keyword]:
    column = call.args[1]
    return column.keywords if isinstance(column, ast.Call) else []


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    with store.migrating() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    migrate(store)
    with store.read() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == [REVISIONS[-1]]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_keeps_the_rows_that_are_there(empty_store: Store, revision: str) -> None:
    """Tables as they were before the migration, a row in each of them, then the migration, and no row is lost."""
    before = REVISIONS.index(revision)
    if before:
        migrate(empty_store, REVISIONS[before - 1])
    rows = _fill(empty_store)
    migrate(empty_store, revision)
    assert {name: number for name, number in _count(empty_store).items() if name in rows} == rows


def test_after_the_last_migration_every_table_takes_a_row(store: Store) -> None:
    rows = _fill(store)
    assert set(rows) == set(Base.metadata.tables)
    assert set(rows.values()) == {1}


def test_a_migration_that_leaves_rows_pointing_to_nothing_is_undone(store: Store) -> None:
    """PostgreSQL refuses the statement itself; on SQLite, where tables are rebuilt, the store looks at the end."""
    _fill(store)
    with (
        pytest.raises((StoreError, IntegrityError), match=r"pointing to nothing|foreign key"),
        store.migrating() as connection,
    ):
        connection.execute(text("DELETE FROM practice"))
    assert _count(store)["practice"] == 1


def test_the_next_migration_would_be_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make migration` would write now; it is thrown away with the folder."""
    copy = tmp_path / "migrations"
    shutil.copytree(store_module.MIGRATIONS, copy)
    monkeypatch.setattr(store_module, "MIGRATIONS", copy)
    monkeypatch.setattr(new, "MIGRATIONS", copy)
    written = Path(new.write("nothing new"))
    assert written.name == f"{len(REVISIONS) + 1:04}_nothing_new.py"
    assert "pass" in written.read_text()


def _tables(store: Store) -> list[Table]:
    """The tables as the database has them now, parents first; alembic's own and the queue's are left out."""
    metadata = MetaData()
    with store.read() as session:
        metadata.reflect(session.connection(), only=lambda name, _: is_ours(name, "table", None))
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _fill(store: Store) -> dict[str, int]:
    """One row in each table, with every column filled; ids are 1, so all references fit."""
    for table in _tables(store):
        with store.write() as session:
            session.execute(insert(table).values({column.name: _sample(column) for column in table.columns}))
    return _count(store)


def _sample(column: Any) -> Any:
    if isinstance(column.type, String):
        return "x"[: column.type.length]
    return next(value for kind, value in SAMPLES if isinstance(column.type, kind))


def _count(store: Store) -> dict[str, int]:
    tables = _tables(store)
    with store.read() as session:
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_a_moment_comes_back_in_utc_and_a_naive_one_is_refused(store: Store) -> None:
    berlin = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    with store.write() as session:
        session.add(Practice(uid="p", name="Practice", created_at=berlin))
    with store.read() as session:
        kept = session.scalars(select(Practice.created_at)).one()
    assert kept == MOMENT
    assert kept.utcoffset() == MOMENT.utcoffset()
    with pytest.raises(StatementError, match="without a time zone"), store.write() as session:
        session.add(Practice(uid="q", name="Practice", created_at=berlin.replace(tzinfo=None)))


def test_every_constraint_and_index_has_a_name_of_our_own(store: Store) -> None:
    """A constraint without a name cannot be changed by a later migration on SQLite."""
    with store.read() as session:
        inspector = inspect(session.connection())
        for table in Base.metadata.tables:
            for constraint in (*inspector.get_unique_constraints(table), *inspector.get_foreign_keys(table)):
                assert constraint["name"], f"{table}: {constraint}"
