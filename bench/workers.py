"""`python -m bench workers`: how many companies' rounds 1, 2 and 4 worker processes get done in a second on PostgreSQL,
each with four threads, while ledgers and mail server take 50 ms for every answer. The floor is those answers alone.

A round asks the ledger what is still owed, says one message and keeps it. What workers, pretend ledgers with the mail
server, and database took of the processors stands beside it: when they took all, more workers cannot help.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from sqlalchemy import func, select, text, update

from bench.capacity_run import Many
from core.capacity import Load
from models import Effect, EffectKind, EffectState
from sandbox.books import Company as Books
from sandbox.parts import Apart, Parts
from sandbox.stage import FileClock, environment
from sandbox.wires import WSGIApp, serve
from tests.databases import migrated
from tests.town import MONDAY
from workflows import clock, dispatcher, planner, sync
from workflows.engine import THREADS
from workflows.queueing import Queued
from workflows.runtime import Lane

COMPANIES, WARM, LATENCY = 160, 40, 0.05  # companies for each number of workers, and how many of them to warm up with
WORKERS = (1, 2, 4)
MAIL_ANSWERS = 3  # to MAIL, RCPT and DATA
KEYS = {"DUNLIN_SECRET_KEYS": "s" * 40, "DUNLIN_INDEX_KEY": "i" * 40}
PARTS = ("workers", "ledgers", "database")


@dataclass(slots=True)
class Took:
    """Of so many rounds by so many workers: seconds, slow answers, and seconds of processor by part."""

    workers: int
    rounds: int
    seconds: float
    answers: int
    processor: dict[str, float]

    @property
    def floor(self) -> float:
        """Seconds in which there would only have been answers, in as many threads."""
        return self.answers * LATENCY / (self.workers * THREADS[Lane.ACT])


class Slow:
    """An app that answers after a while, and counts."""

    def __init__(self, app: WSGIApp) -> None:
        self.app, self.calls, self._counting = app, 0, threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with self._counting:
            self.calls += 1
        time.sleep(LATENCY)
        return self.app(environ, start)


class Firms(Many):
    """Companies with one customer and one invoice each, half in QuickBooks and half in Xero."""

    def __init__(self, many: int, url: str) -> None:
        super().__init__(Load(companies=many, accounts=1, invoices=1, changes=0, xero_share=0.5), url)

    def _books(self, kind: str, number: int) -> Books:
        """Every invoice has been late for four days on the first, so that every company has something to say."""
        books = super()._books(kind, number)
        due = MONDAY.date() - timedelta(days=4)
        books.invoices = [replace(one, due=due, issued=due - timedelta(days=30)) for one in books.invoices]
        return books

    def until_something_is_due(self) -> None:
        """Plan up to the first moment at which messages may leave, and stop before they do."""
        while not self.due():
            self.clock.move(max(clock.next_moment(self.rt) or self.now, self.now + timedelta(minutes=1)))
            sync.sync_due(self.rt)
            while planner.plan_due(self.rt):
                pass

    def due(self) -> int:
        """Messages that have not left, and whose time has come."""
        waiting = (EffectState.DUE.value, EffectState.CLAIMED.value, EffectState.SENDING.value)
        of = Effect.kind == EffectKind.MESSAGE.value, Effect.state.in_(waiting), Effect.not_before <= self.now
        with self.rt.store.read() as session:
            return session.scalar(select(func.count()).select_from(Effect).where(*of)) or 0

    def give_and_wait(self, many: int) -> tuple[int, float]:
        """Have what so many companies have to say said by the workers: (rounds, seconds). All others wait."""
        self._only(many)
        began, engine = time.perf_counter(), Queued()
        rounds = engine.give(self.rt, dispatcher.SPEAKING)
        while self.due():
            time.sleep(0.1)
        return rounds, time.perf_counter() - began

    def _only(self, many: int) -> None:
        """Let the next companies speak, and the others later."""
        waiting = Effect.kind == EffectKind.MESSAGE.value, Effect.state == EffectState.DUE.value
        with self.rt.store.write() as session:
            session.execute(update(Effect).where(*waiting).values(not_before=self.now + timedelta(days=1)))
            of = select(Effect.company_id).where(*waiting).distinct().order_by(Effect.company_id).limit(many)
            chosen = session.scalars(of).all()
            if len(chosen) < many:
                raise RuntimeError(f"Only {len(chosen)} companies have something to say.")
            session.execute(update(Effect).where(*waiting, Effect.company_id.in_(chosen)).values(not_before=self.now))


def measure(numbers: Sequence[int] = WORKERS, many: int = COMPANIES, warm: int = WARM) -> list[Took]:
    """Lay the books; then, with each number of workers, let them warm up on some companies and time others."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dunlin-bench-")))
        url = stack.enter_context(migrated("postgres", folder))
        town = stack.enter_context(closing(Firms(len(numbers) * many, url)))
        town.set_up()
        town.until_something_is_due()
        given, slow = _open(stack, town)
        clock_file = folder / "clock"
        FileClock(clock_file, town.now)
        settings = {**given, **KEYS, "DUNLIN_DATABASE_URL": url, "DUNLIN_VAR": str(folder)}
        return [
            _measure(town, slow, Parts(settings, clock_file, Apart(one, 0, town.now)), one, many, warm)
            for one in numbers
        ]


def _measure(town: Firms, slow: Sequence[Slow], parts: Parts, workers: int, many: int, warm: int) -> Took:
    with closing(parts):
        _until_at_work(town, workers)
        town.give_and_wait(warm)
        calls, before = sum(one.calls for one in slow), _processor(parts)
        rounds, seconds = town.give_and_wait(many - warm)
        after = _processor(parts)
        spent = {name: after[name] - before[name] for name in PARTS}
        answers = sum(one.calls for one in slow) - calls + MAIL_ANSWERS * rounds
        return Took(workers, rounds, seconds, answers, spent)


def _open(stack: ExitStack, town: Firms) -> tuple[dict[str, str], list[Slow]]:
    """The ledgers on ports of their own, from now on slowly. This process reaches them without."""
    slow = []
    for twin in (town.quickbooks, town.xero):
        slow.append(Slow(twin.app))
        server = serve(slow[-1])
        stack.callback(server.stop)
        twin.base_url = server.url
        town.network.route(urlsplit(server.url).netloc, twin.app)
    town.mailbox.answers_after = LATENCY
    town.mailbox.start()
    stack.callback(town.mailbox.stop)
    processors = town.stripe, town.gocardless
    return environment(town.quickbooks, town.xero, *processors, town.mailbox.url, "http://127.0.0.1:9"), slow


def _until_at_work(town: Firms, workers: int) -> None:
    """Each shows itself once in each lane."""
    while True:
        with town.rt.store.read() as session:
            if session.scalar(text("SELECT count(*) FROM procrastinate_workers")) == workers * len(Lane):
                return
        time.sleep(0.1)


def _processor(parts: Parts) -> dict[str, float]:
    """Seconds of processor so far: the workers', this process's own, and those of every PostgreSQL process."""
    database = (one for one in psutil.process_iter(["name"]) if one.info["name"].startswith("postgres"))
    return {
        "workers": _seconds(psutil.Process(one) for one in parts.workers()),
        "ledgers": _seconds([psutil.Process()]),
        "database": _seconds(database),
    }


def _seconds(processes: Iterable[psutil.Process]) -> float:
    return sum(one.user + one.system for one in _times(processes))


def _times(processes: Iterable[psutil.Process]) -> Iterator[Any]:
    for one in processes:
        try:
            yield one.cpu_times()
        except psutil.NoSuchProcess:  # a connection that was closed meanwhile
            continue


def main(many: int = COMPANIES) -> None:
    found = measure(many=many)
    alone = found[0].rounds / found[0].seconds
    for one in found:
        each = one.rounds / one.seconds
        spent = ", ".join(f"{name} {one.processor[name] / one.seconds:.2f}" for name in PARTS)
        print(
            f"workers: {one.workers} did {one.rounds} rounds in {one.seconds:.1f} s, {each:.1f} a second, "
            f"{each / alone:.2f} times one worker; the answers alone take {one.floor:.1f} s; "
            f"processors in use: {spent}"
        )


if __name__ == "__main__":
    main()
