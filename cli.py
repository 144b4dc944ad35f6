"""The `flask …` commands: a few lines each. Exit code 0; 1 when it ran and the answer is bad; 2 when it could not run.

Commands build what they need themselves; nothing here decides.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click
import structlog
import waitress
from flask import Flask, current_app
from sqlalchemy import select

import settings as configuration
from core.cells import decode
from core.columns import ColumnError, read_book
from models import Company
from models.store import StoreError, migrate
from sandbox.accountant import EMAIL, PASSWORD
from sandbox.book_file import world_from_book
from sandbox.demo import Demo, control, run
from sandbox.stage import Stage, WorldClock
from sandbox.stage import ids as seeded_ids
from sandbox.wires import serve as serve_here
from sandbox.world import World, believable_world
from workflows import audit, cadences, clock, doctor, people, planner, preview, reconcile, sync
from workflows.engine import Inline
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.vault import VaultError

SEED = 7
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_KNOWN = (configuration.SettingsError, StoreError, VaultError, Refusal, ColumnError, OSError)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def _log_to_stderr(least: int = logging.INFO) -> None:
    """Answers go to stdout, the log to stderr."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class House(NamedTuple):
    """What `app.py` gives: how to build a runtime, and the web application on top of it."""

    build_runtime: Callable[..., Runtime]
    create_app: Callable[..., Flask]


def register(app: Flask, house: House) -> None:
    """Add every command to `flask`."""
    app.extensions["house"] = house
    for command in (serve, demo, sync_now, plan_now, preview_now, reconcile_now, audit_log, doctor_now):
        app.cli.add_command(command)


def _command(name: str, example: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with an example in its help; what a person can mend becomes one clear line and exit code 2."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def wrapped(*args: Any, **given: Any) -> Any:
            _log_to_stderr()
            try:
                return function(*args, **given)
            except _KNOWN as error:
                click.echo(f"dunlin: {error}", err=True)
                sys.exit(2)

        made: click.Command = click.command(name, epilog=f"Example: {example}", **options)(wrapped)
        return made

    return decorate


def _house() -> House:
    from_app: House = current_app.extensions["house"]
    return from_app


@contextmanager
def _runtime(**parts: Any) -> Iterator[tuple[configuration.Settings, Runtime]]:
    loaded = configuration.load()
    loaded.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    rt = _house().build_runtime(loaded, **parts)
    try:
        migrate(rt.store)
        yield loaded, rt
    finally:
        rt.engine.close()
        rt.store.close()


@_command("serve", "flask serve")
def serve() -> None:
    """Run Dunlin in one process on SQLite: the web pages, the clock and the work."""
    with _runtime() as (loaded, rt):
        planner.wake_after_upgrade(rt)
        web = _house().create_app(loaded, rt)
        ticking = clock.start(rt)
        click.echo(f"Dunlin is at http://{loaded.host}:{loaded.port}. Stop it with Ctrl-C.")
        try:
            waitress.serve(web, host=loaded.host, port=loaded.port, threads=8, ident=None, _quiet=True)
        finally:
            ticking.shutdown()


@_command("sync", "flask sync --company 'Larch & Co'")
@click.option("--company", help="Only this company, by name or uid.")
@as_json
def sync_now(company: str | None, as_json: bool) -> None:
    """Read the ledgers once, now."""
    with _runtime() as (_, rt):
        results = {one.name: sync.sync_company(rt, one.id) for one in _companies(rt, company)}
    _report(results, as_json, [f"{name}: {'read' if well else 'failed'}" for name, well in results.items()])
    sys.exit(0 if all(results.values()) else 1)


@_command("plan", "flask plan")
@as_json
def plan_now(as_json: bool) -> None:
    """Plan every account whose time has come, once."""
    with _runtime() as (_, rt):
        planned = planner.plan_due(rt)
    _report({"planned": planned}, as_json, [f"{planned} accounts were planned."])


@_command("preview", "flask preview --company 'Larch & Co' --days 30")
@click.option("--company", required=True, help="The company, by name or uid.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365))
@as_json
def preview_now(company: str, days: int, as_json: bool) -> None:
    """What would go out in the coming days, to whom, and every because."""
    with _runtime() as (_, rt):
        shown = preview.preview(rt, _companies(rt, company)[0].id, days)
    lines = [
        f"{one.moment:%Y-%m-%d %H:%M} {one.step:<12} {one.account_name}: {', '.join(one.invoice_numbers)}"
        for one in shown.messages
    ]
    lines += [
        f"nothing      {one.account_name}: {', '.join(sorted({why.cause.value for why in one.because}))}"
        for one in shown.silences
    ]
    _report(asdict(shown), as_json, lines)


@_command("reconcile", "flask reconcile --json")
@as_json
def reconcile_now(as_json: bool) -> None:
    """Do processor, Dunlin and ledger agree about every payment?"""
    with _runtime() as (_, rt):
        found = list(reconcile.differences(rt))
    lines = [f"{one.company}: {one.what}" for one in found] or ["Everything agrees."]
    _report({"differences": [asdict(one) for one in found]}, as_json, lines)
    sys.exit(1 if found else 0)


@click.group("audit", epilog="Example: flask audit verify")
def audit_log() -> None:
    """The append-only log."""


@_command("verify", "flask audit verify")
@as_json
def audit_verify(as_json: bool) -> None:
    """Is the log unbroken?"""
    with _runtime() as (_, rt):
        audit.link_all(rt)
        broken = list(audit.verify(rt))
    _report({"broken": broken}, as_json, broken or ["The log is unbroken."])
    sys.exit(1 if broken else 0)


audit_log.add_command(audit_verify)


@_command("doctor", "flask doctor")
@as_json
def doctor_now(as_json: bool) -> None:
    """Is the installation sound?"""
    with _runtime() as (loaded, rt):
        missing = [f"{name} is not set. {what}" for name, what in configuration.missing(loaded)]
        ailing = [*missing, *doctor.complaints(rt)]
    _report({"complaints": ailing}, as_json, ailing or ["The installation is sound."])
    sys.exit(1 if ailing else 0)


def _companies(rt: Runtime, wanted: str | None) -> list[Company]:
    with rt.store.read() as session:
        every = session.scalars(select(Company).order_by(Company.name)).all()
    found = [one for one in every if wanted in (None, one.name, one.uid)]
    if wanted is not None and not found:
        raise Refusal(f"There is no company {wanted!r}; there are: {', '.join(one.name for one in every) or 'none'}.")
    return found


def _report(figures: Mapping[str, Any], as_json: bool, lines: list[str]) -> None:
    click.echo(json.dumps(figures, default=str) if as_json else "\n".join(lines))


class _Served:
    """Dunlin as the demo sees it: its address, and being told that time has passed."""

    def __init__(self, rt: Runtime, calls: Counter[tuple[str, str]]) -> None:
        self.url, self._rt, self._calls = rt.public_url, rt, calls

    def settle(self) -> None:
        clock.settle(self._rt)

    def next_moment(self) -> datetime | None:
        return clock.next_moment(self._rt)

    def figures(self) -> dict[str, object]:
        calls: dict[str, dict[str, int]] = {}
        for (kind, purpose), count in sorted(self._calls.items()):
            calls.setdefault(kind, {})[purpose] = count
        missed = planner.sweep(self._rt)
        return {**doctor.figures(self._rt), "accounts_not_woken": missed, "plans": 0, "ledger_calls": calls}


@_command("demo", "flask demo --headless --days 60 --json")
@click.option("--headless", is_flag=True, help="No browser: live through the days at full speed, then stop.")
@click.option("--days", default=60, show_default=True, type=click.IntRange(1, 400))
@click.option("--port", default=8000, show_default=True, help="Where the watched demo is shown.")
@click.option("--book", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A real payment history.")
@click.option("--map", "mapping", multiple=True, metavar="OURS=THEIRS", help="Which column of the book is which.")
@click.argument("more_columns", nargs=-1, metavar="[OURS=THEIRS]...")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="The day on which a book's world begins.")
@click.option("--currency", help="The currency of a book that has no such column.")
@click.option("--date-format", help="How the book writes dates, such as %d/%m/%Y.")
@click.option("--decimal-mark", type=click.Choice([".", ","]), help="How the book writes decimals.")
@click.option("--seed", default=SEED, show_default=True, help="Another seed, another world.")
@as_json
def demo(headless: bool, days: int, port: int, as_json: bool, seed: int, **book: Any) -> None:
    """Start the pretend world with Dunlin in it; or, headless, let days pass and count what happened."""
    _log_to_stderr(logging.ERROR)
    say = (lambda line: click.echo(line, err=True)) if headless else click.echo
    world, begin, notes = _world(book, seed)
    with ExitStack() as stack:
        shown = _stage(stack, world, begin, seed, 0 if headless else port)
        if not headless:
            _watch(shown, say)
            return
        figures = run(shown, days, say)
    figures = {**figures, **notes}
    _report(figures, as_json, [f"{name}: {value}" for name, value in figures.items()])
    sys.exit(0 if _good(figures) else 1)


def _world(book: Mapping[str, Any], seed: int) -> tuple[World, datetime, dict[str, Any]]:
    """The believable world, or one made of a book with the rows that could not be read."""
    if book["book"] is None:
        return believable_world(seed, START.date()), START, {}
    mapping = dict(one.split("=", 1) if "=" in one else (one, "") for one in book["mapping"] + book["more_columns"])
    text = decode(book["book"].read_bytes())
    read = read_book(text, mapping, book["currency"], book["date_format"], book["decimal_mark"])
    first = min((row.issued for row in read.rows), default=None)
    if first is None:
        raise Refusal("No row of this book could be read.")
    begin = book["start"].date() if book["start"] else first
    unreadable = [{"line": line, "why": why} for line, why in read.unreadable]
    return world_from_book(read, begin, seed), datetime.combine(begin, time(6), UTC), {"unreadable_rows": unreadable}


def _stage(stack: ExitStack, world: World, begin: datetime, seed: int, port: int) -> Demo:
    """The world and the product on loopback ports, torn down with the stack."""
    here, calls = WorldClock(begin), Counter[tuple[str, str]]()
    steps = [step.name for step in cadences.parsed(cadences.shipped("default")).steps]
    stage = stack.enter_context(closing(Stage(world, here, seed, steps)))
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dunlin-demo-"))
    port = port or _free_port()
    environment = {**stage.environment(f"http://127.0.0.1:{port}"), "DUNLIN_VAR": folder}
    loaded = configuration.load(environment)
    house = _house()
    rt = house.build_runtime(loaded, clock=here, engine=Inline(), ids=seeded_ids(seed + 1), calls=calls)
    stack.callback(rt.store.close)
    migrate(rt.store)
    people.create_owner(rt, "Sandpiper Accounting", "Robin Vale", EMAIL, PASSWORD)
    web = house.create_app(loaded, rt)
    shown = Demo(stage, _Served(rt, calls))
    web.config["DUNLIN_MAILBOX_URL"] = stage.servers["mailbox"].url
    web.register_blueprint(control(shown))
    stack.callback(serve_here(web, port=port).stop)
    return shown


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def _watch(shown: Demo, say: Callable[[str], None]) -> None:
    """Until Ctrl-C: a minute passes every second, so that what a person does in the browser has its effect."""
    say(f"\n  Dunlin:   {shown.product.url}\n  sign in:  {EMAIL}  /  {PASSWORD}")
    say(f"  mailbox:  {shown.stage.servers['mailbox'].url}\n\nStop with Ctrl-C.")
    try:
        while not threading.Event().wait(1.0):
            shown.creep()
    except KeyboardInterrupt:
        say("Good-bye.")


def _good(figures: Mapping[str, Any]) -> bool:
    """Whether the promises held."""
    zero = ("duplicate_touches", "touches_about_paid_invoices", "payments_unreconciled", "accounts_not_woken")
    return bool(figures["silences_explained"]) and not any(figures[name] for name in zero)
