"""Webhooks: stored once, 200 with nothing in it; forged, 401; not storable, 503. Never a cookie."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from models import Delivery, ProcessorAccount
from tests.web.edges import HTTPS
from tests.web.world import World

GOOD = {"X-Signature": "good"}


def _stored(world: World) -> int:
    with world.rt.store.read() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_a_genuine_delivery_is_stored_once_however_often_it_comes(world: World, stranger: FlaskClient) -> None:
    for _ in range(3):
        answer = stranger.post("/webhooks/xero", data=b'{"events":[]}', headers=GOOD, **HTTPS)
        assert (answer.status_code, answer.data) == (200, b"")
        assert "Set-Cookie" not in answer.headers
    assert _stored(world) == 1


def _account(world: World) -> str:
    """The address of Bramley's account at Stripe."""
    with world.rt.store.read() as session:
        return session.scalars(select(ProcessorAccount.uid)).one()


@pytest.mark.parametrize("kind", ["xero", "quickbooks", "stripe"])
def test_a_forged_delivery_is_refused_and_not_kept(world: World, stranger: FlaskClient, kind: str) -> None:
    place = f"stripe/{_account(world)}" if kind == "stripe" else kind
    answer = stranger.post(f"/webhooks/{place}", data=b"{}", **HTTPS)
    assert (answer.status_code, answer.data) == (401, b"")
    assert _stored(world) == 0


def test_what_cannot_be_stored_is_asked_for_again(world: World, stranger: FlaskClient) -> None:
    with world.rt.store.write() as session:
        session.execute(text("ALTER TABLE delivery RENAME TO away"))
    answer = stranger.post("/webhooks/xero", data=b"{}", headers=GOOD, **HTTPS)
    assert (answer.status_code, answer.data) == (503, b"")


def test_other_addresses_and_methods_get_nothing(world: World, stranger: FlaskClient) -> None:
    for place in ("abacus", "stripe", "stripe/nobody", f"gocardless/{_account(world)}"):
        assert stranger.post(f"/webhooks/{place}", data=b"{}", **HTTPS).status_code == 404, place
    answer = stranger.get("/webhooks/xero", **HTTPS)
    assert (answer.status_code, answer.data) == (405, b"")
    assert "Set-Cookie" not in answer.headers


def test_a_body_too_large_is_not_read(world: World, stranger: FlaskClient) -> None:
    answer = stranger.post("/webhooks/xero", data=b"x" * (2 * 1024 * 1024 + 1), headers=GOOD, **HTTPS)
    assert answer.status_code == 413
    assert _stored(world) == 0
