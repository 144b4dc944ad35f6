"""What stands before every answer of the pretend Xero: planned faults, tokens, tenants, limits, scopes, write keys.

The order is Xero's: the rate limit is checked before the idempotency key. It knows nothing of invoices.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from sandbox.oauth import Grant
    from sandbox.xero.twin import XeroTwin

FAULTS = {"503", "429-minute", "429-day", "429-concurrent", "429-appminute", "401-expired", "401-scope", "403", "drop"}
MEMORY = timedelta(minutes=6)
ROOT = "/api.xro/2.0/"
_NEEDS = {
    "Invoices": "accounting.invoices",
    "CreditNotes": "accounting.invoices",
    "Payments": "accounting.payments",
    "Overpayments": "accounting.payments",
    "Prepayments": "accounting.payments",
    "Contacts": "accounting.contacts",
    "Organisation": "accounting.settings",
    "Accounts": "accounting.settings",
}
_ID = re.compile(r"/[0-9a-f-]{36}(?=/|$)")


@dataclass(slots=True)
class _Use:
    """How much of the minute and the day is used, per tenant, in fixed windows."""

    windows: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, tenant: str, now: datetime) -> tuple[int, int]:
        """(calls this minute, calls this day), this one included. Only the running windows are kept."""
        keys = [(tenant, now.strftime(shape)) for shape in ("%Y-%m-%dT%H:%M", "%Y-%m-%d")]
        kept = {key: count for key, count in self.windows.items() if key[0] != tenant or key in keys}
        self.windows = kept | {key: kept.get(key, 0) + 1 for key in keys}
        return self.windows[keys[0]], self.windows[keys[1]]


@dataclass(frozen=True, slots=True)
class _Remembered:
    until: datetime
    asked: str
    status: int
    body: bytes


def mount(app: Flask, twin: XeroTwin) -> None:
    """Guard the whole app."""
    use, memory = _Use(), dict[str, _Remembered]()

    @app.before_request
    def _before() -> Response | None:
        twin.calls[f"{request.method} {_shape(request.path)}"] += 1
        kind = _planned(twin)
        g.drop = kind == "drop"
        if kind and not g.drop:
            return fault(kind)
        if request.path.lower().startswith("/connections"):
            return None if _grant(twin) else problem(401, "TokenExpired: the token has expired")
        if request.path.startswith(ROOT):
            return _guard(twin, use) or _recall(twin, memory)
        return None

    @app.after_request
    def _after(response: Response) -> Response:
        response.headers["xero-correlation-id"] = twin.new_uuid()
        if request.path.startswith(ROOT):
            _remember(twin, memory, response)
            response.headers.update(g.get("remaining", {}))
        if g.get("drop"):
            response.headers["Content-Length"] = str(len(response.get_data()) + 64)
        return response


def _shape(path: str) -> str:
    return _ID.sub("/{id}", path.removeprefix(ROOT.rstrip("/")))


def _planned(twin: XeroTwin) -> str:
    """The fault planned for this request, used up by one."""
    asked = f"{request.method} {request.path}"
    for plan in twin.faults:
        if plan[0] in asked:
            plan[2] -= 1
            twin.faults[:] = [one for one in twin.faults if one[2] > 0]
            return str(plan[1])
    return ""


def fault(kind: str) -> Response:
    """The answer Xero gives when this goes wrong."""
    if kind == "503":
        page = "<html><head><title>Service Unavailable</title></head><body><h1>503</h1></body></html>"
        return Response(page, 503, mimetype="text/html")
    if kind.startswith("429-"):
        return _limited(kind.removeprefix("429-"), {"day": 40000, "concurrent": 0}.get(kind[4:], 37))
    if kind == "403":
        return problem(403, "AuthenticationUnsuccessful")
    return problem(401, "TokenExpired: the token has expired") if kind == "401-expired" else _no_scope()


def problem(status: int, detail: str) -> Response:
    title = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}[status]
    body = '{"Type":null,"Title":"%s","Status":%d,"Detail":"%s","Instance":"%s","Extensions":{}}'
    instance = "5b3a0fd6-9c3e-4c5c-8a3e-3d8d4a3a6f11"
    return Response(body % (title, status, detail, instance), status, mimetype="application/json")


def _no_scope() -> Response:
    answer = problem(401, "AuthorizationUnsuccessful")
    answer.headers["WWW-Authenticate"] = 'OAuth realm="Xero", error="insufficent_scope"'  # Xero's own spelling
    return answer


def _limited(which: str, retry_after: int) -> Response:
    answer = Response("", 429)
    answer.headers["X-Rate-Limit-Problem"] = which
    if which != "concurrent":
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _grant(twin: XeroTwin) -> Grant | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return twin.tokens.check(token) if scheme == "Bearer" else None


def _guard(twin: XeroTwin, use: _Use) -> Response | None:
    grant, tenant = _grant(twin), request.headers.get("xero-tenant-id", "")
    if grant is None:
        return problem(401, "TokenExpired: the token has expired")
    if not any(one.tenant == tenant for one in twin.connections.values()):
        return problem(403, "AuthenticationUnsuccessful")
    g.books = twin.organisations[tenant]
    now = twin.clock()
    minute, today = use.take(tenant, now)
    left = {"X-MinLimit-Remaining": twin.minute_limit - minute, "X-DayLimit-Remaining": twin.day_limit - today}
    g.remaining = {name: str(max(0, count)) for name, count in left.items()} | {"X-AppMinLimit-Remaining": "9999"}
    if today > twin.day_limit:
        return _limited("day", 86400 - now.hour * 3600 - now.minute * 60 - now.second)
    if minute > twin.minute_limit:
        return _limited("minute", 60 - now.second)
    return None if _may(grant) else _no_scope()


def _may(grant: Grant) -> bool:
    need = _NEEDS.get(request.path.removeprefix(ROOT).split("/")[0], "")
    return need in grant.scope or (request.method == "GET" and f"{need}.read" in grant.scope) or not need


def _asked() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _recall(twin: XeroTwin, memory: dict[str, _Remembered]) -> Response | None:
    """The answer already given under this key, good or bad; a different request under it is refused."""
    key = request.headers.get("Idempotency-Key", "") if request.method in ("POST", "PUT") else ""
    g.fresh_key = key
    held = memory.get(key)
    if not key or held is None or held.until <= twin.clock():
        return None
    g.fresh_key = ""
    if held.asked != _asked():
        return problem(400, "The Idempotency-Key has already been used with a different request")
    return Response(held.body, held.status, mimetype="application/json")


def _remember(twin: XeroTwin, memory: dict[str, _Remembered], response: Response) -> None:
    key, now = g.get("fresh_key", ""), twin.clock()
    if key:
        for old in [one for one, held in memory.items() if held.until <= now]:
            del memory[old]
        memory[key] = _Remembered(now + MEMORY, _asked(), response.status_code, response.get_data())
