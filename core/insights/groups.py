"""The company, its terms, its accounts: how late the invoices of each were, each drawn towards the one above it.

Whole days are kept as they are, so that "always exactly on the day" stays that. An open invoice counts for the days
it has already lasted, and for no more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from core.insights.grid import Grid, bell
from core.insights.survival import shrunk
from core.insights.timeline import Invoice
from core.insights.usual import Known

Chain = tuple[str, ...]
ACCOUNTS: Chain = ("company", "account")
TERMS: Chain = ("company", "terms", "account")
BOTH: Chain = ("company", "account", "account and terms")
_COMPANY_PULL = 5.0
_SHARED = 2


@dataclass(slots=True)
class _Group:
    ended: list[float]
    open: dict[int, tuple[int, int]] = field(default_factory=dict)


class Groups:
    """A memory of days late by group. `half_life` in days, None: nothing fades. With `drifting`, days are counted
    from where the company stood at the time, so that the past is read at the level of today.
    """

    def __init__(self, grid: Grid, half_life: int | None, drifting: bool, start: int) -> None:
        self.grid, self.half_life, self.drifting = grid, half_life, drifting
        self._start = start
        self._groups: dict[Hashable, _Group] = {}
        self._first = bell(grid.size, -grid.first, 6.0)
        self._today = -1
        self._shared: dict[Hashable, list[float]] = {}

    def _weight(self, day: int) -> float:
        return 1.0 if self.half_life is None else 2.0 ** ((day - self._start) / self.half_life)

    def _shift(self, known: Known) -> int:
        return round(known.drift) if self.drifting else 0

    def issue(self, known: Known, names: Sequence[str]) -> None:
        shift = self._shift(known)
        for name in names:
            group = self._groups.get(key := _key(name, known))
            if group is None:
                group = self._groups[key] = _Group([0.0] * self.grid.size)
            group.open[known.invoice.place] = (known.invoice.due, shift)

    def settle(self, known: Known, names: Sequence[str]) -> None:
        one = known.invoice
        assert one.settled is not None
        at, weight = self.grid.place(one.late - self._shift(known)), self._weight(one.settled)
        for name in names:
            group = self._groups[_key(name, known)]
            group.open.pop(one.place)
            group.ended[at] += weight

    def chances(self, known: Known, chain: Chain, pull: float) -> list[float]:
        """The chance of each day late for a new invoice, on the day it is issued. `pull`: how many invoices of its own
        weigh as much as the group above.
        """
        day = known.invoice.issued
        if day != self._today:
            self._today, self._shared = day, {}
        found = self._first
        way: tuple[Hashable, ...] = ()
        for depth, name in enumerate(chain):
            key: Hashable = _key(name, known)
            way = (*way, key)
            shared = depth < _SHARED and name != "account"
            if shared and (way, pull) in self._shared:
                found = self._shared[way, pull]
                continue
            found = self._drawn(found, self._groups.get(key), pull if depth else _COMPANY_PULL, day)
            if shared:
                self._shared[way, pull] = found
        return self._moved(found, self._shift(known))

    def _drawn(self, above: list[float], group: _Group | None, pull: float, day: int) -> list[float]:
        if group is None:
            return above
        first = self.grid.first
        still = [day - due - shift - first for due, shift in group.open.values()]
        return shrunk(above, pull, group.ended, 1 / self._weight(day), still)

    def _moved(self, chances: list[float], shift: int) -> list[float]:
        if not shift:
            return chances
        last = self.grid.size - 1
        moved = [0.0] * self.grid.size
        for at, chance in enumerate(chances):
            moved[min(max(at + shift, 0), last)] += chance
        return moved


_KEYS: dict[str, Callable[[Invoice], Hashable]] = {
    "company": lambda _: "company",
    "terms": lambda one: one.terms,
    "account": lambda one: one.account,
    "account and terms": lambda one: (one.account, one.terms),
}


def _key(name: str, known: Known) -> Hashable:
    return name, _KEYS[name](known.invoice)
