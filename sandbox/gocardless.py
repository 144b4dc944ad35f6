"""A pretend GoCardless: its API's own shapes, hosted pages on which a customer agrees, webhooks signed and in batches.

It speaks to whoever holds an account's token. How money moves stands in `gocardless_bank.py`, the page's words in
`pages/bank.html`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Response, render_template, request

from core.money import Money
from sandbox.books import Webhook
from sandbox.gocardless_balance import Made, items_of, payouts
from sandbox.gocardless_bank import Bank
from sandbox.gocardless_rows import (
    INSTANT,
    SCHEMES,
    ApiError,
    BillingRequest,
    Flow,
    Row,
    flow_view,
    mandate_view,
    payment_view,
    refund_view,
    request_view,
)
from sandbox.processors import Account, Declined, page_of, reply

GOOD_NUMBER, BOUNCING_NUMBER = "55779911", "99999999"
LANGUAGES = ("en", "fr", "de", "pt", "es", "it", "nl", "da", "nb", "sl", "sv")
_GONE = ("cancelled", "failed", "expired")


class GoCardlessTwin(Bank):
    """Accounts come from `open_account`. Debits by way of an account number `BOUNCING_NUMBER` fail."""

    kind = "gocardless"
    prefixes = ("sandbox_", "")
    ids = r"(BRQ|BRF|MD|PM|RF)[^/]+"

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[], str], base_url: str = "") -> None:
        super().__init__(clock, new_id, base_url)
        self.requests, self.flows, self.mandates, self.payments, self.refunds = {}, {}, {}, {}, {}
        self.events, self._untold = [], []
        self._kept: dict[tuple[str, str, str], str] = {}
        self.app.add_url_rule("/billing/flow/<flow_id>", "page", self._page, methods=["GET", "POST"])
        self.app.add_url_rule("/<path:path>", "api", self.called, methods=["GET", "POST"])

    def agree(self, flow_id: str, number: str = GOOD_NUMBER) -> str:
        """The customer gives their bank account and agrees; where the browser goes next. Declined says why not."""
        with self._lock:
            self.time_passes()
            flow = self.flows.get(flow_id)
            if flow is None or flow.request.status != "pending":
                raise Declined("This page can no longer be used.")
            if not re.fullmatch(r"\d{6,18}", number):
                raise Declined("This is not an account number.")
            self.fulfil(flow.request, number == BOUNCING_NUMBER)
            return flow.redirect_uri

    def webhooks(self) -> list[Webhook]:
        """Everything that happened since, one delivery an account; each is handed out once."""
        with self._lock:
            self.time_passes()
            untold, self._untold = self._untold, []
            by_account = groupby(sorted(untold, key=lambda pair: pair[0].secret), key=lambda pair: pair[0])
            return [self._delivery(account, (event for _, event in ones)) for account, ones in by_account]

    def payouts_made(self, account: str) -> list[Made]:
        """What was paid out to the account with this secret, oldest first."""
        with self._lock:
            self.time_passes()
            mine = [event for whose, event in self.events if whose.secret == account]
            return payouts(mine, self.payments, self.refunds, self.clock())

    def _delivery(self, account: Account, events: Iterable[Row]) -> Webhook:
        body = {"events": list(events), "meta": {"webhook_id": f"WB{self.new_id()}"}}
        raw = json.dumps(body, indent=2).encode()
        proof = hmac.new(account.webhook_key.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Webhook-Signature": proof}
        return Webhook(self.kind, raw, headers, account.url)

    # The API

    def refusal(self, status: int) -> dict[str, Any]:
        if status == 409:
            about = {"links": {"conflicting_resource_id": None}}
            return ApiError(409, "invalid_state", "In progress", "idempotent_creation_conflict", **about).body
        words = {401: "The access token you've used is not a valid token", 429: "Rate limit exceeded"}
        kind = "gocardless" if status >= 500 else "invalid_api_usage"
        return ApiError(status, kind, words.get(status, "Uh-oh! There was an internal error.")).body

    def answer(self, account: Account, path: str) -> Response:
        try:
            if request.headers.get("GoCardless-Version") != "2015-07-06":
                raise ApiError(400, "invalid_api_usage", "Version header is missing", "missing_version_header")
            made = request.method == "POST" and "actions" not in path
            return reply(201 if made else 200, self._do(account, path))
        except ApiError as error:
            return reply(error.status, error.body)

    def _do(self, account: Account, path: str) -> Row:
        match request.method, path.split("/"):
            case "POST", [("billing_requests" | "payments") as what]:
                return {what: self._once(account, what)}
            case "POST", ["billing_request_flows"]:
                return {"billing_request_flows": flow_view(self._open(account, _body("billing_request_flows")))}
            case "POST", ["billing_request_flows", flow_id, "actions", "initialise"]:
                return {"billing_request_flows": flow_view(self._mine(account, self.flows, flow_id))}
            case "POST", ["billing_requests", request_id, "actions", "cancel"]:
                return {"billing_requests": self._cancelled(self._mine(account, self.requests, request_id))}
            case "GET", [what, row_id]:
                return {what: self._view(account, what, row_id)}
            case "GET", [what]:
                return self._list(account, what)
        raise _missing()

    def _once(self, account: Account, what: str) -> Row:
        """Make a row under its key, or say which one was made under it before, whatever is asked for now."""
        key = (account.secret, what, request.headers.get("Idempotency-Key", ""))
        if key in self._kept:
            words, links = "A resource has already been created with this idempotency key", self._kept[key]
            about = {"links": {"conflicting_resource_id": links}}
            raise ApiError(409, "invalid_state", words, "idempotent_creation_conflict", **about)
        made = self._ask(account, _body(what)) if what == "billing_requests" else self._charge(account, _body(what))
        self._kept[key] = made
        return self._view(account, what, made)

    def _ask(self, account: Account, body: Row) -> str:
        payment, mandate = body.get("payment_request"), body.get("mandate_request")
        wanted = payment or mandate
        if not wanted or (payment and int(payment.get("amount", 0)) <= 0):
            raise _invalid("payment_request", "must be there with an amount, or a mandate_request")
        if wanted.get("currency") not in (INSTANT if payment else SCHEMES):
            raise _invalid("currency", "is not supported")
        _check_metadata(body)
        row = BillingRequest(account, f"BRQ{self.new_id()}", body.get("metadata", {}), payment, mandate, self.clock())
        self.requests[row.id] = row
        self._event(account, "billing_requests", "created", {"billing_request": row.id}, row.metadata)
        return row.id

    def _charge(self, account: Account, body: Row) -> str:
        mandate = self._mine(account, self.mandates, body["links"]["mandate"])
        if mandate.status in _GONE:
            words = "The mandate is inactive: it was cancelled, has failed or has expired"
            raise ApiError(422, "invalid_state", words, "mandate_is_inactive")
        if body["currency"] != mandate.currency or int(body["amount"]) <= 0:
            raise _invalid("currency", "is not the mandate's, or the amount is not positive")
        _check_metadata(body)
        amount = Money(int(body["amount"]), body["currency"])
        return self.pays(account, amount, body.get("description", ""), body.get("metadata", {}), mandate).id

    def _open(self, account: Account, body: Row) -> Flow:
        if body.get("language", "en") not in LANGUAGES:
            raise _invalid("language", "is not included in the list")
        asked = self._mine(account, self.requests, body["links"]["billing_request"])
        if asked.status != "pending":
            raise ApiError(422, "invalid_state", "The billing request is not pending", "billing_request_not_pending")
        flow_id = f"BRF{self.new_id()}"
        url = f"{(self.base_url or request.host_url).rstrip('/')}/billing/flow/{flow_id}"
        flow = Flow(flow_id, asked, body["redirect_uri"], body.get("exit_uri", ""), body.get("language", "en"), url)
        self.flows[flow_id] = flow
        return flow

    def _cancelled(self, row: BillingRequest) -> Row:
        if row.status not in ("pending", "ready_to_fulfil"):
            words = "The billing request cannot be cancelled any more"
            raise ApiError(422, "invalid_state", words, "billing_request_not_cancellable")
        row.status = "cancelled"
        self._event(row.account, "billing_requests", "cancelled", {"billing_request": row.id}, row.metadata)
        return request_view(row)

    def _mine(self, account: Account, rows: dict[str, Any], row_id: str) -> Any:
        found = rows.get(row_id)
        if found is None or found.account is not account:
            raise _missing()
        return found

    def _view(self, account: Account, what: str, row_id: str) -> Row:
        match what:
            case "billing_requests":
                return request_view(self._mine(account, self.requests, row_id))
            case "mandates":
                return mandate_view(self._mine(account, self.mandates, row_id))
            case "payments":
                row = self._mine(account, self.payments, row_id)
                return payment_view(row, self.refunded(row))
        raise _missing()

    def _list(self, account: Account, what: str) -> Row:
        """A list, the newest first, by the one filter its users need, a page at a time."""
        asked, rows = request.args, list[Row]()
        match what:
            case "creditors":
                rows = [{"id": f"CR{account.id}", "name": account.name}]
            case "payments":
                mine = [one for one in self.payments.values() if one.account is account and one.mandate]
                rows = [payment_view(one, self.refunded(one)) for one in mine]
                rows = [one for one in rows if one["links"].get("mandate") == asked["mandate"]]
            case "refunds":
                rows = [refund_view(one) for one in self.refunds.values() if one.account is account]
                rows = [one for one in rows if one["links"]["payment"] == asked["payment"]]
            case "events":
                mine_too = [event for whose, event in self.events if whose is account]
                rows = [one for one in mine_too if one["links"].get("payment") == asked["payment"]]
            case "payouts":
                since, made = datetime.fromisoformat(asked["created_at[gte]"]), self.payouts_made(account.secret)
                rows = [one.view for one in made if datetime.fromisoformat(one.view["created_at"]) >= since]
            case "payout_items":  # these keep their order
                rows = items_of(self.payouts_made(account.secret), asked["payout"], self.clock())[::-1]
            case _:
                raise _missing()
        shown, more = page_of(rows[::-1], asked.get("after", ""), int(asked.get("limit", 50)))
        cursors = {"before": None, "after": shown[-1]["id"] if more else None}
        if what == "payout_items":
            shown = [{name: part for name, part in row.items() if name != "id"} for row in shown]
        return {what: shown, "meta": {"cursors": cursors, "limit": int(asked.get("limit", 50))}}

    # The page

    def _page(self, flow_id: str) -> Response:
        with self._lock:
            flow = self.flows.get(flow_id)
            if flow is None:
                return Response(render_template("bank.html", flow=None), 404)
            message = ""
            if request.method == "POST":
                try:
                    number = re.sub(r"\s", "", request.form.get("account_number", ""))
                    return Response(status=303, headers={"Location": self.agree(flow_id, number)})
                except Declined as error:
                    message = str(error)
            name, wanted = flow.request.account.name, flow.request.payment or flow.request.mandate or {}
            sum_ = f"{Money(int(wanted['amount']), wanted['currency'])}" if "amount" in wanted else ""
            page = render_template(
                "bank.html", flow=flow, name=name, wanted=wanted, sum=sum_, message=message, number=GOOD_NUMBER
            )
            return Response(page, 402 if message else 200)


def _body(envelope: str) -> Row:
    found: Row = (request.get_json(silent=True) or {}).get(envelope, {})
    return found


def _missing() -> ApiError:
    return ApiError(404, "invalid_api_usage", "Resource not found", "resource_not_found")


def _invalid(name: str, message: str) -> ApiError:
    return ApiError(422, "validation_failed", message, field=name, request_pointer=f"/{name}")


def _check_metadata(body: Row) -> None:
    """Three words at the most, of up to 500 characters."""
    parts = [body, body.get("payment_request") or {}, body.get("mandate_request") or {}]
    for part in parts:
        words = part.get("metadata", {})
        if len(words) > 3 or any(len(name) > 50 or len(value) > 500 for name, value in words.items()):
            raise _invalid("metadata", "has too many keys, or one that is too long")
