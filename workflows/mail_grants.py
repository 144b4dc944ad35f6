"""Signing in to a mailbox through its provider's own page, and giving that permission back.

The permission is a grant like a ledger's: sealed, and renewed one at a time, by `grants`. No transaction spans a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from integrations import oauth
from integrations.errors import Misconfigured, OutsideError
from models import Grant
from workflows import grants
from workflows.errors import Refusal
from workflows.runtime import Runtime

log = structlog.get_logger()


def redirect_uri(rt: Runtime, kind: str) -> str:
    """Where the provider sends the browser back to; it must be registered there word for word."""
    return f"{rt.public_url}/mail/{kind}/callback"


def begin(rt: Runtime, kind: str) -> tuple[str, str, str]:
    """(URL to send the browser to, state, PKCE verifier or ""). Refusal without keys for this provider."""
    try:
        return oauth.begin(grants.app_of(rt, kind), redirect_uri(rt, kind))
    except Misconfigured as error:
        raise Refusal(str(error)) from None


def exchanged(rt: Runtime, kind: str, callback: Mapping[str, str], verifier: str) -> oauth.Token:
    """The token set for a callback's code; Refusal when the provider does not give one."""
    code, way_back = callback.get("code", ""), redirect_uri(rt, kind)
    if not code:
        raise Refusal("The provider gave no access, so nothing was kept. Sign in again and allow it.")
    try:
        return oauth.exchange(grants.app_of(rt, kind), way_back, code, verifier, rt.transport, rt.clock.now())
    except OutsideError as error:
        if isinstance(error, Misconfigured):
            grants.note_trouble(rt, kind, error)
        raise Refusal(str(error)) from None


def give_back(rt: Runtime, grant_id: int) -> None:
    """Nobody sends by this permission any more: withdrawn at the provider where it can be told, and forgotten here."""
    with rt.store.read() as session:
        grant = session.get_one(Grant, grant_id)
    try:
        app, token = grants.app_of(rt, grant.kind), grants.stored_token(rt, grant)
        if app.revoke_url and token.refresh:
            oauth.revoke(app, token.refresh, rt.transport)
    except OutsideError as error:
        log.warning("a mail provider could not be told", grant=grant_id, kind=type(error).__name__)
    grants.close_unused(rt, grant_id)
