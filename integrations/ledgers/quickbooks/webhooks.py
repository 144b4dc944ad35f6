"""QuickBooks' webhooks: the signature over the raw bytes, and both shapes of body. They name rows, never hold them.

An entry that cannot be read costs itself alone: the changes feed tells what it was about.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from integrations.errors import BadSignature, Misconfigured, Rejected
from integrations.ledgers.base import LedgerEvent
from integrations.ledgers.quickbooks.faults import LABEL

_WORDS = {"creditmemo": "credit"}
_UNREADABLE = f"A message from {LABEL} cannot be read."


def events(raw: bytes, headers: Mapping[str, str], key: str) -> tuple[LedgerEvent, ...]:
    """BadSignature when it does not verify; Rejected when it verifies and still nothing in it can be read.

    The newer shape is a list, which may mix companies; the one in use until July 2026 is an object.
    """
    _verify(raw, headers, key)
    entries, read = _entries(raw)
    found = tuple(event for entry in entries if isinstance(entry, dict) for event in read(_lowered(entry)))
    if entries and not found:
        raise Rejected(_UNREADABLE)
    return found


def _entries(raw: bytes) -> tuple[list[Any], Callable[[Mapping[str, Any]], Iterator[LedgerEvent]]]:
    """The entries of a body and how to read one."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(_UNREADABLE) from None
    if isinstance(body, list):
        return body, _from_cloud
    if isinstance(body, dict) and "eventNotifications" in body:
        return list(_legacy_entries(body)), _from_legacy
    raise Rejected(_UNREADABLE)


def _verify(raw: bytes, headers: Mapping[str, str], key: str) -> None:
    if not key:
        raise Misconfigured(f"There is no verifier token for {LABEL}'s messages.")
    given = next((value for name, value in headers.items() if name.lower() == "intuit-signature"), "")
    wanted = base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest())
    if not hmac.compare_digest(wanted, given.encode("ascii", "replace")):
        raise BadSignature(f"A message that claims to be from {LABEL} is not signed by it.")


def _legacy_entries(body: Any) -> Iterator[dict[str, Any]]:
    """Every entity of every company in the body, with the company beside it."""
    for notice in _list(_lowered(body).get("eventnotifications")):
        fields = _lowered(notice)
        for entity in _list(_lowered(fields.get("datachangeevent")).get("entities")):
            if isinstance(entity, dict):
                yield {**entity, "realmid": fields.get("realmid")}


def _from_legacy(fields: Mapping[str, Any]) -> Iterator[LedgerEvent]:
    """The old shape has no id of its own: what it says is its key."""
    realm, name, id = (_word(fields.get(field)) for field in ("realmid", "name", "id"))
    said = (_word(fields.get(field)) for field in ("operation", "lastupdated"))
    return _named(realm, name, id, _word(fields.get("deletedid")), "/".join((realm, name, id, *said)))


def _from_cloud(fields: Mapping[str, Any]) -> Iterator[LedgerEvent]:
    """`type` reads qbo.<entity>.<what happened>.v1."""
    kind = _word(fields.get("type"))
    realm, id = _word(fields.get("intuitaccountid")), _word(fields.get("intuitentityid"))
    name = kind.split(".")[1] if "." in kind else ""
    key = _word(fields.get("id")) or "/".join((realm, kind, id, _word(fields.get("time"))))
    return _named(realm, name, id, _word(_lowered(fields.get("data")).get("deletedid")), key)


def _named(realm: str, name: str, id: str, merged: str, key: str) -> Iterator[LedgerEvent]:
    """The row, and beside it the one that was merged into it: it is inactive now and its documents have moved."""
    entity = _WORDS.get(name.lower(), name.lower())
    if realm and entity and id:
        yield LedgerEvent(realm, entity, id, key)
    if realm and entity and merged and merged != id:
        yield LedgerEvent(realm, entity, merged, f"{key}/{merged}")


def _lowered(fields: Any) -> dict[str, Any]:
    """By lower-case names: `deletedId` and `deletedid` have both been seen."""
    return {str(name).lower(): value for name, value in fields.items()} if isinstance(fields, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
