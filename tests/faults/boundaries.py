"""Everything that stands between one process of Dunlin and the world, and where that process can be stopped or lied to.

Here a boundary is only noticed and told; whether anything happens at it is the run's to decide. All processes of all
runs share one database in memory, each with turns of its own.
"""

from __future__ import annotations

import smtplib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from models.store import Store
from sandbox.stage import WorldClock
from tests.databases import IN_MEMORY, in_memory
from workflows.runtime import Runtime

Reached = Callable[[str], None]
WORDS = ("mail", "rcpt", "data", "rset", "quit")


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the product may catch it and live on."""


class Ground:
    """The database under all processes. `open` counts sessions, `commits` every write that was kept.

    `trouble` is told of each statement before it is carried out, and may raise what SQLite would.
    """

    def __init__(self) -> None:
        self.store = in_memory()
        self.open, self.commits = 0, 0
        self.trouble: Callable[[str], None] = lambda _statement: None
        event.listen(self.store.engine, "do_execute", lambda _cursor, said, _values, _context: self.trouble(said))
        event.listen(self.store.engine, "do_execute_no_params", lambda _cursor, said, _context: self.trouble(said))

    def renew(self) -> None:
        """Nobody holds it any more: what was in it is gone, and the next run lays the tables anew."""
        self.store.close()
        self.open, self.commits, self.trouble = 0, 0, lambda _statement: None


@cache
def ground() -> Ground:
    """One for all runs of this process: its statements stay compiled, which would be most of a run's time.

    Where a town has closed a store before, its statements are compiled already.
    """
    return Ground()


class WatchedStore(Store):
    """One process's way into the database: tells when it has read, is about to commit, and has committed."""

    def __init__(self, under: Ground, reached: Reached) -> None:
        super().__init__(IN_MEMORY)
        self.engine, self._reading = under.store.engine, under.store._reading
        self._under, self._reached = under, reached
        self.last = 0  # the number of this process's newest commit

    @contextmanager
    def read(self) -> Iterator[Session]:
        self._under.open += 1
        try:
            with super().read() as session:
                yield session
        finally:
            self._under.open -= 1
        self._reached("after a read")

    @contextmanager
    def write(self) -> Iterator[Session]:
        self._under.open += 1
        try:
            with super().write() as session:
                yield session
                self._reached("before a commit")
            self._under.commits += 1
            self.last = self._under.commits
        finally:
            self._under.open -= 1
        self._reached("after a commit")

    def close(self) -> None:
        """The database outlives its processes."""


class Line:
    """An SMTP connection that tells before and after each word, and breaks when `breaks` says so."""

    def __init__(self, line: Any, reached: Reached, breaks: Callable[[str], bool]) -> None:
        self._line, self._reached, self._breaks = line, reached, breaks

    def __getattr__(self, name: str) -> Any:
        word = getattr(self._line, name)
        if name not in WORDS:
            return word

        def said(*args: Any, **more: Any) -> Any:
            self._at(f"before {name.upper()}")
            answer = word(*args, **more)
            self._at(f"after {name.upper()}")
            return answer

        return said

    def _at(self, where: str) -> None:
        self._reached(where)
        if self._breaks(where):
            self._line.close()
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@dataclass
class Skewed:
    """A machine's own clock, which may be minutes beside the world's."""

    world: WorldClock
    beside: timedelta = timedelta()

    def now(self) -> datetime:
        return self.world.now() + self.beside


@dataclass
class Process:
    """One process of Dunlin: everything of it is in memory and dies with it."""

    name: str
    clock: Skewed
    store: WatchedStore = field(init=False)
    rt: Runtime = field(init=False)


def full() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("database or disk is full")


def locked() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("database is locked")
