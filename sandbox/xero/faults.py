"""What can go wrong at the pretend Xero, and the answers it then gives. It decides nothing about who may come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response

EXPIRED = "TokenExpired: the token has expired"
AWAY = "AuthenticationUnsuccessful"


@dataclass(slots=True)
class Planned:
    """The next `times` requests whose "METHOD path" contains `path_contains`, or all of them before `until`."""

    path_contains: str
    kind: str
    times: int
    until: datetime | None

    def over(self, now: datetime) -> bool:
        return now >= self.until if self.until else self.times <= 0


def take(plans: list[Planned], asked: str, now: datetime) -> Planned | None:
    """The fault that hits this request, used up by one."""
    plans[:] = [one for one in plans if not one.over(now)]
    hit = next((one for one in plans if one.path_contains in asked), None)
    if hit is not None:
        hit.times -= 1
    return hit


def problem(status: int, detail: str) -> Response:
    title = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}[status]
    body = '{"Type":null,"Title":"%s","Status":%d,"Detail":"%s","Instance":"%s","Extensions":{}}'
    instance = "5b3a0fd6-9c3e-4c5c-8a3e-3d8d4a3a6f11"
    return Response(body % (title, status, detail, instance), status, mimetype="application/json")


def no_scope() -> Response:
    answer = problem(401, "AuthorizationUnsuccessful")
    answer.headers["WWW-Authenticate"] = 'OAuth realm="Xero", error="insufficent_scope"'  # Xero's own spelling
    return answer


def limited(which: str, retry_after: int | None) -> Response:
    """A 429; Xero names the limit and, except for the concurrent one, says how long to wait."""
    answer = Response("", 429)
    answer.headers["X-Rate-Limit-Problem"] = which
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def broken(answer: Response) -> Response:
    """The same answer, breaking off before the length it promised."""
    answer.headers["Content-Length"] = str(len(answer.get_data()) + 64)
    return answer


def _page() -> Response:
    page = "<html><head><title>Service Unavailable</title></head><body><h1>503</h1></body></html>"
    return Response(page, 503, mimetype="text/html")


def _error() -> Response:
    body = '{"ErrorNumber":500,"Type":"InternalServerException","Message":"An error occurred in Xero."}'
    return Response(body, 500, mimetype="application/json")


_PLAIN: dict[str, Callable[[], Response]] = {
    "lost": lambda: broken(Response(b"{", 200, mimetype="application/json")),
    "503": _page,
    "500": _error,
    "401": lambda: problem(401, EXPIRED),
    "401-expired": lambda: problem(401, EXPIRED),
    "401-scope": no_scope,
    "403": lambda: problem(403, AWAY),
    "429-bare": lambda: limited("minute", None),
    "429-concurrent": lambda: limited("concurrent", None),
}
_LIMITS = {"429": ("minute", 37), "429-minute": ("minute", 37), "429-appminute": ("appminute", 37)}
_LIMITS["429-day"] = ("day", 40000)
DROP = "drop"  # the change is made, then the answer breaks off
KINDS: Sequence[str] = sorted({DROP, *_PLAIN, *_LIMITS})


def answer(plan: Planned, now: datetime) -> Response:
    """The answer Xero gives when this goes wrong. A limit that lasts until a moment says how long that still is."""
    if plan.kind in _PLAIN:
        return _PLAIN[plan.kind]()
    which, wait = _LIMITS[plan.kind]
    return limited(which, math.ceil((plan.until - now).total_seconds()) if plan.until else wait)
