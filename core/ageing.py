"""How old what is owed has grown: the bands in which the trade counts days past due."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """Days past due from `first` to `last`, both included; None where there is no such end. 0 is the due day itself."""

    first: int | None
    last: int | None

    def holds(self, days: int) -> bool:
        """Whether something so many days past due belongs here."""
        return (self.first is None or days >= self.first) and (self.last is None or days <= self.last)


BANDS = (Band(None, 0), Band(1, 30), Band(31, 60), Band(61, 90), Band(91, None))
