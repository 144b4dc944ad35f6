"""What a customer asks for by law: noted with its day, on Today until it is answered, and each right has its button."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.because import Cause
from models import Account, DataRequest
from tests.web.edges import HTTPS, token_in
from tests.web.world import World
from workflows import data_requests, holds
from workflows.errors import Refusal


def send(client: FlaskClient, account: Account, path: str = "", **fields: str) -> str:
    """The page after a form of it was sent."""
    page = f"/accounts/{account.uid}/personal"
    fields["csrf_token"] = token_in(client.get(page, **HTTPS).text)
    answer = client.post(page + path, data=fields, **HTTPS)
    return client.get(answer.location, **HTTPS).text


def test_a_request_stands_on_today_until_somebody_says_how_it_was_answered(world: World, ann: FlaskClient) -> None:
    account = world.accounts["Matai Lodge"]
    assert "Asked for by law" not in ann.get("/", **HTTPS).text
    assert "12 December 2026" in send(ann, account, kind="see", day="2026-11-12", note="By letter.")
    assert "Asked for by law" in ann.get("/", **HTTPS).text
    with world.rt.store.read() as session:
        uid = session.scalars(select(DataRequest.uid)).one()
    assert "Please say in a few words" in send(ann, account, "/close", request=uid, outcome=" ")
    assert "Sent by post" in send(ann, account, "/close", request=uid, outcome="Sent by post.")
    assert "Asked for by law" not in ann.get("/", **HTTPS).text
    assert "answered already" in send(ann, account, "/close", request=uid, outcome="Again.")
    log = ann.get(f"/accounts/{account.uid}/log", **HTTPS).text
    assert "The customer asked for something by law" in log


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "see", "day": "2026-12-24"}, "today, or one before"),
        ({"kind": "everything", "day": "2026-11-12"}, "choose what they ask for"),
    ],
)
def test_what_makes_no_sense_is_refused(world: World, ann: FlaskClient, fields: dict[str, Any], said: str) -> None:
    assert said in send(ann, world.accounts["Matai Lodge"], **fields)
    with world.rt.store.read() as session:
        assert session.scalars(select(DataRequest)).all() == []


def test_who_objects_is_written_to_by_nobody_but_a_person(world: World, ann: FlaskClient) -> None:
    account = world.accounts["Matai Lodge"]
    send(ann, account, "/object")
    with world.rt.store.read() as session:
        assert account.emails
        for one in account.emails:
            assert holds.is_known(world.rt, session, account.company_id, one, Cause.OPTED_OUT)


def test_a_request_of_another_customer_is_not_closed_here(world: World) -> None:
    mine, other = world.accounts["Matai Lodge"], world.accounts["Rimu Rafting"]
    row = data_requests.note(world.rt, mine.id, 1, "erase", date(2026, 11, 12), "")
    with pytest.raises(Refusal, match="answered already"):
        data_requests.close(world.rt, other.id, row.uid, 1, "Done.")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 12, 5), date(2027, 1, 5)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 11, 12), date(2026, 12, 12)),
    ],
)
def test_one_month_is_the_same_day_of_the_next_or_its_last(asked: date, answer: date) -> None:
    assert data_requests.answer_by(asked) == answer
