"""The store keeps what it was given, lets writers in in turn, and shares its file with nobody."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import Memory
from models.effects import TouchInvoice
from models.store import Store, StoreError, Turns, migrate
from models.upsert import added
from tests.databases import migrated


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'dunlin.db'}")
    migrate(opened)
    yield opened
    opened.close()


def _remembered(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Memory.name).order_by(Memory.name)))


def _run_all(*jobs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_is_written_can_be_read_after_the_session_has_ended(store: Store) -> None:
    with store.write() as session:
        kept = Memory(name="plan-version", value="1")
        session.add(kept)
    assert kept.value == "1"
    assert _remembered(store) == ["plan-version"]


def test_an_exception_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as session:
        session.add(Memory(name="half", value="done"))
        session.flush()
        raise RuntimeError("stopped half-way")
    assert _remembered(store) == []


def test_what_is_to_be_there_once_is_added_once_and_says_so(store: Store) -> None:
    for new in (True, False):
        with store.write() as session:
            assert added(session, Memory, {"name": "only", "value": "one"}) is new
    assert _remembered(store) == ["only"]


def test_a_reading_session_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as session:
        session.add(Memory(name="sneaky", value="write"))
        session.flush()
    with store.write() as session:
        session.add(Memory(name="honest", value="write"))
    assert _remembered(store) == ["honest"]


def test_a_row_that_points_to_nothing_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(TouchInvoice(touch_id=1, invoice_id=1, anchor="a", step="s", balance_minor=1, currency="EUR"))


def test_readers_see_the_state_before_a_write_that_has_not_ended(store: Store) -> None:
    with store.write() as session:
        session.add(Memory(name="new", value="1"))
        session.flush()
        assert _remembered(store) == []
    assert _remembered(store) == ["new"]


def test_a_reading_session_sees_one_state_from_beginning_to_end(store: Store) -> None:
    with store.read() as session:
        assert session.scalar(select(func.count(Memory.id))) == 0
        with store.write() as writing:
            writing.add(Memory(name="meanwhile", value="1"))
        assert session.scalar(select(func.count(Memory.id))) == 0
    assert _remembered(store) == ["meanwhile"]


def test_postgres_plans_what_is_asked_again_and_again_only_once(tmp_path: Path) -> None:
    """A reading session that ended by being undone would make the driver forget all it has prepared."""
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM memory%'")
    with migrated("postgres", tmp_path) as url, closing(Store(url)) as store:
        for _ in range(8):
            _remembered(store)
        with store.read() as session:
            assert session.scalar(prepared) == 1


def test_eight_threads_lose_no_write(store: Store) -> None:
    with store.write() as session:
        session.add(Memory(name="count", value="0"))

    def add_25() -> None:
        for _ in range(25):
            with store.write() as session:
                row = session.scalars(select(Memory).where(Memory.name == "count").with_for_update()).one()
                row.value = str(int(row.value) + 1)

    _run_all(*[add_25] * 8)
    with store.read() as session:
        assert session.scalars(select(Memory.value)).one() == "200"


def test_eight_threads_share_a_database_in_memory() -> None:
    store = Store("sqlite://")
    migrate(store)

    def add_10(name: str) -> None:
        for number in range(10):
            with store.write() as session:
                session.add(Memory(name=f"{name}-{number}", value=""))
            with store.read() as session:
                assert session.scalar(select(func.count(Memory.id)))

    _run_all(*(lambda name=name: add_10(name) for name in "abcdefgh"))
    assert len(_remembered(store)) == 80
    store.close()


def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order, names = Turns(), list[str](), "abcdefgh"
    waiting = {name: threading.Event() for name in names}

    def take(name: str) -> None:
        waiting[name].set()
        with turns:
            order.append(name)

    threads = [threading.Thread(target=take, args=(name,)) for name in names]
    with turns:
        for place, thread in enumerate(threads, start=1):
            thread.start()
            waiting[names[place - 1]].wait()
            while len(turns._queue) <= place:  # it has asked, and stands in the queue
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    assert "".join(order) == names


def test_a_thread_interrupted_while_it_waits_does_not_block_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(turns._changed, "wait_for", interrupt)
        with pytest.raises(KeyboardInterrupt), turns:
            pass
    with turns:
        assert len(turns._queue) == 1


def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_itself(on_disk: Store) -> None:
    with on_disk.write(), pytest.raises(StoreError, match="must end before another can start"), on_disk.write():
        pass


def test_sqlite_is_durable_checked_and_lets_readers_read_beside_a_writer(on_disk: Store) -> None:
    with on_disk.write() as session:
        settings = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_second_process_is_told_that_the_file_is_in_use(on_disk: Store) -> None:
    code = f"from models.store import Store; Store({on_disk.url.render_as_string()!r})"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "StoreError: Another process already uses dunlin.db" in second.stderr
    on_disk.close()
    third = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr


def test_a_store_can_be_closed_twice_and_opened_again(on_disk: Store) -> None:
    with on_disk.write() as session:
        session.add(Memory(name="kept", value="1"))
    on_disk.close()
    on_disk.close()
    again = Store(on_disk.url.render_as_string())
    assert _remembered(again) == ["kept"]
    again.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://user:hunter2@host/name", "SQLite or PostgreSQL, not in 'mysql'"),
        ("hunter2", "cannot be read"),
        ("postgresql://user:hunter2@host:port/name", "cannot be read"),
    ],
)
def test_an_address_we_cannot_use_is_explained_without_its_password(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as refused:
        Store(url)
    assert "hunter2" not in str(refused.value)
