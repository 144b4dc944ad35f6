"""The API's door: no token, somebody else's, one that has ended, one that only reads; what each sees, and what changes.

Every operation of the table is asked, so one that is added is asked too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.roles import Role
from models import ApiToken, CompanyAccess, User
from tests.security import tenants
from tests.security.tenants import Tenant
from tests.web.edges import HTTPS, client_of, sign_in
from tests.web.world import World
from web.api.operations import OPERATIONS, Operation
from web.guards import limiter
from workflows import tokens

BODIES: dict[str, dict[str, Any]] = {
    "hold": {"cause": "paused"},
    "let-go": {"hold": "none"},
    "promise": {"day": "2026-11-25", "invoices": ["none"]},
    "dispute": {"invoice": "none", "text": "Two doors are missing."},
    "remark": {"text": "Call before noon."},
    "assign": {"person": None},
}


class Program:
    """Somebody's program, with a token of theirs."""

    def __init__(self, world: World, user: int, may_change: bool = True, days: int = 30) -> None:
        self.world, self.client = world, client_of(world.rt)
        self.secret = tokens.make(world.rt, user, "A program", days, may_change)

    def ask(self, one: Operation, uid: str = "", **fields: str) -> Any:
        with self.client.application.app_context():
            limiter.reset()
        return self.client.open(
            f"/api/v1{one.path}".replace("{uid}", uid),
            method=one.method,
            headers={"Authorization": f"Bearer {self.secret}"},
            json=BODIES[one.name] if one.changes else None,
            query_string=fields,
            **HTTPS,
        )


def uid_for(world: World, whose: Tenant, one: Operation) -> str:
    if not one.of_one:
        return ""
    with world.rt.store.write() as session:
        return whose.uid(session, tenants.THINGS[one.path.split("/")[1]])


def clerk_becomes(world: World, ours: Tenant, role: Role, only: tuple[int, ...] = ()) -> None:
    with world.rt.store.write() as session:
        values = {"role": role.value, "limited": bool(only)}
        session.execute(update(User).where(User.id == ours.clerk).values(values))
        session.add_all(CompanyAccess(user_id=ours.clerk, company_id=one) for one in only)


def test_without_a_token_everything_is_closed_also_for_who_is_signed_in(world: World) -> None:
    client: FlaskClient = sign_in(client_of(world.rt))
    for one in OPERATIONS:
        answer = client.open(f"/api/v1{one.path}".replace("{uid}", world.bramley.uid), method=one.method, **HTTPS)
        assert answer.status_code == 401, one.name
        assert answer.mimetype == "application/problem+json", one.name
        assert answer.headers["WWW-Authenticate"] == "Bearer", one.name
        assert answer.json["detail"].startswith("Please send a token"), one.name


def test_the_uids_are_real_for_who_may_have_them(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.owner)
    for one in OPERATIONS:
        if not one.changes:
            assert program.ask(one, uid_for(world, ours, one)).status_code == 200, one.name


def test_another_practice_finds_nothing_by_our_uids_and_changes_nothing(world: World) -> None:
    ours, theirs = tenants.tenants(world)
    program = Program(world, theirs.owner)
    for one in OPERATIONS:
        uid = uid_for(world, ours, one)
        program.ask(OPERATIONS[0])  # so that its being seen is written down before
        before = tenants.snapshot(world)
        answer = program.ask(one, uid)
        assert answer.status_code == (404 if one.of_one else 200), one.name
        assert not any(name in answer.text for name in ours.names), one.name
        assert tenants.changed(before, tenants.snapshot(world)) == [], one.name


def test_who_is_limited_to_a_company_finds_no_other_one(world: World) -> None:
    ours, _ = tenants.tenants(world)
    clerk_becomes(world, ours, Role.CLERK, only=(world.tide.id,))
    program = Program(world, ours.clerk)
    for one in OPERATIONS:
        answer = program.ask(one, uid_for(world, ours, one))
        assert answer.status_code == (404 if one.of_one else 200), one.name
        assert not any(name in answer.text for name in ("Bramley", "Alder", "Kauri")), one.name


def test_a_token_that_only_reads_changes_nothing_whoever_made_it(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.owner, may_change=False)
    for one in [one for one in OPERATIONS if one.changes]:
        answer = program.ask(one, ours.account.uid)
        assert answer.status_code == 403, one.name
        assert "only reads" in answer.json["detail"], one.name


def test_a_viewers_token_changes_nothing_also_when_it_was_made_to(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.clerk)
    clerk_becomes(world, ours, Role.VIEWER)
    for one in [one for one in OPERATIONS if one.changes]:
        answer = program.ask(one, ours.account.uid)
        assert answer.status_code == 403, one.name
        assert "at least the role clerk" in answer.json["detail"], one.name
    assert program.ask(OPERATIONS[0]).json["role"] == "viewer", "it sees what its person may now"


@pytest.mark.parametrize("how", ["its day", "a click", "its person leaves"])
def test_a_token_opens_nothing_once_it_has_ended(world: World, how: str) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.clerk, days=1)
    assert program.ask(OPERATIONS[0]).status_code == 200
    with world.rt.store.write() as session:
        row = session.scalars(select(ApiToken).where(ApiToken.name == "A program")).one()
        if how == "its person leaves":
            session.execute(update(User).where(User.id == ours.clerk).values(left_at=world.rt.clock.now()))
    if how == "a click":
        assert not tokens.end(world.rt, ours.owner, row.uid), "it is not theirs to end"
        assert tokens.end(world.rt, ours.clerk, row.uid)
    if how == "its day":
        world.rt.clock.moment += timedelta(days=1)  # type: ignore[attr-defined]
    assert program.ask(OPERATIONS[0]).status_code == 401


def test_that_it_was_used_is_noted_at_most_every_five_minutes(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program, clock = Program(world, ours.owner), world.rt.clock
    seen = []
    for minutes in (0, 4, 1):
        clock.moment += timedelta(minutes=minutes)  # type: ignore[attr-defined]
        program.ask(OPERATIONS[0])
        with world.rt.store.read() as session:
            seen.append(session.scalars(select(ApiToken.seen_at).where(ApiToken.name == "A program")).one())
    start = seen[0]
    assert seen == [start, start, start + timedelta(minutes=5)]


def test_guessing_is_slowed_down(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.owner)
    guess = {"headers": {"Authorization": "Bearer dunlin_guess"}, **HTTPS}
    answers = [program.client.get("/api/v1/token", **guess).status_code for _ in range(61)]
    assert answers[59:] == [401, 429]


def test_an_owner_who_owes_a_second_step_gets_nothing_through_a_token_either(world: World) -> None:
    ours, _ = tenants.tenants(world)
    program = Program(world, ours.owner)
    program.client.rt = replace(world.rt, owners_need_code=True)  # type: ignore[attr-defined]
    assert program.ask(OPERATIONS[0]).status_code == 403
