"""The pretend Xero's front door: the consent page, codes and tokens, connections, and what people do wrong there."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from sandbox.books import BookCompany, Company
from tests.sandbox.xero_caller import APP, CALLBACK, EURO, Place

ASKED = {
    "response_type": "code",
    "client_id": "xero-client",
    "redirect_uri": CALLBACK,
    "scope": "openid offline_access accounting.invoices.read",
    "state": "abc",
}


@pytest.fixture
def world() -> Place:
    return Place()


def page(world: Place, **changes: str) -> TestResponse:
    return world.twin.app.test_client().get(f"/identity/connect/authorize?{urlencode(ASKED | changes)}")


def consent(world: Place, *tenants: str, decision: str = "allow", **changes: str) -> dict[str, str]:
    """Answer the page; the callback's query."""
    address = f"/identity/connect/authorize?{urlencode(ASKED | changes)}"
    answer = world.twin.app.test_client().post(address, data={"tenant": list(tenants), "decision": decision})
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK)
    return dict(part.split("=") for part in location.partition("?")[2].split("&"))


def tokens(world: Place, headers: dict[str, str] = APP, **form: str) -> tuple[int, dict[str, Any]]:
    answer = world.twin.app.test_client().post("/connect/token", data=form, headers=headers)
    return answer.status_code, answer.get_json()


def exchanged(world: Place, code: str, **more: str) -> tuple[int, dict[str, Any]]:
    return tokens(world, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_the_page_offers_every_organisation_and_nothing_it_should_not(world: Place) -> None:
    world.twin.add_company(Company(EURO))
    world.twin.add_company(Company(BookCompany("x", "<script>", "NZD", "NZ", "Pacific/Auckland", "x@x.test")))
    text = page(world).text
    assert text.count('type="checkbox"') == 3
    assert "Kiwi Trading Ltd" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "already connected" not in text
    assert 'type="radio"' in page(world, acr_values="bulk_connect:false").text
    consent(world, world.tenant)
    assert "already connected" in page(world).text


def test_saying_no_or_choosing_nothing_goes_back_without_a_code(world: Place) -> None:
    assert consent(world, world.tenant, decision="cancel") == {"error": "access_denied", "state": "abc"}
    assert consent(world) == {"error": "access_denied", "state": "abc"}
    assert world.twin.connections == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scope": "openid accounting.transactions"}, "invalid_scope: accounting.transactions"),
        ({"scope": ""}, "invalid_scope"),
        ({"client_id": "somebody"}, "unauthorized_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"redirect_uri": "http://evil.test/"}, "invalid_request"),
    ],
)
def test_a_wrong_request_stays_on_xeros_own_page(world: Place, change: dict[str, str], says: str) -> None:
    answer = page(world, **change)
    assert answer.status_code == 400
    assert says in answer.text
    assert "Allow access" not in answer.text


def test_a_code_works_once_and_for_five_minutes(world: Place) -> None:
    first, second = consent(world, world.tenant)["code"], consent(world, world.tenant)["code"]
    assert exchanged(world, first)[0] == 200
    assert exchanged(world, first) == (400, {"error": "invalid_grant"})
    world.later(minutes=6)
    assert exchanged(world, second) == (400, {"error": "invalid_grant"})


def test_a_challenge_needs_its_verifier(world: Place) -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # the pair of RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    codes = [consent(world, world.tenant, code_challenge=challenge)["code"] for _ in range(2)]
    assert exchanged(world, codes[0], code_verifier="guess")[0] == 400
    assert exchanged(world, codes[1], code_verifier=verifier)[0] == 200


def test_an_access_token_says_whose_it_is_and_which_consent_gave_it(world: Place) -> None:
    _, answer = exchanged(world, consent(world, world.tenant)["code"])
    said = claims(answer["access_token"])
    [connection] = world.twin.connections.values()
    assert (said["xero_userid"], said["authentication_event_id"]) == (world.twin.user_id, connection.event)
    assert said["scope"] == ASKED["scope"].split()
    assert said["exp"] == int(world.now.timestamp()) + 1800 == int(world.now.timestamp()) + answer["expires_in"]


def test_scopes_add_up_over_consents_and_a_connection_stays_the_same(world: Place) -> None:
    consent(world, world.tenant)
    before = list(world.twin.connections)
    _, answer = exchanged(world, consent(world, world.tenant, scope="openid accounting.payments")["code"])
    assert answer["scope"].split() == [*ASKED["scope"].split(), "accounting.payments"]
    assert list(world.twin.connections) == before


def test_wrong_keys_and_unknown_grants_are_named(world: Place) -> None:
    assert tokens(world, {}, grant_type="refresh_token") == (400, {"error": "invalid_client"})
    assert tokens(world, {"Authorization": "Basic !"}, grant_type="refresh_token") == (400, {"error": "invalid_client"})
    assert tokens(world, grant_type="password") == (400, {"error": "unsupported_grant_type"})
    assert tokens(world, grant_type="refresh_token", refresh_token="?") == (400, {"error": "invalid_grant"})


def test_connections_are_listed_by_either_spelling_and_by_consent(world: Place) -> None:
    other = world.twin.add_company(Company(EURO))
    exchanged(world, consent(world, world.tenant)["code"])
    _, answer = exchanged(world, consent(world, other)["code"])
    mine = {"Authorization": f"Bearer {answer['access_token']}"}
    http = world.twin.app.test_client()
    both = http.get("/connections", headers=mine).get_json()
    assert both == http.get("/Connections", headers=mine).get_json()
    assert [row["tenantId"] for row in both] == [world.tenant, other]
    event = claims(answer["access_token"])["authentication_event_id"]
    assert [row["tenantId"] for row in http.get(f"/connections?authEventId={event}", headers=mine).get_json()] == [
        other
    ]
    assert http.get("/connections").status_code == 401
    assert http.delete(f"/connections/{other}", headers=mine).status_code == 403
    assert http.delete(f"/connections/{world.twin.new_uuid()}", headers=mine).status_code == 404
    assert http.delete(f"/connections/{both[1]['id']}", headers=mine).status_code == 204
    assert [row["tenantId"] for row in http.get("/connections", headers=mine).get_json()] == [world.tenant]
