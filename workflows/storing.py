"""How any kind of row is stored, inside one transaction: what is known of it, what is new, what differs.

It knows the shapes and no kind by name. A row read earlier never overwrites one read later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, update
from sqlalchemy.orm import Session

from models import Company
from workflows import rows
from workflows.billing import Payers
from workflows.runtime import Runtime
from workflows.shapes import CUSTOMER, Shape

Known = dict[str, tuple[Any, ...]]


@dataclass(slots=True)
class Storing:
    """One transaction of a company's reading, which began at `started`.

    `woken` are the accounts whose facts it changed; `changed` counts the rows that now hold something else, their
    version aside.
    """

    rt: Runtime
    session: Session
    company: Company
    started: datetime
    woken: set[int] = field(default_factory=set)
    changed: int = 0

    @property
    def connection(self) -> Connection:
        return self.session.connection()

    def stored(self, when: datetime) -> Any:
        """The moment as the database keeps it."""
        return rows.moment(self.connection.dialect, when)

    def payers(self, customers: Iterable[str]) -> Payers:
        """Whoever is billed for these customers; one that is not yet known gets a place."""

        def make(unknown: Sequence[str]) -> None:
            self.insert(CUSTOMER.table, ("external_id", "name"), [(customer, customer) for customer in unknown])

        payers = Payers(self.session, self.company.id, make)
        payers.fetch(customers)
        return payers

    def wake_payers(self, customers: set[str]) -> None:
        """Whoever is billed for these customers, as far as they are known."""
        payers = Payers(self.session, self.company.id)
        payers.fetch(customers)
        self.woken |= payers.known(customers)

    def known(self, shape: Shape, ids: Iterable[str]) -> tuple[Known, set[str]]:
        """What we have of these vendor ids, and those of which it was read later than this reading began."""
        found: Known = rows.known(self.connection, shape.table, shape.known, self.company.id, ids)
        if not shape.read:
            return found, set()
        started = self.stored(self.started)
        return found, {id for id, row in found.items() if row[1] is not None and row[1] > started}

    def insert(self, table: Table, names: Sequence[str], values: Sequence[tuple[Any, ...]], read: str = "") -> None:
        """New rows of these columns; what is the same in all of them is added. A new account is planned at once."""
        if not values:
            return
        started = self.stored(self.started)
        fixed = rows.defaults(self.connection.dialect, table) | {
            "company_id": self.company.id,
            "seen_at": started,
            "wake_at": self.stored(self.rt.clock.now()),
            read: started,
        }
        fixed = {name: value for name, value in fixed.items() if name in table.c and name not in names}
        end = tuple(fixed.values())
        if "uid" in table.c:
            new_id = self.rt.new_id
            rows.insert(self.connection, table, (*names, *fixed, "uid"), [(*row, *end, new_id()) for row in values])
        else:
            rows.insert(self.connection, table, (*names, *fixed), [(*row, *end) for row in values])

    def put(self, shape: Shape, items: Mapping[str, Any], known: Known, **given: Iterable[Any]) -> set[Any]:
        """Insert what is new, change what differs, note of the rest when it was read; whose facts changed.

        `items` by vendor id; `given` are the columns that the items alone do not tell.
        """
        new, same, changed = [], [], _Changed(shape)
        first = len(shape.known) - len(shape.names)
        for external_id, values in zip(items, self._values(shape, items, given), strict=True):
            row = known.get(external_id)
            if row is None:
                new.append((external_id, *values))
                continue
            before = row[first:]
            if shape.gone and values[-1] is not None and before[-1] is not None:
                values = (*values[:-1], before[-1])  # it is gone since then
            if before == values:
                same.append(row[0])
            else:
                changed.note(row[0], before, values)
        self.insert(shape.table, ("external_id", *shape.names), new, shape.read)
        changed.write(self)
        self.touch(shape, same)
        self.changed += len(new) + changed.count
        return changed.owners | ({row[1 + shape.names.index(shape.owner)] for row in new} if shape.owner else set())

    def _values(self, shape: Shape, items: Mapping[str, Any], given: Mapping[str, Iterable[Any]]) -> Any:
        """Column by column, for there are more rows than columns."""
        columns = [given[name] if take is None else map(take, items.values()) for name, take in shape.columns.items()]
        if shape.gone:
            columns.append(self.started if shape.gone(item) else None for item in items.values())
        return rows.stored(self.connection.dialect, shape.table, shape.names, columns)

    def touch(self, shape: Shape, keys: Collection[int], **values: Any) -> None:
        """These rows were read now; set the values in each of them."""
        if shape.read:
            values[shape.read] = self.started
        if keys and values:
            self.session.execute(
                update(shape.table).where(rows.among(self.session, shape.table.c.id, keys)).values(values)
            )


class _Changed:
    """The rows of a kind that differ from what we had; each is written with every column that differs in any."""

    def __init__(self, shape: Shape) -> None:
        self.count = 0
        self.owners: set[Any] = set()
        self._shape = shape
        self._rows: list[tuple[int, tuple[Any, ...]]] = []
        self._names: set[str] = set()

    def note(self, key: int, before: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        """What stood in a row and what is to stand there."""
        shape = self._shape
        names = {name for name, old, now in zip(shape.names, before, values, strict=True) if old != now}
        self._rows.append((key, values))
        self._names |= names
        self.count += names != {"version"}
        if names & shape.facts:
            at = shape.names.index(shape.owner) if shape.owner else None
            self.owners |= {key} if at is None else {before[at], values[at]}

    def write(self, reading: Storing) -> None:
        """Change them, and note when they were read."""
        places = [place for place, name in enumerate(self._shape.names) if name in self._names]
        read = {self._shape.read: reading.stored(reading.started)} if self._shape.read else {}
        names, end = [*(self._shape.names[place] for place in places), *read], tuple(read.values())
        changed = [(*(values[place] for place in places), *end, key) for key, values in self._rows]
        rows.update(reading.connection, self._shape.table, names, changed)
