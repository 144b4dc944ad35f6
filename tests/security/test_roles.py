"""Every role at every route: what a role may not do changes nothing, is not offered, and says whom to ask."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from core.roles import Role
from models import CompanyAccess, User
from tests.security import tenants
from tests.security.test_isolation import Asking
from tests.web import pages
from tests.web.edges import HTTPS
from tests.web.world import World
from web import roles
from workflows import sign_ins

_FORM = re.compile(r'<form\b[^>]*method="post"[^>]*action="([^"?#]*)')


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


def becomes(asking: Asking, role: Role, only: tuple[int, ...] = ()) -> None:
    """The clerk of our practice has this role, at all companies or at these only, and is signed in."""
    with asking.world.rt.store.write() as session:
        values = {"role": role.value, "limited": bool(only)}
        session.execute(update(User).where(User.id == asking.ours.clerk).values(values))
        session.add_all(CompanyAccess(user_id=asking.ours.clerk, company_id=one) for one in only)
    asking.sign_in(asking.ours.clerk)


def test_every_rule_names_an_endpoint_or_a_room_that_exists(asking: Asking) -> None:
    endpoints = {rule.endpoint for rule in asking.app.url_map.iter_rules()}
    known = endpoints | {one.partition(".")[0] for one in endpoints}
    assert {*roles.NEEDS, *roles.LOOKING, *roles.WHOLE} <= known


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CLERK, Role.ACCOUNTANT])
def test_what_a_role_may_not_do_changes_nothing_and_says_whom_to_ask(asking: Asking, role: Role) -> None:
    becomes(asking, role)
    refused, let_in = 0, 0
    for rule in asking.rules():
        if "token" in rule.arguments:
            continue
        for method in tenants.methods(rule):
            needed = roles.needed(rule.endpoint, method == "POST")
            if role.may(min(needed, Role.ACCOUNTANT, key=list(Role).index)):
                let_in += 1
                continue
            asking.sign_in(asking.ours.clerk)
            fields = asking.fields[asking.ours.practice]
            answer = asking.ask(rule, method, asking.ids(asking.ours, rule), fields)
            assert answer.status_code == 403, f"{method} {rule}"
            assert "please ask Ann Harbour" in answer.text, f"{method} {rule}"
            assert asking.changes() == [], f"{method} {rule}"
            refused += 1
    assert let_in > 20
    assert (refused == 0) == (role is Role.ACCOUNTANT), "what only an owner may do the workflows refuse, elsewhere"


@pytest.mark.parametrize("role", list(Role))
def test_a_page_offers_only_the_forms_that_whoever_looks_may_send(asking: Asking, role: Role) -> None:
    becomes(asking, role)
    client, seen = asking.client, set()
    for name, path in pages.console(asking.world).items():
        answer = client.get(path, **HTTPS)
        for action in _FORM.findall(answer.text):
            seen.add(_endpoint(asking, action or path))
            assert role.may(roles.needed(_endpoint(asking, action or path))), f"{name}: {action}"
    assert seen
    own = {one for room in ("security", "telling", "tokens") for one in _of_room(asking, room)}
    assert (role is Role.VIEWER) == (seen <= {"auth.sign_out", *own})


def _endpoint(asking: Asking, action: str) -> str:
    urls = asking.app.url_map.bind("dunlin.example", url_scheme="https")
    endpoint: str = urls.match(action, method="POST")[0]
    return endpoint


def _of_room(asking: Asking, room: str) -> set[str]:
    return {rule.endpoint for rule in asking.app.url_map.iter_rules() if rule.endpoint.partition(".")[0] == room}


@pytest.mark.parametrize("role", [Role.CLERK, Role.ACCOUNTANT])
def test_who_is_limited_to_a_company_does_not_see_that_there_are_others(asking: Asking, role: Role) -> None:
    world = asking.world
    becomes(asking, role, only=(world.tide.id,))
    whole = 0
    for rule in asking.rules():
        if "token" in rule.arguments:
            continue
        for method in tenants.methods(rule):
            asking.sign_in(asking.ours.clerk)
            fields = asking.fields[asking.ours.practice]
            answer = asking.ask(rule, method, asking.ids(asking.ours, rule), fields)
            what = f"{method} {rule} answered {answer.status_code}"
            whole += answer.status_code == 403
            assert not any(one in answer.text for one in ("Bramley Joinery", "Alder &amp; Ash", "Kauri Coast")), what
            strange = [one for one in asking.changes() if not _their_own(asking, *one)]
            assert strange == [], what
    assert whole


def _their_own(asking: Asking, table: str, row: dict[str, Any]) -> bool:
    """Their own sign-in, the company that is open to them, or the practice's library where they may keep a copy."""
    person = asking.ours.clerk
    if table in ("user", "sign_in", "memory"):
        return person in (row.get("id"), row.get("user_id")) or table == "memory"
    about = row.get("company_id") or (row["id"] if table == "company" else None)
    return about in (asking.world.tide.id, None) and "account_id" not in {k for k, v in row.items() if v is not None}


def test_an_owner_without_a_second_step_gets_nowhere_before_it_is_set_up(asking: Asking) -> None:
    client = asking.client
    asking.sign_in(asking.ours.owner)
    assert client.get("/", **HTTPS).status_code == 200, "where it is not asked for, as in a demo"
    asking.client.rt = replace(asking.world.rt, owners_need_code=True)  # type: ignore[attr-defined]
    for path in ("/", "/desk", f"/companies/{asking.world.bramley.uid}/settings"):
        assert client.get(path, **HTTPS).location == "/your-sign-in", path
    assert "needs a second step first" in client.get("/your-sign-in", **HTTPS).text
    becomes(asking, Role.ACCOUNTANT)
    assert client.get("/", **HTTPS).status_code == 200, "only owners must"


def test_who_left_opens_nothing_with_a_browser_that_was_open(asking: Asking) -> None:
    becomes(asking, Role.CLERK)
    assert asking.client.get("/desk", **HTTPS).status_code == 200
    with asking.world.rt.store.write() as session:
        gone = update(User).where(User.id == asking.ours.clerk)
        session.execute(gone.values(left_at=asking.world.rt.clock.now()))
    assert asking.client.get("/desk", **HTTPS).location.startswith("/sign-in")
    secret = sign_ins.begin(asking.world.rt, asking.ours.clerk, "again")
    assert sign_ins.of(asking.world.rt, secret) is None
