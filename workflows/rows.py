"""Rows of one table read and written by the thousand, in the form in which the database keeps them.

What is compared here is what is stored, so that nothing is turned into objects only to find that it has not changed.
It knows tables and columns, and nothing of what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from models.base import Moment

Form = Callable[[Any], Any]


def plain(text: str, most: int | None = None) -> str:
    """The text as every database can keep it: without U+0000 and half characters, and at most so long."""
    kept = text.replace("\0", "")
    return (kept if kept.isascii() else kept.encode("utf-8", "ignore").decode("utf-8"))[:most]


def known(connection: Connection, table: Table, names: tuple[str, ...], company_id: int, ids: Iterable[str]) -> Any:
    """The rows of these vendor ids by vendor id, each a tuple of these columns as stored."""
    postgres = connection.dialect.name == "postgresql"
    values = {"company": company_id, "ids": list(ids) if postgres else json.dumps(list(ids))}
    return {row[0]: row[1:] for row in connection.execute(_question(postgres, table, names), values)}


@lru_cache(maxsize=64)
def _question(postgres: bool, table: Table, names: tuple[str, ...]) -> Select[Any]:
    """PostgreSQL has to look each id up by itself: while a first load runs, it takes the table for an empty one, and
    would go through all of the company's rows every time.
    """
    raw = [
        cast(column, Text) if isinstance(column.type, JSON) else type_coerce(column, NullType()).label(column.name)
        for column in (table.c[name] for name in names)
    ]
    mine = select(table.c.external_id, *raw).where(table.c.company_id == bindparam("company"))
    if not postgres:
        return mine.where(table.c.external_id.in_(text("SELECT value FROM json_each(:ids)")))
    wanted = func.unnest(bindparam("ids", type_=ARRAY(String))).table_valued("id").render_derived(name="wanted")
    one = mine.where(table.c.external_id == wanted.c.id).limit(1).lateral("one")
    return select(one).select_from(wanted.join(one, true()))


class _List(TypeDecorator[Any]):
    """Values of one kind as a single parameter: an array on PostgreSQL, JSON on SQLite."""

    impl, cache_ok = Text, True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class _OneOf(FunctionElement[bool]):
    type, inherit_cache = Boolean(), True

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002
        """As it is: on SQLite, which has no booleans, `= 1` would be said after it, and then no index is used."""
        return self


@compiles(_OneOf)
def _in_json(one: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(part, **more) for part in one.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608


@compiles(_OneOf, "postgresql")
def _in_array(one: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(part, **more) for part in one.clauses)
    return f"{column} = ANY ({values})"


def one_of(column: Any, name: str) -> ColumnElement[bool]:
    """The column is one of the values given under this name, in a statement that is made once. They go as one list:
    a thousand parameters take longer to read than the rows.
    """
    return _OneOf(column, bindparam(name, type_=_List(column.type)))


def among(_session: Session, column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """The same with the values at once, where a statement is made for one asking."""
    return _OneOf(column, bindparam("listed", list(values), type_=_List(column.type), unique=True))


def stored(dialect: Dialect, table: Table, names: tuple[str, ...], columns: Iterable[Iterable[Any]]) -> Any:
    """Whole columns of values, in the order of `names`, as rows in stored form. Lists are given as tuples.

    ValueError where a value cannot be kept, such as a moment without a time zone.
    """
    forms = _forms(dialect, table, names)
    kept = (column if form is None else map(form, column) for form, column in zip(forms, columns, strict=True))
    return zip(*kept, strict=True)


@lru_cache(maxsize=64)
def _forms(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[Form | None, ...]:
    """The same few dates, states and addresses stand in row after row, so the last ones are remembered."""
    forms = (_form(dialect, table.c[name].type) for name in names)
    return tuple(None if form is None else lru_cache(maxsize=16_384)(form) for form in forms)


def _form(dialect: Dialect, kind: TypeEngine[Any]) -> Form | None:
    return json.dumps if isinstance(kind, JSON) else kind.dialect_impl(dialect).bind_processor(dialect)


def moment(dialect: Dialect, when: datetime) -> Any:
    """A moment in stored form; such moments can be compared with each other."""
    form = _form(dialect, Moment())
    return when if form is None else form(when)


@lru_cache(maxsize=64)
def defaults(dialect: Dialect, table: Table) -> dict[str, Any]:
    """What a new row holds, as stored, in each column that nobody sets; those that somebody must set are missing."""
    values: dict[str, Any] = {column.name: None for column in table.c if column.nullable}
    for column in table.c:
        default: Any = column.default
        if default is not None:
            given = default.arg(None) if default.is_callable else default.arg
            form = _form(dialect, column.type)
            values[column.name] = given if form is None else form(given)
    return values


def insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """New rows in stored form. IntegrityError when one is there already."""
    if not rows:
        return
    columns = ", ".join(names)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({columns}) FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)  # noqa: S608


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY is a third faster than INSERT; the driver's own errors are raised as those of every other statement."""
    driver: Any = connection.dialect.loaded_dbapi
    raw: Any = connection.connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def update(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set these columns, in stored form, of the rows whose key stands at the end of each tuple."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    values = ", ".join(f"{name} = {mark}" for name in names)
    connection.exec_driver_sql(f"UPDATE {table.name} SET {values} WHERE id = {mark}", rows)  # noqa: S608
