"""Writing by hand on the console: looked at as it would leave, sent in a minute, taken back; nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from models import Effect, EffectKind
from tests.web.edges import HTTPS, client_of, sign_in, token_in
from tests.web.world import World

ALDER = "Alder & Ash Kitchens"
TYPED = {"subject": "About the oak doors", "text": "Did the doors arrive?\n\nTell us if one is missing."}


def _path(world: World) -> str:
    return f"/accounts/{world.accounts[ALDER].uid}/write"


def _form(world: World, **more: Any) -> dict[str, Any]:
    owed = [one for one in world.invoices.values() if one.account_id == world.accounts[ALDER].id and one.balance_minor]
    return {**TYPED, "reader": world.accounts[ALDER].emails[0], "invoice": owed[0].uid, **more}


def _post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={**form, "csrf_token": token_in(client.get("/", **HTTPS).text)}, **HTTPS)


def _effects(world: World) -> list[Effect]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(Effect).where(Effect.kind == EffectKind.BY_HAND.value).order_by(Effect.id)))


def test_the_page_begins_with_kind_words_about_what_is_open(world: World, ann: FlaskClient) -> None:
    page = ann.get(_path(world), **HTTPS).text
    assert "Has it reached you" in page or "Has everything reached you" in page
    assert world.accounts[ALDER].emails[0] in page
    assert "Send in a minute" in page


def test_it_is_shown_as_it_would_leave_and_nothing_is_kept(world: World, ann: FlaskClient) -> None:
    answer = _post(ann, _path(world), **_form(world, do="look"))
    assert answer.status_code == 200
    assert "As it would leave at" in answer.text
    assert re.search(r"<pre[^>]*>[^<]*Did the doors arrive\?", answer.text)
    assert _effects(world) == []


def test_it_leaves_in_a_minute_and_can_be_taken_back(world: World, ann: FlaskClient) -> None:
    sent = _post(ann, _path(world), **_form(world, do="send"))
    assert sent.status_code == 303
    page = ann.get(sent.location, **HTTPS).text
    assert "Until then it can be taken back here." in page
    assert "<strong>“About the oak doors”</strong> to" in page
    (effect,) = _effects(world)
    assert "The message “By hand” is about to leave." in ann.get(f"/accounts/{world.accounts[ALDER].uid}", **HTTPS).text
    taken = _post(ann, f"/by-hand/{effect.uid}/take-back")
    assert "Taken back. Nothing was sent." in ann.get(taken.location, **HTTPS).text
    assert [one.state for one in _effects(world)] == ["dropped"]
    again = _post(ann, f"/by-hand/{effect.uid}/take-back")
    assert "It has already left." in ann.get(again.location, **HTTPS).text


def test_a_refusal_says_why_and_keeps_what_was_typed(world: World, ann: FlaskClient) -> None:
    answer = _post(ann, _path(world), **_form(world, do="send", text="Pay today or we will take you to court."))
    assert answer.status_code == 422
    assert "Pay today or we will take you to court." in answer.text
    assert 'role="alert"' in answer.text
    assert _effects(world) == []
    nobody = _post(ann, _path(world), **_form(world, do="look", reader=[]))
    assert "Please choose who gets it." in nobody.text


def test_what_was_not_sent_waits_on_the_desk_until_somebody_has_seen_it(world: World, ann: FlaskClient) -> None:
    _post(ann, _path(world), **_form(world, do="send"))
    (effect,) = _effects(world)
    with world.rt.store.write() as session:
        row = session.get_one(Effect, effect.id)
        row.state, row.note = "rejected", "paused"
    page = ann.get("/desk", **HTTPS).text
    assert "Written by hand, and not sent" in page
    assert "<strong>“About the oak doors”</strong> to" in page
    seen = _post(ann, f"/by-hand/{effect.uid}/seen")
    assert "Written by hand, and not sent" not in ann.get(seen.location, **HTTPS).text


def test_another_practices_message_does_not_exist(world: World, ann: FlaskClient) -> None:
    _post(ann, _path(world), **_form(world, do="send"))
    (effect,) = _effects(world)
    otto = sign_in(client_of(world.rt), "otto@example.com")
    assert otto.get(_path(world), **HTTPS).status_code == 404
    for way in (_path(world), f"/by-hand/{effect.uid}/take-back", f"/by-hand/{effect.uid}/seen"):
        assert _post(otto, way, **TYPED).status_code == 404
    assert [one.state for one in _effects(world)] == ["due"]
