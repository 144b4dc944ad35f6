"""A new version is started on an old one's tables, with rows in them: they are brought up to date, or left alone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Time,
    insert,
    inspect,
    select,
)
from sqlalchemy.types import JSON

from models import Account, Invoice, Practice
from models import store as store_module
from models.store import Store, migrate
from tests.databases import empty_store  # noqa: F401  (a fixture)
from tests.house.code import ROOT
from tests.models.test_migrations import REVISIONS

MOMENT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROWS: dict[str, dict[str, Any]] = {
    "practice": {"uid": "p", "name": "Sandpiper Accounting"},
    "user": {"uid": "u", "email": "robin@sandpiper.example", "name": "Robin"},
    "cadence_version": {"uid": "c", "name": "default", "number": 1},
    "company": {"uid": "l", "name": "Larch & Co", "ledger_kind": "xero", "currency": "GBP", "country": "GB"},
    "account": {"uid": "a", "external_id": "c-1", "name": "Fern", "emails": ["fern@customers.example"], "because": []},
    "invoice": {"uid": "i", "external_id": "1", "number": "A-1", "status": "open", "currency": "GBP"},
}
EMPTY: list[tuple[type, Any]] = [
    (Boolean, False),
    (JSON, []),
    (LargeBinary, b""),
    (DateTime, MOMENT),
    (Date, MOMENT.date()),
    (Time, time(9)),
    (BigInteger, 1),
    (Integer, 1),
]
CADENCE = (ROOT / "templates/cadences/default.toml").read_text()


def settle_in(store: Store, revision: str) -> None:
    """An installation of that time, with one customer's open invoice; columns of no matter are as empty as they may."""
    migrate(store, revision)
    metadata = MetaData()
    with store.read() as session:
        metadata.reflect(session.connection())
    for name, given in ROWS.items():
        columns = [one for one in metadata.tables[name].columns if not one.nullable and one.server_default is None]
        row = {one.name: next((value for kind, value in EMPTY if isinstance(one.type, kind)), "") for one in columns}
        row |= {key: value for key, value in given.items() if key in metadata.tables[name].columns}
        row |= {"source": CADENCE} if name == "cadence_version" else {}
        with store.write() as session:
            session.execute(insert(metadata.tables[name]).values(row))


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_every_older_installation_is_brought_up_to_date_with_its_rows(
    empty_store: Store,  # noqa: F811
    revision: str,
) -> None:
    settle_in(empty_store, revision)
    migrate(empty_store)
    with empty_store.read() as session:
        assert session.scalars(select(Practice.name)).one() == "Sandpiper Accounting"
        account, invoice = session.scalars(select(Account)).one(), session.scalars(select(Invoice)).one()
    assert (account.name, account.emails, invoice.number) == ("Fern", ["fern@customers.example"], "A-1")


def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(
    empty_store: Store,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settle_in(empty_store, REVISIONS[-2])
    before = _shape(empty_store)
    shutil.copytree(store_module.MIGRATIONS, tmp_path / "migrations")
    (last,) = (tmp_path / "migrations" / "versions").glob(f"{REVISIONS[-1]}_*.py")
    last.write_text(last.read_text().rstrip() + "\n    raise RuntimeError('the power went')\n")
    monkeypatch.setattr(store_module, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises(RuntimeError, match="the power went"):
        migrate(empty_store)
    assert _shape(empty_store) == before
    monkeypatch.undo()
    migrate(empty_store)
    assert _shape(empty_store) != before


def _shape(store: Store) -> dict[str, list[str]]:
    with store.read() as session:
        seen = inspect(session.connection())
        return {
            table: [str(one["name"]) for one in (*seen.get_columns(table), *seen.get_indexes(table))]
            for table in seen.get_table_names()
        }


@pytest.mark.slow
def test_the_new_version_starts_on_the_old_tables_and_gets_ready(tmp_path: Path) -> None:
    """A real `flask serve`; it is ready once its clock has ticked on the tables of today."""
    url = f"sqlite:///{tmp_path / 'dunlin.db'}"
    with closing(Store(url)) as store:
        settle_in(store, REVISIONS[-2])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {"VAR": str(tmp_path), "DATABASE_URL": url, "PORT": str(port)}
    env = {**os.environ, **{f"DUNLIN_{name}": value for name, value in ours.items()}}
    serve, log = [sys.executable, "-m", "flask", "serve"], tmp_path / "log"
    with log.open("w") as said, subprocess.Popen(serve, cwd=ROOT, env=env, stderr=said, stdout=said) as process:
        try:
            assert _ready(f"http://127.0.0.1:{port}/ready"), log.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
    with closing(Store(url)) as store, store.read() as session:
        assert session.scalars(select(Invoice.number)).one() == "A-1"


def _ready(page: str) -> bool:
    for _ in range(120):
        try:
            with urllib.request.urlopen(page, timeout=5) as answer:
                return bool(answer.status == 200)
        except URLError:
            threading.Event().wait(0.5)
    return False
