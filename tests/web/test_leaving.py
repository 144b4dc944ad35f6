"""Deleting a company in the console: what stands against it, the name and the password, calling it off, the receipt."""

from __future__ import annotations

import json
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select, update

from models import Company, Connection, Deletion
from tests.web.edges import HTTPS, PASSWORD, StillClock, client_of, sign_in, token_in
from tests.web.test_erasing import settle
from tests.web.world import World
from workflows import audit, leaving_now, leaving_receipt


def ask(client: FlaskClient, company: Company, typed: str, password: str = PASSWORD) -> str:
    """The page after the form was sent."""
    path = f"/companies/{company.uid}/delete"
    token = token_in(client.get(path, **HTTPS).text)
    answer = client.post(path, data={"name": typed, "confirm": password, "csrf_token": token}, **HTTPS)
    assert answer.status_code == 303
    return client.get(answer.location, **HTTPS).text


def test_an_owner_deletes_a_company_and_gets_a_receipt(world: World, ann: FlaskClient, stranger: FlaskClient) -> None:
    path, link = f"/companies/{world.bramley.uid}/delete", world.link("Dene Interiors")
    before = ann.get(path, **HTTPS).text
    assert "This cannot be done yet" in before
    assert "Stop everything" not in before
    settle(world)
    assert "That is not your password" in ask(ann, world.bramley, "Bramley Joinery", password="a guess")
    assert "exactly as it stands here" in ask(ann, world.bramley, "Bramley")
    assert "all owners are told by mail" in ask(ann, world.bramley, "Bramley Joinery")
    closed = stranger.get(link, **HTTPS)
    assert (closed.status_code, "accounts@bramley.example" in closed.text) == (410, True)
    assert "waits to be deleted" in ann.get(f"/companies/{world.bramley.uid}", **HTTPS).text
    assert isinstance(world.rt.clock, StillClock)
    world.rt.clock.moment += timedelta(days=6)
    assert leaving_now.leave(world.rt) == 0
    world.rt.clock.moment += timedelta(days=2)
    with world.rt.store.write() as session:  # no ledger answers in this world
        session.execute(update(Connection).values(state="disconnected"))
    assert leaving_now.leave(world.rt) == 1
    ann = sign_in(client_of(world.rt))  # the sign-in of a week ago has ended
    assert ann.get(f"/companies/{world.bramley.uid}", **HTTPS).status_code == 404
    assert stranger.get(link, **HTTPS).status_code == 404
    the_receipt_is_there(world, ann)


def the_receipt_is_there(world: World, ann: FlaskClient) -> None:
    with world.rt.store.read() as session:
        row = session.scalars(select(Deletion)).one()
    page = ann.get(f"/deletions/{row.uid}", **HTTPS).text
    assert row.check_number in page
    assert "This installation wrote it" in page
    assert "Bramley" not in page
    told = json.loads(ann.get(f"/deletions/{row.uid}/receipt.json", **HTTPS).data)
    assert leaving_receipt.number_of(told["receipt"]) == told["check_number"] == row.check_number
    assert ann.get(f"/deletions/{row.uid}/receipt.pdf", **HTTPS).data.startswith(b"%PDF")
    typed = row.check_number.lower().replace("-", " ")
    assert "It is true" in ann.get(f"/deletions?check={typed}", **HTTPS).text
    assert "No receipt" in ann.get("/deletions?check=AAAA", **HTTPS).text
    audit.link_all(world.rt)
    assert list(audit.verify(world.rt)) == []


def test_one_press_calls_it_off(world: World, ann: FlaskClient, stranger: FlaskClient) -> None:
    settle(world)
    ask(ann, world.bramley, "Bramley Joinery")
    path = f"/companies/{world.bramley.uid}/delete"
    token = token_in(ann.get(path, **HTTPS).text)
    answer = ann.post(f"{path}/call-off", data={"csrf_token": token}, **HTTPS)
    assert "Called off" in ann.get(answer.location, **HTTPS).text
    assert stranger.get(world.link("Dene Interiors"), **HTTPS).status_code == 200
