"""Taking a credit memo of ours back: first from its invoice, then out of the books. What stands is read before.

QuickBooks uses a credit memo by a payment of nothing that links it to an invoice, and deletes neither while the other
holds it. A memo that helps to pay anything else is left to a person. Nothing is sent here.
"""

from __future__ import annotations

from typing import Any

from integrations.errors import Rejected
from integrations.ledgers.base import Purpose, UndoAllocationOrder, UndoCreditOrder, Written
from integrations.ledgers.quickbooks import mapping, structs
from integrations.ledgers.quickbooks.reads import GONE, Reader

Body = dict[str, Any]
_BY_HAND = "Take it back in QuickBooks by hand."


def release(reader: Reader, order: UndoAllocationOrder) -> Body:
    """The link to delete. Rejected when there is none, or when the memo is used for anything but this one invoice."""
    memo: structs.CreditMemo = reader.row("CreditMemo", order.credit, Purpose.WRITE)
    if not (found := _links(memo)):
        raise Rejected("The credit memo is used for nothing in QuickBooks; nothing is left to do.", "done")
    if len(found) > 1:
        raise Rejected(f"The credit memo was used for more than this invoice. {_BY_HAND}", "used")
    link: structs.Payment = reader.row("Payment", found[0], Purpose.WRITE)
    ends = {(one.txn_type, one.txn_id) for line in link.line for one in line.linked_txn}
    if link.total_amt or ends != {("CreditMemo", order.credit), ("Invoice", order.invoice)}:
        raise Rejected(f"The credit memo was used together with other money or invoices. {_BY_HAND}", "used")
    return _named(link)


def delete(reader: Reader, order: UndoCreditOrder) -> Body:
    memo: structs.CreditMemo = reader.row("CreditMemo", order.credit, Purpose.WRITE)
    if _void(memo):
        raise Rejected("The credit memo has been voided in QuickBooks already.", "done")
    if _links(memo):
        # QuickBooks may use open credit by itself for whatever is open.
        raise Rejected(f"The credit memo is used for an invoice in QuickBooks again. {_BY_HAND}", "used")
    return _named(memo)


def find_released(reader: Reader, order: UndoAllocationOrder) -> Written | None:
    memo = _memo(reader, order.credit)
    return Written(order.credit) if memo is None or _void(memo) or not _links(memo) else None


def find_deleted(reader: Reader, order: UndoCreditOrder) -> Written | None:
    """Void or deleted, by us or by a bookkeeper."""
    memo = _memo(reader, order.credit)
    return Written(order.credit) if memo is None or _void(memo) else None


def _memo(reader: Reader, id: str) -> structs.CreditMemo | None:
    try:
        found: structs.CreditMemo = reader.row("CreditMemo", id, Purpose.FIND)
    except Rejected as refusal:
        if refusal.code != GONE:
            raise
        return None
    return found


def _void(memo: structs.CreditMemo) -> bool:
    return mapping.is_void(memo.total_amt, memo.private_note)


def _links(memo: structs.CreditMemo) -> list[str]:
    return sorted({one.txn_id for one in memo.linked_txn if one.txn_type == "Payment"})


def _named(row: structs.CreditMemo | structs.Payment) -> Body:
    """All that a deletion names: the row, and that nobody has changed it since."""
    return {"Id": row.id, "SyncToken": row.sync_token}
