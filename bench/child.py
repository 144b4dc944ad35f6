"""One reading in a process of its own: made ready, timed, weighed, and counted in the database.

    python -m bench.child RESULT.json '{"what": "ours", …}'

The parent reads the result from the file. It decides nothing.
"""

from __future__ import annotations

import cProfile
import importlib
import io
import json
import pstats
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

TOP = 15


@dataclass(frozen=True, slots=True)
class Job:
    """`what` names a module of this room with `ready(job)`; `server` and `database` are addresses."""

    what: str
    kind: str
    server: str
    tenant: str
    database: str
    rows: int
    profile: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds for the reading alone, and of this process's processor; megabytes before it and at the highest; where
    the time went, if asked.
    """

    seconds: float
    cpu: float
    before_mb: float
    peak_mb: float
    profile: str = ""


def peak_mb() -> float:
    """The most memory this process had. getrusage would also count what its parent had when it was forked."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return usage / (2**20 if sys.platform == "darwin" else 1024)


def measured(act: Callable[[], int], rows: int, profile: bool) -> Result:
    """Time `act`, which says how many invoices it got; fewer or more than there are is an error, not a figure."""
    before = peak_mb()
    profiler = cProfile.Profile() if profile else None
    start, worked = perf_counter(), process_time()
    got = profiler.runcall(act) if profiler else act()
    seconds, cpu = perf_counter() - start, process_time() - worked
    if got != rows:
        raise RuntimeError(f"Of {rows} invoices {got} arrived.")
    return Result(seconds, cpu, before, peak_mb(), _told(profiler) if profiler else "")


def _told(profiler: cProfile.Profile) -> str:
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(TOP)
    return text.getvalue()


def main(result: str, given: str) -> None:
    job = Job(**json.loads(given))
    act = importlib.import_module(f"bench.{job.what}").ready(job)
    Path(result).write_text(json.dumps(asdict(measured(act, job.rows, job.profile))))


if __name__ == "__main__":
    main(*sys.argv[1:])
