"""Stripe Checkout as a processor: open a hosted page, look it up with all that went back, read its webhooks.

Cards never come near us, nothing is retried here, and no telemetry is sent. Apple Pay and Google Pay need nothing of
ours: a hosted page shows them by itself to whoever has them, where the account has them switched on, and treats them
like any card (https://docs.stripe.com/upgrades/manage-payment-methods). Stripe's own amounts differ from ISO's minor
units for a few currencies; `stripe_units.py` says which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import requests
import stripe

from core.money import Money, totals
from integrations.errors import BadSignature, InDoubt, Misconfigured, OutsideError, RateLimited, Rejected, Transient
from integrations.processors.base import (
    Checkout,
    CheckoutOrder,
    CheckoutState,
    Collection,
    Happening,
    MandateState,
    Method,
    MoneyBack,
    Payout,
    ProcessorKeys,
)
from integrations.processors.stripe_payouts import payout_of
from integrations.processors.stripe_units import HUNDREDFOLD, TENS, UNCLEAR, WHOLE, from_stripe
from integrations.transport import Transport

stripe.enable_telemetry = False  # it would also write a file into the user's home

TIMEOUT = (5, 20)
MOST_LINES = 100  # Stripe's own limit for one page
_EXPANDED = "payment_intent.latest_charge.refunds"

# fmt: off
_LOCALES = {
    "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id",
    "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr",
    "vi", "zh", "zh-HK", "zh-TW",
}
# fmt: on


class Stripe:
    """One company's account at Stripe. One object may be used for many calls; give each job its own."""

    kind = "stripe"
    label = "Stripe"
    ways: Mapping[Method, frozenset[str] | None] = {Method.CARD: None}
    labels = ("Secret key", "Signing secret of the webhook")
    mandates = False
    pages = "https://checkout.stripe.com"
    # The slowest automatic schedule is monthly, and a payment of its last days waits for the next
    # (https://docs.stripe.com/payouts#payout-schedule).
    paid_out_within = 38

    def __init__(self, keys: ProcessorKeys, api_url: str, transport: Transport) -> None:
        session = transport.mount(requests.Session())
        self._webhook_key = keys.webhook
        self._client = stripe.StripeClient(
            keys.secret,
            http_client=stripe.RequestsClient(session=session, timeout=TIMEOUT),
            base_addresses={"api": api_url.rstrip("/")},
            max_network_retries=0,
        )

    def account(self) -> str:
        """The name of the business and the account's id; Misconfigured when the key is not accepted."""
        with _answers(changing=False):
            account = self._client.v1.accounts.retrieve_current().to_dict()
            name = (account.get("business_profile") or {}).get("name")
            return f"{name} ({account['id']})" if name else str(account["id"])

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        """Open a hosted page. The same key never opens a second one. InDoubt on a lost answer: repeat with the key.

        Stripe remembers a key for at least 24 hours. Rejected when the currency or an amount cannot be charged.
        """
        params: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],  # settles at once: a finished page is a paid one
            "adaptive_pricing": {"enabled": False},  # what is owed is paid, in the currency it is owed in
            "client_reference_id": order.reference,
            "line_items": [_line(label, amount) for label, amount in _few(order.lines)],
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "locale": _locale(order.language),
        }
        with _answers(changing=True):
            return _checkout(self._client.v1.checkout.sessions.create(params, {"idempotency_key": key}).to_dict())

    def look_up(self, checkout: str) -> Checkout:
        """The checkout as Stripe sees it now, with refunds and disputes; Rejected when there is none."""
        with _answers(changing=False):
            found = self._client.v1.checkout.sessions.retrieve(checkout, {"expand": [_EXPANDED]}).to_dict()
            return replace(_checkout(found), returned=self._returned(found.get("payment_intent")))

    def _returned(self, intent: Mapping[str, Any] | None) -> tuple[MoneyBack, ...]:
        """A charge comes with its last ten refunds, and only says that it was disputed."""
        charge = (intent or {}).get("latest_charge")
        if intent is None or not charge:
            return ()
        of: Any = {"payment_intent": intent["id"], "limit": 100}
        refunds = charge["refunds"]["data"]
        if charge["refunds"]["has_more"]:
            refunds = [one.to_dict() for one in self._client.v1.refunds.list(of).auto_paging_iter()]
        disputes = self._client.v1.disputes.list(of).auto_paging_iter() if charge.get("disputed") else ()
        known = [_refund(one) for one in refunds] + [_dispute(one.to_dict()) for one in disputes]
        return tuple(one for one in known if one is not None)

    def payouts(self, since: date) -> tuple[Payout, ...]:
        """All that were made on or after that day (UTC), oldest first. Only automatic ones can be itemised: the others
        have no entries and are not whole (https://docs.stripe.com/payouts/reconciliation).
        """
        start = int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp())
        with _answers(changing=False):
            found = self._client.v1.payouts.list({"created": {"gte": start}, "limit": 100}).auto_paging_iter()
            newest_first = [one.to_dict() for one in found]
            return tuple(payout_of(one, self._entries(one)) for one in reversed(newest_first))

    def _entries(self, payout: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not payout["automatic"]:
            return []
        of: Any = {"payout": payout["id"], "limit": 100, "expand": ["data.source"]}
        return [one.to_dict() for one in self._client.v1.balance_transactions.list(of).auto_paging_iter()]

    def expire(self, checkout: str) -> Checkout:
        """Close an open page so that it can no longer be paid; Rejected when it is not open any more."""
        with _answers(changing=True):
            return _checkout(self._client.v1.checkout.sessions.expire(checkout).to_dict())

    def collect(self, order: Collection, key: str) -> Checkout:  # noqa: ARG002 (the port's)
        """Rejected: a card is never kept."""
        raise Rejected("Stripe keeps no mandates here.", code="mandate")

    def mandate(self, id: str) -> MandateState:  # noqa: ARG002 (the port's)
        """Rejected: a card is never kept."""
        raise Rejected("Stripe keeps no mandates here.", code="mandate")

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Happening, ...]:
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
    if amount.currency in UNCLEAR:
        raise Rejected(f"{amount.currency} cannot be paid by card here.", code="currency")
    if amount.currency in HUNDREDFOLD:
        return amount.minor * 100
    step = 100 if amount.currency in WHOLE else 10 if amount.currency in TENS else 1
    if amount.minor % step:
        raise Rejected(f"Stripe cannot charge {amount} to the last digit.", code="amount")
    return amount.minor // 100 if amount.currency in WHOLE else amount.minor


def _locale(language: str) -> str:
    """A language that Checkout speaks, else what the payer's browser asks for."""
    exact = language if language in _LOCALES else language.split("-")[0]
    return exact if exact in _LOCALES else "auto"


def _checkout(session: Mapping[str, Any]) -> Checkout:
    """Only Stripe's own "paid" is paid: a finished page whose money is still on its way is pending."""
    states = {"open": CheckoutState.OPEN, "complete": CheckoutState.PENDING, "expired": CheckoutState.EXPIRED}
    paid = session["payment_status"] == "paid"
    return Checkout(
        id=session["id"],
        reference=session.get("client_reference_id") or "",
        state=CheckoutState.PAID if paid else states.get(session["status"], CheckoutState.PENDING),
        amount=from_stripe(session["amount_total"], session["currency"].upper()),
        url=session.get("url") or "",
        payment=_id_of(session.get("payment_intent")),
    )


def _id_of(row: Mapping[str, Any] | str | None) -> str:
    """The id of something that comes whole where it was asked for, else as its id."""
    return row if isinstance(row, str) else row["id"] if row else ""


def _refund(row: Mapping[str, Any]) -> MoneyBack | None:
    """None while it is not decided. One that failed came back to the account."""
    if row["status"] not in ("succeeded", "failed", "canceled"):
        return None
    amount = from_stripe(row["amount"], row["currency"].upper())
    return MoneyBack(row["id"], "refund", amount, undone=row["status"] != "succeeded")


def _dispute(row: Mapping[str, Any]) -> MoneyBack | None:
    """None for one that took no money, such as a mere inquiry: only what was withdrawn went back."""
    moved = [one["amount"] for one in row["balance_transactions"]]
    if not any(amount < 0 for amount in moved):
        return None
    amount = from_stripe(row["amount"], row["currency"].upper())
    return MoneyBack(row["id"], "chargeback", amount, undone=any(amount > 0 for amount in moved))


def _event(raw: bytes) -> Happening:
    try:
        event = json.loads(raw)
        about = event["data"]["object"]
        known = Happening(id=event["id"], what=event["type"])
        if about["object"] == "checkout.session" and about["mode"] == "payment":
            return replace(
                known,
                reference=about.get("client_reference_id") or "",
                checkout=about["id"],
                payment=_id_of(about.get("payment_intent")),
            )
        if about["object"] in ("charge", "refund", "dispute"):
            return replace(known, payment=_id_of(about.get("payment_intent")))
        return known
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
        return Misconfigured(
            "Stripe does not accept this secret key. Copy it again from your Stripe account.", reference
        )
    if isinstance(error, stripe.RateLimitError):
        return RateLimited("Stripe asks us to slow down.", retry_after=10, reference=reference)
    if status == 409:
        return Transient("Stripe is still busy with the same request.", retry_after=5, reference=reference)
    if 400 <= status < 500 and error.error:  # else somebody on the way said it, and not Stripe
        kind = str(getattr(error.error, "type", "") or "")
        return Rejected(f"Stripe said no: {error.user_message}", error.code or kind, reference)
    return _lost("Stripe could not be reached or did not answer properly.", changing, reference)


def _lost(message: str, changing: bool, reference: str = "") -> OutsideError:
    return InDoubt(message, reference) if changing else Transient(message, retry_after=30, reference=reference)
