"""Where due work is carried out: embedded, in a thread pool of this process, or at once in the caller's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context

import structlog

log = structlog.get_logger()


class Inline:
    """Carries out each round at once, in order: for the headless demo, the tests and the fault simulation."""

    def run(self, rounds: Sequence[Callable[[], object]]) -> None:
        for one in rounds:
            one()

    def close(self, wait: bool = True) -> None:
        """Nothing is left running."""


class Embedded:
    """A pool of its own, so that performing never holds up the clock's ticks. `run` waits for its rounds."""

    def __init__(self, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="perform")

    def run(self, rounds: Sequence[Callable[[], object]]) -> None:
        running: list[Future[object]] = []
        for one in rounds:
            # The job's id goes along, so that what a round logs can be told apart.
            with suppress(RuntimeError):  # closed: nothing new is begun
                running.append(self._pool.submit(copy_context().run, one))
        wait(running)
        for ended in running:
            error = None if ended.cancelled() else ended.exception()
            if error is not None:
                # The rows keep the truth: what was claimed is taken up again when its lease ends.
                log.error("a round ended early", exc_info=error)

    def close(self, wait: bool = True) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=True)
