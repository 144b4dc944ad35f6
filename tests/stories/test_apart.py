"""Pages and clock as processes of their own on one PostgreSQL database: each does its part, nothing is said twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import text

from models.store import Store
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


def jobs(url: str, status: str = "todo") -> list[str]:
    """What waits for a worker, or is being done."""
    with closing(Store(url)) as store, store.read() as session:
        return list(session.scalars(text(f"SELECT task_name FROM procrastinate_jobs WHERE status = '{status}'")))


def at_work(url: str) -> int:
    with closing(Store(url)) as store, store.read() as session:
        return int(session.scalar(text("SELECT count(*) FROM procrastinate_workers")) or 0)


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for it, a minute at the most."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def test_pages_answer_and_send_nothing_and_workers_send_what_two_clocks_give_them_each_message_once(
    tmp_path: Path,
) -> None:
    server, log = HeldInData(), tmp_path / "log"
    server.let_go.set()
    server.start()
    with migrated("postgres", tmp_path) as url, ExitStack() as stack:
        two_thanks(url)
        env = environment(url, server, tmp_path)
        pages = stack.enter_context(running("web", env, log))
        until("the pages answer", lambda: answers(int(env["DUNLIN_PORT"])))
        clocks = [stack.enter_context(running("clock", env, log)) for _ in range(2)]
        until(f"it is given away: {log.read_text()}", lambda: bool(jobs(url)))
        assert states(url) == ["due", "due"]
        workers = [stack.enter_context(running("worker", env, log)) for _ in range(2)]
        until("both work in both lanes", lambda: at_work(url) == 4)  # one told to stop while it still starts just dies
        until(f"both are sent: {log.read_text()}", lambda: states(url) == ["sent", "sent"])
        assert server.taken == 2
        assert answers(int(env["DUNLIN_PORT"]))
        for process in (pages, *clocks, *workers):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(20) for process in (pages, *clocks, *workers)] == [0, 0, 0, 0, 0], log.read_text()
    server.socket.close()


def test_what_a_dead_worker_had_is_done_by_another_and_its_lock_does_not_stay(tmp_path: Path) -> None:
    server, log = HeldInData(), tmp_path / "log"
    server.let_go.set()
    server.start()
    with migrated("postgres", tmp_path) as url, ExitStack() as stack:
        two_thanks(url)
        fetched_by_the_dead(url)
        worker = stack.enter_context(running("worker --silence 3", environment(url, server, tmp_path), log))
        until(f"both are sent: {log.read_text()}", lambda: states(url) == ["sent", "sent"])
        until("its job is gone", lambda: not jobs(url, "doing"))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0, log.read_text()
    server.socket.close()


def fetched_by_the_dead(url: str) -> None:
    """A round was given, and whoever fetched it has shown no sign of life for a minute."""
    with closing(Store(url)) as store, store.write() as session:
        dead = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)"
                " SELECT 'act', 'perform', 'in-turn', jsonb_build_object('company', min(id)), 'doing', :worker"
                " FROM company"
            ),
            {"worker": session.scalar(text(dead))},
        )
