"""How far each kind of Xero's rows was read, kept as one cursor. A bare time stands for all kinds.

It remembers and compares times; it asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from integrations.errors import Rejected

OVERLAP = timedelta(minutes=5)  # Xero does not say whether If-Modified-Since is inclusive
JUST_NOW = timedelta(minutes=2)
ALL = ("customer", "invoice", "payment", "credit")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`times` holds for each kind when the first answer of its last reading was given, by Xero's clock."""

    times: Mapping[str, datetime]

    def since(self, kind: str) -> datetime:
        """From when on changes of this kind must be asked for."""
        return self.times[kind].replace(microsecond=0) - OVERLAP

    def is_just_read(self, kind: str, now: str) -> bool:
        """Whether this kind was read in the last two minutes before `now`, a time of Xero's or ""."""
        return bool(now) and timedelta() <= _time(now) - self.times[kind] <= JUST_NOW

    def moved(self, times: Mapping[str, str]) -> str:
        """The cursor after these kinds were read at those times."""
        after = {**self.times, **{kind: _time(text) for kind, text in times.items()}}
        if len(set(after.values())) == 1:
            return next(iter(after.values())).isoformat()
        return msgspec.json.encode({kind: moment.isoformat() for kind, moment in sorted(after.items())}).decode()


def read(text: str) -> Cursor:
    """Rejected when it is no cursor of ours."""
    if not text.startswith("{"):
        return Cursor(dict.fromkeys(ALL, _time(text)))
    try:
        times = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise Rejected("The place to go on reading from cannot be read.", "cursor") from error
    return Cursor({kind: _time(times.get(kind, "")) for kind in ALL})


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected("The place to go on reading from is not a time.", "cursor") from error
