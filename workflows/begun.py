"""How old a reading is at the most, by this process's own steady clock, whatever the clocks of several machines say.

Only what this process saw itself counts: a reading bears a mark later than those of all readings begun before it, so
one marked no earlier than a reading of ours is no older than that. In memory only; whoever has just started knows
nothing and reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

KEPT = 900.0  # seconds; nothing older is ever asked for


class Begun:
    """`steady` counts seconds and is never set."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self.steady = steady
        self._readings: dict[int, list[tuple[datetime, float]]] = {}
        self._lock = threading.Lock()

    def note(self, company_id: int, mark: datetime, at: float) -> None:
        """A reading of this company was begun with this mark, not before `at`."""
        with self._lock:
            known = self._readings.get(company_id, ())
            self._readings[company_id] = [*(one for one in known if at - one[1] < KEPT), (mark, at)]

    def age(self, company_id: int, mark: datetime | None) -> float | None:
        """In seconds at the most; None where nobody here can know."""
        with self._lock:
            known = list(self._readings.get(company_id, ()))
        latest = max((at for own, at in known if mark is not None and own <= mark), default=None)
        return None if latest is None else self.steady() - latest
