"""Proofs of cadences shared by all workers of one run: a proof takes seconds and is the same wherever it is made.

It keeps what the product's own proof said, for exactly the same cadence, place and year; it proves nothing itself.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from core.cadence import Cadence, Cap
from core.calendars import Calendar
from core.proof import Proof, prove


class Proven:
    """`prove`, with its answers in files of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, cadence: Cadence, calendar: Calendar, caps: Sequence[Cap] = (), *, year: int) -> Proof:
        path = self._folder / f"proof-{_name(cadence, calendar, caps, year)}"
        if path.exists():
            found: Proof = pickle.loads(path.read_bytes())
            return found
        proof = prove(cadence, calendar, caps, year=year)
        mine = path.with_suffix(f".{os.getpid()}")
        mine.write_bytes(pickle.dumps(proof))
        mine.rename(path)
        return proof


def _name(cadence: Cadence, calendar: Calendar, caps: Sequence[Cap], year: int) -> str:
    """Of all that a proof is about. Sets are put in order, which differs from process to process."""
    place = [getattr(calendar, one.name) for one in fields(calendar) if one.compare]
    about = [sorted(one) if isinstance(one, frozenset) else one for one in place]
    return hashlib.sha256(repr((cadence.fingerprint, about, list(caps), year)).encode()).hexdigest()
