"""The pretend GoCardless' balance: what its events put in and took out, and the payouts that follow by themselves.

Pure functions: payouts are told from the events and the hour, so nothing can be paid out twice. What happened on a day
is paid out on the next, and sent to the bank one more day later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from core.money import Money
from sandbox.gocardless_rows import ApiError, Payment, Refund, Row

SHARE, FIXED, MOST = Decimal("0.01"), 20, 400  # what is kept of a payment, in minor units
ITEMS_KEPT = timedelta(days=183)
_TAKEN = {"failed": "payment_failed", "charged_back": "payment_charged_back"}
_COME = ("paid_out", "chargeback_cancelled")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Made:
    """One payout as the API shows it, with its items."""

    view: Row
    items: list[Row]


def fee_of(amount: Money) -> Decimal:
    """What is kept of a payment, in minor units to one decimal place."""
    return min(Decimal(MOST), (amount.minor * SHARE + FIXED).quantize(Decimal("0.1"), ROUND_HALF_UP))


def payouts(
    events: Iterable[Row], payments: Mapping[str, Payment], refunds: Mapping[str, Refund], now: datetime
) -> list[Made]:
    """Every payout of an account until now, oldest first: each day one a currency; what is owed is carried over."""
    today = now.astimezone(UTC).date()
    moved = [one for one in _moves(events, payments, refunds) if one[0] < today]
    waiting: dict[str, list[Row]] = {}
    made: list[Made] = []
    for (day, currency), ones in groupby(sorted(moved, key=lambda one: one[:2]), key=lambda one: one[:2]):
        items = [*waiting.pop(currency, []), *(item for _, _, item in ones)]
        if (net := _units(items)) > 0:
            made.append(_payout(day + _DAY, currency, net, items, today))
        else:
            waiting[currency] = items
    return made


def _moves(
    events: Iterable[Row], payments: Mapping[str, Payment], refunds: Mapping[str, Refund]
) -> Iterator[tuple[date, str, Row]]:
    """Every item with its day and currency. Only what had been paid out can be taken out again."""
    there: set[str] = set()
    for event in events:
        day = datetime.fromisoformat(event["created_at"]).astimezone(UTC).date()
        if event["resource_type"] == "refunds":
            refund = refunds[event["links"]["refund"]]
            yield from ((day, refund.amount.currency, item) for item in _given_back(event["action"], refund))
        if event["resource_type"] == "payments":
            payment = payments[event["links"]["payment"]]
            yield from ((day, payment.amount.currency, item) for item in _came_or_went(event["action"], payment, there))


def _given_back(action: str, refund: Refund) -> Iterator[Row]:
    about = {"payment": refund.payment.id, "refund": refund.id}
    if action == "created":
        yield _item("payment_refunded", Decimal(-refund.amount.minor), about)
    if action == "funds_returned":
        yield _item("refund_funds_returned", Decimal(refund.amount.minor), about)


def _came_or_went(action: str, payment: Payment, there: set[str]) -> Iterator[Row]:
    """A payment with its fee, which is given back with it; `there` holds those that came and did not go again."""
    comes, goes = action in _COME and payment.id not in there, action in _TAKEN and payment.id in there
    if comes or goes:
        there ^= {payment.id}
        kind, sign = ("payment_paid_out", 1) if comes else (_TAKEN[action], -1)
        yield _item(kind, Decimal(sign * payment.amount.minor), {"payment": payment.id})
        yield _item("gocardless_fee", -sign * fee_of(payment.amount), {"payment": payment.id})


def _item(kind: str, amount: Decimal, links: Row) -> Row:
    return {"type": kind, "amount": f"{amount:.1f}", "taxes": [], "links": links}


def _units(items: Iterable[Row]) -> int:
    """The sum of items, to the nearest unit."""
    return int(sum((Decimal(one["amount"]) for one in items), Decimal()).quantize(Decimal(1), ROUND_HALF_UP))


def _payout(day: date, currency: str, net: int, items: list[Row], today: date) -> Made:
    sent = day < today
    id_ = f"PO{day:%Y%m%d}{currency}"
    view = {
        "id": id_,
        "amount": net,
        "arrival_date": str(day + _DAY) if sent else None,
        "created_at": f"{day}T00:00:00.000Z",
        "currency": currency,
        "deducted_fees": -_units(one for one in items if one["type"] == "gocardless_fee"),
        "fx": {"fx_currency": None, "fx_amount": None, "exchange_rate": None, "estimated_exchange_rate": None},
        "links": {"creditor": "CR_SANDBOX", "creditor_bank_account": "BA_SANDBOX"},
        "metadata": {},
        "payout_type": "merchant",
        "reference": f"PRETEND-{day:%y%m%d}",
        "status": "paid" if sent else "pending",
    }
    return Made(view, items)


def items_of(made: Iterable[Made], payout: str, now: datetime) -> list[Row]:
    """The items of a payout, each with its place as an id to page by: the API shows none. ApiError for an old one."""
    found = next((one for one in made if one.view["id"] == payout), None)
    if found is None:
        raise ApiError(404, "invalid_api_usage", "Resource not found", "resource_not_found")
    if now - datetime.fromisoformat(found.view["created_at"]) > ITEMS_KEPT:
        raise ApiError(410, "invalid_api_usage", "Payout items are kept for 6 months", "resource_gone")
    return [{"id": str(place), **item} for place, item in enumerate(found.items)]
