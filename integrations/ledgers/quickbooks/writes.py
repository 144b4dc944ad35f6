"""Booking a payment in QuickBooks: the bytes, the call and the look for one already booked.

Small explicit bodies only; nothing is read, changed and saved back. Amounts go out as JSON numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.errors import InDoubt, Transient
from integrations.ledgers.base import LedgerPayment, PaymentOrder
from integrations.ledgers.quickbooks import reads
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.wire import Wire

REFERENCE_LENGTH = 21  # what PaymentRefNum holds; our references differ well before that
KEY_LENGTH = 50
_encoder = msgspec.json.Encoder(decimal_format="number")


def payment_body(order: PaymentOrder, home: str) -> bytes:
    """The same order and home currency always give the same bytes. The currency is named only where it is foreign."""
    amount = order.amount.decimal
    linked = [{"TxnId": order.invoice, "TxnType": "Invoice"}]
    body: dict[str, Any] = {
        "CustomerRef": {"value": order.customer},
        "TotalAmt": amount,
        "TxnDate": order.paid_on.isoformat(),
        "PaymentRefNum": order.reference[:REFERENCE_LENGTH],
        "PrivateNote": f"Booked by Dunlin, reference {order.reference}",
        "Line": [{"Amount": amount, "LinkedTxn": linked}],
    }
    if order.deposit_account:
        body["DepositToAccountRef"] = {"value": order.deposit_account}
    if order.amount.currency != home:
        body["CurrencyRef"] = {"value": order.amount.currency}
    return _encoder.encode(body)


def record_payment(wire: Wire, reader: reads.Reader, body: bytes, key: str) -> LedgerPayment:
    """Post the bytes under the key. An answer we cannot read may well mean that it was booked: InDoubt."""
    if not 0 < len(key) <= KEY_LENGTH:
        raise ValueError(f"A key for {LABEL} has 1 to {KEY_LENGTH} characters.")
    answer = wire.create("Payment", body, key)
    try:
        booked = reader.one_payment(reads.open_envelope(answer).payment)
    except Transient:
        booked = None
    if booked is None:
        raise InDoubt(f"{LABEL} answered the booking with something that cannot be read.")
    return booked


def find_payment(reader: reads.Reader, order: PaymentOrder) -> LedgerPayment | None:
    """A payment that carries our reference. One that stands comes before one that was voided since (`gone`)."""
    found = reader.payments_with(order.reference[:REFERENCE_LENGTH])
    return min(found, key=lambda payment: payment.gone, default=None)
