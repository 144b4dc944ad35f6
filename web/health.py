"""For whoever watches over the installation: is it alive, can it work, and how is it. No name and no secret in it.

`/metrics` answers only who knows its token, and is not there without one.
"""

from __future__ import annotations

import hmac

import structlog
from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from web import metrics
from web.guards import limiter, runtime
from workflows import pulse, vitals

pages = Blueprint("health", __name__)
log = structlog.get_logger()
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
OFTEN = "120 per minute"


@pages.get("/health")
@limiter.limit(OFTEN)
def health() -> ResponseReturnValue:
    """This process answers. It asks nothing of the database."""
    return "ok\n", 200, _PLAIN


@pages.get("/ready")
@limiter.limit(OFTEN)
def ready() -> ResponseReturnValue:
    """Whether it can do its work: 200, or 503 with the first thing that is wrong."""
    wrong = _wrong()
    return (f"{wrong}\n", 503, _PLAIN) if wrong else ("ready\n", 200, _PLAIN)


def _wrong() -> str:
    rt = runtime()
    try:
        if not vitals.is_migrated(rt):
            return "The tables are not those of this version; start Dunlin anew."
        last = pulse.ticked_at(rt)
    except SQLAlchemyError:
        log.exception("the database did not answer")
        return "The database does not answer."
    if rt.is_demo:  # a pretend world moves its clock itself
        return ""
    if last is None or rt.clock.now() - last > pulse.LATELY:
        return "The clock does not tick; start Dunlin anew and look at its log."
    return ""


@pages.get("/metrics")
@limiter.limit(OFTEN)
def figures() -> ResponseReturnValue:
    """Everything in Prometheus's own format."""
    token = runtime().upkeep.metrics_token
    given = request.headers.get("Authorization", "")
    if not token:
        abort(404)
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response("", 401, {"WWW-Authenticate": "Bearer"})
    return Response(generate_latest(metrics.registry()), content_type=CONTENT_TYPE_LATEST)
