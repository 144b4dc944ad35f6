"""A pretend Stripe: Checkout sessions over its real API shapes, a hosted payment page, signed webhooks.

It speaks to whoever holds the secret key and knows nothing of ledgers. The page's words stand in `pages/checkout.html`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request

from core.money import Money
from sandbox.books import Webhook
from sandbox.stripe_forms import ApiError, checked_lines, nested, units

PAGES = Path(__file__).parent / "pages"
GOOD_CARD = "4242424242424242"
DECLINES = {"4000000000000002": "Your card was declined.", "4000000000009995": "Your card has insufficient funds."}
FAULTS = ("503", "429", "lost", "drop")


class Declined(Exception):
    """The card, or the state of the page, does not allow the payment; the message is for the payer."""


@dataclass(slots=True)
class Session:
    """One checkout. `lines` are (label, amount each, quantity)."""

    id: str
    params: dict[str, Any]
    lines: list[tuple[str, Money, int]]
    amount: Money
    created: datetime
    url: str
    status: str = "open"
    payment: str = ""

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


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: str
    status: int
    body: dict[str, Any]
    until: datetime


class StripeTwin:
    """`base_url` is where the payer's browser finds the pages; by default the host the request came to.

    `calls` counts API requests by shape, e.g. "POST /v1/checkout/sessions".
    """

    kind = "stripe"

    def __init__(
        self,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        secret_key: str,
        webhook_key: str,
        base_url: str = "",
    ) -> None:
        self.clock, self.new_id = clock, new_id
        self.secret_key, self.webhook_key, self.base_url = secret_key, webhook_key, base_url
        self.calls: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}
        self._kept: dict[str, _Kept] = {}
        self._waiting: list[Webhook] = []
        self._faults: list[tuple[str, str]] = []
        self.app = Flask("stripe_twin", template_folder=str(PAGES), static_folder=str(PAGES / "static"))
        self.app.add_url_rule("/v1/<path:path>", "api", self._api, methods=["GET", "POST"])
        self.app.add_url_rule("/c/pay/<session_id>", "page", self._page, methods=["GET", "POST"])
        self.app.after_request(_guarded)

    def plan_fault(self, path_contains: str, kind: str, times: int = 1) -> None:
        """Spoil the next API calls whose path contains the text. "503" and "429" refuse, "lost" breaks off before
        anything is done, "drop" does it and then breaks off."""
        if kind not in FAULTS:
            raise ValueError(f"A fault is one of {', '.join(FAULTS)}.")
        self._faults += [(path_contains, kind)] * times

    def webhooks(self) -> list[Webhook]:
        """Take the deliveries that are waiting; each is handed out once."""
        with self._lock:
            self._expire_old()
            taken, self._waiting = self._waiting, []
            return taken

    def paid_sessions(self) -> list[PaidSession]:
        """Every paid checkout, oldest first."""
        with self._lock:
            return [_paid(one) for one in self._sessions.values() if one.status == "complete"]

    def pay(self, session_id: str, card: str = GOOD_CARD) -> str:
        """The payer presses Pay; where the browser goes next. Declined says why not."""
        with self._lock:
            self._expire_old()
            session = self._sessions.get(session_id)
            if session is None or session.status != "open":
                raise Declined("This page can no longer be used to pay.")
            if not _luhn(card):
                raise Declined("Your card number is invalid.")
            if card in DECLINES:
                raise Declined(DECLINES[card])
            session.status, session.payment = "complete", f"pi_{self.new_id()}"
            self._announce("checkout.session.completed", session)
            return str(session.params["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)

    # The API

    def _api(self, path: str) -> Response:
        with self._lock:
            self.calls[f"{request.method} /v1/{re.sub(r'cs_test_[^/]+', '{id}', path)}"] += 1
            self._expire_old()
            fault = self._next_fault(request.path)
            if fault == "lost":
                return _cut(b"")
            answer = self._refused(fault) if fault in ("503", "429") else self._answer(path)
            answer.headers["Request-Id"] = f"req_{self.new_id()}"
            return _cut(answer.get_data()) if fault == "drop" else answer

    def _refused(self, fault: str) -> Response:
        if fault == "429":
            return _json(429, {"error": {"message": "Too many requests.", "type": "invalid_request_error"}})
        return _json(503, {"error": {"message": "Stripe is having a moment.", "type": "api_error"}})

    def _answer(self, path: str) -> Response:
        try:
            if request.headers.get("Authorization") != f"Bearer {self.secret_key}":
                raise ApiError(401, "Invalid API Key provided.")
            return self._once(path) if request.method == "POST" else _json(200, self._do(path, {}))
        except ApiError as error:
            return _json(error.status, error.body)

    def _once(self, path: str) -> Response:
        """Carry a POST out, or repeat its answer when the key was used before; other parameters are an error."""
        params = request.form.to_dict()
        key = request.headers.get("Idempotency-Key", "")
        fingerprint = json.dumps([path, params], sort_keys=True)
        kept = self._kept.get(key)
        if kept is not None and kept.until > self.clock():
            if kept.fingerprint != fingerprint:
                words = "Keys for idempotent requests can only be used with the same parameters they were used with."
                raise ApiError(400, words, "idempotency_error")
            answer = _json(kept.status, kept.body)
            answer.headers["Idempotent-Replayed"] = "true"
            return answer
        body = self._do(path, nested(params))  # an invalid request raises here and is not remembered
        if key:
            self._kept[key] = _Kept(fingerprint, 200, body, self.clock() + timedelta(hours=24))
        return _json(200, body)

    def _do(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        match request.method, path.split("/"):
            case "POST", ["checkout", "sessions"]:
                return self._view(self._create(params))
            case "GET", ["checkout", "sessions", session_id]:
                return self._view(self._find(session_id))
            case "POST", ["checkout", "sessions", session_id, "expire"]:
                return self._view(self._expire(self._find(session_id)))
        raise ApiError(404, f"Unrecognized request URL ({request.method}: /v1/{path}).")

    def _create(self, params: dict[str, Any]) -> Session:
        lines = checked_lines(params)
        currency = lines[0][1].currency
        session = Session(
            id=f"cs_test_{self.new_id()}",
            params=params,
            lines=lines,
            amount=Money(sum(each.minor * count for _, each, count in lines), currency),
            created=self.clock(),
            url="",
        )
        session.url = f"{(self.base_url or request.host_url).rstrip('/')}/c/pay/{session.id}"
        self._sessions[session.id] = session
        return session

    def _find(self, session_id: str) -> Session:
        found = self._sessions.get(session_id)
        if found is None:
            raise ApiError(404, f"No such checkout.session: '{session_id}'", code="resource_missing", param="session")
        return found

    def _expire(self, session: Session) -> Session:
        if session.status != "open":
            raise ApiError(400, "Only open Checkout Sessions can be expired.")
        session.status = "expired"
        self._announce("checkout.session.expired", session)
        return session

    def _expire_old(self) -> None:
        for session in self._sessions.values():
            if session.status == "open" and session.expires <= self.clock():
                self._expire(session)

    def _view(self, session: Session) -> dict[str, Any]:
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
            "metadata": session.params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": session.payment or None,
            "payment_method_types": ["card"],
            "payment_status": "paid" if session.status == "complete" else "unpaid",
            "status": session.status,
            "success_url": session.params["success_url"],
            "url": session.url if session.status == "open" else None,
        }

    def _next_fault(self, path: str) -> str:
        for planned in self._faults:
            if planned[0] in path:
                self._faults.remove(planned)
                return planned[1]
        return ""

    # Webhooks: the signature's time is the wall's, because the receiver's library reads the wall clock.

    def _announce(self, event_type: str, session: Session) -> None:
        event = {
            "id": f"evt_{self.new_id()}",
            "object": "event",
            "api_version": request.headers.get("Stripe-Version") if request else None,
            "created": int(self.clock().timestamp()),
            "data": {"object": self._view(session)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
        raw, stamp = json.dumps(event, indent=2).encode(), int(time.time())
        proof = hmac.new(self.webhook_key.encode(), b"%d.%s" % (stamp, raw), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={proof}"}
        self._waiting.append(Webhook(self.kind, raw, headers))

    # The page

    def _page(self, session_id: str) -> Response:
        with self._lock:
            self._expire_old()
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


def _guarded(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, indent=2), status, mimetype="application/json")


def _cut(body: bytes) -> Response:
    """An answer that breaks off half way: it promises more than it holds."""
    answer = Response(body[: len(body) // 2], mimetype="application/json")
    answer.automatically_set_content_length = False
    answer.headers["Content-Length"] = str(len(body) + 1)
    return answer


def _paid(session: Session) -> PaidSession:
    lines = tuple((label, Money(each.minor * count, each.currency)) for label, each, count in session.lines)
    reference = session.params.get("client_reference_id", "")
    return PaidSession(session.id, session.payment, reference, session.amount, lines)


def _show(amount: Money) -> str:
    return f"{amount.decimal:,} {amount.currency}"


def _luhn(number: str) -> bool:
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
