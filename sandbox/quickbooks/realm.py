"""One company's books in the pretend QuickBooks: rows, versions, times, stubs of what was deleted, and news of it all.

It keeps and counts; what a booking does to other rows is decided in `booking.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.books import BookCompany
from sandbox.oauth import Clock
from sandbox.quickbooks import faults, lists, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.preferences import preferences

TRANSACTIONS = {"Invoice", "Payment", "CreditMemo", "Purchase"}
LISTS = {"Account": "accounts", "Item": "items", "Term": "terms"}  # each is numbered by itself
ENTITIES = ("Customer", *sorted(TRANSACTIONS), *LISTS, "CompanyInfo", "Preferences")
FULL_NAME = "FullyQualifiedName"


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a row; `operation` is Create, Update, Delete, Void, Emailed or Merge.

    After a Merge `deleted` is the id of the row that is no more.
    """

    realm: str
    entity: str
    id: str
    operation: str
    moment: datetime
    deleted: str = ""


class Realm:
    """Names and transactions are numbered apart, as in QuickBooks: a customer and an invoice may share an id."""

    def __init__(self, id: str, about: BookCompany, clock: Clock) -> None:
        self.id, self.about, self.clock = id, about, clock
        self.rows: dict[str, dict[str, Body]] = {entity: {} for entity in ENTITIES}
        self.changed: dict[tuple[str, str], datetime] = {}  # in order of change, so that CDC reads only its end
        self.gone: dict[tuple[str, str], datetime] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.merged: dict[str, str] = {}
        self.replies: dict[str, tuple[bytes, int]] = {}
        self.news: list[News] = []
        self.ended = False  # the subscription
        self.tells_linked = False  # whether a payment also sends news of its invoices: nobody knows
        self._spoiled: dict[tuple[str, str], dict[str, object]] = {}
        self._numbers = dict.fromkeys(("names", "transactions", *LISTS.values()), 0) | {"documents": 1000}
        self.add("CompanyInfo", shapes.company_info(about), id="1")
        self.add("Preferences", preferences(about), id="1")
        for account in shapes.accounts(about):
            self.add("Account", account)
        for item in lists.items(self.rows["Account"].values()):
            self.add("Item", item)
        self.news.clear()

    def next_number(self, series: str) -> str:
        self._numbers[series] += 1
        return str(self._numbers[series])

    def add(self, entity: str, body: Body, id: str = "") -> Body:
        """Store a new row with its id, version and times; the row."""
        series = "transactions" if entity in TRANSACTIONS else LISTS.get(entity, "names")
        row_id = id or self.next_number(series)
        now = shapes.stamp(self.clock())
        meta = {"CreateTime": now, "LastUpdatedTime": now}
        row = {**body, "domain": "QBO", "sparse": False, "Id": row_id, "SyncToken": "0", "MetaData": meta}
        self.rows[entity][row_id] = row
        self._changed(entity, row_id)
        self._tell(entity, row_id, "Create")
        return row

    def get(self, entity: str, id: str) -> Body:
        """The row; QuickBooks' 610 when there is none."""
        row = self.rows[entity].get(id)
        if row is None:
            raise faults.not_found()
        return row

    def current(self, entity: str, fields: Body) -> Body:
        """The row an update speaks of, if it was read recently enough; 610 or 5010 otherwise."""
        row = self.get(entity, str(fields.get("Id", "")))
        if str(fields.get("SyncToken")) != row["SyncToken"]:
            raise faults.stale()
        return row

    def bump(self, entity: str, row: Body, operation: str = "Update", *, tell: bool = True, deleted: str = "") -> None:
        """A new version of a row. `tell` is False where the vendor sends no webhook of its own for it."""
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        self.touch(entity, row)
        if tell:
            self._tell(entity, row["Id"], operation, deleted)

    def touch(self, entity: str, row: Body) -> None:
        """A new time but the same version, as when a customer's balance follows an invoice."""
        row["MetaData"]["LastUpdatedTime"] = shapes.stamp(self.clock())
        self._changed(entity, row["Id"])

    def remove(self, entity: str, row: Body) -> None:
        del self.rows[entity][row["Id"]]
        del self.changed[entity, row["Id"]]
        self.spoil(entity, row["Id"], {})
        self.gone[entity, row["Id"]] = self.clock()
        self._tell(entity, row["Id"], "Delete")

    def owe(self, customer: str, amount: Decimal) -> None:
        """Move a customer's balance, and that of the parents with their jobs."""
        self.rows["Customer"][customer]["Balance"] += amount
        self.owe_with_jobs(customer, amount)

    def owe_with_jobs(self, customer: str, amount: Decimal) -> None:
        """Only what a customer and its parents owe together with their jobs."""
        for row in self.lineage(customer):
            row["BalanceWithJobs"] += amount
            self.touch("Customer", row)

    def lineage(self, customer: str) -> Iterator[Body]:
        """The customer, its parent, the parent's parent and so on."""
        row = self.rows["Customer"][customer]
        yield row
        while "ParentRef" in row:
            row = self.rows["Customer"][row["ParentRef"]["value"]]
            yield row

    def customer(self, key: str) -> Body:
        """The customer of one of our keys; after a merge the one that it has become."""
        row_id = self.keys["Customer", key]
        while row_id in self.merged:
            row_id = self.merged[row_id]
        return self.get("Customer", row_id)

    def spoil(self, entity: str, id: str, fields: dict[str, object]) -> None:
        """From now on the row is handed out with these fields over its own; without any it is itself again."""
        self._spoiled.pop((entity, id), None)
        if fields:
            self._spoiled[entity, id] = fields

    def shown(self, entity: str, row: Body) -> Body:
        """The row as it is handed out."""
        fields = self._spoiled.get((entity, row["Id"]))
        return row | fields if fields else row

    def changes(self, entity: str, since: datetime) -> list[Body]:
        """Rows changed at or after `since`, oldest change first."""
        rows: list[Body] = []
        for (kind, row_id), moment in self._latest():
            if moment < since:
                break
            if kind == entity:
                rows.append(self.shown(kind, self.rows[kind][row_id]))
        return rows[::-1]

    def deletions(self, entity: str, since: datetime) -> list[Body]:
        """The stubs of rows deleted at or after `since`."""
        return [
            {
                "domain": "QBO",
                "status": "Deleted",
                "Id": row_id,
                "MetaData": {"LastUpdatedTime": shapes.stamp(moment)},
            }
            for (kind, row_id), moment in self.gone.items()
            if kind == entity and moment >= since
        ]

    def _latest(self) -> Iterator[tuple[tuple[str, str], datetime]]:
        return iter(reversed(self.changed.items()))

    def _changed(self, entity: str, id: str) -> None:
        self.changed.pop((entity, id), None)
        self.changed[entity, id] = self.clock().replace(microsecond=0)

    def _tell(self, entity: str, id: str, operation: str, deleted: str = "") -> None:
        self.news.append(News(self.id, entity, id, operation, self.clock(), deleted))
