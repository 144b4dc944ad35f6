"""What became of one GoCardless payment, told from its events: did the money ever come, and what of it went back.

Pure functions over rows as the API gives them. See https://developer.gocardless.com/api-reference/#core-endpoints-events
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.money import Money
from integrations.processors.base import Checkout, CheckoutState, MoneyBack
from integrations.processors.gocardless_wire import Row

_CAME = ("confirmed", "paid_out", "charged_back")
_NEVER = ("failed", "cancelled", "customer_approval_denied")
_RETURNED = ("cancelled", "bounced", "funds_returned")


def came(payment: Row, events: Sequence[Row]) -> bool:
    """Whether the money ever came, whatever happened later."""
    return payment["status"] in _CAME or any(_about_payment(one) and one["action"] in _CAME for one in events)


def _about_payment(event: Row) -> bool:
    return bool(event["resource_type"] == "payments")


def checkout_of(payment: Row, events: Sequence[Row], refunds: Sequence[Row]) -> Checkout:
    """A payment with everything that went back; `events` newest first, as the API lists them.

    Paid is what was confirmed once, even when the bank took it back later: then that is told as well.
    """
    amount = Money(int(payment["amount"]), payment["currency"])
    story = [event for event in reversed(events) if _about_payment(event)]
    paid = came(payment, events)
    failed = not paid and payment["status"] in _NEVER
    return Checkout(
        id=payment["id"],
        reference=payment["metadata"].get("reference", ""),
        state=CheckoutState.PAID if paid else CheckoutState.FAILED if failed else CheckoutState.PENDING,
        amount=amount,
        payment=payment["id"],
        why=_why(story) if failed else "",
        mandate=payment["links"].get("mandate") or "",
        returned=(*_taken_back(amount, story), *(_refund(one) for one in refunds)) if paid else (),
    )


def _why(story: Sequence[Row]) -> str:
    """What the bank said of the last thing that went wrong."""
    wrong = [event for event in story if event["action"] in _NEVER]
    return str((wrong[-1].get("details") or {}).get("description") or "") if wrong else ""


def _taken_back(amount: Money, story: Sequence[Row]) -> Iterator[MoneyBack]:
    """Failures after the money had come, and chargebacks; undone by what came after them."""
    here, standing = False, dict[str, MoneyBack]()
    for event in story:
        action = event["action"]
        if action == "failed" and here:
            standing["failure"] = MoneyBack(event["id"], "failure", amount)
        if action == "charged_back":
            standing["chargeback"] = MoneyBack(event["id"], "chargeback", amount)
        undone = {"confirmed": "failure", "chargeback_cancelled": "chargeback"}.get(action, "")
        if undone in standing:
            yield replace(standing.pop(undone), undone=True)
        here = here or action in _CAME
    yield from standing.values()


def _refund(row: Row) -> MoneyBack:
    amount = Money(int(row["amount"]), row["currency"])
    return MoneyBack(row["id"], "refund", amount, undone=row.get("status") in _RETURNED)
