"""Moving an installation from SQLite to PostgreSQL: everything or nothing, compared row by row before it counts.

The old tables stay as they are, but for a note that they were moved: nothing starts on them again, so that nobody hears
anything twice. It asks no ledger and says nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import Base, Memory
from models.store import Store, StoreError, migrate
from workflows import audit
from workflows.errors import Refusal
from workflows.runtime import Runtime

MOVED, HERE = "moved", "moved-here"  # in what was left, and in what it was moved to; both hold the move's own name
AT_ONCE = 1000
Row = Sequence[Any]


def check(store: Store) -> None:
    """Refusal on tables that were moved away."""
    with store.read() as session:
        if _said(session, MOVED):
            raise Refusal(
                "This installation was moved to PostgreSQL, or its move was begun. Set DUNLIN_DATABASE_URL to that "
                "database; if the move was cut short, run `flask move` again with the same address."
            )


def move(rt: Runtime, url: str) -> Mapping[str, int]:
    """Copy all that there is into the empty PostgreSQL database at `url`; how many rows of each table.

    Refusal where that cannot be done: then nothing is there, and the old tables can be started again. Cut short, it is
    asked once more with the same address, and finishes or begins anew.
    """
    _movable(rt)
    with _target(url) as target:
        move_name = _begin(rt, target)
        with target.read() as there:
            done = _said(there, HERE)
        try:
            with rt.store.read() as left, target.write() as there:
                if done != move_name:
                    _must_be_empty(there)
                    _copy(left.connection(), there.connection())
                    there.add(Memory(name=HERE, value=move_name))
                    there.flush()
                    _go_on_counting(there.connection())
                return _compared(left.connection(), there.connection())
        except BaseException as error:
            given_up = _give_up(rt, target, move_name)
            if isinstance(error, DBAPIError):
                raise Refusal(f"PostgreSQL did not take everything. {_UNDONE[given_up]} {error.orig}") from error
            raise


_UNDONE = {True: "Nothing was moved.", False: "Whether it was moved nobody knows: run the same command again."}


def _movable(rt: Runtime) -> None:
    if not rt.store.is_sqlite:
        raise Refusal("DUNLIN_DATABASE_URL names PostgreSQL already; there is nothing to move.")
    broken = next(iter(audit.verify(rt)), "")
    if broken:
        raise Refusal(f"The log does not hold, so nothing is moved before somebody has looked: {broken}")


def _target(url: str) -> closing[Store]:
    try:
        store = Store(url)
        if store.is_sqlite:
            store.close()
            raise Refusal("Please give the address of a PostgreSQL database, such as postgresql://user@host/dunlin.")
        migrate(store)
    except StoreError as error:
        raise Refusal(str(error)) from error
    except DBAPIError as error:
        raise Refusal(f"That database cannot be used: {error.orig}") from error
    return closing(store)


def _begin(rt: Runtime, target: Store) -> str:
    """Note it in the old tables, before anything is anywhere else; the name of this move, or of one cut short. Refusal
    when that one went to another database: of two copies each would write to every customer.
    """
    host = target.url.host or target.url.query.get("host", "")  # a socket of this machine stands in the query
    where = f"{host}:{target.url.port or ''}/{target.url.database}"
    mark = hashlib.sha256(where.encode()).hexdigest()[:16]
    with rt.store.write() as session:
        begun = _said(session, MOVED)
        if not begun:
            begun = f"{rt.new_id()} {mark}"
            session.add(Memory(name=MOVED, value=begun))
        elif not begun.endswith(mark):
            raise Refusal("A move to another database was begun or done already; give that one, written the same way.")
        return begun


def _give_up(rt: Runtime, target: Store, move_name: str) -> bool:
    """The old tables can be started again, once it is certain that the new ones hold nothing; whether it is."""
    try:
        with target.read() as session:
            there = _said(session, HERE) == move_name
    except DBAPIError:
        return False
    if not there:
        with rt.store.write() as session:
            session.execute(delete(Memory).where(Memory.name == MOVED))
    return not there


def _said(session: Session, name: str) -> str:
    return session.scalars(select(Memory.value).where(Memory.name == name)).first() or ""


def _must_be_empty(there: Session) -> None:
    for table in Base.metadata.sorted_tables:
        if there.execute(select(table).limit(1)).first() is not None:
            raise Refusal(f"There is something in that database already (table {table.name}); give an empty one.")


def _copy(left: Connection, there: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        rows = _rows(left, table)
        while some := list(islice(rows, AT_ONCE)):
            there.execute(insert(table), [dict(zip(table.c.keys(), one, strict=True)) for one in some])


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    """In the order of their keys, without what is said of the move itself."""
    wanted = select(table).order_by(*table.primary_key.columns)
    if table is Memory.__table__:
        wanted = wanted.where(Memory.name.not_in((MOVED, HERE)))
    yield from map(tuple, connection.execution_options(yield_per=AT_ONCE).execute(wanted))


def _go_on_counting(there: Connection) -> None:
    """New rows get keys above those that are there."""
    for table in Base.metadata.sorted_tables:
        if "id" in table.c:
            last = there.scalar(select(func.max(table.c.id)))
            if last is not None:
                named = {"table": f'"{table.name}"', "last": last}
                there.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)"), named)


def _compared(left: Connection, there: Connection) -> Mapping[str, int]:
    """The number of rows of each table. Refusal where one is not what it was."""
    counts = {}
    for table in Base.metadata.sorted_tables:
        counts[table.name] = 0
        for was, now in zip_longest(_rows(left, table), _rows(there, table)):
            if was != now:
                raise Refusal(f"A row of table {table.name} would not arrive as it is, so nothing was moved.")
            counts[table.name] += 1
    return counts
