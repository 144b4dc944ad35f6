"""Even numbers between 0 and 1 from a seed and a place: the same ones on every machine, in any order."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist

_WORDS = 8


class Draws:
    """Even numbers one after the other, for simulations: the same ones for the same seed."""

    def __init__(self, *seed: object) -> None:
        self._seed = "/".join(map(str, seed))
        self._at = 0
        self._ready: list[float] = []

    def even(self) -> float:
        """Above 0 and below 1."""
        if not self._ready:
            digest = blake2b(f"{self._seed}/{self._at}".encode()).digest()
            self._at += 1
            self._ready = [(int.from_bytes(digest[at * 8 : at * 8 + 7], "big") + 0.5) / 2**56 for at in range(_WORDS)]
        return self._ready.pop()

    def bell(self) -> float:
        """From the standard normal distribution."""
        return _BELL.inv_cdf(self.even())


_BELL = NormalDist()


def even(*of: object) -> float:
    """From 0 to below 1, the same for the same arguments."""
    digest = blake2b("/".join(map(str, of)).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56
