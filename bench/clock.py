"""How long something takes in this process: the median of several rounds, in seconds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

ROUNDS = 9


def timed(act: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        start = perf_counter()
        act()
        spent.append(perf_counter() - start)
    return median(spent)
