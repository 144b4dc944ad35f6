"""The webhooks of the pretend QuickBooks: both body shapes, and the signature over the raw bytes.

It dresses and signs what happened; when and where to post it is the driver's business.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC

from sandbox.books import Webhook
from sandbox.quickbooks.realm import News

_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided"}


def sign(raw: bytes, key: str) -> str:
    """The `intuit-signature` of a body."""
    return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()


def delivery(news: list[News], key: str, new_id: Callable[[], str], *, legacy: bool) -> Webhook:
    """One signed delivery of several events, which may be of several companies."""
    body = _legacy(news) if legacy else [_cloud_event(one, new_id()) for one in news]
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "intuit-signature": sign(raw, key), "intuit-t-id": new_id()}
    return Webhook("quickbooks", raw, headers)


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
        "data": {},
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
    return {"name": news.entity, "id": news.id, "operation": news.operation, "lastUpdated": moment}
