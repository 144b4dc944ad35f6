"""What a payout of GoCardless is made of, told from its payout items. Pure functions over rows; no calls here.

An item's amount is signed, in minor units with a decimal more, and has its taxes inside: they are not added again.
GoCardless sums the items of a payout and then goes to the nearest unit; so do the entries here, or half a penny of a
fee would be nowhere. See https://developer.gocardless.com/api-reference/#core-endpoints-payout-items
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from math import ceil, floor

from core.money import Money
from integrations.processors.base import EntryKind, Payout, PayoutEntry, PayoutState
from integrations.processors.gocardless_wire import Row

_STATES = {"paid": PayoutState.PAID, "bounced": PayoutState.FAILED}
_KINDS = {
    "payment_paid_out": EntryKind.PAYMENT,
    "payment_failed": EntryKind.FAILURE,
    "payment_charged_back": EntryKind.CHARGEBACK,
    "payment_refunded": EntryKind.REFUND,
    "refund": EntryKind.REFUND,
    "refund_funds_returned": EntryKind.REFUND,
    "gocardless_fee": EntryKind.FEE,
    "app_fee": EntryKind.FEE,
    "surcharge_fee": EntryKind.FEE,
}
_HALF = Decimal("0.5")


def payout_of(row: Row, items: Sequence[Row]) -> Payout:
    """A payout with its entries, in the order of `items`; where no day of arrival is known yet, the day it was made.

    One that is changed into another currency is told in that, once the rate is known, and has no entries: they are in
    the currency that was collected, and would not explain it.
    """
    other = row.get("fx") or {}
    changed, arrived = other.get("fx_currency") or "", other.get("fx_amount")
    amount = Money(row["amount"], row["currency"]) if arrived is None else Money(arrived, changed)
    return Payout(
        row["id"],
        amount,
        date.fromisoformat(row.get("arrival_date") or row["created_at"][:10]),
        _STATES.get(row["status"], PayoutState.COMING),
        () if changed else tuple(_entries(amount, items)),
    )


def _entries(total: Money, items: Sequence[Row]) -> Iterator[PayoutEntry]:
    seen = Counter[str]()
    units = _in_units([Decimal(one["amount"]) for one in items], total.minor)
    for item, minor in zip(items, units, strict=True):
        kind, amount = _KINDS.get(item["type"], EntryKind.OTHER), Money(minor, total.currency)
        links, none = item.get("links") or {}, Money.zero(total.currency)
        # An item has no id of its own: what it is about, and which of its like it is, tell it apart in its payout.
        about = f"{item['type']} {links.get('refund') or links.get('payment') or ''}".strip()
        seen[about] += 1
        id_ = about if seen[about] == 1 else f"{about} {seen[about]}"
        amount, fee = (none, none - amount) if kind is EntryKind.FEE else (amount, none)
        yield PayoutEntry(id_, kind, links.get("payment") or "", amount, fee)


def _in_units(amounts: Sequence[Decimal], total: int) -> Iterator[int]:
    """Each amount in whole units, adding up to their sum's nearest; `total` says which way a half of that went."""
    sums = [Decimal(0), *accumulate(amounts)]
    up = total >= sums[-1]
    nearest = [floor(one + _HALF) if up else ceil(one - _HALF) for one in sums]
    return (after - before for before, after in pairwise(nearest))
