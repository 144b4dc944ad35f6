"""Stripe Checkout as a processor: open a hosted page, look it up, read its webhooks.

Cards never come near us, nothing is retried here, and no telemetry is sent. Stripe's own amounts differ from ISO's
minor units for a few currencies (https://docs.stripe.com/currencies); the difference stays in this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import stripe

from core.money import Money, totals
from integrations.errors import BadSignature, InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient
from integrations.processors.base import Checkout, CheckoutOrder, ProcessorSettings
from integrations.transport import Transport

stripe.enable_telemetry = False  # it would also write a file into the user's home

TIMEOUT = (5, 20)
MOST_LINES = 100  # Stripe's own limit for one page

_HUNDREDFOLD = {"ISK"}  # no decimals any more, still counted in hundredths
_WHOLE = {"MGA"}  # ISO counts in hundredths, Stripe in whole ariary
_TENS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}  # three decimals, of which the last must be 0
_UNCLEAR = {"UGX"}  # Stripe lists it both with and without decimals: rather no card than a hundredfold charge


class Stripe:
    """A processor. One object may be used for many calls; give each job its own."""

    kind = "stripe"
    label = "Card"

    def __init__(self, settings: ProcessorSettings, transport: Transport) -> None:
        session = transport.mount(requests.Session())
        self._webhook_key = settings.webhook_key
        self._client = stripe.StripeClient(
            settings.secret_key,
            http_client=stripe.RequestsClient(session=session, timeout=TIMEOUT),
            base_addresses={"api": settings.api_url.rstrip("/")},
            max_network_retries=0,
        )

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        """Open a hosted page. The same key never opens a second one. InDoubt on a lost answer: repeat with the key.

        Stripe remembers a key for at least 24 hours. Rejected when the currency or an amount cannot be charged.
        """
        params: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],  # settles at once: a finished page is a paid one
            "client_reference_id": order.reference,
            "line_items": [_line(label, amount) for label, amount in _few(order.lines)],
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
        }
        with _answers(changing=True):
            return _checkout(self._client.v1.checkout.sessions.create(params, {"idempotency_key": key}).to_dict())

    def look_up(self, checkout_id: str) -> Checkout:
        """The checkout as Stripe sees it now; Rejected when there is none."""
        with _answers(changing=False):
            return _checkout(self._client.v1.checkout.sessions.retrieve(checkout_id).to_dict())

    def expire(self, checkout_id: str) -> Checkout:
        """Close an open page so that it can no longer be paid; Rejected when it is not open any more."""
        with _answers(changing=True):
            return _checkout(self._client.v1.checkout.sessions.expire(checkout_id).to_dict())

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[tuple[str, str, Checkout | None], ...]:
        """Verify and read a webhook. BadSignature when forged or over five minutes old, Rejected when unreadable."""
        signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), None)
        try:
            stripe.WebhookSignature.verify_header(raw, signature, self._webhook_key, stripe.Webhook.DEFAULT_TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise BadSignature("A webhook that claims to be Stripe's is not signed by Stripe.") from error
        return (_event(raw),)


def _few(lines: tuple[tuple[str, Money], ...]) -> tuple[tuple[str, Money], ...]:
    """At most as many lines as Stripe takes, the last one holding the sum of those that did not fit."""
    if len(lines) <= MOST_LINES:
        return lines
    shown, rest = lines[: MOST_LINES - 1], lines[MOST_LINES - 1 :]
    (remainder,) = totals(amount for _, amount in rest).values()
    return (*shown, (f"{len(rest)} more", remainder))


def _line(label: str, amount: Money) -> dict[str, Any]:
    price = {
        "currency": amount.currency.lower(),
        "unit_amount": _to_stripe(amount),
        "product_data": {"name": label},
    }
    return {"quantity": 1, "price_data": price}


def _to_stripe(amount: Money) -> int:
    if amount.currency in _UNCLEAR:
        raise Rejected(f"{amount.currency} cannot be paid by card here.", code="currency")
    if amount.currency in _HUNDREDFOLD:
        return amount.minor * 100
    step = 100 if amount.currency in _WHOLE else 10 if amount.currency in _TENS else 1
    if amount.minor % step:
        raise Rejected(f"Stripe cannot charge {amount} to the last digit.", code="amount")
    return amount.minor // 100 if amount.currency in _WHOLE else amount.minor


def _from_stripe(units: int, currency: str) -> Money:
    if currency in _HUNDREDFOLD:
        return Money(units // 100, currency)
    return Money(units * 100 if currency in _WHOLE else units, currency)


def _checkout(session: Mapping[str, Any]) -> Checkout:
    """Only Stripe's own "paid" is paid: a finished page whose money is still on its way stays open."""
    status, paid = session["status"], session["payment_status"] == "paid"
    return Checkout(
        id=session["id"],
        reference=session.get("client_reference_id") or "",
        state="paid" if paid else "expired" if status == "expired" else "open",
        amount=_from_stripe(session["amount_total"], session["currency"].upper()),
        url=session.get("url") or "",
        payment=session.get("payment_intent") or "",
    )


def _event(raw: bytes) -> tuple[str, str, Checkout | None]:
    try:
        event = json.loads(raw)
        about = event["data"]["object"]
        ours = about["object"] == "checkout.session" and about["mode"] == "payment"
        return event["id"], event["type"], _checkout(about) if ours else None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Rejected("Stripe sent a webhook that cannot be read.", code="unreadable") from error


@contextmanager
def _answers(changing: bool) -> Iterator[None]:
    """Turn the library's errors into ours. A change whose answer was lost or broken is in doubt."""
    try:
        yield
    except stripe.StripeError as error:
        raise _ours(error, changing) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise _lost("Stripe's answer could not be read.", changing) from error


def _ours(error: stripe.StripeError, changing: bool) -> OutsideError:
    reference, status = error.request_id or "", error.http_status or 0
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return Misconfigured("Stripe does not accept this installation's key.", reference)
    if isinstance(error, stripe.RateLimitError):
        return RateLimited("Stripe asks us to slow down.", retry_after=10, reference=reference)
    if status == 409:
        return Transient("Stripe is still busy with the same request.", retry_after=5, reference=reference)
    if 400 <= status < 500:
        kind = str(getattr(error.error, "type", "") or "")
        return Rejected(f"Stripe said no: {error.user_message}", error.code or kind, reference)
    return _lost("Stripe could not be reached or did not answer properly.", changing, reference)


def _lost(message: str, changing: bool, reference: str = "") -> OutsideError:
    return InDoubt(message, reference) if changing else Transient(message, retry_after=30, reference=reference)
