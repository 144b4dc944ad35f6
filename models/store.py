"""The database: one engine, sessions that only read, and sessions that write in their turn.

It opens, orders and closes transactions and brings the tables up to date. It holds no queries and takes no decisions,
and nothing may hold one of its sessions open while it waits for the network.
"""

from __future__ import annotations

import fcntl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from models.together import Together

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

# How a transaction starts on SQLite. These pragmas do nothing inside a transaction, so they come before it, and hold
# for the connection until others are said.
# A write takes the write lock at once: a reader that turns writer half-way is refused when others wrote meanwhile.
# A migration rebuilds tables, and dropping a table with foreign keys on would delete the rows that point to it.
_SQLITE_BEGIN = {
    "read": (("PRAGMA query_only=ON",), "BEGIN"),
    "write": (("PRAGMA query_only=OFF", "PRAGMA foreign_keys=ON"), "BEGIN IMMEDIATE"),
    "migrate": (("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF"), "BEGIN IMMEDIATE"),
}
# Reading sees one state from its first statement to its end, and cannot write.
_SQLITE_READ: dict[str, Any] = {"dunlin": "read"}
_POSTGRES_READ: dict[str, Any] = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
_PREPARED = 500
# Any fixed number: two processes that start together on PostgreSQL migrate one after the other.
_MIGRATION_LOCK = 0x44554E4C494E


class StoreError(Exception):
    """The database cannot be used this way; the message is one sentence for the person who runs Dunlin."""


class Turns:
    """A fair lock: threads get in strictly in the order in which they asked. A second turn inside one is refused."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[int] = deque()

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            if me in self._queue:
                raise StoreError("This thread is already in a session that must end before another can start.")
            self._queue.append(me)
            try:
                self._changed.wait_for(lambda: self._queue[0] == me)
            except BaseException:  # interrupted while waiting: the others must not wait for us for ever
                self._leave(me)
                raise

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._leave(threading.get_ident())

    def _leave(self, thread: int) -> None:
        self._queue.remove(thread)
        self._changed.notify_all()


class Store:
    """The database at `url` (SQLite or PostgreSQL). StoreError when another process already uses the SQLite file.

    Objects stay readable after their session has ended. `together(act)` has a small thing written in one transaction
    with those of other threads. On PostgreSQL at most so many `connections` are held. On SQLite writes happen one at a
    time and in turn. A database in memory (`sqlite://`) has one connection, so there all sessions take turns, reading
    ones too.
    """

    def __init__(self, url: str, connections: int = 20) -> None:
        self.url = _understood(url)
        self._file_lock = _claim(self.url)
        try:
            self.engine = _engine(self.url, connections)
        except BaseException:
            self._release()
            raise
        turns = Turns() if self.is_sqlite else nullcontext()
        self._write_turn: AbstractContextManager[None] = turns
        self._read_turn: AbstractContextManager[None] = turns if _in_memory(self.url) else nullcontext()
        self._reading = self.engine.execution_options(**(_SQLITE_READ if self.is_sqlite else _POSTGRES_READ))
        self.together = Together(lambda: self.write())

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database throughout; an attempt to write raises a database error."""
        with self._read_turn, Session(self._reading, expire_on_commit=False) as session:
            yield session
            session.expunge_all()
            session.commit()  # not undone: the driver forgets every prepared statement then

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back when an exception leaves the block."""
        with self._write_turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection alone with the tables; what it did is undone when it leaves rows that point nowhere."""
        with self._write_turn, self.engine.execution_options(dunlin="migrate").begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            yield connection
            if self.is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise StoreError(f"The migration left rows of table {broken[0]!r} pointing to nothing; it was undone.")

    def close(self) -> None:
        """Let go of every connection and of the file; repeated calls do nothing."""
        self.engine.dispose()
        self._release()

    def _release(self) -> None:
        if self._file_lock is not None:
            self._file_lock.close()
            self._file_lock = None


def migrate(store: Store, revision: str = "head") -> None:
    """Bring the tables up to `revision`, in one transaction."""
    with store.migrating() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def alembic_config() -> Config:
    """Alembic's settings; whoever uses them adds the connection as an attribute."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _understood(url: str) -> URL:
    """The parsed URL with the driver we use; never repeated in an error, for it may hold a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The database URL cannot be read; write it like postgresql://user:password@host/name."
        ) from error
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite")
    raise StoreError(f"Dunlin keeps its data in SQLite or PostgreSQL, not in {backend!r}.")


def _in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _claim(url: URL) -> IO[str] | None:
    """Lock the file beside the database for this process; the lock falls with the process, however it ends."""
    if url.get_backend_name() != "sqlite" or _in_memory(url):
        return None
    path = Path(url.database or "").resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    held = path.with_name(path.name + ".lock").open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise StoreError(
            f"Another process already uses {path.name}; SQLite serves one process. Stop it first."
        ) from error
    return held


def _engine(url: URL, connections: int) -> Engine:
    read = msgspec.json.decode  # lists of addresses are read by the hundred thousand
    if url.get_backend_name() != "sqlite":
        kept = connections // 2
        pool = {"pool_pre_ping": True, "pool_use_lifo": True, "pool_size": kept, "max_overflow": connections - kept}
        engine = create_engine(url, json_deserializer=read, **pool)
        event.listen(engine, "connect", _prepare_much)
        return engine
    # A connection is only an open file here, and a thread kept waiting for one would lose its turn.
    options: dict[str, Any] = {"max_overflow": -1, "json_deserializer": read}
    if _in_memory(url):
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}, "json_deserializer": read}
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_much(connection: Any, _record: object) -> None:
    """Keep what is asked again and again prepared: one round alone asks more different things than the driver keeps."""
    connection.prepared_max = _PREPARED


def _prepare(connection: Any, _record: object) -> None:
    """Durable, checked, patient. `isolation_level=None` leaves BEGIN to us; the driver would send it too late."""
    connection.isolation_level = None
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode not in ("wal", "memory"):
        raise StoreError(f"SQLite cannot use write-ahead logging here (it offers {mode!r}); use a local disk.")
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    way = connection.get_execution_options().get("dunlin", "write")
    pragmas, begin = _SQLITE_BEGIN[way]
    if connection.info.get("way") != way:
        driver: Any = connection.connection.driver_connection
        for pragma in pragmas:
            driver.execute(pragma)
        connection.info["way"] = way
    connection.exec_driver_sql(begin)
