"""A program that asks twice under one key: done once, answered the same; another body is refused, and so is haste."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from models import ApiAnswer, Remark, User
from tests.web.edges import HTTPS, StillClock, client_of
from tests.web.world import World
from workflows import repeated, retention, tokens

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


class Asking:
    def __init__(self, world: World, person: str = "Ann Harbour") -> None:
        self.world, self.client = world, client_of(world.rt)
        with world.rt.store.read() as session:
            user = session.scalars(select(User.id).where(User.name == person)).one()
        self.secret = tokens.make(world.rt, user, "A program", 30, may_change=True)
        self.uid = world.accounts["Alder & Ash Kitchens"].uid

    def ask(self, text: str = "Call before noon.", key: str = KEY, path: str = "remarks") -> Any:
        headers = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key}
        body = {"text": text} if path == "remarks" else {"cause": "paused"}
        client: FlaskClient = self.client
        return client.post(f"/api/v1/customers/{self.uid}/{path}", json=body, headers=headers, **HTTPS)

    def remarks(self) -> int:
        with self.world.rt.store.read() as session:
            count = select(func.count()).select_from(Remark).where(Remark.text == "Call before noon.")
            return session.scalar(count) or 0


def test_the_same_key_and_body_are_done_once_and_answered_the_same(world: World) -> None:
    asking = Asking(world)
    first, second = asking.ask(), asking.ask()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert asking.ask(key=KEY.strip('"')).data == first.data, "the quotes are the header's own"
    assert asking.remarks() == 1
    assert asking.ask(key="another").status_code == 201
    assert asking.remarks() == 2


def test_another_body_or_address_under_the_same_key_is_refused(world: World) -> None:
    asking = Asking(world)
    asking.ask()
    for answer in (asking.ask(text="Call after noon."), asking.ask(path="holds")):
        assert (answer.status_code, "another request" in answer.json["detail"]) == (422, True)
    assert asking.remarks() == 1


def test_what_is_under_way_or_broke_off_is_not_done_again(world: World) -> None:
    asking = Asking(world)
    asking.ask()
    with world.rt.store.write() as session:
        session.execute(update(ApiAnswer).values(status=None, body_sealed=None))
    assert asking.ask().status_code == 409
    assert asking.remarks() == 1


def test_what_was_refused_does_not_use_the_key_up(world: World) -> None:
    asking = Asking(world)
    assert asking.ask(text=" ").status_code == 422
    assert asking.ask().status_code == 201


def test_a_key_is_its_tokens_own(world: World) -> None:
    one, other = Asking(world), Asking(world)
    assert one.ask().json["uid"] != other.ask().json["uid"]
    assert one.remarks() == 2


def test_after_a_day_the_key_is_free_again_and_the_answer_is_gone(world: World) -> None:
    asking = Asking(world)
    first = asking.ask()
    assert isinstance(world.rt.clock, StillClock)
    world.rt.clock.moment += repeated.KEPT - timedelta(seconds=1)
    assert asking.ask().data == first.data
    world.rt.clock.moment += timedelta(seconds=2)
    assert asking.ask().data != first.data
    world.rt.clock.moment += timedelta(days=2)
    retention.forget(world.rt)
    with world.rt.store.read() as session:
        assert session.scalars(select(ApiAnswer)).all() == []


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "tab\tkey"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    answer = Asking(world).ask(key=key)
    assert (answer.status_code, "1 to 255 printable" in answer.json["detail"]) == (400, True)
