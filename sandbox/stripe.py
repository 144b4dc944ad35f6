"""A pretend Stripe: accounts, Checkout sessions over its real API shapes, a hosted payment page, signed webhooks.

It speaks to whoever holds an account's secret key and knows nothing of ledgers. What its owner does in the dashboard
(refund, answer a dispute) are methods here. The page's words stand in `pages/checkout.html`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, render_template, request

from core.money import Money
from sandbox.books import Webhook
from sandbox.processors import Account, Declined, PretendProcessor, page_of, reply
from sandbox.stripe_balance import Made, list_of, payouts
from sandbox.stripe_forms import ApiError, checked_lines, nested, units
from sandbox.stripe_rows import (
    Charge,
    Dispute,
    PaidSession,
    Refund,
    Session,
    charge_view,
    dispute_view,
    list_view,
    paid,
    refund_view,
    session_view,
)

GOOD_CARD = "4242424242424242"
DECLINES = {"4000000000000002": "Your card was declined.", "4000000000009995": "Your card has insufficient funds."}


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: str
    status: int
    body: dict[str, Any]
    until: datetime


class StripeTwin(PretendProcessor):
    """The keys given here are a first account's; `open_account` makes more."""

    kind = "stripe"
    prefixes = ("sk_test_", "whsec_")
    ids = r"cs_test_[^/]+"

    def __init__(
        self,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        secret_key: str,
        webhook_key: str,
        base_url: str = "",
    ) -> None:
        super().__init__(clock, new_id, base_url)
        self.secret_key, self.webhook_key = self.open_account("Sandbox", secret_key, webhook_key)
        self._sessions: dict[str, Session] = {}
        self._kept: dict[tuple[str, str], _Kept] = {}
        self.app.add_url_rule("/v1/<path:path>", "api", self.called, methods=["GET", "POST"])
        self.app.add_url_rule("/c/pay/<session_id>", "page", self._page, methods=["GET", "POST"])

    def paid_sessions(self) -> list[PaidSession]:
        """Every paid checkout, oldest first."""
        with self._lock:
            return [paid(one, one.charge) for one in self._sessions.values() if one.charge]

    def pages(self) -> list[str]:
        """The ids of all hosted pages, oldest first."""
        with self._lock:
            return list(self._sessions)

    def pay(self, session_id: str, card: str = GOOD_CARD, settled: bool = True) -> str:
        """The payer presses Pay; where the browser goes next. Declined says why not.

        Not `settled`: the money is still on its way, as with methods slower than a card.
        """
        with self._lock:
            self.time_passes()
            session = self._sessions.get(session_id)
            if session is None or session.status != "open":
                raise Declined("This page can no longer be used to pay.")
            if not _luhn(card):
                raise Declined("Your card number is invalid.")
            if card in DECLINES:
                raise Declined(DECLINES[card])
            session.status, session.settled = "complete", settled
            session.charge = Charge(f"ch_{self.new_id()}", f"pi_{self.new_id()}", session.amount, self.clock())
            self._announce("checkout.session.completed", session.account, session_view(session))
            return str(session.params["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)

    # What the seller and the payer's bank do

    def refund(self, payment: str, amount: Money | None = None) -> str:
        """Give back what is left of a payment (a payment intent's id), or a part of it; the refund's id."""
        with self._lock:
            session, charge = self._charge(payment)
            amount = amount or charge.amount - charge.refunded
            if not 0 < amount.minor <= (charge.amount - charge.refunded).minor:
                raise ValueError("A refund is more than nothing and at most what is left.")
            row = Refund(f"re_{self.new_id()}", amount, self.clock())
            charge.refunds.append(row)
            self._announce("refund.created", session.account, refund_view(charge, row))
            self._announce("charge.refunded", session.account, charge_view(charge))
            return row.id

    def fail_refund(self, refund_id: str) -> None:
        """The payer's bank does not take a refund: the money comes to the seller again."""
        with self._lock:
            for session, charge in self._charges():
                for row in charge.refunds:
                    if row.id == refund_id:
                        row.status, row.failed_at = "failed", self.clock()
                        self._announce("refund.failed", session.account, refund_view(charge, row))

    def dispute(self, payment: str, amount: Money | None = None, inquiry: bool = False) -> str:
        """The payer's bank asks back; an inquiry takes no money yet. The dispute's id."""
        with self._lock:
            session, charge = self._charge(payment)
            amount = amount or charge.amount
            row = Dispute(f"du_{self.new_id()}", amount, "warning_needs_response" if inquiry else "needs_response")
            charge.disputes.append(row)
            self._announce("charge.dispute.created", session.account, dispute_view(charge, row))
            if not inquiry:
                row.moved.append(-units(amount))
                row.moved_at.append(self.clock())
                self._announce("charge.dispute.funds_withdrawn", session.account, dispute_view(charge, row))
            return row.id

    def close_dispute(self, dispute_id: str, won: bool) -> None:
        """The bank decides; what is won comes to the seller again."""
        with self._lock:
            for session, charge in self._charges():
                for row in charge.disputes:
                    if row.id == dispute_id:
                        row.status = "won" if won else "lost"
                        if won:
                            row.moved.append(units(row.amount))
                            row.moved_at.append(self.clock())
                            about = dispute_view(charge, row)
                            self._announce("charge.dispute.funds_reinstated", session.account, about)
                        self._announce("charge.dispute.closed", session.account, dispute_view(charge, row))

    def payouts_made(self, account: str) -> list[Made]:
        """What was paid out to the account with this secret, oldest first."""
        with self._lock:
            return self._payouts(account)

    def _payouts(self, account: str) -> list[Made]:
        mine = [charge for one, charge in self._charges() if one.account.secret == account and one.settled]
        return payouts(mine, self.clock())

    def _charges(self) -> Iterator[tuple[Session, Charge]]:
        return ((one, one.charge) for one in self._sessions.values() if one.charge)

    def _charge(self, payment: str) -> tuple[Session, Charge]:
        return next(pair for pair in self._charges() if pair[1].intent == payment)

    # The API

    def refusal(self, status: int) -> dict[str, Any]:
        words = {
            401: "Invalid API Key provided.",
            409: "There is currently another in-progress request using this key.",
            429: "Too many requests.",
        }.get(status, "Stripe is having a moment.")
        kind = "idempotency_error" if status == 409 else "invalid_request_error" if status < 500 else "api_error"
        return {"error": {"message": words, "type": kind}}

    def answer(self, account: Account, path: str) -> Response:
        try:
            if request.method == "POST":
                return self._once(account, path)
            return reply(200, self._do(account, path, nested(request.args.to_dict())))
        except ApiError as error:
            return reply(error.status, error.body)

    def _once(self, account: Account, path: str) -> Response:
        """Carry a POST out, or repeat its answer when the key was used before; other parameters are an error."""
        params = request.form.to_dict()
        key = (account.secret, request.headers.get("Idempotency-Key", ""))
        fingerprint = json.dumps([path, params], sort_keys=True)
        kept = self._kept.get(key)
        if kept is not None and kept.until > self.clock():
            if kept.fingerprint != fingerprint:
                words = "Keys for idempotent requests can only be used with the same parameters they were used with."
                raise ApiError(400, words, "idempotency_error")
            answer = reply(kept.status, kept.body)
            answer.headers["Idempotent-Replayed"] = "true"
            return answer
        body = self._do(account, path, nested(params))  # an invalid request raises here and is not remembered
        if key[1]:
            self._kept[key] = _Kept(fingerprint, 200, body, self.clock() + timedelta(hours=24))
        return reply(200, body)

    def _do(self, account: Account, path: str, params: dict[str, Any]) -> dict[str, Any]:
        match request.method, path.split("/"):
            case "GET", ["account"]:
                return {"id": f"acct_{account.id}", "object": "account", "business_profile": {"name": account.name}}
            case "POST", ["checkout", "sessions"]:
                return session_view(self._create(account, params))
            case "GET", ["checkout", "sessions", session_id]:
                return session_view(self._find(account, session_id), list(params.get("expand", {}).values()))
            case "POST", ["checkout", "sessions", session_id, "expire"]:
                return session_view(self._expire(self._find(account, session_id)))
            case "GET", ["payouts" | "balance_transactions" as what]:
                return list_of(what, self._payouts(account.secret), params)
            case "GET", ["refunds" | "disputes" as what]:
                return self._list(account, what, params)
        raise ApiError(404, f"Unrecognized request URL ({request.method}: /v1/{path}).")

    def _list(self, account: Account, what: str, params: dict[str, Any]) -> dict[str, Any]:
        """Refunds or disputes of one payment, the newest first."""
        asked = params.get("payment_intent")
        of = [charge for one, charge in self._charges() if one.account is account and asked in (None, charge.intent)]
        if what == "refunds":
            rows = [refund_view(charge, row) for charge in of for row in reversed(charge.refunds)]
        else:
            rows = [dispute_view(charge, row) for charge in of for row in reversed(charge.disputes)]
        shown, more = page_of(rows, params.get("starting_after", ""), int(params.get("limit", 10)))
        return list_view(shown, more, f"/v1/{what}")

    def _create(self, account: Account, params: dict[str, Any]) -> Session:
        lines = checked_lines(params)
        session = Session(
            account=account,
            id=f"cs_test_{self.new_id()}",
            params=params,
            lines=lines,
            amount=Money(sum(each.minor * count for _, each, count in lines), lines[0][1].currency),
            created=self.clock(),
            url="",
        )
        session.url = f"{(self.base_url or request.host_url).rstrip('/')}/c/pay/{session.id}"
        self._sessions[session.id] = session
        return session

    def _find(self, account: Account, session_id: str) -> Session:
        found = self._sessions.get(session_id)
        if found is None or found.account is not account:
            raise ApiError(404, f"No such checkout.session: '{session_id}'", code="resource_missing", param="session")
        return found

    def _expire(self, session: Session) -> Session:
        if session.status != "open":
            raise ApiError(400, "Only open Checkout Sessions can be expired.")
        session.status = "expired"
        self._announce("checkout.session.expired", session.account, session_view(session))
        return session

    def time_passes(self) -> None:
        """A page left open for a day expires."""
        for session in self._sessions.values():
            if session.status == "open" and session.expires <= self.clock():
                self._expire(session)

    # Webhooks: the signature's time is the wall's, because the receiver's library reads the wall clock.

    def _announce(self, event_type: str, account: Account, about: dict[str, Any]) -> None:
        event = {
            "id": f"evt_{self.new_id()}",
            "object": "event",
            "api_version": request.headers.get("Stripe-Version") if request else None,
            "created": int(self.clock().timestamp()),
            "data": {"object": about},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
        raw, stamp = json.dumps(event, indent=2).encode(), int(time.time())
        proof = hmac.new(account.webhook_key.encode(), b"%d.%s" % (stamp, raw), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={proof}"}
        self._waiting.append(Webhook(self.kind, raw, headers, account.url))

    # The page

    def _page(self, session_id: str) -> Response:
        with self._lock:
            self.time_passes()
            session = self._sessions.get(session_id)
            if session is None:
                return Response(render_template("checkout.html", session=None), 404)
            message = ""
            if request.method == "POST":
                try:
                    where = self.pay(session_id, re.sub(r"\D", "", request.form.get("card", "")))
                    return Response(status=303, headers={"Location": where})
                except Declined as error:
                    message = str(error)
            page = render_template(
                "checkout.html", session=session, message=message, card="4242 4242 4242 4242", show=_show
            )
            return Response(page, 402 if message else 200)


def _show(amount: Money) -> str:
    return f"{amount.decimal:,} {amount.currency}"


def _luhn(number: str) -> bool:
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
