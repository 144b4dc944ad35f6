"""What vendors tell us: the raw body goes to the inbox, which verifies and stores it. No cookies, no session."""

from __future__ import annotations

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from integrations.errors import BadSignature, Rejected
from web.guards import limiter, runtime, was_refused
from workflows import inbox
from workflows.errors import Refusal

pages = Blueprint("webhooks", __name__)
log = structlog.get_logger()


@pages.post("/webhooks/<kind>")
@pages.post("/webhooks/<kind>/<place>")
@limiter.limit("300 per minute", deduct_when=was_refused)
def receive(kind: str, place: str = "") -> ResponseReturnValue:
    """200 once it is stored; 401 when it is not the vendor's, which only so many may be; 503: send it again."""
    raw = request.get_data(cache=False)
    rt = runtime()
    if kind not in rt.ledgers and kind not in rt.processors:
        return "", 404
    try:
        inbox.accept(rt, kind, raw, dict(request.headers), place)
    except BadSignature:
        return "", 401
    except Refusal:
        return "", 404
    except Rejected:
        return "", 400
    except Exception:
        # Whatever kept it from being stored, the vendor must come again.
        log.exception("a webhook could not be stored", kind=kind)
        return "", 503
    return "", 200
