"""Money that went back waits on the desk with its sentence, until a person says that it is put right."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from models import Reversal
from tests.web.edges import HTTPS, sign_in, token_in
from tests.web.world import World

NOTE = "30.00 GBP of 90.00 GBP was refunded at the processor. Put it right in the ledger, then note it as done."


@pytest.fixture
def row(world: World) -> Reversal:
    made = Reversal(uid=world.rt.new_id(), attempt_id=world.booking.attempt_id, external_id="re_1", kind="refund")
    made.currency, made.amount_minor, made.state, made.note = "GBP", 3_000, "desk", NOTE
    made.made_at = world.rt.clock.now()
    with world.rt.store.write() as session:
        session.add(made)
    return made


def test_it_is_put_right_by_hand_and_leaves_the_desk(world: World, ann: FlaskClient, row: Reversal) -> None:
    page = ann.get("/desk", **HTTPS).text
    assert NOTE in page
    path = f"/returned/{row.uid}/settle"
    after = ann.post(path, data={"csrf_token": token_in(page)}, follow_redirects=True, **HTTPS).text
    assert "Noted as put right by hand." in after
    assert NOTE not in after
    again = ann.post(path, data={"csrf_token": token_in(after)}, follow_redirects=True, **HTTPS).text
    assert "no longer on the desk" in again
    with world.rt.store.read() as session:
        assert session.get_one(Reversal, row.id).state == "written"


def test_another_practice_cannot_reach_it(stranger: FlaskClient, row: Reversal) -> None:
    otto = sign_in(stranger, "otto@example.com")
    page = otto.get("/desk", **HTTPS).text
    assert NOTE not in page
    answer = otto.post(f"/returned/{row.uid}/settle", data={"csrf_token": token_in(page)}, **HTTPS)
    assert answer.status_code == 404
