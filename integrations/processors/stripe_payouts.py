"""What a payout of Stripe is made of, told from its balance transactions. Pure functions over rows; no calls here.

See https://docs.stripe.com/reports/balance-transaction-types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from integrations.processors.base import EntryKind, Payout, PayoutEntry, PayoutState
from integrations.processors.stripe_units import from_stripe

_STATES = {"paid": PayoutState.PAID, "failed": PayoutState.FAILED, "canceled": PayoutState.FAILED}
_KINDS = {
    "charge": EntryKind.PAYMENT,
    "payment": EntryKind.PAYMENT,
    "refund": EntryKind.REFUND,
    "payment_refund": EntryKind.REFUND,
    "refund_failure": EntryKind.REFUND,
    "payment_failure_refund": EntryKind.FAILURE,
    "payment_reversal": EntryKind.FAILURE,
    "stripe_fee": EntryKind.FEE,
    "stripe_fx_fee": EntryKind.FEE,
    "network_cost": EntryKind.FEE,
    "tax_fee": EntryKind.FEE,
}
_DISPUTES = ("dispute", "dispute_reversal")


def payout_of(row: Mapping[str, Any], transactions: Iterable[Mapping[str, Any]]) -> Payout:
    """A payout with its entries, oldest first; `transactions` newest first, each with its source expanded."""
    listed = [one for one in transactions if one["type"] != "payout"]  # the payout itself stands among them
    return Payout(
        row["id"],
        from_stripe(row["amount"], row["currency"].upper()),
        datetime.fromtimestamp(row["arrival_date"], UTC).date(),
        _STATES.get(row["status"], PayoutState.COMING),
        tuple(_entry(one) for one in reversed(listed)),
    )


def _entry(row: Mapping[str, Any]) -> PayoutEntry:
    currency, source = row["currency"].upper(), row.get("source")
    amount, fee = from_stripe(row["amount"], currency), from_stripe(row["fee"], currency)
    disputed = row["reporting_category"] in _DISPUTES
    kind = EntryKind.CHARGEBACK if disputed else _KINDS.get(row["type"], EntryKind.OTHER)
    if kind is EntryKind.FEE:
        amount, fee = Money.zero(currency), fee - amount
    payment = source.get("payment_intent") if isinstance(source, Mapping) else None
    return PayoutEntry(row["id"], kind, payment or "", amount, fee)
