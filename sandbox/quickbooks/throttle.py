"""How often the pretend QuickBooks lets one company be asked. It counts by the world's clock, no more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class Throttle:
    """At most so many requests to one company in any second and minute, and batches in any minute; 0 is no limit."""

    per_second: int = 0
    per_minute: int = 0
    batches: int = 0
    _asked: dict[tuple[str, int], deque[datetime]] = field(default_factory=dict)

    def admits(self, realm: str, now: datetime, *, batch: bool) -> bool:
        """True when this request is within every limit; only then it counts."""
        wanted = [(1, self.per_second), (60, self.per_minute), (61, self.batches if batch else 0)]
        held = [(self._recent((realm, window), now, min(window, 60)), most) for window, most in wanted if most]
        if any(len(moments) >= most for moments, most in held):
            return False
        for moments, _ in held:
            moments.append(now)
        return True

    def _recent(self, name: tuple[str, int], now: datetime, seconds: int) -> deque[datetime]:
        moments = self._asked.setdefault(name, deque())
        while moments and now - moments[0] >= timedelta(seconds=seconds):
            moments.popleft()
        return moments
