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
from sandbox.quickbooks import faults, shapes
from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.preferences import preferences

TRANSACTIONS = {"Invoice", "Payment", "CreditMemo"}
ENTITIES = ("Customer", "Invoice", "Payment", "CreditMemo", "Account", "CompanyInfo", "Preferences")


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a row; `operation` is Create, Update, Delete or Void."""

    realm: str
    entity: str
    id: str
    operation: str
    moment: datetime


class Realm:
    """Names and transactions are numbered apart, as in QuickBooks: a customer and an invoice may share an id."""

    def __init__(self, id: str, about: BookCompany, clock: Clock) -> None:
        self.id, self.about, self.clock = id, about, clock
        self.rows: dict[str, dict[str, Body]] = {entity: {} for entity in ENTITIES}
        self.changed: dict[tuple[str, str], datetime] = {}  # in order of change, so that CDC reads only its end
        self.gone: dict[tuple[str, str], datetime] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.replies: dict[str, tuple[bytes, int]] = {}
        self.news: list[News] = []
        self._numbers = {"names": 0, "transactions": 0, "accounts": 0, "documents": 1000}
        self.add("CompanyInfo", shapes.company_info(about), id="1")
        self.add("Preferences", preferences(about), id="1")
        for account in shapes.accounts(about):
            self.add("Account", account)
        self.news.clear()

    def next_number(self, series: str) -> str:
        self._numbers[series] += 1
        return str(self._numbers[series])

    def add(self, entity: str, body: Body, id: str = "") -> Body:
        """Store a new row with its id, version and times; the row."""
        series = "transactions" if entity in TRANSACTIONS else "accounts" if entity == "Account" else "names"
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

    def bump(self, entity: str, row: Body, operation: str = "Update", *, tell: bool = True) -> None:
        """A new version of a row. `tell` is False where the vendor sends no webhook of its own for it."""
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        self.touch(entity, row)
        if tell:
            self._tell(entity, row["Id"], operation)

    def touch(self, entity: str, row: Body) -> None:
        """A new time but the same version, as when a customer's balance follows an invoice."""
        row["MetaData"]["LastUpdatedTime"] = shapes.stamp(self.clock())
        self._changed(entity, row["Id"])

    def remove(self, entity: str, row: Body) -> None:
        del self.rows[entity][row["Id"]]
        del self.changed[entity, row["Id"]]
        self.gone[entity, row["Id"]] = self.clock()
        self._tell(entity, row["Id"], "Delete")

    def owe(self, customer: str, amount: Decimal) -> None:
        """Move a customer's balance, and that of the parents with their jobs."""
        row = self.rows["Customer"][customer]
        row["Balance"] += amount
        while True:
            row["BalanceWithJobs"] += amount
            self.touch("Customer", row)
            parent = row.get("ParentRef")
            if parent is None:
                return
            row = self.rows["Customer"][parent["value"]]

    def changes(self, entity: str, since: datetime) -> list[Body]:
        """Rows changed at or after `since`, oldest change first."""
        rows: list[Body] = []
        for (kind, row_id), moment in self._latest():
            if moment < since:
                break
            if kind == entity:
                rows.append(self.rows[kind][row_id])
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

    def _tell(self, entity: str, id: str, operation: str) -> None:
        self.news.append(News(self.id, entity, id, operation, self.clock()))
