"""The page with the people of a practice, and the page somebody opens who was invited."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.web.edges import HTTPS, PASSWORD, client_of, token_in
from tests.web.world import World

GOOD = "seven geese fly south"


def press(client: FlaskClient, path: str, page: str = "/team", **form: str) -> str:
    token = token_in(client.get(page, **HTTPS).text)
    return client.post(path, data={**form, "csrf_token": token}, follow_redirects=True, **HTTPS).text


def invite(ann: FlaskClient, **form: str) -> str:
    fields = {"email": "dora@example.com", "role": "clerk", "where": "all", "confirm": PASSWORD, **form}
    return press(ann, "/team/invite", **fields)


def link_in(page: str) -> str:
    (found,) = re.findall(r"<code[^>]*>https://[^/]+(/join/[^<]+)</code>", page)
    return str(found)


def test_an_owner_invites_and_the_invited_joins_with_what_was_said(world: World, ann: FlaskClient) -> None:
    page = invite(ann, role="clerk", where="some", company=world.bramley.uid)
    assert "could not be mailed" in page, "there is no mail server here"
    link = link_in(page)
    assert link not in ann.get("/team", **HTTPS).text, "it is shown once"
    dora = client_of(world.rt)
    assert "Join Harbour &amp; Lane" in dora.get(link, **HTTPS).text
    welcome = press(dora, link, link, name="Dora", password=GOOD)
    assert "Bramley Joinery" in welcome
    assert "Kauri Coast" not in welcome
    assert dora.get(link, **HTTPS).status_code == 404
    team = ann.get("/team", **HTTPS).text
    assert "Dora" in team
    assert "Clerk." in team


def test_a_look_at_the_link_uses_nothing_up_and_a_bad_password_keeps_the_form(world: World, ann: FlaskClient) -> None:
    link = link_in(invite(ann))
    dora = client_of(world.rt)
    for _ in range(3):
        assert dora.get(link, **HTTPS).status_code == 200
    token = token_in(dora.get(link, **HTTPS).text)
    form = {"name": "Dora", "password": "password123", "csrf_token": token}
    answer = dora.post(link, data=form, **HTTPS)
    assert answer.status_code == 422
    assert "easily guessed" in answer.text
    assert 'value="Dora"' in answer.text
    assert dora.get("/desk", **HTTPS).status_code == 302


@pytest.mark.parametrize("path", ["/join/none", "/join/" + "x" * 400])
def test_a_link_that_opens_nothing_says_whom_to_ask(world: World, path: str) -> None:
    answer = client_of(world.rt).get(path, **HTTPS)
    assert answer.status_code == 404
    assert "Please ask whoever invited you" in answer.text


def test_nothing_about_people_changes_without_the_owners_password(ann: FlaskClient) -> None:
    assert "That is not your password" in invite(ann, confirm="not mine")
    assert "Invited" not in ann.get("/team", **HTTPS).text


def test_the_owner_changes_a_place_takes_an_invitation_back_and_lets_somebody_go(
    world: World, ann: FlaskClient
) -> None:
    link = link_in(invite(ann))
    dora = client_of(world.rt)
    press(dora, link, link, name="Dora", password=GOOD)
    page = ann.get("/team", **HTTPS).text
    (uid,) = re.findall(r"/people/([^/]+)/place", page)
    assert "It counts for Dora" in press(ann, f"/people/{uid}/place", role="viewer", where="all", confirm=PASSWORD)
    assert "Viewer." in ann.get("/team", **HTTPS).text
    invite(ann, email="eve@example.com")
    (waiting,) = re.findall(r"/invitations/([^/]+)/withdraw", ann.get("/team", **HTTPS).text)
    assert "Taken back" in press(ann, f"/invitations/{waiting}/withdraw")
    assert "eve@example.com" not in ann.get("/team", **HTTPS).text
    assert "signed out everywhere" in press(ann, f"/people/{uid}/leave", confirm=PASSWORD)
    assert dora.get("/", **HTTPS).location.startswith("/sign-in")


def test_a_role_or_a_company_that_does_not_exist_is_refused(world: World, ann: FlaskClient) -> None:
    assert "choose what they may do" in invite(ann, role="king")
    assert "at least one company" in invite(ann, where="some", company=world.foreign.uid)
