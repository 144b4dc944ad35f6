"""An id for each request, in every line it logs, in its answer and on an error's page, for a person to quote."""

from __future__ import annotations

import re

import structlog
from flask import Flask, Response, g, request

from web.guards import runtime

_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")
HEADER = "X-Request-Id"


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(_end)
    app.context_processor(lambda: {"request_id": g.get("request_id", "")})


def _begin() -> None:
    """A proxy's own id is taken only where it is one: it stands in our log, and anybody can send it."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _WELL_FORMED.fullmatch(given) else runtime().new_id()
    structlog.contextvars.bind_contextvars(request=g.request_id, endpoint=request.endpoint)


def _tell(response: Response) -> Response:
    response.headers[HEADER] = g.get("request_id", "")
    return response


def _end(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request", "endpoint")
