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

from sandbox.xero import faults, identity
from sandbox.xero.faults import AWAY, EXPIRED, limited, no_scope, problem

if TYPE_CHECKING:
    from sandbox.xero.place import Place

MEMORY = timedelta(minutes=6)
ROOT = "/api.xro/2.0/"
AT_ONCE = "dunlin.xero.at_once"  # how many requests to this organisation were under way when this one came
_NEEDS = {
    **dict.fromkeys(("Invoices", "CreditNotes"), "accounting.invoices"),
    **dict.fromkeys(("Payments", "Overpayments", "Prepayments"), "accounting.payments"),
    **dict.fromkeys(("Organisation", "Accounts", "BrandingThemes", "InvoiceReminders"), "accounting.settings"),
    "BankTransactions": "accounting.banktransactions",
    "ManualJournals": "accounting.manualjournals",
    "Contacts": "accounting.contacts",
}
_BROAD = dict.fromkeys(("invoices", "payments", "banktransactions", "manualjournals"), "accounting.transactions")
_ID = re.compile(r"/[0-9a-f-]{36}(?=/|$)")


@dataclass(slots=True)
class _Use:
    """How much of the minute and the day is used, by each tenant, in fixed windows."""

    windows: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, tenant: str, now: datetime, more: int = 0) -> tuple[int, int, int]:
        """(this minute's calls, this day's, this minute's of all tenants), `more` of them new."""
        minute, today = (now.strftime(shape) for shape in ("%Y-%m-%dT%H:%M", "%Y-%m-%d"))
        kept = {key: count for key, count in self.windows.items() if key[1] in (minute, today)}
        self.windows = kept | {key: kept.get(key, 0) + more for key in ((tenant, minute), (tenant, today))}
        everybody = sum(count for (_, window), count in self.windows.items() if window == minute)
        return self.windows[tenant, minute], self.windows[tenant, today], everybody


@dataclass(frozen=True, slots=True)
class _Remembered:
    until: datetime
    asked: str
    status: int
    body: bytes


def mount(app: Flask, twin: Place) -> None:
    """Guard the whole app."""
    use, memory = _Use(), dict[str, _Remembered]()

    @app.before_request
    def _before() -> Response | None:
        g.twin = twin
        twin.calls[f"{request.method} {_shape(request.path)}"] += 1
        plan = faults.take(twin.faults, f"{request.method} {request.path}", twin.clock())
        g.drop = plan is not None and plan.kind == faults.DROP
        if plan is not None and not g.drop:
            return faults.answer(plan, twin.clock())
        if request.path.lower().startswith("/connections"):
            return None if identity.grant_of(twin) else problem(401, EXPIRED)
        if request.path.startswith(ROOT):
            return _guard(twin, use) or _recall(twin, memory)
        return None

    @app.after_request
    def _after(response: Response) -> Response:
        response.headers["xero-correlation-id"] = twin.new_uuid()
        if request.path.startswith(ROOT):
            _remember(twin, memory, response)
            response.headers.update(_left(twin, use))
        return faults.broken(response) if g.get("drop") else response


def _shape(path: str) -> str:
    return _ID.sub("/{id}", path.removeprefix(ROOT.rstrip("/")))


def _left(twin: Place, use: _Use) -> dict[str, str]:
    """What Xero says is left of each limit; all of it while none is in force."""
    tenant = request.headers.get("xero-tenant-id", "")
    minute, today, everybody = use.of(tenant, twin.clock()) if twin.limited else (0, 0, 0)
    counts = {"Min": twin.minute_limit - minute, "Day": twin.day_limit - today, "AppMin": 10_000 - everybody}
    return {f"X-{name}Limit-Remaining": str(max(0, count)) for name, count in counts.items()}


def _guard(twin: Place, use: _Use) -> Response | None:
    grant, tenant = identity.grant_of(twin), request.headers.get("xero-tenant-id", "")
    if grant is None:
        return problem(401, EXPIRED)
    if not any((one.tenant, one.user) == (tenant, grant.subject) for one in twin.connections.values()):
        return problem(403, AWAY)
    g.books = twin.organisations[tenant]
    return _too_many(twin, use, tenant) or (None if _may(identity.scopes_in(identity.bearer())) else no_scope())


def _too_many(twin: Place, use: _Use, tenant: str) -> Response | None:
    now = twin.clock()
    if not twin.limited:
        return None
    if request.environ.get(AT_ONCE, 1) > twin.at_once:
        return limited("concurrent", None)
    minute, today, _ = use.of(tenant, now, more=1)
    if today > twin.day_limit:
        return limited("day", 86400 - now.hour * 3600 - now.minute * 60 - now.second)
    return limited("minute", 60 - now.second) if minute > twin.minute_limit else None


def _may(given: set[str]) -> bool:
    """Do the scopes in the token allow this? Apps from before the granular scopes have one for all transactions."""
    need = _NEEDS.get(request.path.removeprefix(ROOT).split("/")[0], "")
    enough = {need, _BROAD.get(need.removeprefix("accounting."), need)}
    if request.method == "GET":
        enough |= {f"{one}.read" for one in enough}
    return not need or bool(enough & given)


def _asked() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _recall(twin: Place, memory: dict[str, _Remembered]) -> Response | None:
    """The answer already given under this key, good or bad; a different request under it is refused."""
    key = request.headers.get("Idempotency-Key", "") if request.method in ("POST", "PUT") else ""
    if len(key) > 128:
        return problem(400, "The Idempotency-Key is longer than 128 characters")
    g.fresh_key = key
    held = memory.get(key)
    if not key or held is None or held.until <= twin.clock():
        return None
    g.fresh_key = ""
    if held.asked != _asked():
        return problem(400, "The Idempotency-Key has already been used with a different request")
    return Response(held.body, held.status, mimetype="application/json")


def _remember(twin: Place, memory: dict[str, _Remembered], response: Response) -> None:
    key, now = g.get("fresh_key", ""), twin.clock()
    if key:
        for old in [one for one, held in memory.items() if held.until <= now]:
            del memory[old]
        memory[key] = _Remembered(now + MEMORY, _asked(), response.status_code, response.get_data())
