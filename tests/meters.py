"""A meter that lets every call through and writes it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from integrations.ledgers.base import Answered, Purpose


class Noting:
    """In the order of the calls: what each was for, whether it was a read, and what its answer told (size, left)."""

    def __init__(self) -> None:
        self.calls: list[Purpose] = []
        self.reads: list[bool] = []
        self.answers: list[tuple[int, dict[str, int]]] = []

    @contextmanager
    def call(self, purpose: Purpose, *, read: bool = True) -> Iterator[Answered]:
        self.calls.append(purpose)
        self.reads.append(read)
        yield self._answered

    def _answered(self, size: int, left: Mapping[str, int]) -> None:
        self.answers.append((size, dict(left)))
