"""Passwords: how long, how common, how kept; and the way back in for who forgot theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type
from click.testing import CliRunner
from sqlalchemy import select
from zxcvbn.frequency_lists import FREQUENCY_LISTS

import settings
from app import build_runtime, create_app
from models import User
from models.store import migrate
from tests.web.edges import PASSWORD
from tests.web.world import World
from workflows import people, second_step, sign_ins
from workflows.errors import Refusal

GOOD = "three herons by the mill"


def _refuses(password: str) -> bool:
    try:
        people.check_password(password, "Harbour & Lane", "Ann Harbour", "ann@example.com")
    except Refusal:
        return True
    return False


def test_nine_signs_are_too_few_and_a_hundred_are_none_too_many() -> None:
    assert _refuses("xQ7#pw2vk")
    assert not _refuses("xQ7#pw2vkm")
    assert not _refuses("long and strange " * 6)
    assert not _refuses("x7" * 32 + GOOD)
    assert _refuses("x" * 1001)


def test_every_common_password_that_is_long_enough_is_refused() -> None:
    """The data: 30,000 passwords from breaches, which come with zxcvbn."""
    common = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= people.SHORTEST_PASSWORD]
    assert len(common) > 1000
    assert [one for one in common if not _refuses(one)] == []
    assert [one for one in common if not _refuses(one.capitalize())] == []
    assert [one for one in common if not _refuses(f"{one}1")] == []


@pytest.mark.parametrize(
    "password", ["dunlindunlin", "ann@example.com", "AnnHarbour1", "HarbourLane12", "harbour2024", "Dunlin2026!"]
)
def test_a_password_made_of_names_that_anybody_knows_is_refused(password: str) -> None:
    assert _refuses(password)


@pytest.mark.parametrize(
    "password", ["only small letters here", "四つの鷺が水車小屋にいる", "ЦАПЛИ у старой мельницы", "9461870352"]
)
def test_signs_of_any_kind_may_be_used_and_none_must(password: str) -> None:
    assert not _refuses(password)


def test_a_password_counts_exactly_as_it_was_typed(world: World) -> None:
    for other in (PASSWORD.upper(), f"{PASSWORD} ", PASSWORD[:-1], PASSWORD + "x" * 2000):
        assert people.sign_in(world.rt, "ann@example.com", other) is None
    assert people.sign_in(world.rt, "ann@example.com", PASSWORD) is not None


def test_what_is_kept_is_argon2id_at_least_as_costly_as_owasp_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """OWASP's password storage: argon2id with 19 MiB and two rounds, or more of the one for less of the other."""
    hasher = PasswordHasher()
    assert hasher.type is Type.ID
    assert hasher.memory_cost * hasher.time_cost >= 19 * 1024 * 2
    assert hasher.memory_cost >= 19 * 1024
    assert hasher.salt_len >= 16
    assert hasher.hash_len >= 32


def test_the_product_takes_the_librarys_own_parameters() -> None:
    source = Path(people.__file__).read_text(encoding="utf-8")
    assert "return PasswordHasher()" in source


def test_nobody_is_there_before_the_first_owner_is_made(tmp_path: Path) -> None:
    rt = build_runtime(settings.load({"DUNLIN_VAR": str(tmp_path)}))
    migrate(rt.store)
    assert not people.exists(rt)
    rt.engine.close()
    rt.store.close()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one owner, for the commands."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path))
    rt = build_runtime(settings.load())
    migrate(rt.store)
    people.create_owner(rt, "Harbour & Lane", "Ann Harbour", "ann@example.com", PASSWORD)
    rt.engine.close()
    rt.store.close()
    return tmp_path


def test_who_forgot_a_password_gets_another_from_whoever_runs_the_installation(installation: Path) -> None:
    run, command = CliRunner(), create_app().cli.commands["password"]
    app = create_app()

    def ask(*arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = run.invoke(command, arguments)
        return result.exit_code, result.output

    rt = build_runtime(settings.load())
    with rt.store.read() as session:
        ann = session.scalars(select(User)).one()
    secret = sign_ins.begin(rt, ann.id, "a browser")
    second_step.begin(rt, ann.id)
    rt.store.close()
    assert ask("nobody@example.com", "--password", GOOD)[0] == 2
    code, said = ask("ann@example.com", "--password", "password123")
    assert (code, "easily guessed" in said) == (2, True)
    assert ask("Ann@Example.com", "--password", GOOD)[0] == 0
    rt = build_runtime(settings.load())
    assert people.sign_in(rt, "ann@example.com", PASSWORD) is None
    found = people.sign_in(rt, "ann@example.com", GOOD)
    assert found is not None
    assert found.totp_sealed is not None, "the second step stays"
    assert sign_ins.of(rt, secret) is None
    rt.store.close()
    assert ask("ann@example.com", "--password", GOOD, "--lost-device")[0] == 0
    rt = build_runtime(settings.load())
    found = people.sign_in(rt, "ann@example.com", GOOD)
    assert found is not None
    assert found.totp_sealed is None
    rt.engine.close()
    rt.store.close()
