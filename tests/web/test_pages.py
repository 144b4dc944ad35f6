"""Every page: who may open it, that it opens, and that it is strict about what may run in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web import pages
from tests.web.edges import HTTPS, client_of, make_app, new_store, runtime, sign_in, token_in
from tests.web.world import World

FOUND = {"no such page": 404, "bad link": 404}


def _all(world: World) -> dict[str, str]:
    return {**pages.console(world), **pages.portal(world)}


def test_every_page_opens_for_whom_it_is_meant(shown: World, onlooker: FlaskClient) -> None:
    for name, path in _all(shown).items():
        answer = onlooker.get(path, **HTTPS)
        assert answer.status_code == FOUND.get(name, 200), (name, answer.text[:500])
        assert "<h1" in answer.text, name


def test_a_stranger_is_sent_to_the_sign_in_and_back_to_where_he_wanted(shown: World) -> None:
    stranger = client_of(shown.rt)
    for name, path in pages.console(shown).items():
        if name not in ("no such page", "today"):
            answer = stranger.get(path, **HTTPS)
            assert answer.status_code == 302, name
            assert answer.location.startswith("/sign-in?next="), name
    wanted = stranger.get(f"/companies/{shown.bramley.uid}/cadence", **HTTPS).location
    form = {"email": "ann@example.com", "password": "a walk along the shore"}
    form["csrf_token"] = token_in(stranger.get(wanted, **HTTPS).text)
    assert stranger.post(wanted, data=form, **HTTPS).location == f"/companies/{shown.bramley.uid}/cadence"


def test_signing_in_never_leads_to_another_site(shown: World) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        client = client_of(shown.rt)
        form = {"email": "ann@example.com", "password": "a walk along the shore"}
        form["csrf_token"] = token_in(client.get("/sign-in", **HTTPS).text)
        assert client.post("/sign-in", query_string={"next": elsewhere}, data=form, **HTTPS).location == "/"


def test_every_page_is_strict_about_what_may_run_in_it(shown: World, onlooker: FlaskClient) -> None:
    for name, path in _all(shown).items():
        answer = onlooker.get(path, **HTTPS)
        policy = answer.headers["Content-Security-Policy"]
        assert policy == (
            "default-src 'self'; img-src 'self' data:; form-action 'self' https://pay.example https://xero.example; "
            "frame-ancestors 'none'; base-uri 'none'"
        ), name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "no-referrer", name
        assert answer.headers["Cache-Control"] == "no-store", name


def test_no_page_carries_a_style_or_a_script_of_its_own(shown: World, onlooker: FlaskClient) -> None:
    for name, path in _all(shown).items():
        page = onlooker.get(path, **HTTPS).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), name
        links = re.findall(r"""<a href="https?://[^>]*>""", page)
        assert all('rel="noopener noreferrer"' in link for link in links), f"{name} tells another site where it was"
        for link in links:
            page = page.replace(link, "")
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page), f"{name} loads something from elsewhere"


def test_every_form_that_changes_something_carries_its_token(shown: World, onlooker: FlaskClient) -> None:
    seen, its_link_is_the_secret = 0, {"asking for a person"}  # a mail program presses it, too: RFC 8058
    for name, path in _all(shown).items():
        if name in its_link_is_the_secret:
            continue
        for form in re.findall(r"<form.*?</form>", onlooker.get(path, **HTTPS).text, re.S):
            if 'method="post"' in form:
                seen += 1
                assert 'name="csrf_token"' in form, name
    assert seen > 20


def _posts(world: World) -> list[tuple[str, dict[str, Any]]]:
    company = f"/companies/{world.bramley.uid}"
    account = f"/accounts/{world.accounts['Alder & Ash Kitchens'].uid}"
    invoice = f"/invoices/{world.invoices['1042'].uid}"
    return [
        ("/sign-out", {}),
        ("/connect/xero", {}),
        (f"{company}/settings", {"zone": "Europe/Dublin"}),
        (f"{company}/sync", {}),
        (f"{company}/live", {"value": "off"}),
        (f"{company}/pause", {"value": "on"}),
        (f"{company}/disconnect", {}),
        (f"/touches/{world.doubt.uid}/settle", {"answer": "sent"}),
        (f"/disputes/{world.dispute.uid}/resolve", {"text": "New doors are on their way.", "ending": "corrected"}),
        (f"/bookings/{world.booking.uid}/settle", {"how": "booked"}),
        (f"/postings/{world.posting.uid}/settle", {"how": "drop"}),
        (f"{account}/on-account", {"amount": "10.00", "day": "2026-11-17"}),
        (f"{account}/take-back", {"payment": "p0"}),
        (f"{account}/hold", {"cause": "paused", "day": "2026-12-01"}),
        (f"{account}/release", {"hold": world.hold.uid}),
        (f"{account}/address", {"address": "pay@alder.example", "cause": "bounced"}),
        (f"{account}/told", {"reason": "forgot", "invoice": world.invoices["1042"].uid}),
        (f"{account}/dealt-with", {"told": world.told.uid, "answer": "It is sent."}),
        (f"{account}/arrange", {"invoice": world.invoices["1042"].uid, "count": "2", "every": "month"}),
        (f"{account}/end-arrangement", {"arrangement": world.arrangement.uid}),
        (f"{company}/terms", {"day": "2026-12-01", "title": "Terms", "text": "Pay."}),
        (f"{account}/terms", {"day": "2026-12-01", "title": "Terms", "text": "Pay."}),
        (f"/terms/{world.terms.uid}/withdraw", {}),
        (f"{account}/handover", {}),
        (f"{account}/handover/{world.prepared.uid}/release", {"agency": "Heron Recoveries"}),
        (f"{account}/handover/{world.prepared.uid}/discard", {}),
        (f"{account}/handover/{world.released.uid}/recall", {}),
        (f"{invoice}/pay-link", {}),
        (f"{invoice}/credit", {"amount": "10.00", "words": "Sorry"}),
        (f"{invoice}/due-date", {"day": "2026-12-01"}),
        (f"{invoice}/expected-date", {"day": "2026-12-01"}),
        (f"{invoice}/note", {"text": "They moved."}),
    ]


def test_no_order_is_taken_without_the_token(shown: World, onlooker: FlaskClient) -> None:
    paths = [path for path, _ in _posts(shown)]
    paths += [
        f"{shown.link('Hallam & Daughters')}/{way}" for way in ("pay", "fresh", "answers/promise", "answers/dispute")
    ]
    for path in paths:
        answer = onlooker.post(path, **HTTPS)
        assert answer.status_code == 400, path
        assert "nothing was changed" in answer.text, path


# Pages of whoever is signed in; they show only their own.
EVERYBODY_S = (
    "deleted companies",
    "how long things are kept",
    "today",
    "companies",
    "found",
    "found by the sum",
    "nothing found",
    "stop sending",
    "tokens",
    "what you are told",
    "words",
    "words in French",
    "desk",
    "no drafts",
    "no calls",
    "conversation guide",
    "connect again",
    "library",
    "changes",
    "log of the practice",
)


def test_another_practices_things_do_not_exist(world: World) -> None:
    otto = sign_in(client_of(world.rt), "otto@example.com")
    token = token_in(otto.get("/", **HTTPS).text)
    for name, path in pages.console(world).items():
        if name not in EVERYBODY_S:
            assert otto.get(path, **HTTPS).status_code == 404, name
    assert otto.get(f"/touches/{world.touch.uid}/body", **HTTPS).status_code == 404
    assert otto.get(f"/invoices/{world.invoices['1042'].uid}/pdf", **HTTPS).status_code == 404
    for path, form in _posts(world):
        if path.count("/") > 1 and not path.startswith("/connect"):
            answer = otto.post(path, data={**form, "csrf_token": token}, **HTTPS)
            assert answer.status_code == 404, path
    for path in ("/", "/companies", "/search?q=Alder", "/search?q=104", "/search?q=1204.50", "/stop"):
        assert "Bramley" not in otto.get(path, **HTTPS).text, path
    assert "Carver" not in otto.get("/desk", **HTTPS).text


def test_a_message_is_shown_in_a_frame_that_can_do_nothing(shown: World, onlooker: FlaskClient) -> None:
    page = onlooker.get(f"/touches/{shown.touch.uid}", **HTTPS).text
    assert re.search(rf'<iframe [^>]*sandbox="" [^>]*src="/touches/{shown.touch.uid}/body">', page)
    body = onlooker.get(f"/touches/{shown.touch.uid}/body", **HTTPS)
    policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy


def test_ten_wrong_passwords_are_enough_and_right_ones_never_count(world: World) -> None:
    app = make_app(world.rt)
    for _ in range(11):
        sign_in(app.test_client())
    stranger = app.test_client()
    wrong = {"email": "ann@example.com", "password": "wrong"}
    wrong["csrf_token"] = token_in(stranger.get("/sign-in", **HTTPS).text)
    answers = [stranger.post("/sign-in", data=wrong, **HTTPS).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]


def test_a_session_of_a_person_who_is_gone_opens_nothing(world: World) -> None:
    client = client_of(world.rt)
    with client.session_transaction(**HTTPS) as session:
        session["browser"] = "made up"
    assert client.get("/", **HTTPS).location == "/sign-in"


def test_the_first_run_makes_an_owner_once() -> None:
    store = new_store()
    client = make_app(runtime(store)).test_client()
    assert client.get("/", **HTTPS).location == "/first-run"
    assert client.get("/sign-in", **HTTPS).location == "/first-run"
    page = client.get("/first-run", **HTTPS).text
    assert "DUNLIN_SMTP_URL" in page
    form = {"practice_name": "Harbour & Lane", "name": "Ann", "email": "Ann@Example.com", "password": "short"}
    form["csrf_token"] = token_in(page)
    refused = client.post("/first-run", data=form, **HTTPS)
    assert (refused.status_code, "at least 10 characters" in refused.text) == (422, True)
    assert client.get("/", **HTTPS).location == "/first-run"
    made = client.post("/first-run", data={**form, "password": "a long sentence"}, **HTTPS)
    assert (made.status_code, made.location) == (303, "/")
    assert "Connect your first company" in client.get("/", **HTTPS).text
    assert client.get("/first-run", **HTTPS).status_code == 404
    store.close()


@pytest.mark.parametrize(("path", "method", "status"), [("/nowhere", "GET", 404), ("/sign-out", "GET", 405)])
def test_an_error_is_one_clear_page(onlooker: FlaskClient, path: str, method: str, status: int) -> None:
    answer = onlooker.open(path, method=method, **HTTPS)
    assert answer.status_code == status
    assert answer.text.count("<h1") == 1


def test_a_fault_of_ours_is_one_clear_page_without_its_details(world: World) -> None:
    app = make_app(world.rt)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("a secret detail")

    answer = sign_in(app.test_client()).get("/broken", **HTTPS)
    assert answer.status_code == 500
    assert "Our mistake" in answer.text
    assert "secret detail" not in answer.text


def test_only_the_demo_shows_its_clock(world: World) -> None:
    assert "Next day" not in sign_in(client_of(world.rt)).get("/", **HTTPS).text
    store = new_store()
    demo = World(runtime(store, mode="demo"))
    app = make_app(demo.rt, DUNLIN_MAILBOX_URL="http://127.0.0.1:9/")
    assert "Next day" not in sign_in(app.test_client()).get("/", **HTTPS).text
    app = make_app(demo.rt)
    app.add_url_rule("/demo/next-day", "demo.next_day", lambda: "", methods=["POST"])
    page = sign_in(app.test_client()).get("/", **HTTPS).text
    assert "18 Nov 2026, 10:30 UTC" in page
    assert 'action="/demo/next-day"' in page
    store.close()
