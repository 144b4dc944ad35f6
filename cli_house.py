"""`flask serve`, `web`, `clock`, `doctor`, `backup`, `restore`, `move`: running an installation, looking after it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
import waitress

import settings as configuration
from cli import as_json, command, house, report, runtime
from models.store import Store
from workflows import backups, clock, doctor, doctor_outside, drain, moving, planner, retention
from workflows.errors import Refusal
from workflows.runtime import Runtime

IN_MEMORY = "sqlite://"
RESTORED = (
    "Nobody hears anything until you switch each company on again. What may have been said, booked or collected since "
    "the backup is not done again by itself; see docs/operations.md."
)


@command("serve", "flask serve")
def serve() -> None:
    """Run Dunlin in one process: the web pages, the clock and the work."""
    with _begun() as (loaded, rt):
        ticking = clock.start(rt)
        try:
            _answer(loaded, rt)
        finally:
            _drain(loaded, rt, ticking)


@command("web", "flask web")
def web() -> None:
    """Answer people, customers and webhooks, and do nothing else; `flask clock` runs beside it. Needs PostgreSQL."""
    with _begun(alone=False) as (loaded, rt):
        _answer(loaded, rt)


@command("clock", "flask clock")
def clock_only() -> None:
    """Read the ledgers, decide and send, without a web address. `flask web` runs beside it. Needs PostgreSQL.

    Several may run: each takes what the others have not taken, and what one leaves behind another takes up.
    """
    with _begun(alone=False) as (loaded, rt):
        ticking = clock.start(rt)
        click.echo("The clock ticks. Stop it with Ctrl-C.")
        try:
            threading.Event().wait()
        finally:
            _drain(loaded, rt, ticking)


@contextmanager
def _begun(*, alone: bool = True) -> Iterator[tuple[configuration.Settings, Runtime]]:
    """What begins every process that stays, until it is told to stop."""
    with runtime() as (loaded, rt):
        if not alone and rt.store.is_sqlite:
            raise Refusal("SQLite serves one process: run `flask serve`, or move to PostgreSQL with `flask move`.")
        retention.check(rt)
        planner.wake_after_upgrade(rt)
        signal.signal(signal.SIGTERM, _stop)
        yield loaded, rt


def _answer(loaded: configuration.Settings, rt: Runtime) -> None:
    """Until it is told to stop; what is being answered is answered."""
    server = waitress.create_server(
        house().create_app(loaded, rt),
        host=loaded.host,
        port=loaded.port,
        threads=8,
        ident=None,
        # Whoever sends a byte a second costs an open file, not a place: docs/load.md.
        connection_limit=1000,
        asyncore_use_poll=True,
        max_request_body_size=64 * 2**20,  # above the application's own limits, which answer in words
    )
    click.echo(f"Dunlin is at http://{loaded.host}:{loaded.port}. Stop it with Ctrl-C.")
    try:
        server.run()
    finally:
        server.close()


def _drain(loaded: configuration.Settings, rt: Runtime, ticking: drain.Ticking) -> None:
    if not drain.drain(rt, ticking, loaded.drain_seconds):
        # Something hangs on the network. Its rows say so, and the next start sees to it.
        click.echo("Not everything ended in time; the rest is seen to at the next start.", err=True)
        sys.stdout.flush()
        os._exit(0)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """As Ctrl-C does; a second one does not cut the first short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


@command("doctor", "flask doctor")
@click.option("--offline", is_flag=True, help="Ask nobody outside: no mail server, no processor.")
@as_json
def doctor_now(offline: bool, as_json: bool) -> None:
    """Is the installation sound?"""
    with runtime() as (loaded, rt):
        missing = [f"{name} is not set. {what}" for name, what in configuration.missing(loaded)]
        ailing = [*missing, *_kept_badly(loaded), *doctor.complaints(rt)]
        ailing += [] if offline else doctor_outside.complaints(rt)
    report({"complaints": ailing}, as_json, ailing or ["The installation is sound."])
    sys.exit(1 if ailing else 0)


def _kept_badly(loaded: configuration.Settings) -> list[str]:
    """What others on this machine could read."""
    private = [loaded.var, loaded.var / "secrets", *([loaded.backup_to] if loaded.backup_to else [])]
    return [
        f"Others on this machine can read {one}; run: chmod go= {one}"
        for one in private
        if one.exists() and one.stat().st_mode & 0o077
    ]


@command("backup", "flask backup /srv/backups/dunlin.backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_json
def backup_now(file: Path, as_json: bool) -> None:
    """Copy the database into FILE, also while Dunlin serves. The secrets are not in it; keep them apart."""
    loaded = configuration.load()
    with closing(Store(IN_MEMORY)) as nothing:
        made = backups.make(house().build_runtime(loaded, store=nothing), loaded.database_url, file)
    lines = [
        f"{made.file}: {made.bytes:,} bytes, {made.companies} companies, {made.touches} touches; it is sound.",
        backups.KEEP_SECRETS,
    ]
    report({**asdict(made), "secrets": backups.KEEP_SECRETS}, as_json, lines)


@command("restore", "flask restore /srv/backups/dunlin.backup")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def restore_now(file: Path, as_json: bool) -> None:
    """Put a backup in the place of the database, which is kept aside. Dunlin must not be running."""
    loaded = configuration.load()
    with closing(Store(IN_MEMORY)) as nothing:
        aside = backups.restore(house().build_runtime(loaded, store=nothing), loaded.database_url, file)
    with runtime() as (_, rt):  # sees to what may have happened since, before anything else
        ailing = list(doctor.complaints(rt))
    figures: dict[str, Any] = {"aside": aside, "complaints": ailing, "next": RESTORED}
    report(figures, as_json, [f"Restored. What was there before is kept as {aside}.", RESTORED, *ailing])


@command("move", "flask move postgresql://dunlin@db.example/dunlin")
@click.argument("url")
@as_json
def move_now(url: str, as_json: bool) -> None:
    """Move everything from SQLite into the empty PostgreSQL database at URL. Dunlin must not be running.

    A password is better given in PGPASSWORD or a .pgpass file than in the address.
    """
    with runtime(moved=True) as (_, rt):
        counts = moving.move(rt, url)
    rows, tables = sum(counts.values()), sum(map(bool, counts.values()))
    lines = [f"Moved and compared: {rows:,} rows of {tables} tables. {NEXT}"]
    report({"rows": counts, "next": NEXT}, as_json, lines)


NEXT = (
    "Set DUNLIN_DATABASE_URL to that database and start Dunlin; the secrets stay where they are. "
    "The SQLite file is as it was, and nothing starts on it any more."
)
COMMANDS = (serve, web, clock_only, doctor_now, backup_now, restore_now, move_now)
