"""QuickBooks' webhooks: the signature over the raw bytes, and both shapes of body. They name rows, never hold them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from integrations.errors import BadSignature, Misconfigured, Rejected
from integrations.ledgers.base import LedgerEvent
from integrations.ledgers.quickbooks.faults import LABEL
from integrations.ledgers.quickbooks.structs import CloudEvent, LegacyWebhook

_WORDS = {"creditmemo": "credit"}
_cloud = msgspec.json.Decoder(list[CloudEvent])
_legacy = msgspec.json.Decoder(LegacyWebhook)


def events(raw: bytes, headers: Mapping[str, str], key: str) -> tuple[LedgerEvent, ...]:
    """BadSignature when it does not verify; Rejected when it verifies and still cannot be read."""
    _verify(raw, headers, key)
    try:
        if raw.lstrip()[:1] == b"[":
            return tuple(_from_cloud(event) for event in _cloud.decode(raw))
        return _from_legacy(_legacy.decode(raw))
    except (msgspec.DecodeError, IndexError):
        raise Rejected(f"A message from {LABEL} cannot be read.") from None


def _verify(raw: bytes, headers: Mapping[str, str], key: str) -> None:
    if not key:
        raise Misconfigured(f"There is no verifier token for {LABEL}'s messages.")
    given = next((value for name, value in headers.items() if name.lower() == "intuit-signature"), "")
    wanted = base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest())
    if not hmac.compare_digest(wanted, given.encode("ascii", "replace")):
        raise BadSignature(f"A message that claims to be from {LABEL} is not signed by it.")


def _from_cloud(event: CloudEvent) -> LedgerEvent:
    name = event.type.split(".")[1].lower()
    return LedgerEvent(event.realm, _WORDS.get(name, name), event.entity_id, event.id)


def _from_legacy(body: LegacyWebhook) -> tuple[LedgerEvent, ...]:
    """The old shape has no id of its own: what it says is its key."""
    found: list[LedgerEvent] = []
    for notice in body.notifications:
        for row in notice.change.entities:
            name = row.name.lower()
            key = "/".join((notice.realm, row.name, row.id, row.operation, row.changed))
            found.append(LedgerEvent(notice.realm, _WORDS.get(name, name), row.id, key))
    return tuple(found)
