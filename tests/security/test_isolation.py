"""Every route of the application, asked by everybody who must not have it: nothing is shown, and nothing changes."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from models import Account, Invoice
from tests.house import code
from tests.house.test_wiring import PUBLIC
from tests.security import tenants
from tests.security.tenants import Tenant
from tests.web.edges import HTTPS, client_of
from tests.web.world import World
from web.guards import limiter
from workflows import audit, links, sign_ins

# POST endpoints that only an owner may use, by the function of the workflows that says so.
OWNERS_ONLY = {
    "leaving.ask": "leaving.ask",
    "leaving.call_off": "leaving.call_off",
    "team._owner": "team.invite",
    "erasure.erase": "erasing.erase",
    "companies._replies": "companies.change_settings",
    "guarded.stop": "paying.stop",
    "paying.ask_account": "paying.connect",
    "paying.remove_account": "paying.disconnect",
    "paying.ask_bank_details": "paying.change_bank",
    "paying.remove_bank_details": "paying.remove_bank",
    "succession.ask": "senders.change",
    "succession.begin_sign_in": "senders.sign_in",
    "succession.remove": "senders.remove",
}


class Asking:
    """Somebody in front of the application, and what their requests changed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ours, self.theirs = tenants.tenants(world)
        # Without the token's check, which would hide that another one is missing.
        self.client: FlaskClient = client_of(world.rt, WTF_CSRF_ENABLED=False)
        self.app: Flask = self.client.application
        with world.rt.store.write() as session:
            self.fields = {one.practice: tenants.fields(session, one) for one in (self.ours, self.theirs)}
        audit.link_all(world.rt)  # so that nobody's looking at a log chains what was here before
        self.rows = tenants.snapshot(world)

    def rules(self) -> list[Rule]:
        """All but those that are the same for everybody, or behind a vendor's signature; who is told why elsewhere."""
        every = self.app.url_map.iter_rules()
        return [one for one in every if _by_link(one) or one.endpoint not in PUBLIC]

    def ids(self, whose: Tenant, rule: Rule) -> dict[str, str]:
        with self.world.rt.store.write() as session:
            return {name: whose.uid(session, kind) for name, kind in tenants.things(rule).items()}

    def sign_in(self, user: int) -> None:
        """Signed in as this person, if they are not already."""
        with self.client.session_transaction(**HTTPS) as session:
            found = sign_ins.of(self.world.rt, session.get("browser", ""))
            if found is not None and found[0].id == user:
                return
            session["browser"] = sign_ins.begin(self.world.rt, user, "a test")
        self.rows = tenants.snapshot(self.world)

    def ask(self, rule: Rule, method: str, ids: dict[str, str], fields: dict[str, str]) -> Any:
        with self.app.app_context():
            limiter.reset()
        where = tenants.path(self.app, rule, ids, method)
        if method == "GET":
            return self.client.get(where, query_string=fields, **HTTPS)
        return self.client.open(where, method=method, data=fields, query_string={}, **HTTPS)

    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        before, self.rows = self.rows, tenants.snapshot(self.world)
        return tenants.changed(before, self.rows)


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


def _by_link(rule: Rule) -> bool:
    """Open to whoever holds a customer's own link."""
    return "token" in rule.arguments


def _belongs(whose: Tenant, table: str, row: dict[str, Any]) -> bool:
    """Whether the row is this tenant's own, by any of its columns."""
    own = {"practice": whose.practice, "user": whose.owner, "company": whose.company.id, "account": whose.account.id}
    return row.get("id") == own.get(table) or any(row.get(key) == value for key, value in whose.keys().items())


def test_every_argument_of_every_route_says_what_it_names(asking: Asking) -> None:
    unknown = []
    for rule in asking.app.url_map.iter_rules():
        try:
            tenants.things(rule)
        except KeyError as error:
            unknown.append(f"{rule}: say in THINGS what comes after {error}")
    assert unknown == []


def test_the_ids_are_real_for_whoever_may_have_them(asking: Asking) -> None:
    """Else the other tests would prove nothing: their 404 could be anybody's."""
    missing = []
    for rule in asking.rules():
        if tenants.things(rule) and not _by_link(rule) and "POST" not in tenants.methods(rule):
            asking.sign_in(asking.ours.owner)
            answer = asking.ask(rule, "GET", asking.ids(asking.ours, rule), {})
            if answer.status_code == 404:
                missing.append(rule.endpoint)
    # No picture was given yet; terms that are a text have no file; of a hand-over it is asked for one by name; and a
    # receipt is there once something is gone (tests/web/test_leaving.py).
    receipt = {"leaving.receipt", "leaving.paper", "leaving.data"}
    assert set(missing) <= {"paying.logo", "terms.pdf", "handovers.file", *receipt}


def test_a_stranger_gets_nothing(asking: Asking) -> None:
    for rule in asking.rules():
        if not _by_link(rule):
            for method in tenants.methods(rule):
                answer = asking.ask(rule, method, asking.ids(asking.ours, rule), asking.fields[asking.ours.practice])
                assert answer.status_code in (302, 303), f"{method} {rule}"
                assert answer.location.startswith("/sign-in"), f"{method} {rule}"
    assert asking.changes() == []


@pytest.mark.parametrize("role", ["owner", "clerk"])
def test_another_practice_gets_nothing_by_our_ids(asking: Asking, role: str) -> None:
    them = asking.theirs
    for rule in asking.rules():
        if _by_link(rule):
            continue
        for method in tenants.methods(rule):
            asking.sign_in(getattr(them, role))
            answer = asking.ask(rule, method, asking.ids(asking.ours, rule), asking.fields[asking.ours.practice])
            what = f"{method} {rule} answered {answer.status_code} to {role}"
            if tenants.things(rule):
                assert answer.status_code == 404, what
            assert not any(name in answer.text for name in asking.ours.names), what
            strange = [one for one in asking.changes() if not _mine(them, role, *one)]
            assert strange == [], what


def test_our_ids_in_the_fields_of_their_own_pages_do_nothing(asking: Asking) -> None:
    them, failed = asking.theirs, 0
    for rule in asking.rules():
        if _by_link(rule) or not tenants.things(rule):
            continue
        for method in tenants.methods(rule):
            asking.sign_in(them.owner)
            answer = asking.ask(rule, method, asking.ids(them, rule), asking.fields[asking.ours.practice])
            what = f"{method} {rule}"
            failed += answer.status_code >= 500
            if answer.mimetype == "text/html":
                assert not any(name in answer.text for name in asking.ours.names), what
            touched = [one for one in asking.changes() if _belongs(asking.ours, *one)]
            assert touched == [], what
    assert failed < 10, "a made row may be too odd for its page, but most pages must have opened"


def test_a_thing_of_ours_below_one_of_theirs_is_not_found(asking: Asking) -> None:
    """Where a path names two things, each must belong to the other."""
    asked = 0
    for rule in asking.rules():
        kinds = tenants.things(rule)
        if len(kinds) > 1:
            mixed = asking.ids(them := asking.theirs, rule)
            last = list(kinds)[-1]
            mixed[last] = asking.ids(asking.ours, rule)[last]
            for method in tenants.methods(rule):
                asking.sign_in(them.owner)
                assert asking.ask(rule, method, mixed, {}).status_code == 404, f"{method} {rule}"
                assert asking.changes() == [], f"{method} {rule}"
                asked += 1
    assert asked >= 5


def _mine(whose: Tenant, role: str, table: str, row: dict[str, Any]) -> bool:
    """Their own practice may change by their own doing, and they may be signed out."""
    if table == "memory":
        return str(row["name"]).endswith(f"/{whose.practice}")
    person = getattr(whose, role)
    return _belongs(whose, table, row) or person in (row.get("user_id"), row["id"] if table == "user" else None)


def test_only_an_owner_may_change_where_money_goes_and_who_speaks(asking: Asking) -> None:
    found = {rule.endpoint: rule for rule in asking.rules() if "POST" in tenants.methods(rule)}
    for endpoint in set(OWNERS_ONLY.values()):
        rule = found[endpoint]
        asking.sign_in(asking.ours.clerk)
        typed = {**asking.fields[asking.ours.practice], "email": "elsewhere@evil.example", "port": "587"}
        typed |= (
            {"kind": "smtp", "address": "us@evil.example", "host": "mail.evil.example"} if "sender" in endpoint else {}
        )
        asking.changes()
        answer = asking.ask(rule, "POST", asking.ids(asking.ours, rule), typed)
        assert asking.changes() == [], endpoint
        page = answer.text if answer.status_code == 422 else asking.client.get(answer.location, **HTTPS).text
        assert "Only an owner may change this" in page, endpoint


def test_no_rule_for_owners_is_left_out_above() -> None:
    asks = set()
    for file in code.python(tests=False):
        if file.parent.name == "workflows":
            for function in ast.walk(code.tree(file)):
                if isinstance(function, ast.FunctionDef):
                    calls = [ast.unparse(one.func) for one in ast.walk(function) if isinstance(one, ast.Call)]
                    if "people.owner" in calls:
                        asks.add(f"{file.stem}.{function.name}")
    assert asks == set(OWNERS_ONLY)


def test_a_portal_link_opens_nothing_of_another_account(asking: Asking) -> None:
    rt, alder = asking.world.rt, asking.ours.account
    carver = asking.world.accounts["Carver's Yard"]
    token = links.make(rt, carver, carver.emails)
    mine = {one.id for one in asking.world.invoices.values() if one.account_id == alder.id}
    for rule in asking.rules():
        if not _by_link(rule):
            continue
        for method in tenants.methods(rule):
            ids = {**asking.ids(asking.ours, rule), "token": token}
            answer = asking.ask(rule, method, ids, asking.fields[asking.ours.practice])
            what = f"{method} {rule} answered {answer.status_code}"
            if tenants.things(rule):
                # Asked to pay an arrangement that is not theirs, it goes back to their own page.
                assert answer.status_code in (303, 404), what
            assert b"Alder" not in answer.data, what
            assert b"1042" not in answer.data, what
            touched = [
                (table, row)
                for table, row in asking.changes()
                if (table == Account.__tablename__ and row["id"] == alder.id)
                or (table == Invoice.__tablename__ and row["id"] in mine)
                or row.get("account_id") == alder.id
                or row.get("invoice_id") in mine
            ]
            assert touched == [], what
