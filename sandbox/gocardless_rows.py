"""What the pretend GoCardless keeps and how its API shows it: requests, mandates, payments, refunds, events.

Shapes only; what happens to them stands in `gocardless_bank.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.money import Money
from sandbox.processors import Account

Row = dict[str, Any]
SCHEMES = {
    "GBP": "bacs", "EUR": "sepa_core", "SEK": "autogiro", "DKK": "betalingsservice", "AUD": "becs", "NZD": "becs_nz",
    "CAD": "pad", "USD": "ach",
}  # fmt: skip
INSTANT = {"GBP": "faster_payments", "EUR": "sepa_instant_credit_transfer"}


class ApiError(Exception):
    """An answer in GoCardless' error shape. `reason` is the first error's."""

    def __init__(self, status: int, kind: str, message: str, reason: str = "", **about: Any) -> None:
        super().__init__(message)
        first = {"message": message, **({"reason": reason} if reason else {}), **about}
        said = {"message": message, "type": kind, "code": status, "errors": [first], "request_id": "gc-request"}
        self.status, self.body = status, {"error": said}


@dataclass(eq=False, slots=True)
class BillingRequest:
    """`payment` or `mandate` is what was asked for, as it was asked."""

    account: Account
    id: str
    metadata: dict[str, str]
    payment: Row | None
    mandate: Row | None
    created: datetime
    status: str = "pending"
    links: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Flow:
    id: str
    request: BillingRequest
    redirect_uri: str
    exit_uri: str
    language: str
    url: str

    @property
    def account(self) -> Account:
        return self.request.account


@dataclass(eq=False, slots=True)
class Mandate:
    account: Account
    id: str
    currency: str
    metadata: dict[str, str]
    created: datetime
    bounces: bool = False
    status: str = "pending_submission"


@dataclass(eq=False, slots=True)
class Payment:
    """`mandate` is None for an instant one. `since`: when it began to be collected."""

    account: Account
    id: str
    amount: Money
    description: str
    metadata: dict[str, str]
    since: datetime
    mandate: Mandate | None
    status: str = "pending_submission"


@dataclass(eq=False, slots=True)
class Refund:
    account: Account
    id: str
    payment: Payment
    amount: Money
    status: str = "paid"


@dataclass(frozen=True, slots=True)
class Collected:
    """What a judge may see of a payment that came: `reference` is the seller's own, `status` where it stands."""

    payment: str
    reference: str
    amount: Money
    status: str
    account: str
    refunded: Money

    @property
    def left(self) -> Money:
        """What the seller has of it now."""
        there = self.status in ("confirmed", "paid_out")
        return self.amount - self.refunded if there else Money.zero(self.amount.currency)


def request_view(row: BillingRequest) -> Row:
    return {
        "id": row.id,
        "created_at": row.created.isoformat(),
        "status": row.status,
        "metadata": row.metadata,
        "payment_request": row.payment and {**row.payment, "amount": str(row.payment["amount"])},  # the API's own habit
        "mandate_request": row.mandate,
        "links": row.links,
    }


def flow_view(row: Flow) -> Row:
    return {
        "id": row.id,
        "authorisation_url": row.url,
        "redirect_uri": row.redirect_uri,
        "exit_uri": row.exit_uri,
        "language": row.language,
        "lock_currency": True,
        "links": {"billing_request": row.request.id},
    }


def mandate_view(row: Mandate) -> Row:
    return {
        "id": row.id,
        "created_at": row.created.isoformat(),
        "status": row.status,
        "scheme": SCHEMES[row.currency],
        "metadata": row.metadata,
        "links": {"creditor": "CR_SANDBOX"},
    }


def payment_view(row: Payment, refunded: Money) -> Row:
    links = {"creditor": "CR_SANDBOX", **({"mandate": row.mandate.id} if row.mandate else {})}
    return {
        "id": row.id,
        "created_at": row.since.isoformat(),
        "amount": row.amount.minor,
        "amount_refunded": refunded.minor,
        "currency": row.amount.currency,
        "description": row.description,
        "status": row.status,
        "scheme": SCHEMES[row.amount.currency] if row.mandate else INSTANT[row.amount.currency],
        "metadata": row.metadata,
        "links": links,
    }


def refund_view(row: Refund) -> Row:
    return {
        "id": row.id,
        "amount": row.amount.minor,
        "currency": row.amount.currency,
        "status": row.status,
        "metadata": {},
        "links": {"payment": row.payment.id},
    }
