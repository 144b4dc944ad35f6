"""A meter that lets every call through and counts what it was for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from integrations.ledgers.base import Answered, Purpose


class Counting:
    """`calls` and `reads` count by purpose; `size` is in bytes; `left` is what the vendor said last."""

    def __init__(self) -> None:
        self.calls: Counter[Purpose] = Counter()
        self.reads: Counter[Purpose] = Counter()
        self.size = 0
        self.left: dict[str, int] = {}

    @contextmanager
    def call(self, purpose: Purpose, *, read: bool = True) -> Iterator[Answered]:
        self.calls[purpose] += 1
        self.reads[purpose] += read
        yield self._answered

    def _answered(self, size: int, left: Mapping[str, int]) -> None:
        self.size += size
        self.left |= left
