"""Pages and clock as processes of their own on one PostgreSQL database: each does its part, nothing is said twice."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.databases import migrated
from tests.stories.test_drain import HeldInData, environment, running, states, two_thanks

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def until(what: str, holds: object) -> None:
    """Wait for it, a minute at the most."""
    assert callable(holds)
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def test_pages_answer_and_send_nothing_and_two_clocks_send_each_message_once(tmp_path: Path) -> None:
    server, log = HeldInData(), tmp_path / "log"
    server.let_go.set()
    server.start()
    with migrated("postgres", tmp_path) as url, ExitStack() as stack:
        two_thanks(url)
        env = environment(url, server, tmp_path)
        pages = stack.enter_context(running("web", env, log))
        until("the pages answer", lambda: answers(int(env["DUNLIN_PORT"])))
        clocks = [stack.enter_context(running("clock", env, log)) for _ in range(2)]
        until(f"both are sent: {log.read_text()}", lambda: states(url) == ["sent", "sent"])
        assert server.taken == 2
        assert answers(int(env["DUNLIN_PORT"]))
        for process in (pages, *clocks):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(20) for process in (pages, *clocks)] == [0, 0, 0]
    server.socket.close()
