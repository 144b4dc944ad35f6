"""The pretend Xero as a place: its app, its keys, its limits, what goes wrong there, and who has been let in.

What stands in the books is the twin's own affair.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import Flask

from sandbox.books import Webhook
from sandbox.openid import Holder, Signer
from sandbox.xero import api, faults, gate, identity
from sandbox.xero.hooks import Hooks
from sandbox.xero.ledger import Organisation


class Place:
    """`user_id` is who answers the consent page; set another to be another person. `holder` is what is told of them.

    `broad_scopes`: the app was made before March 2026, so the old scopes are offered too.
    """

    kind = "xero"

    def __init__(
        self,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        base_url: str,
        client_id: str,
        client_secret: str,
        webhook_key: str,
    ) -> None:
        self.clock, self._new_id, self.base_url = clock, new_id, base_url.rstrip("/")
        self.client_id, self.client_secret, self.webhook_key = client_id, client_secret, webhook_key
        self.user_id = self.new_uuid()
        self.holder = Holder(self.user_id)
        self.signer = Signer(self.base_url or "https://identity.xero.test")
        self.limited, self.minute_limit, self.day_limit, self.at_once = False, 60, 5000, 5
        self.broad_scopes = False
        self.granting: frozenset[str] | None = None
        self.calls: Counter[str] = Counter()
        self.faults: list[faults.Planned] = []
        self.organisations: dict[str, Organisation] = {}
        self.connections: dict[str, identity.Connection] = {}
        self.tokens = identity.token_store(self)
        self.hooks = Hooks(clock, new_id, webhook_key, lambda: self.base_url)
        self.turns = threading.RLock()
        self.app = Flask(__name__, template_folder="pages")
        gate.mount(self.app, self)
        identity.mount(self.app, self)
        api.mount(self.app, self)
        self.there: Counter[str] = Counter()
        self.app.wsgi_app = _one_at_a_time(self.app.wsgi_app, self.turns, self.there)  # type: ignore[method-assign,assignment]

    def new_uuid(self) -> str:
        return str(uuid5(NAMESPACE_URL, self._new_id()))

    def limits(self, per_minute: int = 60, per_day: int = 1000, at_once: int = 5) -> None:
        """Put the limits in force, for each organisation by itself (1,000 calls a day is the Starter tier)."""
        self.limited, self.minute_limit, self.day_limit, self.at_once = True, per_minute, per_day, at_once

    def plan_fault(self, path_contains: str, kind: str, times: int = 1, seconds: float = 0) -> None:
        """See `LedgerTwin`. Xero's own kinds besides: "429-minute", "429-day", "429-concurrent", "429-appminute",
        "401-expired" (as "401"), "401-scope" and "403". A path reads "PUT /api.xro/2.0/Payments".
        """
        if kind not in faults.KINDS:
            raise ValueError(f"The Xero twin has no fault {kind!r}; it has {', '.join(faults.KINDS)}.")
        until = self.clock() + timedelta(seconds=seconds) if seconds else None
        self.faults.append(faults.Planned(path_contains, kind, times, until))

    def grant_only(self, *scopes: str) -> None:
        """From now on consents give only these of the scopes that are asked for; without any, all of them again.

        Scopes that are not about accounting (openid, offline_access …) are always given.
        """
        self.granting = frozenset(scopes) or None

    def rotate_now(self, tenant: str) -> None:
        """Xero gives a new refresh token every time; this time the one before it has no half hour of grace."""
        users = {one.user for one in self.connections.values() if one.tenant == tenant}
        for grant in self.tokens.grants:
            grant.hurried = grant.hurried or (grant.alive and grant.subject in users)

    def disconnect(self, tenant: str) -> None:
        """The owner removes the app from this organisation, in Xero."""
        with self.turns:
            self.connections = {id: one for id, one in self.connections.items() if one.tenant != tenant}

    def webhooks(self, how: str = "") -> list[Webhook]:
        with self.turns:
            return self.hooks.take(how)

    def handshake(self) -> list[tuple[Webhook, int]]:
        """Xero's "intent to receive": deliveries, and the status the product must answer to each (200 or 401)."""
        with self.turns:
            return self.hooks.handshake()


Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _one_at_a_time(app: Wsgi, turns: AbstractContextManager[Any], there: Counter[str]) -> Wsgi:
    """People and requests change the same books, so they take turns; who waits is `there` too, by organisation."""
    counting = threading.Lock()

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        tenant = environ.get("HTTP_XERO_TENANT_ID", "")
        with counting:
            there[tenant] += 1
            environ[gate.AT_ONCE] = there[tenant]
        try:
            with turns:
                return app(environ, start_response)
        finally:
            with counting:
                there[tenant] -= 1

    return call
