"""What every pretend processor has: accounts with keys of their own, calls that can be spoiled, webhooks that wait.

The vendors' own shapes stand with each twin. A webhook is handed out once; whoever carries it may do so twice, late,
in another order, or never.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from sandbox.books import Webhook

PAGES = Path(__file__).parent / "pages"
REFUSALS = ("409", "429", "500", "503")
PAGES_BETWEEN = {"html": 502, "html-403": 403, "html-429": 429}
FAULTS = (*REFUSALS, *PAGES_BETWEEN, "lost", "drop")


class Declined(Exception):
    """What the payer typed, or the state of the page, does not allow the payment; the message is for the payer."""


@dataclass(eq=False, slots=True)
class Account:
    """One seller's account. `url` is where its webhooks go; "" as long as nobody listens."""

    id: str
    name: str
    secret: str
    webhook_key: str
    url: str = ""


class PretendProcessor:
    """`base_url` is where the payer's browser finds the pages; by default the host the request came to.

    `calls` counts API requests by shape, e.g. "POST /v1/checkout/sessions".
    """

    kind = ""
    prefixes = ("", "")  # of a secret and of a webhook's key
    ids = r""  # what an id looks like in a path

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[], str], base_url: str = "") -> None:
        self.clock, self.new_id, self.base_url = clock, new_id, base_url
        self.calls: Counter[str] = Counter()
        self.accounts: dict[str, Account] = {}
        self._lock = threading.RLock()
        self._faults: list[tuple[str, str]] = []
        self._waiting: list[Webhook] = []
        self.app = Flask(f"{self.kind}_twin", template_folder=str(PAGES), static_folder=str(PAGES / "static"))
        self.app.after_request(_guarded)

    def open_account(self, name: str, secret: str = "", webhook_key: str = "") -> tuple[str, str]:
        """A new seller: its secret, and the key its webhooks are signed with."""
        account = Account(
            self.new_id(),
            name,
            secret or f"{self.prefixes[0]}{self.new_id()}",
            webhook_key or f"{self.prefixes[1]}{self.new_id()}",
        )
        self.accounts[account.secret] = account
        return account.secret, account.webhook_key

    def listen(self, secret: str, url: str) -> None:
        """Where an account's webhooks go, as its owner would say in the dashboard."""
        self.accounts[secret].url = url

    def plan_fault(self, path_contains: str, kind: str, times: int = 1) -> None:
        """Spoil the next API calls whose path contains the text.

        A status refuses (409: the same request is still being worked on), and so does "html" (502, or with another
        status), a page of somebody in between; "lost" breaks off before anything is done, "drop" does it and then
        breaks off.
        """
        if kind not in FAULTS:
            raise ValueError(f"A fault is one of {', '.join(FAULTS)}.")
        self._faults += [(path_contains, kind)] * times

    def webhooks(self) -> list[Webhook]:
        """Take the deliveries that are waiting; each is handed out once."""
        with self._lock:
            self.time_passes()
            taken, self._waiting = self._waiting, []
            return taken

    def time_passes(self) -> None:
        """Do what happens by itself until now."""

    def answer(self, account: Account, path: str) -> Response:
        """What the API says."""
        raise NotImplementedError

    def refusal(self, status: int) -> dict[str, Any]:
        """An error in the vendor's shape."""
        raise NotImplementedError

    def called(self, path: str) -> Response:
        """One API request, spoilt where a fault was planned."""
        with self._lock:
            self.calls[f"{request.method} {re.sub(self.ids, '{id}', request.path)}"] += 1
            self.time_passes()
            fault = self._next_fault(request.path)
            if fault == "lost":
                return _cut(b"")
            if fault in PAGES_BETWEEN:
                return Response("<html><h1>Try again</h1></html>", PAGES_BETWEEN[fault], mimetype="text/html")
            account = self.accounts.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
            if fault in REFUSALS:
                answer = reply(int(fault), self.refusal(int(fault)))
            else:
                answer = self.answer(account, path) if account else reply(401, self.refusal(401))
            answer.headers["Request-Id"] = f"req_{self.new_id()}"
            return _cut(answer.get_data()) if fault == "drop" else answer

    def _next_fault(self, path: str) -> str:
        for planned in self._faults:
            if planned[0] in path:
                self._faults.remove(planned)
                return planned[1]
        return ""


def reply(status: int, body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, indent=2), status, mimetype="application/json")


def page_of(rows: list[dict[str, Any]], after: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """The rows after the one with this id, and whether there are more."""
    place = next((place + 1 for place, row in enumerate(rows) if row["id"] == after), 0)
    return rows[place : place + limit], len(rows) > place + limit


def _guarded(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _cut(body: bytes) -> Response:
    """An answer that breaks off half way: it promises more than it holds."""
    answer = Response(body[: len(body) // 2], mimetype="application/json")
    answer.automatically_set_content_length = False
    answer.headers["Content-Length"] = str(len(body) + 1)
    return answer
