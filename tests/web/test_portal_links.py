"""A link that has ended offers a fresh one, and whoever presses the button learns nothing from the answer."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Account, Contact, Effect, EffectKind
from tests.web.edges import HTTPS, client_of, token_in
from tests.web.world import World

ALDER = "Alder & Ash Kitchens"


@pytest.fixture
def revoked(world: World, ann: FlaskClient) -> str:
    """A good link, after a person of the company has switched all of them off."""
    link, account = world.link(ALDER), world.accounts[ALDER]
    page = ann.get(f"/accounts/{account.uid}", **HTTPS)
    assert "Switch off all links sent until now" in page.text
    data = {"csrf_token": token_in(page.text)}
    answer = ann.post(f"/accounts/{account.uid}/links", data=data, follow_redirects=True, **HTTPS)
    assert "no link sent until now opens their page" in answer.text
    return link


def ask(client: FlaskClient, link: str) -> tuple[int, str]:
    """Press the button; what it answers, without the link itself."""
    token = token_in(client.get("/sign-in", **HTTPS).text)
    answer = client.post(f"{link}/fresh", data={"csrf_token": token}, **HTTPS)
    return answer.status_code, answer.text.replace(link, "")


def wanted(world: World) -> list[Effect]:
    with world.rt.store.read() as session:
        return list(session.scalars(select(Effect).where(Effect.kind == EffectKind.ANSWER.value)))


def test_a_link_that_was_switched_off_offers_a_fresh_one(world: World, stranger: FlaskClient, revoked: str) -> None:
    for path in ("", "/thanks", "/statement", "/terms"):
        answer = stranger.get(f"{revoked}{path}", **HTTPS)
        assert answer.status_code == 404
        assert "This link was switched off" in answer.text
        assert f'action="{revoked}/fresh"' in answer.text
        for name in ("Bramley", "Alder", "@"):
            assert name not in answer.text
    assert wanted(world) == [], "looking asks for nothing"
    assert "a fresh one goes to the e-mail address it was made for" in ask(stranger, revoked)[1]
    assert len(wanted(world)) == 1


def test_the_answer_is_the_same_for_a_forged_link(world: World, stranger: FlaskClient, revoked: str) -> None:
    good = ask(stranger, revoked)
    for forged in (f"{revoked}x", "/p/nothing", f"/p/a.b.{'1' * 5}.c.0"):
        assert ask(stranger, forged) == good
    assert len(wanted(world)) == 1


def test_a_link_that_we_never_made_offers_no_button(stranger: FlaskClient, revoked: str) -> None:
    assert "/fresh" not in stranger.get(f"{revoked}x", **HTTPS).text


def test_nobody_can_type_an_address_to_send_it_to(world: World, stranger: FlaskClient, revoked: str) -> None:
    page = stranger.get(revoked, **HTTPS).text
    assert re.findall(r'<input[^>]*name="(\w+)"', page) == ["csrf_token"]
    token = token_in(page)
    stranger.post(f"{revoked}/fresh", data={"csrf_token": token, "email": "thief@example.com"}, **HTTPS)
    (effect,) = wanted(world)
    assert set(effect.content) == {"readers"}
    assert "@" not in str(effect.content)


def test_a_fourth_try_in_a_day_must_wait(stranger: FlaskClient, revoked: str) -> None:
    assert [ask(stranger, revoked)[0] for _ in range(4)] == [410, 410, 410, 429]


def test_links_of_somebody_elses_customer_stay_as_they_are(world: World, ann: FlaskClient) -> None:
    foreign = world.accounts["Foreign Customer"]
    data = {"csrf_token": token_in(ann.get("/desk", **HTTPS).text)}
    assert ann.post(f"/accounts/{foreign.uid}/links", data=data, **HTTPS).status_code == 404
    with world.rt.store.read() as session:
        assert session.get_one(Account, foreign.id).link_generation == 0


def test_a_person_decides_about_a_contact_on_the_desk(world: World, ann: FlaskClient) -> None:
    client = client_of(world.rt)
    link = world.link(ALDER)
    data = {"invoice": world.invoices["1042"].uid, "name": "Kim New", "email": "kim@new.example"}
    token = token_in(client.get(link, **HTTPS).text)
    client.post(f"{link}/answers/wrong-person", data={**data, "csrf_token": token}, **HTTPS)
    page = ann.get("/desk", **HTTPS).text
    assert "kim@new.example" in page
    with world.rt.store.read() as session:
        uid = session.scalars(select(Contact.uid)).one()
    choice = {"csrf_token": token_in(page), "answer": "accept"}
    answer = ann.post(f"/contacts/{uid}/decide", data=choice, follow_redirects=True, **HTTPS)
    assert "From now on mail about it goes to kim@new.example. Change it in the ledger, too." in answer.text
    account = world.accounts[ALDER].uid
    assert "in place of the addresses in the ledger" in ann.get(f"/accounts/{account}", **HTTPS).text
    assert "This link was switched off" in client.get(link, **HTTPS).text
    back = {"csrf_token": token_in(answer.text)}
    answer = ann.post(f"/accounts/{account}/contact", data=back, follow_redirects=True, **HTTPS)
    assert "Mail goes to the addresses in the ledger again." in answer.text
