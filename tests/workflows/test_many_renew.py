"""Many want the same permission renewed at the same moment: one asks the vendor, all get the new token."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import app as house
import settings as configuration
from models import Grant
from models.store import Store
from sandbox.stage import environment
from sandbox.wires import serve
from tests.databases import migrated
from tests.town import Town
from tests.workflows import renewing
from tests.workflows.consents import TOKENS, expire, permit
from workflows.runtime import Runtime

ROOT = Path(__file__).resolve().parents[2]
KINDS = ["quickbooks", "xero"]


class Served:
    """The vendors on loopback ports, slow to renew. `renewals` counts the refreshes they were asked for."""

    def __init__(self, stack: ExitStack, database: str) -> None:
        self.town, self.renewals, self._lock = Town(), 0, threading.Lock()
        for twin in (self.town.quickbooks, self.town.xero):
            twin.base_url = stack.enter_context(serve(self._listening(twin.app))).url
        given = environment(
            self.town.quickbooks,
            self.town.xero,
            self.town.stripe,
            self.town.gocardless,
            "smtp://127.0.0.1:25",
            "http://x.test",
        )
        keys = {"DUNLIN_SECRET_KEYS": "s" * 40, "DUNLIN_INDEX_KEY": "i" * 40}
        self.settings = {**given, **keys, "DUNLIN_DATABASE_URL": database}

    def _listening(self, app: Any) -> Any:
        def heard(environ: dict[str, Any], start_response: Any) -> Any:
            if any(path in environ["PATH_INFO"] for path in TOKENS.values()):
                with self._lock:
                    self.renewals += 1
                time.sleep(0.2)
            return app(environ, start_response)

        return heard

    def runtime(self) -> Runtime:
        return house.build_runtime(configuration.load(self.settings), clock=self.town.clock, pause=time.sleep)

    def expired(self, rt: Runtime, kind: str) -> int:
        """A permission whose access token has run out; its id."""
        grant_id, _ = permit(self.town, kind, rt)
        expire(self.town)
        self.renewals = 0
        return grant_id


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def stored(rt: Runtime, grant_id: int) -> tuple[str, str]:
    """(the access token as it is kept, who holds the lease)."""
    with rt.store.read() as session:
        grant = session.get_one(Grant, grant_id)
    return rt.vault.unseal(grant.access_sealed).decode(), grant.lease_owner


@pytest.mark.parametrize("kind", KINDS)
def test_eight_threads_of_one_process_share_one_renewal(stack: ExitStack, tmp_path: Path, kind: str) -> None:
    served = Served(stack, stack.enter_context(migrated("sqlite", tmp_path)))
    rt = served.runtime()
    stack.callback(rt.store.close)
    grant_id = served.expired(rt, kind)
    got = renewing.tokens(rt, grant_id)
    assert served.renewals == 1
    assert (set(got), len(got)) == ({stored(rt, grant_id)[0]}, renewing.THREADS)
    assert stored(rt, grant_id)[1] == ""


@pytest.mark.postgres
@pytest.mark.parametrize("kind", KINDS)
def test_eight_threads_in_each_of_two_processes_share_one_renewal(stack: ExitStack, tmp_path: Path, kind: str) -> None:
    database = stack.enter_context(migrated("postgres", tmp_path))
    served = Served(stack, database)
    rt = served.runtime()
    assert type(rt.store) is Store
    stack.callback(rt.store.close)
    grant_id = served.expired(rt, kind)
    given = json.dumps({**served.settings, "now": served.town.now.isoformat(), "grant": str(grant_id)})
    command = [sys.executable, "-m", "tests.workflows.renewing", given]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(2)]
    assert [one.stdout.readline() for one in processes] == ["ready\n", "ready\n"]
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()
    got = [token for one in processes for token in json.loads(one.communicate(timeout=60)[0])]
    assert served.renewals == 1
    assert (set(got), len(got)) == ({stored(rt, grant_id)[0]}, 2 * renewing.THREADS)
