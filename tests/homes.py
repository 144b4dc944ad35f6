"""Where a town's Dunlin lives: in memory, its work done at once; or, as the environment's DUNLIN_TEST_HOME says, on
`postgres`, or there with four `workers` that do what the clock gives them. The stories are the same.

The workers are threads here, for the pretend world is reached without sockets; each has a loop, a queue's connections,
a name and a memory of its readings of its own, as a process has. Processes are in `test_apart` and `test_demo_apart`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import suppress
from typing import Any, cast

from sqlalchemy import text

from models.store import Store
from tests.databases import goes_before, in_memory, on_postgres
from workflows.begun import Begun
from workflows.engine import Inline
from workflows.queueing import Queued, work_in
from workflows.runtime import Engine, Lane, Runtime, Work

HOME = os.environ.get("DUNLIN_TEST_HOME", "memory")
WORKERS, LONGEST = 4, 60.0
_UNDER_WAY = text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND args ? 'company'")


def store() -> Store:
    """A new database without rows."""
    return in_memory() if HOME == "memory" else on_postgres()


def engine(of: Store) -> Engine:
    """Who does what is due in it."""
    if of.is_sqlite or HOME != "workers":
        return Inline()
    made = Workers()
    goes_before(of, made.close)
    return made


class Workers:
    """Gives work to four workers through the queue and waits until they have done it. They begin with the first."""

    def __init__(self) -> None:
        self._queued, self._each = Queued(), [_Worker(f"worker-{number}") for number in range(WORKERS)]

    def give(self, rt: Runtime, work: Work) -> int:
        given = self._queued.give(rt, work)
        for one in self._each if given else ():
            one.go_on(rt)
        ends = time.monotonic() + LONGEST
        while given and self._under_way(rt):
            assert time.monotonic() < ends, "The workers do not come to an end."
            time.sleep(0.002)
        return given

    def _under_way(self, rt: Runtime) -> bool:
        with rt.store.read() as session:
            return bool(session.scalar(_UNDER_WAY))

    def close(self, wait: bool = True) -> None:
        for one in self._each:
            one.tell()
        for one in self._each:
            one.end()


class _Worker:
    """One of them: a runtime like the town's of this moment, but with a name and a memory of its own."""

    def __init__(self, name: str) -> None:
        self.me, self.begun = name, Begun(lambda: self._of.clock.now().timestamp())
        self._of: Any = None
        self._loop, self._told = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)

    def go_on(self, rt: Runtime) -> None:
        begins, self._of = self._of is None, rt
        if begins:
            self._thread.start()

    def tell(self) -> None:
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._told.set)

    def end(self) -> None:
        if self._thread.is_alive():
            self._thread.join(LONGEST)
        self._loop.close()

    def _live(self) -> None:
        threads = {Lane.ACT: 2, Lane.READ: 1}
        work_in(self._loop, self._told, cast(Runtime, self), threads, silence=30, seconds=LONGEST)
