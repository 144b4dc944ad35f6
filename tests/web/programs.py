"""A program in front of the API, with a token of the first practice's owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from models import User
from tests.web.edges import HTTPS, client_of
from tests.web.world import World
from workflows import tokens


def a_token(world: World, may_change: bool = False) -> str:
    with world.rt.store.read() as session:
        ann = session.scalars(select(User).where(User.email == "ann@example.com")).one()
    return tokens.make(world.rt, ann.id, "A report", 30, may_change)


class Program:
    def __init__(self, world: World, may_change: bool = False) -> None:
        self.client, self.secret = client_of(world.rt), a_token(world, may_change)

    def get(self, path: str, **fields: Any) -> Any:
        return self.ask("GET", path, query_string=fields)

    def post(self, path: str, body: Any) -> Any:
        return self.ask("POST", path, json=body)

    def ask(self, method: str, path: str, **what: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **what, **HTTPS)
