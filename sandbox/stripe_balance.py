"""The pretend Stripe's balance: what moved, what was kept back, and the payouts that follow by themselves.

Pure functions: payouts are told from the charges and the hour, so nothing can be paid out twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from core.money import Money
from sandbox.processors import page_of
from sandbox.stripe_forms import units
from sandbox.stripe_rows import Charge, charge_view, dispute_view, list_view, refund_view

PER_MILLE, FIXED, CHARGEBACK = 15, 20, 2000  # of a payment; of a chargeback
WAIT, TRAVEL = 2, 1  # working days until money may leave, and until it arrives
NEXT = 1  # what is taken out is taken from the next payout: one that was made is never another one later

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """One balance transaction as the API shows it, and the day from which it can be paid out."""

    ready: date
    view: Row


@dataclass(frozen=True, slots=True)
class Made:
    """One payout as the API shows it, with its balance transactions, oldest first."""

    view: Row
    rows: list[Row]


def working_day(day: date, later: int) -> date:
    """So many working days later, weekends left out."""
    while later:
        day += timedelta(days=1)
        later -= day.weekday() < 5
    return day


def _moves(charge: Charge) -> Iterator[Moved]:
    currency = charge.amount.currency
    kept = (charge.amount.minor * PER_MILLE + 500) // 1000 + FIXED
    yield _moved(charge.at, "charge", "charge", units(charge.amount), Money(kept, currency), charge_view(charge))
    none = Money.zero(currency)
    for one in charge.refunds:
        about = refund_view(charge, one)
        yield _moved(one.at, "refund", "refund", -units(one.amount), none, about)
        if one.failed_at:
            yield _moved(one.failed_at, "refund_failure", "refund_failure", units(one.amount), none, about)
    for case in charge.disputes:
        about = dispute_view(charge, case)
        for amount, at in zip(case.moved, case.moved_at, strict=True):
            fee = Money(CHARGEBACK, currency) if amount < 0 else none
            word = "dispute" if amount < 0 else "dispute_reversal"
            yield _moved(at, "adjustment", word, amount, fee, about)


def _moved(at: datetime, kind: str, category: str, amount: int, kept: Money, source: Row) -> Moved:
    fee = units(kept)
    view = {
        "id": f"txn_{category}_{source['id']}",
        "object": "balance_transaction",
        "amount": amount,
        "created": int(at.timestamp()),
        "currency": kept.currency.lower(),
        "fee": fee,
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "type": kind,
    }
    return Moved(working_day(at.astimezone(UTC).date(), WAIT if amount > 0 else NEXT), view)


def payouts(charges: Iterable[Charge], now: datetime) -> list[Made]:
    """Every payout until now, oldest first: each day what is there in a currency; what is owed is carried over."""
    today = now.astimezone(UTC).date()
    moved = sorted((one for charge in charges for one in _moves(charge) if one.ready <= today), key=_order)
    waiting: dict[str, list[Row]] = {}
    made: list[Made] = []
    for (day, currency), ones in groupby(moved, key=lambda one: (one.ready, str(one.view["currency"]))):
        rows = [*waiting.pop(currency, []), *(one.view for one in ones)]
        if (net := sum(row["net"] for row in rows)) > 0:
            made.append(_payout(day, currency, net, rows, today))
        else:
            waiting[currency] = rows
    return made


def _order(one: Moved) -> tuple[date, str, int, str]:
    return one.ready, one.view["currency"], one.view["created"], one.view["id"]


def _payout(day: date, currency: str, net: int, rows: list[Row], today: date) -> Made:
    arrives, id_ = working_day(day, TRAVEL), f"po_{day:%Y%m%d}{currency}"
    base = {"amount": net, "currency": currency, "created": _stamp(day)}
    status = "paid" if arrives <= today else "in_transit"
    view = {**base, "id": id_, "object": "payout", "arrival_date": _stamp(arrives), "automatic": True, "status": status}
    kind = {"type": "payout", "reporting_category": "payout", "object": "balance_transaction"}
    itself = {**base, **kind, "id": f"txn_{id_}", "amount": -net, "net": -net, "fee": 0, "source": view}
    return Made(view, [*rows, itself])


def _stamp(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def list_of(what: str, made: list[Made], params: Row) -> Row:
    """The API's list of payouts, or of the balance transactions of one, the newest first."""
    since = int(params.get("created", {}).get("gte", 0))
    if what == "payouts":
        rows = [one.view for one in made if one.view["created"] >= since]
    else:
        rows = [row for one in made if one.view["id"] == params.get("payout") for row in one.rows]
    if "expand" not in params:
        rows = [{**row, "source": row["source"]["id"]} if "source" in row else row for row in rows]
    shown, more = page_of(rows[::-1], params.get("starting_after", ""), int(params.get("limit", 10)))
    return list_view(shown, more, f"/v1/{what}")
