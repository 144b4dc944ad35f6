"""A small town on loopback ports, and Dunlin in real processes that are killed while people pay, promise and book.

Set up and judged in this process; between the two only the killed ones speak with the world. A seed draws what people
do and how long each life lasts; what a process was doing when it was killed only the machine knows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import IO
from urllib.parse import urlsplit

import requests

from models.store import Store
from sandbox import visits
from sandbox.books import BookPayment, Webhook
from sandbox.browser import Browser, Lost
from sandbox.mailbox import Mail
from sandbox.stage import environment
from sandbox.wires import serve
from tests.browser.conftest import free_port
from tests.crashes.life import PAGE, HeldClock
from tests.faults.promises import Outcome, check
from tests.faults.witness import is_reminder
from tests.house.code import ROOT
from tests.town import MONDAY, Town, numbers_of

KEYS = {"DUNLIN_SECRET_KEYS": "s" * 40, "DUNLIN_INDEX_KEY": "i" * 40}
MOST_ACTS, LONGEST = 16, 8.0  # a life ends after so many things that people did, or so many seconds
STILLBORN, STARTING = 0.15, 1.5  # how many lives end while they start, and within how many seconds
KINDS = ("quickbooks", "xero")


class Lives:
    """A process that bears others, one at a time."""

    def __init__(self, clock: Path, port: int, settings: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.crashes.life", str(clock), str(port)]
        given = {**os.environ, **settings}
        pipe = subprocess.PIPE
        self._bearer = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=given, cwd=ROOT, text=True)
        self._living = 0

    def begin(self) -> None:
        _of(self._bearer.stdin).write("live\n")
        _of(self._bearer.stdin).flush()
        self._living = int(_of(self._bearer.stdout).readline())

    def kill(self) -> None:
        """SIGKILL, and wait until nothing of it is left."""
        os.kill(self._living, signal.SIGKILL)
        assert _of(self._bearer.stdout).readline() == "dead\n"
        self._living = 0

    def close(self) -> None:
        """Nothing of it stays, also where a test broke off in the middle of a life."""
        if self._living:
            self.kill()
        _of(self._bearer.stdin).close()
        self._bearer.wait(10)
        _of(self._bearer.stdout).close()


def _of(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


class Killing:
    """`url` is a migrated database; on PostgreSQL a second process works beside the one that serves."""

    def __init__(self, seed: int, url: str, folder: Path) -> None:
        self.chance, self.outcome, self.url = Random(f"crashes/{seed}"), Outcome(seed), url
        self.town = Town(url, seed=seed)
        self.clock_file, self.port = folder / "clock", free_port()
        self.here = f"http://127.0.0.1:{self.port}"
        self.late: list[Webhook] = []
        self.wrong: list[str] = []
        self._before: dict[str, bool] = {}
        self.http = requests.Session()
        self.http.trust_env = False
        for kind in KINDS:
            for place in range(3):
                self.town.customer(kind, f"{kind[0]}{place}")
            for number in range(1, 7):
                due = MONDAY.date() + timedelta(days=self.chance.randint(-15, 8))
                self.town.open(kind, f"{kind[0].upper()}-{number}", f"{kind[0]}{number % 3}", due, "120.50")

    def run(self, kills: int) -> Outcome:
        with ExitStack() as stack:
            stack.callback(self.http.close)
            self.town.begin(store=Store(self.url))
            self.town.rt.store.close()
            lives = self._open(stack)
            for _ in range(kills):
                self._one_life(lives)
            self._judge()
        return self.outcome

    def _open(self, stack: ExitStack) -> list[Lives]:
        """The world on ports of its own. This process reaches the same twins without them."""
        town = self.town
        for twin in (town.quickbooks, town.xero, town.stripe, town.gocardless):
            server = serve(twin.app)
            stack.callback(server.stop)
            twin.base_url = server.url
            town.network.route(urlsplit(server.url).netloc, twin.app)
        town.mailbox.on_message = self._arrived
        town.mailbox.start()
        stack.callback(town.mailbox.stop)
        self.clock_file.write_bytes(bytes(PAGE))
        self.file_clock = HeldClock(self.clock_file)
        self.file_clock.move(town.now)
        given = environment(town.quickbooks, town.xero, town.stripe, town.gocardless, town.mailbox.url, self.here)
        settings = {**given, **KEYS, "DUNLIN_DATABASE_URL": self.url}
        ports = [self.port] if self.url.startswith("sqlite") else [self.port, 0]
        self.processes = len(ports)
        lives = [Lives(self.clock_file, port, settings) for port in ports]
        for one in lives:
            stack.callback(one.close)
        return lives

    def _arrived(self, mail: Mail) -> None:
        """Wrong when it was owed neither now nor before time last moved, which is minutes ago."""
        for number in numbers_of(mail) if is_reminder(mail) else ():
            if not self._is_open(number) and not self._before.get(number, True):
                self.wrong.append(f"{number}: {mail.header('X-Dunlin-Step')} was said although nothing was owed.")

    def _is_open(self, number: str) -> bool:
        kind = "quickbooks" if number.startswith("Q") else "xero"
        return self.town.twin(kind).balance(self.town.tenants[kind], number) > 0

    # One life

    def _one_life(self, lives: list[Lives]) -> None:
        for one in lives:
            one.begin()
        left = self.chance.randint(1, MOST_ACTS)
        lasts = self.chance.uniform(0, STARTING) if self.chance.random() < STILLBORN else LONGEST
        self._ends = time.monotonic() + lasts
        acts = self.chance.choices([self._pass_time, self._webhooks, self._visit, self._transfer], (4, 2, 3, 1), k=400)
        while left and acts and time.monotonic() < self._ends:
            act = acts.pop()
            with suppress(requests.RequestException, Lost):
                act()
                self.outcome.done[act.__name__.strip("_")] += 1
                left -= 1
            time.sleep(0.02)
        time.sleep(self.chance.uniform(0, 0.4))
        for one in lives:
            one.kill()
            self.outcome.kills["SIGKILL"] += 1

    def _pass_time(self) -> None:
        """When everybody rests; in a life that is over before, it stands still."""
        self.file_clock.hold(True)
        while self.file_clock.resting() < self.processes:
            if time.monotonic() > self._ends:
                self.file_clock.hold(False)
                raise Lost("It does not come to rest any more.")
            time.sleep(0.002)
        self._before = {one.key: self._is_open(one.key) for books in self.town.books.values() for one in books.invoices}
        self.town.clock.move(self.town.now + timedelta(minutes=self.chance.choice((6, 40, 200))))
        self.file_clock.move(self.town.now)
        self.file_clock.hold(False)

    def _webhooks(self) -> None:
        """What is not answered with 200 is sent again."""
        town = self.town
        self.late += [
            hook for twin in (town.quickbooks, town.xero, town.stripe, town.gocardless) for hook in twin.webhooks()
        ]
        while self.late:
            hook = self.late[0]
            where = urlsplit(hook.url).path or f"/webhooks/{hook.kind}"
            answer = self.http.post(self.here + where, data=hook.raw, headers=hook.headers, timeout=5)
            if answer.status_code != 200:
                self.outcome.refused[f"webhook {answer.status_code}"] += 1
                return
            self.late.pop(0)

    def _visit(self) -> None:
        """Somebody follows the link in a message and pays, or promises to."""
        letters = [mail for mail in self.town.mails() if is_reminder(mail)]
        if not letters:
            raise Lost("Nobody has heard anything yet.")
        letter = self.chance.choice(letters)
        link, numbers = visits.link_in(letter.text), numbers_of(letter)
        if self.chance.random() < 0.7:
            visits.pay(Browser(self.http), link, numbers)
        else:
            visits.promise(Browser(self.http), link, numbers, self.town.now.date() + timedelta(days=3))

    def _transfer(self) -> None:
        """The bookkeeper books one now and then; seldom, for a card payment may be under way for the same."""
        kind = self.chance.choice(KINDS)
        number = f"{kind[0].upper()}-{self.chance.randint(1, 6)}"
        spoken_of = {one for mail in self.town.mails() for one in numbers_of(mail)}
        if self._is_open(number) and number not in spoken_of and self.chance.random() < 0.2:
            balance = self.town.twin(kind).balance(self.town.tenants[kind], number)
            payment = BookPayment(number, balance, self.town.now.date(), "bank 1")
            self.town.twin(kind).receive(self.town.tenants[kind], payment)

    # Afterwards

    def _judge(self) -> None:
        """Leases run out, the rest is done, everything is read once more; then the promises are looked at."""
        town = self.town
        town.start(Store(self.url))
        for hook in self.late:
            town.deliver(hook)
        for _ in range(12):
            town.settle()
            town.clock.move(town.now + timedelta(hours=13))
        town.settle()
        check(town, self.outcome, self.wrong)
        town.close()
