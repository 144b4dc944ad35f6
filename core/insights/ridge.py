"""A linear rule that learns as it goes: least squares drawn towards zero, with older cases fading where asked.

Small and exact (normal equations, Cholesky); the caller weighs each case. It knows nothing of invoices.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt


class Ridge:
    """Coefficients for `size` traits; all zero until `solve` was called."""

    def __init__(self, size: int, penalty: float) -> None:
        self._penalty = penalty
        self._squares = [[0.0] * size for _ in range(size)]
        self._products = [0.0] * size
        self.coefficients = [0.0] * size

    def add(self, traits: Sequence[float], answer: float, weight: float) -> None:
        for at, trait in enumerate(traits):
            if trait:
                part, row = weight * trait, self._squares[at]
                for other in range(at + 1):
                    row[other] += part * traits[other]
                self._products[at] += part * answer

    def at(self, traits: Sequence[float]) -> float:
        return sum(one * trait for one, trait in zip(self.coefficients, traits, strict=True))

    def solve(self, scale: float = 1.0) -> None:
        """Take the coefficients of what was added so far; `scale` is the weight of a case of today."""
        rows = [row[:] for row in self._squares]
        for at, row in enumerate(rows):
            row[at] += self._penalty * scale
        self.coefficients = _solved(rows, self._products)


def _solved(lower: list[list[float]], answers: Sequence[float]) -> list[float]:
    """The answer of a symmetric positive system given by its lower half."""
    size = len(answers)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = lower[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = sqrt(max(rest, 1e-12)) if i == j else rest / root[j][j]
    forward: list[float] = []
    for i in range(size):
        forward.append((answers[i] - sum(root[i][k] * forward[k] for k in range(i))) / root[i][i])
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (forward[i] - sum(root[k][i] * found[k] for k in range(i + 1, size))) / root[i][i]
    return found
