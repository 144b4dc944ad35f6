"""Where due work is done by this process itself: in pools of threads, or at once in the caller's own thread.

How it is given to other processes is in `queueing`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

import structlog

from workflows.runtime import Lane, Runtime, Work

log = structlog.get_logger()
THREADS: Mapping[Lane, int] = {Lane.ACT: 4, Lane.READ: 2}


class Inline:
    """Does everything at once, in order: for the headless demo, the tests and the fault simulation."""

    def give(self, rt: Runtime, work: Work) -> int:
        companies = work.due(rt)
        for company_id in companies:
            work.do(rt, company_id)
        return len(companies)

    def close(self, wait: bool = True) -> None:
        """Nothing is left running."""


class Embedded:
    """A pool of threads for each lane, so that neither the clock's ticks nor another lane waits. What is under way for
    a company is not begun a second time.
    """

    def __init__(self) -> None:
        self._pools = {lane: ThreadPoolExecutor(most, lane.value) for lane, most in THREADS.items()}
        self._under_way: set[tuple[str, int]] = set()
        self._changed = threading.Condition()

    def give(self, rt: Runtime, work: Work) -> int:
        companies = work.due(rt)
        return sum(self._begin(rt, work, company_id) for company_id in companies)

    def rest(self) -> None:
        """Wait until nothing is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way)

    def close(self, wait: bool = True) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=wait, cancel_futures=True)

    def _begin(self, rt: Runtime, work: Work, company_id: int) -> bool:
        one = work.name, company_id
        with self._changed:
            if one in self._under_way:
                return False
            try:
                # The job's id goes along, so that what is logged meanwhile can be told apart.
                begun = self._pools[work.lane].submit(copy_context().run, work.do, rt, company_id)
            except RuntimeError:  # closed: nothing new is begun
                return False
            self._under_way.add(one)
        begun.add_done_callback(partial(self._ended, one))
        return True

    def _ended(self, one: tuple[str, int], done: Future[object]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            # The rows keep the truth: what was claimed is taken up again when its lease ends.
            log.error("a round ended early", work=one[0], exc_info=error)
        with self._changed:
            self._under_way.discard(one)
            self._changed.notify_all()
