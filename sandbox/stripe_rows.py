"""What the pretend Stripe keeps and how its API shows it: checkouts, charges, refunds, disputes.

Shapes only: an id stands for whatever was not expanded, a charge names its refunds only when asked to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.money import Money
from sandbox.processors import Account
from sandbox.stripe_forms import ApiError, units

_EXPANDABLE = ("payment_intent", "payment_intent.latest_charge", "payment_intent.latest_charge.refunds")
_SHOWN_REFUNDS = 10


@dataclass(eq=False, slots=True)
class Refund:
    id: str
    amount: Money
    at: datetime
    status: str = "succeeded"
    failed_at: datetime | None = None


@dataclass(eq=False, slots=True)
class Dispute:
    """`moved`: what it took out of the account and gave back, in the API's units; `moved_at`: when."""

    id: str
    amount: Money
    status: str
    moved: list[int] = field(default_factory=list)
    moved_at: list[datetime] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Charge:
    """A payment that was made; `intent` is the payment intent's id."""

    id: str
    intent: str
    amount: Money
    at: datetime
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def refunded(self) -> Money:
        back = [one.amount.minor for one in self.refunds if one.status == "succeeded"]
        return Money(sum(back), self.amount.currency)

    @property
    def disputed(self) -> Money:
        """What disputes have taken and not given back."""
        taken = [one.amount.minor for one in self.disputes if sum(one.moved) < 0]
        return Money(sum(taken), self.amount.currency)


@dataclass(eq=False, slots=True)
class Session:
    """One checkout. `lines` are (label, amount each, quantity)."""

    account: Account
    id: str
    params: dict[str, Any]
    lines: list[tuple[str, Money, int]]
    amount: Money
    created: datetime
    url: str
    status: str = "open"
    settled: bool = False
    charge: Charge | None = None

    @property
    def expires(self) -> datetime:
        return self.created + timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PaidSession:
    """What a judge may see of a paid checkout: `reference` is the seller's own, `lines` are (label, amount)."""

    id: str
    payment: str
    reference: str
    amount: Money
    lines: tuple[tuple[str, Money], ...]
    account: str = ""
    refunded: Money | None = None
    disputed: Money | None = None

    @property
    def left(self) -> Money:
        """What the seller still has of it."""
        nothing = Money.zero(self.amount.currency)
        return self.amount - (self.refunded or nothing) - (self.disputed or nothing)


def paid(session: Session, charge: Charge) -> PaidSession:
    lines = tuple((label, Money(each.minor * count, each.currency)) for label, each, count in session.lines)
    reference = session.params.get("client_reference_id", "")
    return PaidSession(
        session.id, charge.intent, reference, session.amount, lines, session.account.name, charge.refunded,
        charge.disputed,
    )  # fmt: skip


def session_view(session: Session, expand: Collection[str] = ()) -> dict[str, Any]:
    """A checkout as the API shows it; ApiError for what cannot be expanded."""
    for path in expand:
        if path not in _EXPANDABLE:
            raise ApiError(400, f"This property cannot be expanded ({path}).")
    total = units(session.amount)
    return {
        "id": session.id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": session.params.get("cancel_url"),
        "client_reference_id": session.params.get("client_reference_id"),
        "created": int(session.created.timestamp()),
        "currency": session.amount.currency.lower(),
        "expires_at": int(session.expires.timestamp()),
        "livemode": False,
        "locale": session.params.get("locale"),
        "metadata": session.params.get("metadata", {}),
        "mode": "payment",
        "payment_intent": _intent_view(session.charge, expand),
        "payment_method_types": ["card"],
        "payment_status": "paid" if session.settled else "unpaid",
        "status": session.status,
        "success_url": session.params["success_url"],
        "url": session.url if session.status == "open" else None,
    }


def _intent_view(charge: Charge | None, expand: Collection[str]) -> Any:
    if charge is None or not expand:
        return charge.intent if charge else None
    deep = any(path.startswith("payment_intent.latest_charge") for path in expand)
    return {
        "id": charge.intent,
        "object": "payment_intent",
        "amount": units(charge.amount),
        "currency": charge.amount.currency.lower(),
        "status": "succeeded",
        "latest_charge": charge_view(charge, _EXPANDABLE[2] in expand) if deep else charge.id,
    }


def charge_view(charge: Charge, with_refunds: bool = False) -> dict[str, Any]:
    view = {
        "id": charge.id,
        "object": "charge",
        "amount": units(charge.amount),
        "amount_refunded": units(charge.refunded),
        "currency": charge.amount.currency.lower(),
        "disputed": bool(charge.disputes),
        "paid": True,
        "payment_intent": charge.intent,
        "refunded": charge.refunded == charge.amount,
        "status": "succeeded",
    }
    if with_refunds:
        newest = [refund_view(charge, one) for one in reversed(charge.refunds)]
        view["refunds"] = list_view(newest[:_SHOWN_REFUNDS], len(newest) > _SHOWN_REFUNDS, "/v1/refunds")
    return view


def refund_view(charge: Charge, refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": units(refund.amount),
        "charge": charge.id,
        "currency": refund.amount.currency.lower(),
        "payment_intent": charge.intent,
        "status": refund.status,
    }


def dispute_view(charge: Charge, dispute: Dispute) -> dict[str, Any]:
    currency = dispute.amount.currency.lower()
    moved = [
        {"id": f"txn_{dispute.id}_{place}", "object": "balance_transaction", "amount": amount, "currency": currency}
        for place, amount in enumerate(dispute.moved)
    ]
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": units(dispute.amount),
        "balance_transactions": moved,
        "charge": charge.id,
        "currency": currency,
        "payment_intent": charge.intent,
        "reason": "general",
        "status": dispute.status,
    }


def list_view(rows: list[dict[str, Any]], more: bool, url: str) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": more, "url": url}
