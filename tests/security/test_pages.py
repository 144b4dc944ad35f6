"""What every answer of the web application keeps to: tokens, headers, cookies, hosts, redirects, limits and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

import settings
from app import create_app
from tests.house import code
from tests.house.test_wiring import PUBLIC
from tests.security import tenants
from tests.web import pages
from tests.web.edges import HTTPS, PASSWORD, client_of, make_app, new_store, runtime, sign_in, token_in
from tests.web.world import World
from web.guards import csrf

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
# Answered to a machine that holds no session, so that no token could be in it; and what protects it instead.
WITHOUT_TOKEN = {
    "webhooks": "the vendor's signature over the body",
    "portal_stop": "the link's own token; RFC 8058",
    "api": "no cookie is read there, only the bearer's own token, which no page of another site could add",
}


def _rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, a path of it) for everything that changes something; every id is 1."""
    for rule in app.url_map.iter_rules():
        for method in tenants.methods(rule):
            if method != "GET":
                given = {name: "1" for name in rule.arguments if name not in tenants.WORDS}
                yield rule, method, tenants.path(app, rule, given, method)


def test_no_route_that_changes_something_is_taken_without_the_token(shown: World, onlooker: FlaskClient) -> None:
    asked = 0
    for rule, method, where in _rules(onlooker.application):
        if rule.endpoint.partition(".")[0] not in WITHOUT_TOKEN:
            answer = onlooker.open(where, method=method, data={"confirm": PASSWORD}, **HTTPS)
            assert answer.status_code == 400, f"{method} {rule} answered {answer.status_code}"
            asked += 1
    assert asked > 70


def test_what_needs_no_token_is_listed_with_what_protects_it_instead(onlooker: FlaskClient) -> None:
    assert {one.name for one in csrf._exempt_blueprints} == set(WITHOUT_TOKEN)
    assert csrf._exempt_views == set()


def test_nothing_but_get_and_post_is_offered_and_get_has_no_form(shown: World, onlooker: FlaskClient) -> None:
    for rule in onlooker.application.url_map.iter_rules():
        assert set(tenants.methods(rule)) <= {"GET", "POST"}, rule
    for method in ("TRACE", "PUT", "DELETE", "PATCH"):
        assert onlooker.open("/", method=method, **HTTPS).status_code == 405


def _every_kind_of_answer(world: World, client: FlaskClient) -> dict[str, Any]:
    stranger = client_of(world.rt)
    answers = {
        name: client.get(path, **HTTPS) for name, path in {**pages.console(world), **pages.portal(world)}.items()
    }
    return answers | {
        "a redirect": stranger.get("/desk", **HTTPS),
        "a refused form": client.post("/sign-out", **HTTPS),
        "a wrong method": client.get("/sign-out", **HTTPS),
        "a file of ours": client.get("/static/dunlin.css", **HTTPS),
        "no such file": client.get("/static/nothing.css", **HTTPS),
        "a vendor's call": stranger.post("/webhooks/xero", data=b"{}", **HTTPS),
        "an upload too large": client.post("/sign-out", data={"text": "x" * 3_000_000}, **HTTPS),
    }


def test_the_strict_headers_stand_on_every_answer(shown: World, onlooker: FlaskClient) -> None:
    for name, answer in _every_kind_of_answer(shown, onlooker).items():
        for header, value in STRICT.items():
            assert answer.headers[header] == value, f"{name}: {header}"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert "Server" not in answer.headers, name
        assert "Access-Control-Allow-Origin" not in answer.headers, name
        answer.close()
        kept = "no-store" in answer.headers.get("Cache-Control", "")
        assert kept is not (name == "a file of ours"), f"{name}: {answer.headers.get('Cache-Control')}"


def test_no_answer_tells_what_failed_inside(shown: World) -> None:
    app = make_app(shown.rt)

    @app.get("/static/broken")
    def broken() -> str:
        raise RuntimeError("postgresql://user:secret@host")

    app.config["DUNLIN_PUBLIC_ENDPOINTS"] = ("broken",)
    answer = app.test_client().get("/static/broken", **HTTPS)
    assert answer.status_code == 500
    assert not any(word in answer.text for word in ("secret", "RuntimeError", "Traceback", ".py"))


def test_debugging_is_off(tmp_path: Path) -> None:
    app = create_app(settings.load({"DUNLIN_VAR": str(tmp_path)}))
    runtime = app.extensions["dunlin"]
    assert not app.debug
    assert not app.testing
    runtime.engine.close()
    runtime.store.close()


def test_forms_may_lead_only_to_the_sign_ins_and_payment_pages_in_use(tmp_path: Path) -> None:
    app = create_app(settings.load({"DUNLIN_VAR": str(tmp_path)}))
    hosts = {host.partition("://")[2] for host in app.config["DUNLIN_FORM_HOSTS"]}
    assert all(host.startswith("https://") for host in app.config["DUNLIN_FORM_HOSTS"])
    ours = ("intuit.com", "xero.com", "stripe.com", "gocardless.com", "google.com", "microsoftonline.com")
    assert [host for host in hosts if not host.endswith(ours)] == []
    app.extensions["dunlin"].store.close()


def test_the_cookie_is_bound_to_this_host_and_out_of_reach_of_scripts(world: World) -> None:
    client = client_of(world.rt)
    form = {"email": "ann@example.com", "password": PASSWORD}
    form["csrf_token"] = token_in(client.get("/sign-in", **HTTPS).text)
    (cookie,) = client.post("/sign-in", data=form, **HTTPS).headers.getlist("Set-Cookie")
    name, _, flags = cookie.partition("=")
    assert name == "__Host-dunlin"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {one.strip() for one in flags.split(";")}
    assert "Domain" not in flags
    assert "Expires" not in flags, "it ends with the browser"


def test_where_there_is_no_tls_the_cookie_has_a_plain_name() -> None:
    store = new_store()
    app = make_app(runtime(store, mode="demo", public_url="http://127.0.0.1:8000"))
    assert app.config["SESSION_COOKIE_NAME"] == "dunlin"
    store.close()


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:a=b",
        "/\r\nSet-Cookie: a=b",
        "http:evil.example",
        " //evil.example",
        "/\t/evil.example",
    ],
)
def test_signing_in_leads_nowhere_else(world: World, elsewhere: str) -> None:
    client = client_of(world.rt)
    form = {"email": "ann@example.com", "password": PASSWORD}
    form["csrf_token"] = token_in(client.get("/sign-in", **HTTPS).text)
    answer = client.post("/sign-in", query_string={"next": elsewhere}, data=form, **HTTPS)
    assert answer.location == "/" or (answer.location.startswith("/%") and "//" not in answer.location)
    assert "a=b" not in "".join(answer.headers.getlist("Set-Cookie"))


def test_the_name_a_request_is_sent_to_appears_in_no_answer(shown: World, onlooker: FlaskClient) -> None:
    for header in ("Host", "X-Forwarded-Host", "Forwarded"):
        for path in ("/", "/sign-in", f"/companies/{shown.bramley.uid}/sender", shown.link("Hallam & Daughters"), "/x"):
            answer = onlooker.get(path, headers={header: "evil.example"}, **HTTPS)
            assert "evil.example" not in answer.text, path
            assert "evil.example" not in str(answer.headers), path


def test_a_wrong_signature_is_refused_at_last_without_a_look(world: World) -> None:
    client = client_of(world.rt)
    answers = [client.post("/webhooks/xero", data=b"{}", **HTTPS).status_code for _ in range(301)]
    assert answers == [401] * 300 + [429]


def test_guessing_at_one_person_from_many_places_is_slowed_down_too(world: World) -> None:
    client = client_of(world.rt)
    form = {"email": "Ann@example.com", "password": "wrong"}
    form["csrf_token"] = token_in(client.get("/sign-in", **HTTPS).text)
    answers = []
    for place in range(101):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{place}"
        answers.append(client.post("/sign-in", data=form, **HTTPS).status_code)
    assert answers == [401] * 100 + [429]


def test_a_portal_link_is_limited(world: World) -> None:
    client, link = client_of(world.rt), world.link("Carver's Yard")
    token = token_in(client.get(link, **HTTPS).text)
    codes = {client.post(f"{link}/pay", data={"csrf_token": token}, **HTTPS).status_code for _ in range(41)}
    assert codes == {303, 429}


def test_a_form_larger_than_it_may_be_is_not_read(shown: World, onlooker: FlaskClient) -> None:
    assert onlooker.post("/library/change", data={"text": "x" * 2_200_000}, **HTTPS).status_code == 413
    link = shown.link("Carver's Yard")
    assert onlooker.post(f"{link}/pay", data={"x": "x" * 200_000}, **HTTPS).status_code == 413


def test_no_secret_stands_in_an_address(shown: World, onlooker: FlaskClient) -> None:
    """But for what somebody was mailed and what ends: a portal link (see V9), and an invitation, which opens once."""
    words = {"password", "secret", "key", "token", "code", "confirm"}
    named = {str(rule) for rule in onlooker.application.url_map.iter_rules() if words & set(rule.arguments)}
    assert {one.split("/")[1] for one in named} <= {"p", "stop", "join"}
    for name, path in pages.console(shown).items():
        for form in onlooker.get(path, **HTTPS).text.split("<form ")[1:]:
            fields = form.split("</form>")[0]
            assert 'type="password"' not in fields or 'method="post"' in fields.split(">")[0], name


def test_a_password_may_be_pasted_and_is_never_shown(shown: World) -> None:
    for template in (code.ROOT / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "onpaste" not in text, template.name
        for field in text.split("<input ")[1:]:
            tag = field.split(">")[0]
            if 'name="password"' in tag or 'name="confirm"' in tag:
                assert 'type="password"' in tag, template.name
                assert "autocomplete=" in tag, template.name
                assert "value=" not in tag, template.name
                assert "maxlength" not in tag, template.name


def test_what_is_open_to_everybody_is_on_one_list(onlooker: FlaskClient, shown: World) -> None:
    stranger = client_of(shown.rt)
    for rule in onlooker.application.url_map.iter_rules():
        if rule.endpoint not in PUBLIC and "GET" in tenants.methods(rule):
            given = {name: "1" for name in rule.arguments if name not in tenants.WORDS}
            where = tenants.path(onlooker.application, rule, given, "GET")
            assert stranger.get(where, **HTTPS).location.startswith("/sign-in"), rule


def test_signing_out_stands_on_every_page_of_the_console(shown: World, onlooker: FlaskClient) -> None:
    for name, path in pages.console(shown).items():
        answer = onlooker.get(path, **HTTPS)
        if answer.status_code == 200:
            assert 'action="/sign-out"' in answer.text, name


def test_one_session_is_one_person(world: World) -> None:
    client = sign_in(client_of(world.rt))
    token = token_in(client.get("/your-sign-in", **HTTPS).text)
    form = {"email": "otto@example.com", "password": PASSWORD, "csrf_token": token}
    assert client.post("/sign-in", data=form, **HTTPS).status_code == 303
    assert "Otto Other" in client.get("/your-sign-in", **HTTPS).text
    assert "Ann Harbour" not in client.get("/", **HTTPS).text
