"""`flask doctor`, `backup`, `restore`, `move`: looking after an installation."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import settings as configuration
from cli import as_json, command, house, report, runtime
from models.store import Store
from workflows import backups, doctor, doctor_outside, moving

IN_MEMORY = "sqlite://"
RESTORED = (
    "Nobody hears anything until you switch each company on again. What may have been said, booked or collected since "
    "the backup is not done again by itself; see docs/operations.md."
)


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
COMMANDS = (doctor_now, backup_now, restore_now, move_now)
