"""Small writes of many threads at once, in one transaction: a disk takes as long to keep twenty of them as one.

Whoever gets the turn writes what all have brought by then. Each stands or falls by itself, and nobody is told that a
thing is kept before it is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

Act = Callable[[Session], object]


class _Brought:
    def __init__(self, act: Act) -> None:
        self.act, self.done = act, False
        self.error: BaseException | None = None

    def add(self, session: Session) -> None:
        """Its own error undoes it alone."""
        try:
            with session.begin_nested():
                self.act(session)
        except Exception as error:
            self.error = error


class Together:
    """`write` opens a session that is committed when its block ends."""

    def __init__(self, write: Callable[[], AbstractContextManager[Session]]) -> None:
        self._write, self._turn = write, threading.RLock()
        self._waiting: deque[_Brought] = deque()

    def __len__(self) -> int:
        """How many wait to be taken."""
        return len(self._waiting)

    def __call__(self, act: Act) -> None:
        """Return once what `act` did in the session is kept; raise what it raised, or why nothing could be kept."""
        mine = _Brought(act)
        self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                self._write_all()
        if mine.error is not None:
            raise mine.error

    def _write_all(self) -> None:
        batch: list[_Brought] = []
        try:
            with self._write() as session:
                while self._waiting:
                    batch.append(self._waiting.popleft())
                    batch[-1].add(session)
        except BaseException as error:
            # Nothing of it is kept. What had not been taken yet waits for the next turn, unless no session was had.
            for one in batch or self._drained():
                one.error = one.error or error
            if not isinstance(error, Exception):
                raise
        finally:
            for one in batch:
                one.done = True

    def _drained(self) -> list[_Brought]:
        """All that waits, where no session could be opened at all."""
        found = list(self._waiting)
        self._waiting.clear()
        for one in found:
            one.done = True
        return found
