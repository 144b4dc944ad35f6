"""One process of Dunlin that will be killed. `python -m tests.crashes.life CLOCK PORT` starts one for each line heard.

The parent has imported everything and opened nothing; each life is a fork of it, builds itself from the environment and
never ends by itself. Its time stands in the file CLOCK and moves only between two rounds: days pass in seconds here,
and no token may grow old between two lines of code. PORT 0 is a worker without web pages.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

import structlog

import app as house
import settings as configuration
from sandbox.stage import FileClock
from sandbox.wires import serve
from workflows import clock
from workflows.engine import Embedded

HELD = FileClock.SECONDS.size  # places behind the time: it is about to move; who rests, one place each
RESTS = HELD + 1
PAGE = RESTS + 2


class HeldClock(FileClock):
    """The world's time, which moves only while everybody rests."""

    def hold(self, on: bool) -> None:
        """Whether everybody is to rest after the round that they are in."""
        self._page[RESTS:PAGE] = bytes(2)
        self._page[HELD] = on

    def resting(self) -> int:
        return sum(self._page[RESTS:PAGE])

    def rest(self, place: int) -> None:
        """Wait for as long as everybody is to."""
        while self._page[HELD]:
            self._page[RESTS + place] = 1
            time.sleep(0.002)


def live(path: Path, port: int) -> None:
    """Answer and work until killed. What a verb raises is said, and the next verb has its turn."""
    loaded, here = configuration.load(os.environ), HeldClock(path)
    engine = Embedded()
    rt = house.build_runtime(
        loaded,
        clock=here,
        engine=engine,
        pause=lambda seconds: time.sleep(min(seconds, 0.01)),
    )
    if port:
        serve(house.create_app(loaded, rt), port=port)
    while True:
        for verb, _ in clock.VERBS.values():
            try:
                verb(rt)
            except Exception as error:
                print(f"{verb.__module__}: {error!r}", file=sys.stderr)
        engine.rest()
        time.sleep(0.01)
        here.rest(0 if port else 1)


def main(path: Path, port: int) -> None:
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for _ in sys.stdin:
        born = os.fork()
        if born == 0:
            live(path, port)
        print(born, flush=True)
        os.waitpid(born, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
