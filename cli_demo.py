"""`flask demo`: the pretend world with the product in it, watched in a browser or lived through at full speed.

It puts the two together and prints what the judge counted; what happens in the world is the sandbox's.
"""

from __future__ import annotations

import logging
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

import settings as configuration
from cli import as_json, command, house, log_to_stderr, report
from cli_demo_parts import Patient
from cli_demo_parts import figures as figures_of_parts
from core.cells import decode
from core.columns import read_book
from models.store import migrate
from sandbox.accountant import EMAIL, PASSWORD
from sandbox.book_file import world_from_book
from sandbox.demo import Demo, control, run
from sandbox.parts import Apart, Parts
from sandbox.stage import FileClock, Stage, WorldClock
from sandbox.stage import ids as seeded_ids
from sandbox.wires import serve as serve_here
from sandbox.world import World, believable_world
from workflows import cadences, clock, doctor, library, people, planner, vitals
from workflows.engine import Inline
from workflows.errors import Refusal
from workflows.runtime import Runtime

SEED = 7
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class _Served:
    """Dunlin as the demo sees it: its address, and being told that time has passed."""

    def __init__(self, rt: Runtime, parts: Parts | None = None) -> None:
        self.url, self._rt, self._parts = rt.public_url, rt, parts

    def settle(self) -> None:
        clock.settle(self._rt)

    def next_moment(self) -> datetime | None:
        return clock.next_moment(self._rt)

    def figures(self) -> dict[str, object]:
        missed = planner.sweep(self._rt)
        found = {
            **doctor.figures(self._rt),
            "accounts_not_woken": missed,
            "ledger_calls": vitals.ledger_calls(self._rt),
        }
        return {**found, **(figures_of_parts(self._rt, self._parts.kills) if self._parts else {})}


@command("demo", "flask demo --headless --days 60 --json")
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
@click.option("--database", help="The address of an empty database to live in, instead of a file.")
@click.option("--workers", default=0, type=click.IntRange(0, 16), help="Pages and so many workers as processes.")
@click.option("--kill-every", default=0.0, type=click.FloatRange(0), help="Kill a worker every so many seconds.")
@as_json
def demo(headless: bool, days: int, port: int, as_json: bool, seed: int, **given: Any) -> None:
    """Start the pretend world with Dunlin in it; or, headless, let days pass and count what happened.

    With --workers, headless and on PostgreSQL, pages and workers are processes of their own.
    """
    log_to_stderr(logging.ERROR)
    say = (lambda line: click.echo(line, err=True)) if headless else click.echo
    world, begin, notes = _world(given, seed)
    apart = Apart(given["workers"], given["kill_every"], begin + timedelta(days=days - 1))
    if apart.workers and not headless:
        raise Refusal("Only a headless demo has workers: add --headless.")
    with ExitStack() as stack:
        shown = _stage(stack, world, begin, seed, 0 if headless else port, given["database"], apart)
        if not headless:
            _watch(shown, say)
            return
        figures = run(shown, days, say)
    figures = {**figures, **notes}
    report(figures, as_json, [f"{name}: {value}" for name, value in figures.items()])
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


def _stage(
    stack: ExitStack, world: World, begin: datetime, seed: int, port: int, database: str | None, apart: Apart
) -> Demo:
    """The world and the product on loopback ports, torn down with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dunlin-demo-")))
    here = FileClock(folder / "clock", begin) if apart.workers else WorldClock(begin)
    steps = [step.name for step in cadences.shipped(library.FIRST).steps]
    stage = stack.enter_context(closing(Stage(world, here, seed, steps)))
    port = port or _free_port()
    environment = {**stage.environment(f"http://127.0.0.1:{port}"), "DUNLIN_PORT": str(port), "DUNLIN_VAR": str(folder)}
    environment |= {"DUNLIN_DATABASE_URL": database} if database else {}
    loaded = configuration.load(environment)
    built = house()
    rt = built.build_runtime(
        loaded,
        clock=here,
        engine=Patient() if apart.workers else Inline(),
        ids=seeded_ids(seed + 1),
        pause=lambda _seconds: None,
    )
    stack.callback(rt.store.close)
    if apart.workers and rt.store.is_sqlite:
        raise Refusal("Workers need PostgreSQL: name an empty database with --database.")
    migrate(rt.store)
    people.create_owner(rt, "Sandpiper Accounting", "Robin Vale", EMAIL, PASSWORD)
    if apart.workers:
        parts = stack.enter_context(closing(Parts(environment, folder / "clock", apart)))
        parts.wait_for_pages(rt.public_url)
        return Demo(stage, _Served(rt, parts))
    web = built.create_app(loaded, rt)
    shown = Demo(stage, _Served(rt))
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
    say(f"  mailbox:  {shown.stage.servers['mailbox'].url}")
    for processor in (shown.stage.stripe, shown.stage.gocardless):
        say("  {}: {}  /  {}".format(processor.kind, *processor.open_account("Sandpiper Accounting")))
    say("            (the keys of pretend accounts, for a company's ways to pay)\n\nStop with Ctrl-C.")
    try:
        while not threading.Event().wait(1.0):
            shown.creep()
    except KeyboardInterrupt:
        say("Good-bye.")


def _good(figures: Mapping[str, Any]) -> bool:
    """Whether the promises held."""
    zero = ("duplicate_touches", "touches_about_paid_invoices", "payments_unreconciled", "accounts_not_woken")
    doubted = int(figures["touches_in_doubt"]) <= int(figures.get("most_in_doubt", 0))
    return doubted and bool(figures["silences_explained"]) and not any(figures[name] for name in zero)


COMMANDS = (demo,)
