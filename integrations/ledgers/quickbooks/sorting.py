"""Rows of QuickBooks into pages of the port. A row that cannot be read is kept raw and costs itself alone.

A list is decoded whole; only when something in it does not fit is it taken row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from integrations.ledgers.base import LedgerCredit, LedgerCustomer, LedgerInvoice, LedgerPayment, LedgerTerm, Page
from integrations.ledgers.base import Unreadable as Odd
from integrations.ledgers.quickbooks import envelope, mapping, mending, structs
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.portions import ENTITIES, SHAPES, Portion

# Pages overlap: among rows of one moment, one that leaves between two calls moves every later row up by one.
OVERLAP = 50
_LISTS: dict[str, msgspec.json.Decoder[Any]] = {
    entity: msgspec.json.Decoder(list[shape])  # type: ignore[valid-type]
    for entity, shape in SHAPES.items()
}
_ROWS = {entity: msgspec.json.Decoder(shape) for entity, shape in SHAPES.items()}
_WRONG = (ValueError, ArithmeticError)  # DecodeError and UnicodeDecodeError are ValueErrors

Key = tuple[str, str, str]
"""A row as it stood: its entity, id and version."""

Watch = Callable[[str, Any], None]
"""Told of every live row: its entity and its struct."""

Skip = Callable[[Any], bool]
"""Whether a row has been handed out by another selection."""


class Sorter:
    """Collects rows into pages. It knows the end of the list before, whose rows come again, and nothing older."""

    def __init__(
        self, home: mapping.Home, watch: Watch | None = None, skip: Skip | None = None, before: Iterable[Key] = ()
    ) -> None:
        """`before` is the `end` of another sorter, whose list goes on here."""
        self._home, self._watch, self._skip = home, watch, skip
        self._before = set(before)
        self._fresh()

    @property
    def end(self) -> list[Key]:
        """The last rows of the last list."""
        return sorted(self._before)

    def _fresh(self) -> None:
        self._customers: list[LedgerCustomer] = []
        self._invoices: list[LedgerInvoice] = []
        self._payments: list[LedgerPayment] = []
        self._credits: list[LedgerCredit] = []
        self._terms: list[LedgerTerm] = []
        self._deleted: list[tuple[str, str]] = []
        self._unreadable: list[Odd] = []

    def take(self, portion: Portion) -> None:
        """Sort the rows of an answer."""
        if portion.fit is None:
            self.add(portion.entity, portion.raw())
            return
        try:
            self._together(portion.entity, portion.fit)
        except _WRONG:
            self._one_by_one(portion.entity, envelope.items(portion.raw()))

    def add(self, entity: str, raw: msgspec.Raw | None) -> int:
        """Sort the rows of a list; how many there were."""
        try:
            rows = _LISTS[entity].decode(raw or b"null")
            self._together(entity, rows)
        except _WRONG:
            rows = envelope.items(raw)
            self._one_by_one(entity, rows)
        return len(rows)

    def _together(self, entity: str, rows: list[Any]) -> None:
        self._sort(entity, rows)
        self._before = {(entity, row.id, row.sync_token) for row in rows[-OVERLAP:]}

    def _one_by_one(self, entity: str, raws: list[msgspec.Raw]) -> None:
        end: set[Key] = set()
        for place, raw in enumerate(raws):
            try:
                row = _read(entity, raw)
                self._sort(entity, [row])
                key = (entity, row.id, row.sync_token)
            except _WRONG as error:
                key = self._odd(entity, bytes(raw), error)
            if place >= len(raws) - OVERLAP:
                end.add(key)
        self._before = end

    def _sort(self, entity: str, rows: list[Any]) -> None:
        """Keep all of these rows that are wanted; none, and an error, when one of them makes no sense."""
        if self._skip is not None:
            rows = [row for row in rows if not self._skip(row)]
        if self._before:
            rows = [row for row in rows if not row.sync_token or (entity, row.id, row.sync_token) not in self._before]
        alive = [row for row in rows if row.status is None or not mapping.is_deleted(row)]
        self._keep(entity, self._mapped(entity, alive))
        if self._watch is not None:
            for row in alive:
                self._watch(entity, row)
        if len(alive) < len(rows):
            for row in rows:
                if mapping.is_deleted(row):
                    self._delete(entity, row.id)

    def _mapped(self, entity: str, rows: list[Any]) -> list[Any]:
        home = self._home
        if entity == "Invoice":
            return [mapping.invoice(row, home) for row in rows]
        if entity == "Customer":
            return [mapping.customer(row) for row in rows]
        if entity == "Payment":
            return [(mapping.payment(row, home), mapping.unapplied(row, home)) for row in rows]
        if entity == "CreditMemo":
            return [mapping.credit_memo(row, home) for row in rows]
        return [mapping.term(row) for row in rows]

    def _keep(self, entity: str, mapped: list[Any]) -> None:
        if entity == "Invoice":
            self._invoices += mapped
        elif entity == "Customer":
            self._customers += mapped
        elif entity == "CreditMemo":
            self._credits += mapped
        elif entity == "Term":
            self._terms += mapped
        else:
            self._payments += [payment for payment, _ in mapped]
            self._credits += [credit for _, credit in mapped if credit is not None]

    def _odd(self, entity: str, raw: bytes, error: Exception) -> Key:
        """A deleted row is only a stub; anything else that does not fit is reported, once while pages overlap."""
        stub = _stub(raw)
        key = (entity, stub.id, "unreadable")
        if mapping.is_deleted(stub) and stub.id:
            self._delete(entity, stub.id)
        elif not stub.id or key not in self._before:
            reason = f"This {ENTITIES[entity]} from {LABEL} could not be read: {str(error).rstrip('.')}."
            customer = stub.id if entity == "Customer" else _whose(raw)
            self._unreadable.append(Odd(ENTITIES[entity], stub.id, reason, raw, customer))
        return key

    def _delete(self, entity: str, id: str) -> None:
        """A deleted payment takes its open credit with it."""
        self._deleted.append((ENTITIES[entity], id))
        if entity == "Payment":
            self._deleted.append((ENTITIES["CreditMemo"], id))

    def page(self, cursor: str | None = None, mark: str = "", total: int | None = None) -> Page:
        """What was collected since the last page."""
        page = Page(
            customers=tuple(self._customers),
            invoices=tuple(self._invoices),
            payments=tuple(self._payments),
            credits=tuple(self._credits),
            terms=tuple(self._terms),
            deleted=tuple(self._deleted),
            unreadable=tuple(self._unreadable),
            cursor=cursor,
            mark=mark,
            total=total,
        )
        self._fresh()
        return page


def _read(entity: str, raw: msgspec.Raw) -> Any:
    try:
        return _ROWS[entity].decode(raw)
    except _WRONG:
        return mending.read(raw, SHAPES[entity])


def _stub(raw: bytes) -> structs.Stub:
    try:
        return mending.read(raw, structs.Stub)
    except ValueError:
        return structs.Stub("")


def _whose(raw: bytes) -> str:
    """The id of the customer whose row it is; "" where the row does not show it."""
    try:
        return mending.read(raw, structs.Whose).customer_ref.value
    except ValueError:
        return ""
