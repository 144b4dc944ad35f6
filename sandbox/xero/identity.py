"""Xero's identity server and its list of connections: consent, tokens, revocation.

The bookkeeping of tokens is `sandbox.oauth`'s; here are Xero's addresses, bodies and its rule that tokens belong to a
person while connections belong to organisations.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.oauth import Grant, Refused, TokenStore

if TYPE_CHECKING:
    from sandbox.xero.place import Place

# An app made after 2 March 2026 is offered the granular scopes only; an older one the broad ones too.
_AREAS = ("invoices", "payments", "banktransactions", "manualjournals", "contacts", "settings", "attachments")
SCOPES = {
    *("openid", "profile", "email", "offline_access", "accounting.reports.aged.read"),
    *(f"accounting.{area}{end}" for area in _AREAS for end in ("", ".read")),
}
BROAD = {"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"}
Answer = Response | AnyResponse | str | tuple[Any, int] | tuple[Any, int, dict[str, str]]


@dataclass(slots=True)
class Connection:
    """One organisation given to the app by one person (`user`)."""

    id: str
    tenant: str
    user: str
    event: str
    created: datetime
    updated: datetime


class _Jwts(TokenStore):
    """The shared token store, with access tokens that are JWTs as Xero's are."""

    def __init__(self, twin: Place, new_id: Callable[[], str]) -> None:
        super().__init__(twin.clock, new_id, 1800, timedelta(0), timedelta(minutes=30))
        self._twin = twin

    def _new_access(self, grant: Grant) -> str:
        expires = self.clock() + timedelta(seconds=self.access_seconds)
        claims = {
            "client_id": self._twin.client_id,
            "xero_userid": grant.subject,
            "authentication_event_id": grant.extra["event"],
            "scope": list(grant.scope),
            "exp": int(expires.timestamp()),
            "jti": self.new_id(),
        }
        token = _jwt(claims, self._twin.client_secret)
        self._access[token] = (grant, expires)
        return token


def token_store(twin: Place) -> TokenStore:
    return _Jwts(twin, twin.new_uuid)


def bearer() -> str:
    """The request's access token, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def grant_of(twin: Place) -> Grant | None:
    """The living grant behind the request's token."""
    return twin.tokens.check(bearer())


def scopes_in(token: str) -> set[str]:
    """What a token of ours allows: its own claim, so that a later consent needs a new token."""
    part = token.split(".")[1]
    return set(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["scope"])


def _jwt(claims: dict[str, Any], key: str) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    text = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{_b64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def mount(app: Flask, twin: Place) -> None:
    """Add the identity routes to the twin's app."""
    app.add_url_rule("/identity/connect/authorize", "authorize", lambda: _authorize(twin), methods=["GET", "POST"])
    app.add_url_rule("/.well-known/openid-configuration", "discovery", lambda: _discovery(twin))
    app.add_url_rule("/.well-known/openid-configuration/jwks", "keys", lambda: twin.signer.published())
    app.add_url_rule("/connect/token", "token", lambda: _token(twin), methods=["POST"])
    app.add_url_rule("/connect/revocation", "revocation", lambda: _revocation(twin), methods=["POST"])
    for spelling in ("/connections", "/Connections"):  # the documents and the official client differ
        app.add_url_rule(spelling, f"list {spelling}", lambda: _connections(twin))
        rule = f"{spelling}/<id>"
        app.add_url_rule(rule, rule, lambda id: _remove(twin, id), methods=["DELETE"])


def _discovery(twin: Place) -> Answer:
    base = twin.base_url or request.host_url.rstrip("/")
    return {
        "issuer": twin.signer.issuer,
        "authorization_endpoint": f"{base}/identity/connect/authorize",
        "token_endpoint": f"{base}/connect/token",
        "revocation_endpoint": f"{base}/connect/revocation",
        "jwks_uri": f"{base}/.well-known/openid-configuration/jwks",
        "id_token_signing_alg_values_supported": ["RS256"],
    }, 200


def _authorize(twin: Place) -> Answer:
    """The consent page. Posting `tenant` (several times) and `decision` (allow, cancel) to its address answers it."""
    problem = _problem(twin)
    scopes = request.args.get("scope", "").split()
    if problem or request.method == "GET":
        title = "Something is not right" if problem else "Dunlin wants access to your organisations"
        page = render_template(
            "consent.html",
            title=title,
            problem=problem,
            organisations=list(twin.organisations.values()) if _asks_for_books(scopes) else [],
            asks=_asks_for_books(scopes) or bool(problem),
            connected={one.tenant for one in twin.connections.values() if one.user == twin.user_id},
            several=request.args.get("acr_values") != "bulk_connect:false",
            scopes=scopes,
        )
        return page, 400 if problem else 200
    if twin.granting is not None:
        scopes = [one for one in scopes if one in twin.granting or not one.startswith("accounting.")]
    chosen = [id for id in request.form.getlist("tenant") if id in twin.organisations]
    if request.form.get("decision") != "allow" or (_asks_for_books(scopes) and not chosen):
        return _back(error="access_denied")
    code = _consent(twin, chosen if _asks_for_books(scopes) else [], tuple(scopes))
    twin.signer.remember(code, request.args.get("nonce", ""))
    return _back(code=code, scope=" ".join(scopes))


def _asks_for_books(scopes: list[str]) -> bool:
    """Who only says who they are is asked for no organisation."""
    return any(one.startswith("accounting.") for one in scopes)


def _problem(twin: Place) -> str:
    """Why no consent can be asked for; Xero shows a page of its own and sends nobody back."""
    asked = request.args
    uri = asked.get("redirect_uri", "")
    unknown = set(asked.get("scope", "").split()) - SCOPES - (BROAD if twin.broad_scopes else set())
    if asked.get("client_id") != twin.client_id:
        return "unauthorized_client: Unknown client or client not enabled"
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    # Xero itself wants https or http://localhost; 127.0.0.1 is let in so that the demo needs no name.
    if not uri.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        return "invalid_request: Invalid redirect_uri"
    if unknown or not asked.get("scope"):
        return f"invalid_scope: {' '.join(sorted(unknown))}"
    return ""


def _back(**answer: str) -> AnyResponse:
    fields = {**answer, "state": request.args.get("state", "")}
    uri = request.args["redirect_uri"]
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(fields)}", 302)


def _consent(twin: Place, chosen: list[str], scopes: tuple[str, ...]) -> str:
    """Scopes add up over consents; a tenant that is connected already keeps its connection."""
    now, event = twin.clock(), twin.new_uuid()
    mine = (one for one in twin.tokens.grants if one.alive and one.subject == twin.user_id)
    grant = next(mine, None) or Grant(twin.user_id, ())
    grant.scope = tuple(dict.fromkeys((*grant.scope, *scopes)))
    grant.extra["event"] = event
    held = {one.tenant: one for one in twin.connections.values() if one.user == twin.user_id}
    for tenant in chosen:
        made = held.get(tenant) or Connection(twin.new_uuid(), tenant, twin.user_id, event, now, now)
        made.event, made.updated = event, now
        twin.connections[made.id] = made
    return twin.tokens.code_for(grant, request.args["redirect_uri"], request.args.get("code_challenge", ""))


def _is_our_app(twin: Place) -> bool:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(coded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme == "Basic" and given == f"{twin.client_id}:{twin.client_secret}"


def _token(twin: Place) -> Answer:
    if not _is_our_app(twin):
        return {"error": "invalid_client"}, 400
    form = request.form
    try:
        if form.get("grant_type") == "authorization_code":
            code, uri = form.get("code", ""), form.get("redirect_uri", "")
            grant, access, refresh = twin.tokens.exchange(code, uri, form.get("code_verifier", ""))
        elif form.get("grant_type") == "refresh_token":
            grant, access, refresh = twin.tokens.refresh(form.get("refresh_token", ""))
        else:
            return {"error": "unsupported_grant_type"}, 400
    except Refused as refused:
        return {"error": refused.code}, 400
    holder = twin.holder
    about = {"sub": grant.subject, "xero_userid": grant.subject, "email": holder.email}
    about |= {"given_name": holder.given, "family_name": holder.family, "global_session_id": "session"}
    return {
        "id_token": twin.signer.token(form.get("code", ""), twin.client_id, about, twin.clock()),
        "access_token": access,
        "expires_in": twin.tokens.access_seconds,
        "token_type": "Bearer",
        "refresh_token": refresh,
        "scope": " ".join(grant.scope),
    }, 200


def _revocation(twin: Place) -> Answer:
    """Ends the person's whole grant: every connection of theirs goes with it."""
    if not _is_our_app(twin):
        return {"error": "invalid_client"}, 400
    if twin.tokens.revoke(request.form.get("token", "")):
        living = {one.subject for one in twin.tokens.grants if one.alive}
        twin.connections = {id: one for id, one in twin.connections.items() if one.user in living}
    return "", 200


def _mine(twin: Place) -> list[Connection]:
    grant = grant_of(twin)
    return [one for one in twin.connections.values() if grant is not None and one.user == grant.subject]


def _connections(twin: Place) -> Answer:
    event = request.args.get("authEventId")
    rows = [_row(twin, one) for one in _mine(twin) if event in (None, one.event)]
    return Response(json.dumps(rows), mimetype="application/json")


def _row(twin: Place, it: Connection) -> dict[str, str]:
    return {
        "id": it.id,
        "authEventId": it.event,
        "tenantId": it.tenant,
        "tenantType": "ORGANISATION",
        "tenantName": twin.organisations[it.tenant].about.name,
        "createdDateUtc": it.created.strftime("%Y-%m-%dT%H:%M:%S.%f0"),
        "updatedDateUtc": it.updated.strftime("%Y-%m-%dT%H:%M:%S.%f0"),
    }


def _remove(twin: Place, id: str) -> Answer:
    """The id must be the connection's own: a tenant's or an event's is forbidden, an unknown one is not found."""
    mine = _mine(twin)
    if any(one.id == id for one in mine):
        del twin.connections[id]
        return "", 204
    known = any(id in (one.tenant, one.event) for one in mine)
    return {"Title": "Forbidden" if known else "Not Found", "Status": 403 if known else 404}, 403 if known else 404
