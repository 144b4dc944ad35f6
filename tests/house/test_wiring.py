"""Every route asks who is there, every command explains itself, and every adapter has its twin in the sandbox."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Flask
from werkzeug.routing import Rule

import settings
from app import create_app
from integrations import registry
from models import Practice, User
from models.store import migrate
from tests.house.code import ROOT
from web.api.operations import OPERATIONS

# Open to everybody, and why. Whoever adds a line here says what protects that endpoint instead of a sign-in.
PUBLIC = {
    "static": "the look of the pages",
    "bootstrap.static": "the look of the pages",
    "health.health": "says that the process answers and nothing else; limited in rate",
    "health.ready": "one sentence without a name or a secret; limited in rate",
    "health.figures": "a token of its own; not there without one",
    "auth.sign_in": "where one signs in; limited in rate",
    "auth.first_run": "only until the first owner exists",
    "vendors.sign_in": "only leads to the vendor, with a state and a nonce of this browser; limited in rate",
    "vendors.sign_up": "only leads to the vendor, with a state and a nonce of this browser; limited in rate",
    "vendors.install": "only leads to the vendor, with a state and a nonce of this browser; limited in rate",
    "vendors.launch": "only leads to the vendor, with a state and a nonce of this browser; limited in rate",
    "vendors.picture": "pictures of buttons, of six fixed names, from a folder of the operator's",
    "vendors.back": "the state of this browser, and an id_token whose signature and every claim are checked",
    "joining.show": "the invitation's own secret, of which only a hash is kept; limited in rate",
    "joining.join": "the invitation's own secret, which opens once; limited in rate",
    "papers.privacy": "what the operator says publicly; nothing of anybody; limited in rate",
    "papers.terms": "what the operator says publicly; nothing of anybody; limited in rate",
    "portal.show": "the link's own signed token",
    "portal.pay": "the link's own signed token",
    "portal_answers.tell": "the link's own signed token",
    "portal_answers.say_treatment": "the link's own signed token",
    "portal.fresh": "what was asked for goes only to the address that the link was made for; limited in rate",
    "portal_papers.late": "the link's own signed token",
    "portal_papers.logo": "the link's own signed token",
    "portal_papers.look": "the link's own signed token",
    "portal_papers.receipt": "the link's own signed token",
    "portal.thanks": "the link's own signed token",
    "portal.pdf": "the link's own signed token",
    "portal_arrange.show": "the link's own signed token",
    "portal_arrange.look": "the link's own signed token",
    "portal_arrange.agree": "the link's own signed token",
    "portal_arrange.pay": "the link's own signed token",
    "portal_more_time.show": "the link's own signed token",
    "portal_more_time.ask": "the link's own signed token",
    "portal_statement.show": "the link's own signed token",
    "portal_statement.pdf": "the link's own signed token",
    "portal_terms.show": "the link's own signed token",
    "portal_terms.pdf": "the link's own signed token",
    "portal_stop.show": "the link's own signed token; it changes nothing",
    "portal_stop.stop": "the link's own signed token, which can ask for a person and nothing else",
    "webhooks.receive": "the vendor's signature",
    "api.document": "what can be asked; says nothing of anybody; limited in rate",
}
# A program brings a token of its own, which sees what its person sees (tests/security/test_api.py).
PUBLIC |= {f"api.{one.name}": "a token of its own, limited in rate" for one in OPERATIONS}
# A channel's or processor's twin has the adapter's name, but for these.
TWINS = {"smtp": "mailbox"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The real application on an empty database, with an owner, and nobody signed in."""
    made = create_app(settings.load({"DUNLIN_VAR": str(tmp_path)}))
    made.config["WTF_CSRF_ENABLED"] = False  # else its refusal would hide a missing sign-in
    runtime = made.extensions["dunlin"]
    migrate(runtime.store)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    with runtime.store.write() as session:
        practice = Practice(uid="practice", name="A practice", created_at=now)
        session.add(practice)
        session.flush()
        owner = User(
            role="accountant",
            practice_id=practice.id,
            email="ann@example.com",
            name="Ann",
            password_hash="-",
            created_at=now,
        )
        owner.uid = "owner"
        session.add(owner)
    yield made
    runtime.engine.close()
    runtime.store.close()


def _ask(app: Flask, rule: Rule, method: str) -> tuple[int, str]:
    """(status, where it leads) for a stranger's request; every part of the path is 1."""
    with app.test_request_context():
        path = app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"), method=method)
    answer = app.test_client().open(path, method=method, base_url="https://localhost")
    return answer.status_code, answer.headers.get("Location", "")


def _asked(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_asks_for_a_sign_in_unless_it_is_listed_as_public(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in PUBLIC]
    assert len(rules) > 10
    for rule in rules:
        for method in _asked(rule):
            status, where = _ask(app, rule, method)
            assert status in (302, 303), f"{method} {rule} answered {status} to a stranger"
            assert "/sign-in" in where, f"{method} {rule} sent a stranger to {where}"


def test_no_public_endpoint_is_listed_that_does_not_exist(app: Flask) -> None:
    assert set(PUBLIC) - {rule.endpoint for rule in app.url_map.iter_rules()} == set()


def test_a_forged_portal_link_opens_nothing(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("portal"):
            for method in _asked(rule):
                assert _ask(app, rule, method)[0] in (403, 404, 410), f"{method} {rule}"


def test_a_webhook_without_a_signature_is_refused(app: Flask) -> None:
    for kind in ("quickbooks", "xero", "stripe", "unheard-of"):
        answer = app.test_client().post(f"/webhooks/{kind}", data=b"{}", base_url="https://localhost")
        assert answer.status_code in (401, 404), kind
        assert "Set-Cookie" not in answer.headers


def _commands() -> dict[str, click.Command]:
    """Our own commands by name, those inside groups as `group command`."""
    found: dict[str, click.Command] = {}
    for name, top in create_app().cli.commands.items():
        inner = top.commands if isinstance(top, click.Group) else None
        found |= {name: top} if inner is None else {f"{name} {last}": command for last, command in inner.items()}
    return found


def test_every_command_explains_itself_with_an_example() -> None:
    commands = _commands()
    assert {"serve", "sync", "plan", "preview"} <= set(commands)
    for name, command in commands.items():
        words = command.get_help(click.Context(command, info_name=f"flask {name}"))
        assert f"flask {name.split()[0]}" in words.split("\n\n", 1)[1], f"`flask {name} --help` shows no example"


def _adapters() -> list[str]:
    return sorted({*registry.LEDGERS, *registry.PROCESSORS, *registry.CHANNELS})


def test_what_the_process_files_start_are_our_commands() -> None:
    """`Procfile` and `compose.yaml` start the same three, each a command of ours."""
    words = re.compile(r"flask (\w+)$", re.MULTILINE)
    started = [set(words.findall((ROOT / name).read_text())) for name in ("Procfile", "compose.yaml")]
    assert started == [{"web", "clock", "worker"}] * 2
    assert started[0] <= set(create_app().cli.commands)


def test_every_adapter_has_a_twin_in_the_sandbox() -> None:
    kinds = _adapters()
    assert kinds
    assert [kind for kind in kinds if importlib.util.find_spec(f"sandbox.{TWINS.get(kind, kind)}") is None] == []
