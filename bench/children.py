"""The processes of a reading: the page server in one, each reading in another, and what they came to.

It starts, waits and adds up; what is read and how is said in the modules that `child.Job` names.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from bench.child import Job, Result
from tests.databases import migrated

ROOT = Path(__file__).resolve().parent.parent
OURS = sys.executable


class Failed(Exception):
    """A child ended without a result; the message is its last line."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one kind of reading came to: medians over its runs."""

    what: str
    rows: int
    seconds: float
    cpu: float
    before_mb: float
    peak_mb: float
    calls: int
    profile: str = ""

    @property
    def rate(self) -> float:
        """Invoices a second."""
        return self.rows / self.seconds


@dataclass(frozen=True, slots=True)
class Server:
    """The page server in its own process."""

    url: str

    def begin(self, rows: int) -> str:
        """Show the first `rows` invoices, forget the calls; the organisation's id."""
        return str(self._ask("POST", f"/bench/begin?rows={rows}")["tenant"])

    def calls(self) -> int:
        return int(self._ask("GET", "/bench/calls")["calls"])

    def _ask(self, method: str, path: str) -> Any:
        with urlopen(Request(self.url + path, method=method), timeout=60) as answer:
            return json.load(answer)


@contextmanager
def served(kind: str, rows: int) -> Iterator[Server]:
    """A page server with a book of so many invoices, while the block runs. Failed when it does not start."""
    command = [OURS, "-m", "bench.server", kind, str(rows)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise Failed(f"The page server for {kind} did not start.")
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.communicate()


def measure(job: Job, server: Server, backend: str = "", interpreter: str = OURS, repeat: int = 1) -> Figure:
    """Run the job as often as asked, each time in a new process and, with a `backend`, on a new database."""
    results = []
    for _ in range(repeat):
        fresh = replace(job, server=server.url, tenant=server.begin(job.rows))
        with tempfile.TemporaryDirectory(prefix="dunlin-bench-") as name:
            folder = Path(name)
            if not backend:
                results.append(in_child(fresh, folder, interpreter))
                continue
            with migrated(backend, folder) as url:
                results.append(in_child(replace(fresh, database=url), folder, interpreter))
    numbers = ("seconds", "cpu", "before_mb", "peak_mb")
    middle = {name: median(getattr(one, name) for one in results) for name in numbers}
    return Figure(job.what, job.rows, calls=server.calls(), profile=results[-1].profile, **middle)


def in_child(job: Job, folder: Path, interpreter: str = OURS) -> Result:
    """One reading in a process of its own; `folder` holds its result. Failed when it ends without one."""
    result = folder / "result.json"
    command = [interpreter, "-m", "bench.child", str(result), json.dumps(asdict(job))]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise Failed((ended.stderr.strip().splitlines() or ["It said nothing."])[-1])
    return Result(**json.loads(result.read_text()))
