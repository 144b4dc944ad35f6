"""Turns at one organisation's door: so many calls at one time, so many begun in a second. Counts nothing else.

In memory and per process; what must hold across processes is in `budgets.py`. Time and waiting are handed in.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from integrations.ledgers.base import Pace


@dataclass(slots=True)
class _Gate:
    places: threading.BoundedSemaphore
    begun: deque[float] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Turns:
    """`monotonic` and `pause` are in seconds; a pause that does nothing makes a world in a hurry."""

    def __init__(self, monotonic: Callable[[], float], pause: Callable[[float], None]) -> None:
        self._monotonic, self._pause = monotonic, pause
        self._gates: dict[str, _Gate] = {}
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, key: str, pace: Pace) -> Iterator[None]:
        """Wait until the organisation `key` may be called; the place is free again at the end of the block."""
        with self._lock:
            gate = self._gates.setdefault(key, _Gate(threading.BoundedSemaphore(pace.at_once)))
        with gate.places:
            wait = self._book(gate, pace.per_second)
            if wait > 0:
                self._pause(wait)
            yield

    def _book(self, gate: _Gate, per_second: int) -> float:
        """Note a call that begins as soon as the second allows; how long to wait for that."""
        with gate.lock:
            now = self._monotonic()
            start = now if len(gate.begun) < per_second else max(now, gate.begun[0] + 1)
            gate.begun.append(start)
            while len(gate.begun) > per_second:
                gate.begun.popleft()
            return start - now
