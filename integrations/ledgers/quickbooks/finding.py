"""Has this order been carried out already? Looked up in QuickBooks by our reference, or by what it would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    LedgerExpense,
    NoteOrder,
    Order,
    PaymentOrder,
    Purpose,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
    Written,
)
from integrations.ledgers.quickbooks import mapping, mending, releasing, structs
from integrations.ledgers.quickbooks.envelope import items
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.reads import GONE, IDS_MOST, Reader, Selection
from integrations.ledgers.quickbooks.wire import quoted
from integrations.ledgers.quickbooks.writes import REFERENCE_LENGTH, as_ordered


def find(reader: Reader, order: Order) -> Written | None:
    return _FOUND[type(order)](reader, order)


def _payment(reader: Reader, order: PaymentOrder | AllocationOrder) -> Written | None:
    """A payment that carries our reference. One that stands comes before one that was voided since (`gone`)."""
    reference = order.reference[:REFERENCE_LENGTH]
    rows = reader.found(Selection("Payment", f"PaymentRefNum = {quoted(reference)}"), reference)
    return _standing(
        [_written(row, gone=mapping.payment_gone(row)) for row in rows if row.payment_ref_num == reference]
    )


def _credit(reader: Reader, order: CreditOrder) -> Written | None:
    """A credit memo of this customer that carries our reference: notes cannot be asked for, customers can."""
    rows = reader.found(Selection("CreditMemo", f"CustomerRef = {quoted(order.customer)}"), order.reference)
    ours = (row for row in rows if order.reference in (row.private_note or ""))
    return _standing([_written(row, gone=mapping.is_void(row.total_amt, row.private_note)) for row in ours])


def _invoice(reader: Reader, order: InvoiceOrder) -> Written | None:
    """An invoice of that day that carries our reference; the day is asked for, as customers may be merged since."""
    rows = reader.found(Selection("Invoice", f"TxnDate = {quoted(order.issued.isoformat())}"), order.reference)
    return _over(order, [row for row in rows if order.reference in (row.private_note or "")])


def _expense(reader: Reader, order: ExpenseOrder) -> Written | None:
    """A purchase under our number that carries our reference."""
    rows = reader.purchases(order.reference[:REFERENCE_LENGTH], order.reference)
    return _over(order, [row for row in rows if order.reference in (row.private_note or "")])


def expenses(reader: Reader, ids: Sequence[str]) -> tuple[LedgerExpense, ...]:
    """Those of these purchases that stand, asked for by their ids. Transient when one of them cannot be read."""
    rows: list[structs.Purchase] = []
    for start in range(0, len(ids), IDS_MOST):
        chosen = ", ".join(quoted(id) for id in ids[start : start + IDS_MOST])
        for portion in reader.portions(Selection("Purchase", f"Id IN ({chosen})"), Purpose.FIND):
            try:
                rows += [mending.read(raw, structs.Purchase) for raw in items(portion.raw())]
            except ValueError as error:
                raise Transient(f"An expense from {LABEL} could not be read: {error}.") from None
    standing = (row for row in rows if not mapping.is_void(row.total_amt, row.private_note))
    return tuple(LedgerExpense(row.id, row.total_amt) for row in standing)


def _over(order: InvoiceOrder | ExpenseOrder, rows: list[Any]) -> Written | None:
    """Which of these is the order's. InDoubt when the one that stands is over another amount."""
    found = [_written(row, gone=mapping.is_void(row.total_amt, row.private_note)) for row in rows]
    for row, written in zip(rows, found, strict=True):
        if not written.gone:
            as_ordered(row.total_amt, order)
    return _standing(found)


def _undo(reader: Reader, order: UndoPaymentOrder) -> Written | None:
    """Void or deleted, by us or by a bookkeeper: either way it is taken back."""
    row = _row(reader, "Payment", order.payment)
    if row is None:
        return Written(order.payment)
    return _written(row) if mapping.payment_gone(row) else None


def _date(reader: Reader, order: DateOrder) -> Written | None:
    row = None if order.expected else _row(reader, "Invoice", order.invoice)
    return _written(row) if row is not None and row.due_date == order.day else None


def _note(reader: Reader, order: NoteOrder) -> Written | None:
    row = _row(reader, "Invoice", order.invoice)
    return _written(row) if row is not None and order.reference in (row.private_note or "") else None


def _row(reader: Reader, entity: str, id: str) -> Any:
    """The row; None when QuickBooks has it no more."""
    try:
        return reader.row(entity, id, Purpose.FIND)
    except Rejected as refusal:
        if refusal.code != GONE:
            raise
        return None


def _written(row: Any, *, gone: bool = False) -> Written:
    return Written(row.id, gone, row.sync_token)


def _standing(found: list[Written]) -> Written | None:
    return min(found, key=lambda one: one.gone, default=None)


_FOUND: dict[type[Order], Callable[[Reader, Any], Written | None]] = {
    PaymentOrder: _payment,
    UndoPaymentOrder: _undo,
    CreditOrder: _credit,
    AllocationOrder: _payment,
    UndoAllocationOrder: releasing.find_released,
    UndoCreditOrder: releasing.find_deleted,
    InvoiceOrder: _invoice,
    ExpenseOrder: _expense,
    DateOrder: _date,
    NoteOrder: _note,
}
