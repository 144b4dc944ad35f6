"""The OAuth side of the pretend Intuit: discovery, the consent page, tokens and revocation.

It hands out permission for one company at a time and knows nothing of what is in the books.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.oauth import Grant, Refused

if TYPE_CHECKING:
    from sandbox.quickbooks import QuickBooksTwin

R = TypeVar("R")
FIRST_ADMIN = "robin@books.test"
SCOPE = "com.intuit.quickbooks.accounting"
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 8726400
HARD_LIMIT = timedelta(days=5 * 365)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Connect an app – pretend QuickBooks</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; background: #f4f5f8; color: #21262a; margin: 0; }
main { max-width: 30rem; margin: 8vh auto; background: #fff; padding: 2rem; border-radius: .75rem;
       box-shadow: 0 1px 4px #0003; }
h1 { font-size: 1.4rem; margin-top: 0; }
fieldset { border: 1px solid #babec5; border-radius: .5rem; margin: 1rem 0; }
label { display: block; padding: .4rem 0; }
button { font: inherit; padding: .6rem 1.4rem; border-radius: 2rem; border: 1px solid #108000; cursor: pointer; }
.allow { background: #108000; color: #fff; }
.deny { background: #fff; color: #108000; }
.note { color: #5b6066; font-size: .9rem; }
</style></head><body><main>
<h1>Let this app work with your company?</h1>
<p>It will be able to read and write your accounting data in QuickBooks.</p>
<form method="post">
{% for name, value in asked.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}{% if companies %}<fieldset><legend>Company</legend>
{% for realm, company in companies %}<label><input type="radio" name="realm" value="{{ realm }}"
{%- if loop.first %} checked{% endif %} required> {{ company }}</label>
{% endfor %}</fieldset>{% endif %}
<p><label>Signed in as <input name="admin" value="{{ admin }}" required></label></p>
<button class="allow" name="decision" value="allow">Allow</button>
<button class="deny" name="decision" value="deny" formnovalidate>Deny</button>
</form>
<p class="note">This is a pretend QuickBooks for trying things out. No real books are behind it.</p>
</main></body></html>"""


def add_routes(app: Flask, twin: QuickBooksTwin) -> None:
    """Hang the OAuth addresses on the app."""
    app.add_url_rule("/.well-known/openid_configuration", "discovery", lambda: _discovery(twin))
    app.add_url_rule("/op/v1/jwks", "keys", lambda: twin.signer.published())
    app.add_url_rule("/v1/openid_connect/userinfo", "userinfo", lambda: _alone(twin, _userinfo))
    app.add_url_rule("/connect/oauth2", "consent", lambda: _alone(twin, _consent), methods=["GET", "POST"])
    app.add_url_rule("/oauth2/v1/tokens/bearer", "token", lambda: _alone(twin, _token), methods=["POST"])
    app.add_url_rule("/v2/oauth2/tokens/revoke", "revoke", lambda: _alone(twin, _revoke), methods=["POST"])


def _alone(twin: QuickBooksTwin, answer: Callable[[QuickBooksTwin], R]) -> R:
    """One at a time, so that two refreshes at once are one after the other."""
    with twin.mutex:
        return answer(twin)


def _discovery(twin: QuickBooksTwin) -> Response:
    base = twin.base_url or request.host_url.rstrip("/")
    return jsonify(
        issuer=twin.signer.issuer,
        authorization_endpoint=f"{base}/connect/oauth2",
        token_endpoint=f"{base}/oauth2/v1/tokens/bearer",
        userinfo_endpoint=f"{base}/v1/openid_connect/userinfo",
        revocation_endpoint=f"{base}/v2/oauth2/tokens/revoke",
        jwks_uri=f"{base}/op/v1/jwks",
        response_types_supported=["code"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["RS256"],
        scopes_supported=["openid", "email", "profile", "address", "phone"],
        token_endpoint_auth_methods_supported=["client_secret_post", "client_secret_basic"],
        claims_supported=["aud", "exp", "iat", "iss", "realmid", "sub"],
    )


def _consent(twin: QuickBooksTwin) -> AnyResponse:
    """GET shows the page; POST with `realm`, `decision` (allow or deny) and `admin` goes back to the app."""
    asked = {name: request.values.get(name, "") for name in ("client_id", "redirect_uri", "state", "scope", "nonce")}
    scopes = asked["scope"].split()
    if asked["client_id"] != twin.client_id or not asked["redirect_uri"]:
        return Response("The client id or redirect address is not known here.", 400)
    if not {SCOPE, "openid"} & set(scopes) or request.values.get("response_type", "code") != "code":
        return _back(asked, {"error": "invalid_scope"})
    if request.method == "GET":
        companies = [(realm.id, realm.about.name) for realm in twin.realms.values() if SCOPE in scopes]
        return Response(render_template_string(_PAGE, asked=asked, companies=companies, admin=FIRST_ADMIN))
    realm = request.form.get("realm", "") if SCOPE in scopes else ""
    if request.form.get("decision") != "allow" or (SCOPE in scopes and realm not in twin.realms):
        return _back(asked, {"error": "access_denied"})
    admin, now = request.form.get("admin") or FIRST_ADMIN, twin.clock().isoformat()
    grant = _grant(twin, realm, admin)
    grant.extra = {"given": now, "used": now, "admin": admin}
    code = twin.tokens.code_for(grant, asked["redirect_uri"])
    if "openid" in scopes:
        twin.signer.remember(code, asked["nonce"])
    return _back(asked, {"code": code, **({"realmId": realm} if realm else {})})


def _grant(twin: QuickBooksTwin, realm: str, admin: str) -> Grant:
    """The admin's living grant of a company, or a new one: what was revoked stays dead, a new admin ends the old."""
    for grant in twin.tokens.grants:
        if grant.subject == realm and grant.alive:
            if grant.extra.get("admin") == admin:
                return grant
            grant.alive = False
    return Grant(realm, (SCOPE,) if realm else ("openid",))


def _back(asked: dict[str, str], answer: dict[str, str]) -> AnyResponse:
    glue = "&" if "?" in asked["redirect_uri"] else "?"
    return redirect(asked["redirect_uri"] + glue + urlencode({**answer, "state": asked["state"]}))


def _ours(twin: QuickBooksTwin) -> bool:
    """True when the request carries this app's id and secret as HTTP Basic."""
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(packed, validate=True)
    except binascii.Error:
        return False
    return scheme.lower() == "basic" and given == f"{twin.client_id}:{twin.client_secret}".encode()


def _refusal(code: str, description: str = "", status: int = 400) -> tuple[Response, int]:
    body = {"error": code, "error_description": description} if description else {"error": code}
    return jsonify(body), status


def _token(twin: QuickBooksTwin) -> Response | tuple[Response, int]:
    if not _ours(twin):
        return _refusal("invalid_client", status=401)
    kind = request.form.get("grant_type", "")
    twin.token_calls[kind] += 1
    try:
        if kind == "authorization_code":
            form = request.form
            grant, access, refresh = twin.tokens.exchange(form.get("code", ""), form.get("redirect_uri", ""))
        elif kind == "refresh_token":
            grant, access, refresh = _refreshed(twin, request.form.get("refresh_token", ""))
        else:
            return _refusal("unsupported_grant_type")
    except Refused as refused:
        return _refusal(refused.code, refused.description)
    fields = {"access_token": access, "token_type": "bearer", "expires_in": ACCESS_SECONDS, "refresh_token": refresh}
    fields["x_refresh_token_expires_in"] = REFRESH_SECONDS
    code = request.form.get("code", "")
    if twin.signer.asked(code):
        realm = {"realmid": grant.subject} if grant.subject else {}
        fields["id_token"] = twin.signer.token(code, [twin.client_id], _claims(twin) | realm, twin.clock())
    if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
        fields["x_refresh_token_hard_expires_in"] = int((_end(grant) - twin.clock()).total_seconds())
    return jsonify(fields)


def _claims(twin: QuickBooksTwin) -> dict[str, Any]:
    return {"sub": twin.holder.subject, "auth_time": int(twin.clock().timestamp())}


def _userinfo(twin: QuickBooksTwin) -> Response | tuple[Response, int]:
    """Names and address, in the vendor's own spelling, for whoever has a living token."""
    if twin.tokens.check(request.headers.get("Authorization", "").removeprefix("Bearer ")) is None:
        return _refusal("invalid_token", status=401)
    holder = twin.holder
    return jsonify(
        sub=holder.subject,
        email=holder.email,
        emailVerified=holder.verified,
        givenName=holder.given,
        familyName=holder.family,
    )


def _refreshed(twin: QuickBooksTwin, token: str) -> tuple[Grant, str, str]:
    """As the store says, within 101 days of the last use and five years of the consent."""
    now = twin.clock()
    for grant in twin.tokens.grants:
        used = datetime.fromisoformat(grant.extra["used"]) if grant.extra else now
        if token in (grant.refresh, *grant.old_refresh) and (
            now >= _end(grant) or now - used > timedelta(seconds=REFRESH_SECONDS)
        ):
            raise Refused("invalid_grant", "Token invalid")
    grant, access, refresh = twin.tokens.refresh(token)
    grant.extra["used"] = now.isoformat()
    return grant, access, refresh


def _end(grant: Grant) -> datetime:
    return datetime.fromisoformat(grant.extra["given"]) + HARD_LIMIT


def _revoke(twin: QuickBooksTwin) -> Response | tuple[Response, int]:
    if not _ours(twin):
        return _refusal("invalid_client", status=401)
    body = request.get_json(silent=True) or {}
    if not twin.tokens.revoke(str(body.get("token", ""))):
        return _refusal("invalid_request")
    return Response("", 200)
