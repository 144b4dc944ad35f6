"""Whoever runs Dunlin at the command line: doctor, backup, restore; what is said, and the exit codes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from sqlalchemy import select

import app as house
from models import Memory, Practice
from models.store import Store
from tests.databases import migrated
from workflows import restored


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of its own, in a folder nobody has been in."""
    monkeypatch.setenv("DUNLIN_VAR", str(tmp_path / "var"))
    handlers, before = logging.getLogger().handlers[:], structlog.get_config()
    yield tmp_path
    logging.getLogger().handlers = handlers
    structlog.configure(**before)


def flask(*words: str) -> Result:
    app = house.create_app()
    with app.app_context():  # as the program `flask` has it
        return app.test_cli_runner().invoke(args=list(words))


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def database(here: Path) -> str:
    return f"sqlite:///{here / 'var' / 'dunlin.db'}"


def test_the_doctor_says_what_is_missing_and_that_it_is_not_well(here: Path) -> None:
    result = flask("doctor", "--offline", "--json")
    assert result.exit_code == 1
    assert any(one.startswith("DUNLIN_PUBLIC_URL is not set.") for one in told(result)["complaints"])
    (here / "var").chmod(0o755)
    assert f"Others on this machine can read {here / 'var'}; run: chmod go= {here / 'var'}" in flask("doctor").stdout


def test_a_backup_says_what_is_in_it_and_that_the_secrets_are_not(here: Path) -> None:
    flask("plan")
    file = here / "a.backup"
    result = flask("backup", str(file), "--json")
    assert result.exit_code == 0, result.stderr
    made = told(result)
    assert (made["file"], made["companies"], made["bytes"]) == (str(file), 0, file.stat().st_size)
    assert "keep them too, in another place" in made["secrets"]
    with closing(Store(database(here))):
        assert flask("backup", str(file)).exit_code == 0, "also while somebody serves"
    secrets = (here / "var" / "secrets").read_text().split("=")[1].split()[0]
    assert secrets.encode() not in file.read_bytes()


def test_without_a_database_there_is_nothing_to_back_up(here: Path) -> None:
    result = flask("backup", str(here / "a.backup"))
    assert (result.exit_code, "There is no database at" in result.stderr) == (2, True)
    assert not (here / "a.backup").exists()


def test_a_restore_keeps_the_old_file_and_says_what_is_to_be_done(here: Path) -> None:
    flask("plan")
    flask("backup", str(here / "a.backup"))
    with closing(Store(database(here))) as store:
        assert "Stop it first" in flask("restore", str(here / "a.backup")).stderr
        with store.write() as session:
            session.add(Practice(uid="p", name="Since then", created_at=datetime(2026, 3, 2, tzinfo=UTC)))
    result = flask("restore", str(here / "a.backup"), "--json")
    assert result.exit_code == 0, result.stderr
    assert "Nobody hears anything until you switch each company on again" in told(result)["next"]
    names = {}
    for place in (database(here), f"sqlite:///{told(result)['aside']}"):
        with closing(Store(place)) as store, store.read() as session:
            names[place] = session.scalars(select(Practice.name)).all()
            assert restored.MARK not in session.scalars(select(Memory.name)).all()
    assert list(names.values()) == [[], ["Since then"]]


def test_a_class_that_is_not_kept_here_stops_the_start_with_one_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNLIN_KEEP_DAYS", "letters=3")
    result = flask("serve")
    assert (result.exit_code, "DUNLIN_KEEP_DAYS names 'letters'" in result.stderr) == (2, True)
    monkeypatch.setenv("DUNLIN_KEEP_DAYS", "words")
    assert "DUNLIN_KEEP_DAYS must look like words=180,messages=3650." in flask("serve").stderr


@pytest.mark.postgres
def test_it_is_moved_to_postgresql_and_nothing_starts_where_it_was(here: Path) -> None:
    flask("plan")
    with migrated("postgres", here) as target:
        done = flask("move", target)
        assert (done.exit_code, "Set DUNLIN_DATABASE_URL to that database" in done.output) == (0, True), done.output
        assert "was moved to PostgreSQL" in flask("doctor", "--offline").output


@pytest.mark.parametrize("part", ["web", "clock"])
def test_pages_and_clock_do_not_share_a_sqlite_file(here: Path, part: str) -> None:
    result = flask(part)
    assert (result.exit_code, "SQLite serves one process: run `flask serve`" in result.output) == (2, True)
