"""How the pretend Stripe reads a request: nested forms, the checks of a checkout, amounts in its own units.

Pure functions; what a session then goes through stands in `stripe.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.money import Money

_FIELDS = {
    "mode", "payment_method_types", "client_reference_id", "line_items", "success_url", "cancel_url", "metadata",
    "customer_email", "locale", "adaptive_pricing",
}  # fmt: skip
_HUNDREDFOLD, _WHOLE = {"ISK", "UGX"}, {"MGA"}
_TENS = {"BHD", "JOD", "KWD", "OMR", "TND"}


class ApiError(Exception):
    """An answer in Stripe's error shape; `extra` holds its code and param."""

    def __init__(self, status: int, message: str, kind: str = "invalid_request_error", **extra: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"message": message, "type": kind, **extra}}


def nested(form: dict[str, str]) -> dict[str, Any]:
    """`a[b][0]=c` as nested dicts, the way Stripe reads a form; lists stay dicts keyed by their index."""
    tree: dict[str, Any] = {}
    for name, value in form.items():
        *parents, last = re.findall(r"[^\[\]]+", name)
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return tree


def checked_lines(params: dict[str, Any]) -> list[tuple[str, Money, int]]:
    """The line items of a request that Stripe would accept, as (label, amount each, quantity); ApiError otherwise."""
    for name in params:
        if name not in _FIELDS:
            raise ApiError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    if params.get("mode") != "payment" or not params.get("success_url"):
        raise ApiError(400, "Missing required param: success_url, or a mode other than payment.", param="mode")
    if len(params.get("client_reference_id", "")) > 200:
        raise ApiError(400, "Invalid string: must be at most 200 characters", param="client_reference_id")
    lines = list(_lines(params.get("line_items", {})))
    if not 1 <= len(lines) <= 100 or len({each.currency for _, each, _ in lines}) != 1:
        raise ApiError(400, "Between 1 and 100 line items of one currency are needed.", param="line_items")
    return lines


def _lines(items: dict[str, Any]) -> Iterator[tuple[str, Money, int]]:
    for item in items.values():
        try:
            price, quantity = item["price_data"], int(item["quantity"])
            count, code, label = int(price["unit_amount"]), price["currency"], price["product_data"]["name"]
        except (KeyError, TypeError, ValueError) as error:
            raise ApiError(400, "A line item is not complete.", param="line_items") from error
        if code != code.lower() or len(code) != 3 or count <= 0 or quantity < 1 or not label:
            raise ApiError(400, "Invalid currency, amount, quantity or name.", param="line_items")
        yield label, _amount(count, code.upper()), quantity


def _amount(count: int, currency: str) -> Money:
    """Stripe's units as money; amounts its partners cannot charge are refused as Stripe refuses them."""
    if count % (100 if currency in _HUNDREDFOLD else 10 if currency in _TENS else 1):
        raise ApiError(400, f"Invalid amount for {currency}.", code="invalid_charge_amount_no_decimal_compatible")
    if currency in _HUNDREDFOLD:
        return Money(count // 100, currency)
    return Money(count * 100 if currency in _WHOLE else count, currency)


def units(amount: Money) -> int:
    """Money in the units Stripe's API counts in."""
    if amount.currency in _HUNDREDFOLD:
        return amount.minor * 100
    return amount.minor // 100 if amount.currency in _WHOLE else amount.minor
