"""A process of its own that wants a good access token in eight threads at once, and prints what each was given.

Started by `test_many_renew.py` with one argument, the JSON of its settings and of the present. It says when it is ready
and begins on a line of input, so that two of them begin together.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime

import app as house
import settings as configuration
from sandbox.stage import WorldClock
from workflows import grants
from workflows.runtime import Runtime

THREADS = 8


def tokens(rt: Runtime, grant_id: int) -> list[str]:
    """What eight threads get that ask at the same moment; an error by its name."""
    ready, got = threading.Barrier(THREADS), list[str]()

    def ask() -> None:
        ready.wait()
        try:
            got.append(grants.access_token(rt, grant_id))
        except Exception as error:
            got.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def main(given: dict[str, str]) -> None:
    clock = WorldClock(datetime.fromisoformat(given["now"]))
    loaded = configuration.load({name: value for name, value in given.items() if name.startswith("DUNLIN_")})
    rt = house.build_runtime(loaded, clock=clock, pause=time.sleep)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(tokens(rt, int(given["grant"]))), flush=True)
    rt.engine.close()
    rt.store.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
