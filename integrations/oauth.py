"""The OAuth legs for both ledgers, through requests-oauthlib: authorise, exchange, refresh, revoke.

Knows nothing of tenants or storage: `workflows/grants.py` leases, seals and saves. Times come from the caller. What the
libraries say in their errors stays here, for it may hold what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests
from oauthlib.oauth2 import OAuth2Error
from oauthlib.oauth2.rfc6749.errors import (
    InsecureTransportError,
    InvalidClientError,
    InvalidGrantError,
    MissingTokenError,
    UnauthorizedClientError,
)
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from integrations import quiet
from integrations.errors import Misconfigured, OutsideError, Reconnect, Rejected, Transient
from integrations.openid import OpenId
from integrations.transport import Transport

quiet.hush()  # Here, because every ledger's adapter begins with this module.
TIMEOUT = (5, 20)
ACCESS_SECONDS = 1800  # the shorter of the two vendors' promises, where an answer does not say
_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """One vendor's endpoints and our keys there. `pkce` sends S256; `headers` go with token calls; `openid` is how it
    tells who somebody is.
    """

    label: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[str, ...]
    pkce: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    revoke_as_json: bool = False
    openid: OpenId | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token set. Times are aware; `refresh_hard_expires_at` is None where the vendor does not tell. `id_token` is
    not checked yet, and "" where none was asked for.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scope: tuple[str, ...]
    expires_at: datetime
    refresh_hard_expires_at: datetime | None = None
    id_token: str = field(default="", repr=False)


def begin(app: OAuthApp, redirect_uri: str, scopes: Sequence[str] = (), nonce: str = "") -> tuple[str, str, str]:
    """(URL to send the browser to, state, PKCE verifier or ""). `scopes` instead of the app's own; a `nonce` comes back
    in the id_token.
    """
    session = OAuth2Session(
        app.client_id, redirect_uri=redirect_uri, scope=list(scopes or app.scopes), pkce="S256" if app.pkce else None
    )
    url, state = session.authorization_url(app.authorize_url, **({"nonce": nonce} if nonce else {}))
    return url, state, getattr(session, "_code_verifier", None) or ""


def exchange(app: OAuthApp, redirect_uri: str, code: str, verifier: str, transport: Transport, now: datetime) -> Token:
    """Turn a callback's code into tokens. Rejected when the code is not good; Misconfigured when our keys are not."""
    session = _session(app, transport, redirect_uri=redirect_uri)
    try:
        with _refusals(app):
            fields = session.fetch_token(app.token_url, code=code, code_verifier=verifier or None, **_common(app))
            return _read(fields, "", now)
    except Reconnect:
        raise Rejected(f"{app.label} did not accept the consent; start the connection again.") from None


def refresh(app: OAuthApp, refresh_token: str, transport: Transport, now: datetime) -> Token:
    """New tokens. Reconnect on invalid_grant; Transient when the answer was lost: retry with the same old token."""
    if not refresh_token:
        raise Reconnect(f"{app.label} gave a permission that cannot be renewed; connect again.")
    session = _session(app, transport)
    with _refusals(app):
        fields = session.refresh_token(app.token_url, refresh_token=refresh_token, **_common(app))
        return _read(fields, refresh_token, now)


def revoke(app: OAuthApp, token: str, transport: Transport) -> None:
    """Withdraw the whole grant at the vendor; an already dead token is no error."""
    session = transport.mount(requests.Session())
    payload: dict[str, Any] = {"json": {"token": token}} if app.revoke_as_json else {"data": {"token": token}}
    try:
        answer = session.post(
            app.revoke_url, auth=HTTPBasicAuth(app.client_id, app.client_secret), timeout=TIMEOUT, **payload
        )
    except requests.RequestException:
        raise Transient(f"{app.label} could not be reached to withdraw the permission.") from None
    if answer.status_code == 401:
        raise _wrong_keys(app)
    if answer.status_code not in (200, 400):
        raise Transient(f"{app.label} answered {answer.status_code} to the withdrawal.")


def _session(app: OAuthApp, transport: Transport, **options: Any) -> OAuth2Session:
    """Without a scope: the library would compare what was granted with it and refuse a consent to less, or to more."""
    session = OAuth2Session(app.client_id, **options)
    transport.mount(session)
    for hook in ("access_token_response", "refresh_token_response"):
        session.register_compliance_hook(hook, partial(_usable, app))
    return session


def _common(app: OAuthApp) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **app.headers}
    return {"auth": HTTPBasicAuth(app.client_id, app.client_secret), "headers": headers, "timeout": TIMEOUT}


def _usable(app: OAuthApp, answer: requests.Response) -> requests.Response:
    """Stop at answers that are no OAuth answer at all, before the library tries to read them."""
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Transient(f"{app.label} answered {answer.status_code} to a token request.", retry_after=30)
    return answer


@contextmanager
def _refusals(app: OAuthApp) -> Iterator[None]:
    try:
        yield
    except requests.RequestException:
        raise Transient(f"{app.label} could not be reached for a token.", retry_after=15) from None
    except InsecureTransportError:
        raise Misconfigured(f"The token address of {app.label} must be https.") from None
    except OAuth2Error as error:
        raise _refusal(app, error) from None
    except (ValueError, TypeError, AttributeError):  # the library expects an object, and text in it
        raise _unreadable(app) from None


def _refusal(app: OAuthApp, error: OAuth2Error) -> OutsideError:
    if isinstance(error, InvalidGrantError):
        return Reconnect(f"{app.label} no longer accepts this permission; connect again.")
    if isinstance(error, InvalidClientError | UnauthorizedClientError):
        return _wrong_keys(app)
    if isinstance(error, MissingTokenError):  # a page of something that stands before the vendor
        return _unreadable(app)
    code = str(error.error)
    code = code if _CODE.fullmatch(code) else "no reason we know"
    return Rejected(f"{app.label} refused the token request ({code}).", code=code)


def _wrong_keys(app: OAuthApp) -> Misconfigured:
    return Misconfigured(f"{app.label} does not accept this installation's client id and secret.")


def _unreadable(app: OAuthApp) -> Transient:
    return Transient(f"{app.label} sent an unreadable token answer.", retry_after=30)


def _read(fields: Mapping[str, Any], old_refresh: str, now: datetime) -> Token:
    """ValueError where there is no token in it after all."""
    access, refresh = fields["access_token"], fields.get("refresh_token") or old_refresh
    if not isinstance(access, str) or not isinstance(refresh, str) or not access:
        raise ValueError("a token that is no text")
    scope, id_token = fields.get("scope") or (), fields.get("id_token")
    hard = _seconds(fields.get("x_refresh_token_hard_expires_in"))
    return Token(
        access=access,
        refresh=refresh,
        scope=tuple(one for one in (scope.split() if isinstance(scope, str) else scope) if one),
        expires_at=now + timedelta(seconds=_seconds(fields.get("expires_in")) or ACCESS_SECONDS),
        refresh_hard_expires_at=None if hard is None else now + timedelta(seconds=hard),
        id_token=id_token if isinstance(id_token, str) else "",
    )


def _seconds(value: object) -> int | None:
    """A number of seconds however it is written; None when it is none."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return None
