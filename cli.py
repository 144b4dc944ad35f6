"""The `flask …` commands: a few lines each. Exit code 0; 1 when it ran and the answer is bad; 2 when it could not run.

Commands build what they need themselves; nothing here decides.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import wraps
from typing import Any, NamedTuple

import click
from flask import Flask, current_app
from sqlalchemy import select

import settings as configuration
from core.columns import ColumnError
from integrations import quiet
from models import Company
from models.store import StoreError, migrate
from web import presenters
from workflows import keys, moving, planner, preview, reconcile, restored, sync
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.vault import Vault, VaultError

_KNOWN = (configuration.SettingsError, StoreError, VaultError, Refusal, ColumnError, OSError)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def log_to_stderr(least: int = logging.INFO, as_json: bool = False) -> None:
    """Answers go to stdout, the log to stderr: for people, or one JSON object a line."""
    quiet.speak(least, sys.stderr, as_json)


class House(NamedTuple):
    """What `app.py` gives: how to build a runtime, and the web application on top of it."""

    build_runtime: Callable[..., Runtime]
    create_app: Callable[..., Flask]


def register(app: Flask, built: House) -> None:
    """Add the commands of this file to `flask`."""
    app.extensions["house"] = built
    for one in (sync_now, plan_now, preview_now, reconcile_now, vault_keys):
        app.cli.add_command(one)


def command(name: str, example: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with an example in its help; what a person can mend becomes one clear line and exit code 2."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def wrapped(*args: Any, **given: Any) -> Any:
            log_to_stderr()
            try:
                return function(*args, **given)
            except _KNOWN as error:
                click.echo(f"dunlin: {error}", err=True)
                sys.exit(2)

        return click.command(name, None, epilog=f"Example: {example}", **options)(wrapped)

    return decorate


def house() -> House:
    """What the application was registered with."""
    from_app: House = current_app.extensions["house"]
    return from_app


@contextmanager
def runtime(*, moved: bool = False, **parts: Any) -> Iterator[tuple[configuration.Settings, Runtime]]:
    """With `moved` also on tables that were moved away."""
    loaded = configuration.load()
    if not loaded.is_demo and not sys.stderr.isatty():
        log_to_stderr(as_json=True)
    loaded.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    rt = house().build_runtime(loaded, **parts)
    try:
        migrate(rt.store)
        if not moved:
            moving.check(rt.store)
        restored.settle(rt)  # these tables may be a backup that was put in place
        yield loaded, rt
    finally:
        rt.engine.close()
        rt.store.close()


@command("sync", "flask sync --company 'Larch & Co'")
@click.option("--company", help="Only this company, by name or uid.")
@as_json
def sync_now(company: str | None, as_json: bool) -> None:
    """Read the ledgers once, now."""
    with runtime() as (_, rt):
        results = {one.name: sync.sync_company(rt, one.id) for one in companies(rt, company)}
    report(results, as_json, [f"{name}: {'read' if well else 'failed'}" for name, well in results.items()])
    sys.exit(0 if all(results.values()) else 1)


@command("plan", "flask plan")
@as_json
def plan_now(as_json: bool) -> None:
    """Plan every account whose time has come, once."""
    with runtime() as (_, rt):
        planned = planner.plan_due(rt)
    report({"planned": planned}, as_json, [f"{planned} accounts were planned."])


@command("preview", "flask preview --company 'Larch & Co' --days 30")
@click.option("--company", required=True, help="The company, by name or uid.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365))
@as_json
def preview_now(company: str, days: int, as_json: bool) -> None:
    """What would go out in the coming days, to whom, and every because."""
    with runtime() as (_, rt):
        owner = companies(rt, company)[0]
        shown = preview.preview(rt, owner.id, days)
    lines = [
        f"{one.moment:%Y-%m-%d %H:%M} {one.step:<12} {one.account_name}: {', '.join(one.invoice_numbers)}"
        + (" (after approval)" if one.asks else " (on its way)" if one.leaving else "")
        for one in shown.messages
    ]
    lines += [
        f"nothing      {one.account_name}: "
        + " ".join(presenters.because_words(why, owner) for why in presenters.telling(one.because))
        for one in shown.silences
    ]
    report(asdict(shown), as_json, lines)


@command("reconcile", "flask reconcile --json")
@as_json
def reconcile_now(as_json: bool) -> None:
    """Do processors, Dunlin, ledger and bank agree? Asks the processors about every payment; names what differs."""
    with runtime() as (_, rt):
        found = list(reconcile.differences(rt))
    lines = [f"{one.company}: {one.what}" for one in found] or ["Everything agrees."]
    report({"differences": [asdict(one) for one in found]}, as_json, lines)
    sys.exit(1 if found else 0)


@click.group("keys", epilog="Example: flask keys rotate")
def vault_keys() -> None:
    """Move what is sealed to new keys."""


@command("rotate", "flask keys rotate")
@as_json
def keys_rotate(as_json: bool) -> None:
    """Seal everything under the newest of DUNLIN_SECRET_KEYS; afterwards the older ones can be taken out."""
    with runtime() as (_, rt):
        _moved(keys.rotate(rt), as_json)


@command("retag", "flask keys retag")
@as_json
def keys_retag(as_json: bool) -> None:
    """Make every tag anew under DUNLIN_INDEX_KEY; DUNLIN_OLD_INDEX_KEY is the one before. Stop all processes first."""
    with runtime() as (loaded, rt):
        _moved(keys.retag(rt, Vault(loaded.secret_keys, loaded.old_index_key)), as_json)


def _moved(moved: keys.Moved, as_json: bool) -> None:
    lines = [f"{table}: {count} moved." for table, count in moved.rows.items()]
    left = [
        f"{table}: {count} were left: no key of ours opens them, or they kept changing."
        for table, count in moved.left.items()
    ]
    report({"moved": moved.rows, "left": moved.left}, as_json, [*lines, *left] or ["There was nothing to move."])
    sys.exit(1 if left else 0)


vault_keys.add_command(keys_rotate)
vault_keys.add_command(keys_retag)


def companies(rt: Runtime, wanted: str | None) -> list[Company]:
    with rt.store.read() as session:
        every = session.scalars(select(Company).order_by(Company.name)).all()
    found = [one for one in every if wanted in (None, one.name, one.uid)]
    if wanted is not None and not found:
        raise Refusal(f"There is no company {wanted!r}; there are: {', '.join(one.name for one in every) or 'none'}.")
    return found


def report(figures: Mapping[str, Any], as_json: bool, lines: list[str]) -> None:
    click.echo(json.dumps(figures, default=str) if as_json else "\n".join(lines))
