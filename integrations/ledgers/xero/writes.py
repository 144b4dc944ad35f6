"""Writing into Xero, once: prepare the bytes, and send them under a key.

It never reads a document to save it back, and never repeats a call by itself. What is sent is said in `orders.py`, and
what may stand in its way, or has been done already, is looked up in `standing.py`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw

from integrations.errors import InDoubt, Rejected
from integrations.ledgers.base import DateOrder, ExpenseOrder, InvoiceOrder, Order, UndoAllocationOrder, Written
from integrations.ledgers.xero import faults, orders, refusals, spending, standing, structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.lists import decoded, listed

_ENCODE = msgspec.json.Encoder(decimal_format="number")
_NOBODY = str(UUID(int=0))


def prepare(client: Client, order: Order) -> bytes:
    """The body as compact JSON; equal orders give equal bytes. Rejected when the order makes no sense any more."""
    standing.check(client, order)
    return _ENCODE.encode(_call(client, order).body)


def _call(client: Client, order: Order) -> orders.Call:
    if isinstance(order, ExpenseOrder):
        return spending.call(client, order)
    if isinstance(order, UndoAllocationOrder):
        return orders.release(order, standing.allocation(client, order))
    return orders.call(order)


def write(client: Client, order: Order, raw: bytes, key: str) -> Written:
    """Send the stored body. The SDK writes its JSON anew, always in the same way: equal bodies, equal bytes."""
    try:
        content = json.loads(raw, parse_float=Decimal)
    except ValueError as error:
        raise Rejected("What was stored to be sent to Xero cannot be read.", "body") from error
    if isinstance(order, UndoAllocationOrder):
        return _release(client, order, content)
    call = orders.sent(order, content)
    answer = client.write(call.about, call.method, *call.path, content, key=key)
    rows = listed(decoded(answer, writing=True), call.answer, writing=True)
    if not rows:
        raise faults.unreadable(writing=True)
    made = _made(rows[0], call)
    if isinstance(order, DateOrder):
        _taken(rows[0], order)
    if isinstance(order, InvoiceOrder | ExpenseOrder):
        standing.as_ordered(rows[0], order)
    return made


def _release(client: Client, order: UndoAllocationOrder, content: Any) -> Written:
    """Xero remembers no key of it: sent again, it finds nothing to remove, and that it is done is looked up."""
    if not isinstance(content, dict) or not isinstance(content.get("AllocationID"), str):
        raise Rejected("What was stored to be sent to Xero cannot be read.", "body")
    call = orders.sent(order, content)
    try:
        client.remove(call.about, call.method, *call.path)
    except Rejected as error:
        if error.code != "404" or (found := standing.find(client, order)) is None:
            raise
        return found
    return Written(order.credit)


def _made(raw: Raw, call: orders.Call) -> Written:
    """What was made or changed. An objection beside a new id leaves it in doubt; without a new id it was refused."""
    row = structs.loose(raw, dict[str, Any])
    if row is None:
        raise faults.unreadable(writing=True)
    new = next((id for name in call.id_names if (id := str(row.get(name) or _NOBODY)) != _NOBODY), "")
    wrong = refusals.joined({"ValidationErrors": row.get("ValidationErrors")})
    if wrong or row.get("StatusAttributeString") == "ERROR":
        if new:
            raise InDoubt(f"Xero answered with {call.about} and an objection to it; somebody must look.")
        raise faults.refused(wrong, call.about, "10")
    if not (new or call.changed):
        raise faults.unreadable(writing=True)
    return Written(new or call.changed, version=standing.version(raw))


def _taken(raw: Raw, order: DateOrder) -> None:
    """Xero does not say which dates it takes of a part-paid invoice; so what it answers is looked at."""
    stands = standing.day_of(raw, order)
    if stands is not None and stands != order.day:
        raise Rejected("Xero left the date of the invoice as it is. Change it in Xero by hand.", "date")
