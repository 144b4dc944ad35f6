"""What vendors may send to a token request, and what we make of it: never a surprise, never what was sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, Response

from integrations import oauth
from integrations.errors import Misconfigured, OutsideError, Reconnect, Rejected, Transient
from integrations.oauth import OAuthApp, Token
from integrations.transport import Transport
from sandbox.wires import Network

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GOOD: dict[str, Any] = {"access_token": "new", "refresh_token": "next", "expires_in": 1800, "token_type": "Bearer"}
SITE = "http://vendor.test"
VENDOR = OAuthApp("Vendor", "id", "our-secret", f"{SITE}/authorize", f"{SITE}/token", f"{SITE}/revoke", ("read", "pay"))


def answering(body: str | dict[str, Any], status: int = 200) -> Transport:
    """A vendor who says just this."""
    app, network = Flask("vendor"), Network()
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    for path in ("/token", "/revoke"):
        app.add_url_rule(path, path, lambda: Response(text, status, mimetype=kind), methods=["POST"])
    network.route("vendor.test", app)
    return Transport(network.adapter, network.pool)


@pytest.fixture(autouse=True)
def _http_is_fine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def renewed(body: str | dict[str, Any], status: int = 200) -> Token:
    return oauth.refresh(VENDOR, "old-token", answering(body, status), NOW)


@pytest.mark.parametrize("granted", ["read", "read pay more", "pay read", "", None])
def test_another_scope_than_was_asked_for_is_no_error(granted: str | None) -> None:
    fields = GOOD | ({} if granted is None else {"scope": granted})
    for token in (renewed(fields), oauth.exchange(VENDOR, f"{SITE}/back", "code", "", answering(fields), NOW)):
        assert token.scope == tuple((granted or "").split())


@pytest.mark.parametrize(("seconds", "lasts"), [(3600, 3600), ("3600", 3600), (3600.0, 3600), (None, 1800)])
def test_how_long_a_token_lasts_is_read_however_it_is_written(seconds: object, lasts: int) -> None:
    assert renewed(GOOD | {"expires_in": seconds}).expires_at == NOW + timedelta(seconds=lasts)


@pytest.mark.parametrize(("told", "days"), [(86400, 1), ("86400", 1), (None, None), ("", None), ("soon", None)])
def test_the_hard_end_is_read_where_it_is_told(told: object, days: int | None) -> None:
    end = renewed(GOOD | {"x_refresh_token_hard_expires_in": told}).refresh_hard_expires_at
    assert end == (None if days is None else NOW + timedelta(days=days))


def test_an_answer_without_a_new_refresh_token_keeps_the_old_one() -> None:
    assert renewed({name: value for name, value in GOOD.items() if name != "refresh_token"}).refresh == "old-token"


def test_a_permission_that_cannot_be_renewed_needs_a_person() -> None:
    with pytest.raises(Reconnect):
        oauth.refresh(VENDOR, "", answering(GOOD), NOW)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": "invalid_grant", "error_description": "Token invalid: old-token"}, 400, Reconnect),
        ({"error": "invalid_client"}, 401, Misconfigured),
        ({"error": "invalid_client"}, 400, Misconfigured),
        ({"error": "unauthorized_client"}, 400, Misconfigured),
        ({"error": "invalid_scope"}, 400, Rejected),
        ({"error": "the old-token is no good"}, 400, Rejected),
        ({"error": "invalid_grant"}, 503, Transient),
        ({}, 200, Transient),
        ("<html>old-token</html>", 200, Transient),
        ("<html>old-token</html>", 403, Transient),
        ("<html>old-token</html>", 502, Transient),
        ("", 429, Transient),
        ("5", 200, Transient),
        ("[]", 200, Transient),
        (GOOD | {"access_token": None}, 200, Transient),
        (GOOD | {"refresh_token": 5}, 200, Transient),
        (GOOD | {"scope": 5}, 200, Transient),
        (GOOD | {"expires_in": "soon"}, 200, Transient),
    ],
)
def test_each_refusal_says_what_to_do_and_repeats_nothing(
    body: str | dict[str, Any], status: int, error: type[OutsideError]
) -> None:
    with pytest.raises(OutsideError) as caught:
        renewed(body, status)
    assert type(caught.value) is error
    assert "old-token" not in str(caught.value)
    assert "our-secret" not in str(caught.value)
    cause = caught.value.__cause__ or (None if caught.value.__suppress_context__ else caught.value.__context__)
    assert cause is None, "what the library said is not handed on"


def test_a_token_and_our_secret_do_not_show_when_printed() -> None:
    shown = repr(renewed(GOOD)) + repr(VENDOR)
    assert not [one for one in ("'new'", "next", "our-secret") if one in shown]


@pytest.mark.parametrize(("status", "error"), [(200, None), (400, None), (401, Misconfigured), (503, Transient)])
def test_a_withdrawal_is_done_already_done_or_to_be_tried_again(status: int, error: type[OutsideError] | None) -> None:
    if error is None:
        oauth.revoke(VENDOR, "old-token", answering("", status))
        return
    with pytest.raises(error):
        oauth.revoke(VENDOR, "old-token", answering("", status))
