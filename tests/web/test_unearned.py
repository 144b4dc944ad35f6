"""A discount whose payment went back waits on the desk: taken back or left, by a person of that practice alone."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Posting, Reward
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World

NOTE = "2.00 GBP less was given for paying early. The payment that earned it went back, and the credit still stands."


@pytest.fixture
def row(world: World) -> Reward:
    invoice, now = world.invoices["1042"], world.rt.clock.now()
    asked = {"company_id": invoice.company_id, "account_id": invoice.account_id, "invoice_id": invoice.id}
    sum = {"currency": "GBP", "amount_minor": 200}
    given = Posting(uid=world.rt.new_id(), kind="credit", day=date(2026, 11, 1), asked_at=now, **asked, **sum)
    given.state, given.external_id, given.content = "written", "c-1", {"seen": "x"}
    with world.rt.store.write() as session:
        session.add(given)
        session.flush()
        made = Reward(uid=world.rt.new_id(), kind="early", points=200, posting_id=given.id, **asked, **sum)
        made.state, made.note, made.made_at = "unearned", NOTE, now
        session.add(made)
    return made


def settle(client: FlaskClient, row: Reward, how: str) -> str:
    page = client.get("/desk", **HTTPS).text
    form = {"csrf_token": token_in(page), "how": how}
    return client.post(f"/rewards/{row.uid}/settle", data=form, follow_redirects=True, **HTTPS).text


def undoing(world: World) -> list[tuple[str, str]]:
    with world.rt.store.read() as session:
        found = session.scalars(select(Posting).where(Posting.kind == "undo-allocation"))
        return [(one.content["credit"], one.state) for one in found]


def test_it_is_taken_back_once(world: World, ann: FlaskClient, row: Reward) -> None:
    assert NOTE in ann.get("/desk", **HTTPS).text
    after = settle(ann, row, "take")
    assert "The discount is taken out of the ledger; the invoice is then open in full." in after
    assert NOTE not in after
    assert "no longer on the desk" in settle(ann, row, "take")
    assert undoing(world) == [("c-1", "due")]


def test_it_is_left_and_nothing_is_written(world: World, ann: FlaskClient, row: Reward) -> None:
    assert "What earned a discount went back" in ann.get("/", **HTTPS).text
    assert "left as it is" in settle(ann, row, "leave")
    assert NOTE not in ann.get("/desk", **HTTPS).text
    assert undoing(world) == []


def test_another_practice_cannot_reach_it(stranger: FlaskClient, world: World, row: Reward) -> None:
    otto = sign_in(stranger, "otto@example.com")
    page = otto.get("/desk", **HTTPS).text
    assert NOTE not in page
    form = {"csrf_token": token_in(page), "how": "take"}
    assert otto.post(f"/rewards/{row.uid}/settle", data=form, **HTTPS).status_code == 404
    assert undoing(world) == []
