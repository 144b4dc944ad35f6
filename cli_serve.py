"""`flask serve`, or apart on PostgreSQL `flask web`, `flask clock` and `flask worker`: the processes that stay."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any, NoReturn

import click
import waitress

import settings as configuration
from cli import command, house, runtime
from workflows import clock, drain, planner, retention
from workflows.engine import THREADS
from workflows.errors import Refusal
from workflows.runtime import Lane, Runtime


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
    """Answer people, customers and webhooks, and do nothing else; clock and workers run beside it. Needs PostgreSQL."""
    answer_only()


def answer_only(**parts: Any) -> None:
    """What `flask web` does; parts of the runtime may be given."""
    with _begun(alone=False, **parts) as (loaded, rt):
        _answer(loaded, rt)


@command("clock", "flask clock")
def clock_only() -> None:
    """Decide what is to be done and when, and give it to `flask worker`. Needs PostgreSQL.

    Several may run: what one has given, another leaves alone.
    """
    with _begun(alone=False, engine=queueing().Queued()) as (loaded, rt):
        ticking = clock.start(rt)
        click.echo("The clock ticks. Stop it with Ctrl-C.")
        try:
            threading.Event().wait()
        finally:
            _drain(loaded, rt, ticking)


@command("worker", "flask worker --concurrency 4")
@click.option(
    "--concurrency", default=THREADS[Lane.ACT], show_default=True, type=click.IntRange(1, 64), help="Companies at once."
)
@click.option(
    "--reading", default=THREADS[Lane.READ], show_default=True, type=click.IntRange(1, 64), help="Ledgers read at once."
)
@click.option("--silence", default=30, show_default=True, type=click.IntRange(3, 600), help="Seconds until it is dead.")
def worker(concurrency: int, reading: int, silence: int) -> None:
    """Read ledgers, send and book what `flask clock` gives. Needs PostgreSQL.

    Several may run, on any machine: what one leaves behind when it dies another takes up.
    """
    work_only({Lane.ACT: concurrency, Lane.READ: reading}, silence)


def work_only(threads: Mapping[Lane, int], silence: float, **parts: Any) -> None:
    """What `flask worker` does; parts of the runtime may be given."""
    with _begun(alone=False, **parts) as (loaded, rt):
        click.echo("The worker works. Stop it with Ctrl-C.")
        if not queueing().work(rt, threads, silence, loaded.drain_seconds):
            _leave()


def queueing() -> ModuleType:
    """What speaks with Procrastinate, which only an installation on PostgreSQL needs to have."""
    try:
        return import_module("workflows.queueing")
    except ModuleNotFoundError as error:
        raise Refusal("Workers need the packages for PostgreSQL: install Dunlin with its extra `postgres`.") from error


@contextmanager
def _begun(*, alone: bool = True, **parts: Any) -> Iterator[tuple[configuration.Settings, Runtime]]:
    """What begins every process that stays, until it is told to stop."""
    with runtime(**parts) as (loaded, rt):
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
        _leave()


def _leave() -> NoReturn:
    """Something hangs on the network. Its rows say so, and the next start sees to it."""
    click.echo("Not everything ended in time; the rest is seen to at the next start.", err=True)
    sys.stdout.flush()
    os._exit(0)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """As Ctrl-C does; a second one does not cut the first short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


COMMANDS = (serve, web, clock_only, worker)
