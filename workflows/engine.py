"""Where due work is carried out: embedded, in a thread pool of this process, or at once in the caller's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

log = structlog.get_logger()


class Inline:
    """Carries out each round at once, in order: for the headless demo, the tests and the fault simulation."""

    def run(self, rounds: Sequence[Callable[[], object]]) -> None:
        for one in rounds:
            one()

    def close(self) -> None:
        """Nothing is left running."""


class Embedded:
    """A pool of its own, so that performing never holds up the clock's ticks. `run` waits for its rounds."""

    def __init__(self, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="perform")

    def run(self, rounds: Sequence[Callable[[], object]]) -> None:
        running: list[Future[object]] = [self._pool.submit(one) for one in rounds]
        wait(running)
        for one in running:
            error = one.exception()
            if error is not None:
                # The rows keep the truth: what was claimed is taken up again when its lease ends.
                log.error("a round ended early", exc_info=error)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
