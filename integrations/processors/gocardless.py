"""GoCardless as a processor: bank debits and instant bank payments on its hosted pages, and collecting by mandate.

An instant payment is a billing request for a payment. A debit is one for a mandate, and the payment is made with that
mandate once the customer has given it (https://developer.gocardless.com/one-off-payments/one-off-direct-debit): so
`look_up` makes the payment where it is still missing, always under the same key. What a payment went through is read
from its events, because its status alone does not say that money had come before it failed. All currencies here have
two decimals, and GoCardless counts in them. Cards and accounts never come near us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from gocardless_pro import webhooks
from gocardless_pro.errors import InvalidSignatureError

from core.money import Money, totals
from integrations.errors import BadSignature, InDoubt, Rejected, Transient
from integrations.processors.base import (
    Checkout,
    CheckoutOrder,
    CheckoutState,
    Collection,
    Happening,
    MandateState,
    Method,
    Payout,
    ProcessorKeys,
)
from integrations.processors.gocardless_payouts import payout_of
from integrations.processors.gocardless_story import came, checkout_of
from integrations.processors.gocardless_wire import Row, Wire, answers
from integrations.transport import Transport

_LANGUAGES = {"en", "fr", "de", "pt", "es", "it", "nl", "da", "nb", "sl", "sv"}
_REQUESTS = {
    "pending": CheckoutState.OPEN,
    "ready_to_fulfil": CheckoutState.PENDING,
    "fulfilling": CheckoutState.PENDING,
    "fulfilled": CheckoutState.PENDING,
    "cancelled": CheckoutState.EXPIRED,
}
_MANDATES = {
    "pending_customer_approval": MandateState.PENDING,
    "pending_submission": MandateState.PENDING,
    "submitted": MandateState.PENDING,
    "active": MandateState.ACTIVE,
}
_LABEL = 200  # characters of what the customer's bank and GoCardless' notices show


class GoCardless:
    """One company's account at GoCardless. One object may be used for many calls; give each job its own.

    The id of a checkout is the billing request's and its page's (BRQ1~BRF2), or the id of a payment that was collected.
    """

    kind = "gocardless"
    label = "GoCardless"
    ways: Mapping[Method, frozenset[str] | None] = {
        Method.DEBIT: frozenset({"GBP", "EUR", "SEK", "DKK", "AUD", "NZD", "CAD", "USD"}),
        Method.INSTANT: frozenset({"GBP", "EUR"}),
    }
    labels = ("Access token", "Webhook endpoint secret")
    mandates = True
    pages = "https://pay.gocardless.com"
    # Two working days after the charge, and one to three more until it arrives
    # (https://gocardless.com/legal/payment-timings/); holidays may lie between.
    paid_out_within = 14

    def __init__(self, keys: ProcessorKeys, api_url: str, transport: Transport) -> None:
        self._webhook_key = keys.webhook
        self._wire = Wire(api_url, keys.secret, transport)

    def account(self) -> str:
        """The name of the business and its id; Misconfigured when the token is not accepted."""
        with answers(changing=False):
            creditor = self._wire.creditors.list({"limit": 1}).records[0]
            return f"{creditor.name} ({creditor.id})"

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        """Open a hosted page. The same key never asks for a second payment. InDoubt on a lost answer: repeat with it.

        Rejected when the currency cannot be paid this way.
        """
        amount = _sum(order)
        if amount.currency not in (self.ways.get(order.method) or ()):
            raise Rejected(f"{amount.currency} cannot be paid this way.", code="currency")
        with answers(changing=True):
            request = self._wire.create(self._wire.requests, _asked(order, amount), key)
            if request["status"] != "pending":
                return self._seen(request, "")
            page = self._wire.flows.create(_page(order, request["id"]))
            return replace(_asking(request), id=f"{request['id']}~{page.id}", url=page.authorisation_url)

    def look_up(self, checkout: str) -> Checkout:
        """The payment as GoCardless sees it now; Rejected when there is none.

        A mandate that was given for a payment is used for it here, once, however often and from wherever it is asked.
        """
        with answers(changing=False):
            if checkout.startswith("PM"):
                return self._told(self._wire.payments.get(checkout).attributes)
            request, _, page = checkout.partition("~")
            return self._seen(self._wire.requests.get(request).attributes, page)

    def expire(self, checkout: str) -> Checkout:
        """Close an open page so that nobody can pay on it any more; Rejected when it is not open."""
        request, _, page = checkout.partition("~")
        with answers(changing=True):
            return replace(_asking(self._wire.requests.cancel(request).attributes), id=_both(request, page))

    def collect(self, order: Collection, key: str) -> Checkout:
        """Collect by a mandate. The same key never collects twice. InDoubt on a lost answer, Rejected when the mandate
        has ended.
        """
        with answers(changing=True):
            made = self._collected(order, key)
        try:
            with answers(changing=True):
                return self._told(made)
        except Transient as error:  # it means that nothing happened, and a payment was made
            raise InDoubt(str(error), error.reference) from error

    def mandate(self, id: str) -> MandateState:
        """How a mandate stands; Rejected when there is none."""
        with answers(changing=False):
            return _MANDATES.get(self._wire.mandates.get(id).status, MandateState.ENDED)

    def payouts(self, since: date) -> tuple[Payout, ...]:
        """All that were made on or after that day (UTC), oldest first. What they are made of is told for six months:
        older ones have no entries and are not whole.
        """
        with answers(changing=False):
            newest_first = self._wire.all(self._wire.payouts, **{"created_at[gte]": f"{since}T00:00:00Z"})
            return tuple(payout_of(one, self._wire.items(one["id"])) for one in reversed(newest_first))

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Happening, ...]:
        """Verify and read a webhook, which may hold many events. BadSignature when forged, Rejected when unreadable."""
        signature = next((value for name, value in headers.items() if name.lower() == "webhook-signature"), "")
        try:
            if not (self._webhook_key.strip() and signature.isascii()):  # the library would believe an empty key
                raise InvalidSignatureError
            return tuple(_happening(one.attributes) for one in webhooks.parse(raw, self._webhook_key, signature))
        except InvalidSignatureError as error:
            raise BadSignature("A webhook that claims to be GoCardless' is not signed by GoCardless.") from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Rejected("GoCardless sent a webhook that cannot be read.", code="unreadable") from error

    def _seen(self, request: Row, page: str) -> Checkout:
        """What has become of a billing request."""
        asking = replace(_asking(request), id=_both(request["id"], page))
        if asking.state is CheckoutState.OPEN:
            return replace(asking, url=self._address(page))
        links = request["links"]
        if links.get("payment_request_payment"):
            paid = self._told(self._wire.payments.get(links["payment_request_payment"]).attributes)
        elif request["status"] == "fulfilled" and links.get("mandate_request_mandate"):
            label = request["mandate_request"].get("description") or ""
            paid = self._debited(asking, links["mandate_request_mandate"], label)
        else:
            return asking
        kept = links["mandate_request_mandate"] if request["metadata"].get("keep") else ""
        return replace(paid, id=asking.id, reference=asking.reference, mandate=kept)

    def _address(self, page: str) -> str:
        """Where an open page is; "" when it has ended by itself, or this very moment."""
        try:
            with answers(changing=False):
                return str(self._wire.flows.initialise(page).authorisation_url) if page else ""
        except Rejected:
            return ""

    def _debited(self, asking: Checkout, mandate: str, label: str) -> Checkout:
        """The payment for which a mandate was given, made now where it has not been made yet."""
        for one in self._wire.all(self._wire.payments, mandate=mandate):
            if one["metadata"].get("reference") == asking.reference:
                return self._told(one)
        order = Collection(asking.reference, mandate, asking.amount, label)
        try:
            with answers(changing=False):  # the same question makes it again under the same key
                return self._told(self._collected(order, f"payment-{asking.reference}"))
        except Rejected as error:
            return replace(asking, state=CheckoutState.FAILED, why=str(error))

    def _collected(self, order: Collection, key: str) -> Row:
        body = {
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "description": order.label[:_LABEL],
            "metadata": {"reference": order.reference},
            "links": {"mandate": order.mandate},
        }
        return self._wire.create(self._wire.payments, body, key)

    def _told(self, payment: Row) -> Checkout:
        """A payment with its whole story."""
        events = self._wire.all(self._wire.events, payment=payment["id"])
        refunds = self._wire.all(self._wire.refunds, payment=payment["id"]) if came(payment, events) else []
        return checkout_of(payment, events, refunds)


def _sum(order: CheckoutOrder) -> Money:
    sums = list(totals(amount for _, amount in order.lines).values())
    if len(sums) != 1 or sums[0].minor <= 0:
        raise Rejected("A payment is of one currency and more than nothing.", code="amount")
    return sums[0]


def _label(order: CheckoutOrder) -> str:
    """The lines by name, as many as there is room for."""
    names = ", ".join(label for label, _ in order.lines)
    return names if len(names) <= _LABEL else f"{names[: _LABEL - 1]}…"


def _asked(order: CheckoutOrder, amount: Money) -> dict[str, Any]:
    """A billing request. Three words of metadata are allowed; for a debit they also carry what to collect later."""
    reference = {"reference": order.reference}
    what = {"currency": amount.currency, "metadata": reference}
    if order.method is Method.INSTANT:
        wanted = {**what, "amount": amount.minor, "description": _label(order)}
        return {"metadata": reference, "payment_request": wanted}
    kept = {"keep": "yes"} if order.keep else {}
    metadata = {**reference, "amount": f"{amount.minor} {amount.currency}", **kept}
    return {"metadata": metadata, "mandate_request": {**what, "description": f"{_label(order)}: {amount}"}}


def _page(order: CheckoutOrder, request: str) -> dict[str, Any]:
    language = order.language.split("-")[0].lower()
    page: dict[str, Any] = {
        "redirect_uri": order.success_url,
        "exit_uri": order.cancel_url,
        "lock_currency": True,
        "links": {"billing_request": request},
    }
    return {**page, "language": language} if language in _LANGUAGES else page


def _both(request: str, page: str) -> str:
    return f"{request}~{page}" if page else request


def _asking(request: Row) -> Checkout:
    """A billing request before there is a payment. A status nobody knows is not open and not paid."""
    if request.get("payment_request"):
        wanted = request["payment_request"]
        amount = Money(int(wanted["amount"]), wanted["currency"])
    else:
        minor, currency = request["metadata"]["amount"].split()
        amount = Money(int(minor), currency)
    state = _REQUESTS.get(request["status"], CheckoutState.PENDING)
    return Checkout(request["id"], request["metadata"]["reference"], state, amount)


def _happening(event: Row) -> Happening:
    links, metadata = event["links"], event.get("resource_metadata") or {}
    return Happening(
        id=event["id"],
        what=f"{event['resource_type']}.{event['action']}",
        reference=metadata.get("reference", ""),
        payment=links.get("payment") or links.get("payment_request_payment") or "",
        mandate=links.get("mandate") or links.get("mandate_request_mandate") or "",
    )
