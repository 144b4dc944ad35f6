"""Booking a payment in Xero, once: small explicit bodies, one payment a request, always under a key.

It never reads a document to save it back, and never repeats a call by itself.
"""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

import msgspec

from integrations.errors import InDoubt, Rejected
from integrations.ledgers.base import LedgerPayment, PaymentOrder
from integrations.ledgers.xero import faults, mapping, structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.reads import decoded, items

_ENCODE = msgspec.json.Encoder(decimal_format="number")
_NOBODY = str(UUID(int=0))


def body(order: PaymentOrder) -> bytes:
    """The payment as compact JSON; equal orders give equal bytes."""
    return _ENCODE.encode(
        {
            "Payments": [
                {
                    "Invoice": {"InvoiceID": order.invoice},
                    "Account": {"AccountID": order.deposit_account},
                    "Date": order.paid_on.isoformat(),
                    "Amount": order.amount.decimal,
                    "Reference": order.reference,
                }
            ]
        }
    )


def record(client: Client, raw: bytes, key: str) -> LedgerPayment:
    """Send the stored body. The SDK writes its JSON anew, always in the same way: equal bodies, equal bytes."""
    try:
        content = json.loads(raw, parse_float=Decimal)
    except ValueError as error:
        raise Rejected("The stored payment is not one that can be sent.", "body") from error
    answer = client.write("write", "create_payments", content, key)
    rows = decoded(answer, writing=True).Payments or []
    if len(rows) != 1:
        raise faults.unreadable(writing=True)
    return _booked(rows[0])


def _booked(raw: msgspec.Raw) -> LedgerPayment:
    """The booked payment. Errors beside a payment's id leave it in doubt; without an id it was refused."""
    try:
        row = msgspec.json.decode(raw, type=structs.Payment, strict=False)
        wrong = faults.messages(row.ValidationErrors)
        if wrong and (row.PaymentID or _NOBODY) == _NOBODY:
            raise Rejected(f"Xero refused: {wrong}.", "10")
        payment = mapping.payment(row)
    except ValueError as error:
        raise faults.unreadable(writing=True) from error
    if payment is None or wrong:
        raise InDoubt("Xero answered with a payment and an objection to it; somebody must look.")
    return payment


def find(client: Client, order: PaymentOrder) -> LedgerPayment | None:
    """The standing payment of this invoice that carries our reference. One that was deleted again is not found."""
    try:
        invoice = UUID(order.invoice)
    except ValueError as error:
        raise Rejected("This is not the id of a Xero invoice.", "invoice") from error
    where = f'Invoice.InvoiceId==guid("{invoice}")'
    answer = client.read("find", "get_payments", where=where, page=1, page_size=1000)
    rows, unread = items(decoded(answer).Payments, structs.Payment, mapping.payment, "payment", "PaymentID")
    found = next((row for row in rows if row.reference == order.reference and not row.gone), None)
    if found is None and unread:
        raise InDoubt("A payment of this invoice could not be read; somebody must look whether it is ours.")
    return found
