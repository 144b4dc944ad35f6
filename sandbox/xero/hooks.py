"""Webhooks as Xero sends them: thin events, several to a delivery, signed over the raw body.

It only writes deliveries; posting them is the world's part.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.books import Webhook

_PATHS = {
    "INVOICE": "Invoices",
    "CONTACT": "Contacts",
    "CREDITNOTE": "CreditNotes",
    "OVERPAYMENT": "Overpayments",
    "PREPAYMENT": "Prepayments",
}


class Hooks:
    """Collects events until they are taken."""

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[], str], key: str, base_url: str) -> None:
        self._clock, self._new_id, self._key, self._base_url = clock, new_id, key, base_url
        self._waiting: list[dict[str, Any]] = []
        self._sequence = 0

    def note(self, tenant: str, category: str, kind: str, id: str) -> None:
        moment = self._clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self._waiting.append(
            {
                "resourceUrl": f"{self._base_url}/api.xro/2.0/{_PATHS[category]}/{id}",
                "resourceId": id,
                "eventDateUtc": moment,
                "eventType": kind,
                "eventCategory": category,
                "tenantId": tenant,
                "tenantType": "ORGANISATION",
            }
        )

    def take(self) -> list[Webhook]:
        """Everything waiting, in one delivery of at most fifty events each."""
        batches = [self._waiting[at : at + 50] for at in range(0, len(self._waiting), 50)]
        self._waiting = []
        return [self._delivery(batch) for batch in batches]

    def handshake(self) -> list[tuple[Webhook, int]]:
        good, bad = self._delivery([]), self._delivery([])
        forged = {**bad.headers, "x-xero-signature": self._sign(bad.raw, "another key")}
        return [(good, 200), (Webhook(bad.kind, bad.raw, forged), 401), (self._delivery([]), 200)]

    def _delivery(self, events: list[dict[str, Any]]) -> Webhook:
        first = self._sequence + 1 if events else 0
        self._sequence += len(events)
        body = {
            "events": events,
            "firstEventSequence": first,
            "lastEventSequence": self._sequence if events else 0,
            "entropy": self._new_id(),
        }
        raw = json.dumps(body, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "x-xero-signature": self._sign(raw, self._key)}
        return Webhook("xero", raw, headers)

    def _sign(self, raw: bytes, key: str) -> str:
        return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()
