"""Webhooks as Xero sends them: thin events, several to a delivery, signed over the raw body.

It only writes deliveries; posting them is the world's part.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.books import Webhook

_PATHS = {
    "INVOICE": "Invoices",
    "CONTACT": "Contacts",
    "CREDITNOTE": "CreditNotes",
    "OVERPAYMENT": "Overpayments",
    "PREPAYMENT": "Prepayments",
}  # and never PAYMENT
Event = dict[str, Any]


class Hooks:
    """Collects events until they are taken. `short_urls`: leave the id out of resourceUrl, as Xero sometimes does."""

    def __init__(
        self, clock: Callable[[], datetime], new_id: Callable[[], str], key: str, base_url: Callable[[], str]
    ) -> None:
        self._clock, self._new_id, self._key, self._base_url = clock, new_id, key, base_url
        self._waiting: list[Event] = []
        self._sequence = 0
        self.short_urls = False

    def note(self, tenant: str, category: str, kind: str, id: str, data: Mapping[str, str] | None = None) -> None:
        """Something happened. `data` is what Xero adds for credit notes: their type and status."""
        event = {
            "resourceUrl": f"{self._base_url()}/api.xro/2.0/{_PATHS[category]}{'' if self.short_urls else f'/{id}'}",
            "resourceId": id,
            "eventDateUtc": self._clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
            "eventType": kind,
            "eventCategory": category,
            "tenantId": tenant,
            "tenantType": "ORGANISATION",
        }
        self._waiting.append(event | ({"data": dict(data)} if data else {}))

    def take(self, how: str = "") -> list[Webhook]:
        """Everything waiting, at most fifty events a delivery; `how` is one of `LedgerTwin.webhooks`.

        Backwards, every event comes by itself, the last first.
        """
        if how not in ("", "twice", "backwards", "unsigned"):
            raise ValueError(f"Webhooks do not come {how!r}.")
        size = 1 if how == "backwards" else 50
        batches = [self._waiting[at : at + size] for at in range(0, len(self._waiting), size)]
        self._waiting = []
        real = [self._delivery(batch) for batch in batches]
        if how == "backwards":
            return real[::-1]
        if how == "twice":
            return [one for delivery in real for one in (delivery, delivery)]
        if how == "unsigned":
            return [one for delivery in real for one in (self._forged(delivery), delivery)]
        return real

    def handshake(self) -> list[tuple[Webhook, int]]:
        """Xero's "intent to receive": deliveries without events, and the status each must be answered with."""
        good, bad = self._delivery([]), self._delivery([])
        forged = {**bad.headers, "x-xero-signature": self._sign(bad.raw, "another key")}
        return [(good, 200), (Webhook(bad.kind, bad.raw, forged), 401), (self._delivery([]), 200)]

    def _sign(self, raw: bytes, key: str) -> str:
        return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()

    def _forged(self, real: Webhook) -> Webhook:
        """What somebody sends who does not know the key: other bytes under a signature that was seen before."""
        raw = real.raw.replace(b'"entropy":"', b'"entropy":"forged-')
        return Webhook(real.kind, raw, dict(real.headers))

    def _delivery(self, events: list[Event]) -> Webhook:
        first = self._sequence + 1 if events else 0
        self._sequence += len(events)
        body = {
            "events": events,
            "firstEventSequence": first,
            "lastEventSequence": self._sequence if events else 0,
            "entropy": self._new_id(),
        }
        raw = json.dumps(body, separators=(",", ":")).encode()
        return Webhook(
            "xero", raw, {"Content-Type": "application/json", "x-xero-signature": self._sign(raw, self._key)}
        )
