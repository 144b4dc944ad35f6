"""The real thing in a process of its own: `flask serve`, as it ships, on an SQLite file that was filled before.

    python -m bench.load_house '{"connection_limit": 1000}'

It changes nothing but, where asked, limits of the web server, and prints with which limits that runs.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.cli import FlaskGroup
from waitress.adjustments import Adjustments

import app
from bench.children import ROOT, Failed

LIMITS = ("threads", "connection_limit", "channel_timeout", "cleanup_interval", "backlog", "asyncore_use_poll")
LIMITS += ("max_request_header_size", "max_request_body_size")


@dataclass(frozen=True, slots=True)
class House:
    """Dunlin being served. `limits` are the web server's."""

    url: str
    pid: int
    database: Path
    limits: dict[str, Any]

    def cpu(self) -> float:
        """Seconds of processor that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def count(self, rows: str) -> int:
        """How many rows of a table there are, such as "promise WHERE state = 'open'"; read beside the server."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as asked:
            found: int = asked.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
            return found


@contextmanager
def serving(folder: Path, database: Path, given: Mapping[str, str], limits: Mapping[str, Any]) -> Iterator[House]:
    """Start it and wait until it answers; stopped with SIGTERM at the end. Failed when it does not start."""
    port = _free_port()
    own = {"DUNLIN_PORT": str(port), "DUNLIN_VAR": str(folder), "DUNLIN_PUBLIC_URL": ""}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUNLIN_")}
    command = [sys.executable, "-m", "bench.load_house", json.dumps(dict(limits))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**kept, **given, **own}, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        line = next((one for one in process.stdout or () if one.startswith("{")), "")
        if not line:
            raise Failed(f"It did not start: {(folder / 'log').read_text()[-500:]}")
        yield House(f"http://127.0.0.1:{port}", process.pid, database, json.loads(line))
    finally:
        process.terminate()
        process.communicate()


def _free_port() -> int:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def main(limits: str) -> None:
    made = Adjustments.__init__

    def told(self: Adjustments, **given: Any) -> None:
        made(self, **{**given, **json.loads(limits)})
        print(json.dumps({name: getattr(self, name) for name in LIMITS}), flush=True)

    Adjustments.__init__ = told
    FlaskGroup(create_app=app.create_app).main(["serve"])


if __name__ == "__main__":
    main(sys.argv[1])
