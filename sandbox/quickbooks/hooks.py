"""The webhooks of the pretend QuickBooks: both body shapes, and the signature over the raw bytes.

It dresses and signs what happened; when and where to post it is the driver's business.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from sandbox.books import Webhook
from sandbox.quickbooks.realm import News

_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided"}
_PAST |= {"Emailed": "emailed", "Merge": "merged"}
WAYS = ("", "twice", "backwards", "unsigned")


def sign(raw: bytes, key: str) -> str:
    """The `intuit-signature` of a body."""
    return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()


def delivery(news: list[News], key: str, new_id: Callable[[], str], *, legacy: bool) -> Webhook:
    """One signed delivery of several events, which may be of several companies."""
    body = _legacy(news) if legacy else [_cloud_event(one, new_id()) for one in news]
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "intuit-signature": sign(raw, key), "intuit-t-id": new_id()}
    return Webhook("quickbooks", raw, headers)


def deliveries(news: list[News], key: str, new_id: Callable[[], str], *, legacy: bool, how: str) -> list[Webhook]:
    """All news in one delivery, or as `how` says: the same twice; each piece by itself and the last first; forged."""
    if how not in WAYS:
        raise ValueError(f"Webhooks cannot come {how!r}; there are {', '.join(WAYS[1:])}.")
    bodies = [[one] for one in reversed(news)] if how == "backwards" else [news] if news else []
    posted = [delivery(body, key, new_id, legacy=legacy) for body in bodies]
    if how == "twice":
        return [one for hook in posted for one in (hook, hook)]
    if how == "unsigned":
        return [one for hook in posted for one in (_forged(hook), hook)]
    return posted


def _forged(hook: Webhook) -> Webhook:
    """The same words from somebody who does not know the key."""
    return replace(hook, headers=hook.headers | {"intuit-signature": sign(hook.raw, "not the key")})


def _cloud_event(news: News, id: str) -> dict[str, object]:
    moment = news.moment.astimezone(UTC)
    return {
        "specversion": "1.0",
        "id": id,
        "source": "intuit.pretend",
        "type": f"qbo.{news.entity.lower()}.{_PAST[news.operation]}.v1",
        "datacontenttype": "application/json",
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z",
        "intuitentityid": news.id,
        "intuitaccountid": news.realm,
        "data": {"deletedid": news.deleted} if news.deleted else {},
    }


def _legacy(news: list[News]) -> dict[str, object]:
    realms = dict.fromkeys(one.realm for one in news)
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": [_entity(one) for one in news if one.realm == realm]}}
            for realm in realms
        ]
    }


def _entity(news: News) -> dict[str, str]:
    moment = news.moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    merged = {"deletedId": news.deleted} if news.deleted else {}
    return {"name": news.entity, "id": news.id, "operation": news.operation, "lastUpdated": moment} | merged
