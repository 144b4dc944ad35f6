"""The product in processes of its own on the pretend world's time: its pages and its workers, of which one may be
killed now and then. It runs the commands that it is given and knows nothing of the product but an address.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import requests

from sandbox.stage import FileClock

LONGEST = 120.0


class Apart(NamedTuple):
    """How many workers there are, and after how many seconds one in turn, having begun to work, is killed and another
    begun in its place, up to a moment of the world's time. 0 seconds: none is.
    """

    workers: int
    kill_every: float
    calm_from: datetime


class Parts:
    """The pages and the workers, begun at once and ended by `close`. `clock` is where the world's time stands; each is
    `flask demo-part NAME --clock FILE`, and a worker says in a line when it works.
    """

    def __init__(self, environment: Mapping[str, str], clock: Path, apart: Apart) -> None:
        self._environment = {**os.environ, **environment}
        self._clock, self._apart = clock, apart
        self.kills = 0
        self._over = threading.Event()
        self._web = self._begin("web")
        self._workers = [self._begin("worker") for _ in range(apart.workers)]
        self._killer = threading.Thread(target=self._kill, daemon=True)
        self._killer.start()

    def wait_for_pages(self, url: str) -> None:
        """Until they answer. RuntimeError when they do not."""
        ends = time.monotonic() + LONGEST
        while not _answers(url):
            if time.monotonic() > ends or self._web.poll() is not None:
                raise RuntimeError("The pages did not begin to answer.")
            time.sleep(0.1)

    def workers(self) -> list[int]:
        """The processes that work now."""
        return [one.pid for one in self._workers]

    def close(self) -> None:
        """Whoever still lives is told to stop, and goes."""
        self._over.set()
        self._killer.join()
        living = [self._web, *self._workers]
        for one in living:
            one.terminate()
        for one in living:
            one.communicate(timeout=LONGEST)

    def _begin(self, part: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "flask", "demo-part", part, "--clock", str(self._clock)]
        return subprocess.Popen(words, env=self._environment, stdout=subprocess.PIPE)  # noqa: S603

    def _kill(self) -> None:
        clock = FileClock(self._clock)
        for place in cycle(range(self._apart.workers if self._apart.kill_every else 0)):
            one = self._workers[place]
            if one.stdout:
                one.stdout.readline()  # who dies before it works hinders nobody, and all would where they begin slowly
            if self._over.wait(self._apart.kill_every) or clock.now() >= self._apart.calm_from:
                return
            with one:
                one.kill()
            self.kills += 1
            self._workers[place] = self._begin("worker")


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.RequestException:
        return False
