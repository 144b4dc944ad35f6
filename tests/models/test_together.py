"""What many threads bring at once is written in few transactions, and each learns what became of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Memory
from models.store import Store
from models.together import Together

THREADS = 8


class Door:
    """Lets sessions of a store open once told to; counts them, and breaks their end when told to."""

    def __init__(self, store: Store) -> None:
        self.store, self.opened, self.breaks = store, 0, False
        self.may_open = threading.Event()

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.may_open.wait(10)
        with self.store.write() as session:
            self.opened += 1
            yield session
            if self.breaks:
                raise OSError("The disk is full.")


def kept(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count(Memory.id))) or 0


def bring(together: Together, names: list[str], door: Door) -> list[BaseException | None]:
    """Each name from a thread of its own, all waiting before the first session opens; what each was told."""
    told: list[BaseException | None] = [None] * len(names)
    arrived = threading.Barrier(len(names) + 1)

    def job(place: int, name: str) -> Callable[[], None]:
        def run() -> None:
            arrived.wait(10)
            try:
                together(lambda session: session.add(Memory(name=name, value="1")))
            except (IntegrityError, OSError) as error:
                told[place] = error

        return run

    threads = [threading.Thread(target=job(place, name)) for place, name in enumerate(names)]
    for one in threads:
        one.start()
    arrived.wait(10)
    while len(together) < len(names):
        pass
    door.may_open.set()
    for one in threads:
        one.join()
    return told


def test_what_waits_is_written_in_one_transaction(store: Store) -> None:
    door = Door(store)
    assert bring(Together(door.write), [f"m-{place}" for place in range(THREADS)], door) == [None] * THREADS
    assert (door.opened, kept(store)) == (1, THREADS)


def test_what_cannot_be_kept_undoes_itself_alone(store: Store) -> None:
    door = Door(store)
    told = bring(Together(door.write), ["same", "other", "same", "third"], door)
    assert sorted(type(one).__name__ for one in told) == ["IntegrityError", "NoneType", "NoneType", "NoneType"]
    assert kept(store) == 3


def test_when_the_transaction_fails_everybody_is_told(store: Store) -> None:
    door = Door(store)
    door.breaks, together = True, Together(door.write)
    told = bring(together, ["one", "two", "three"], door)
    assert [str(one) for one in told] == ["The disk is full."] * 3
    assert kept(store) == 0
    door.breaks = False
    together(lambda session: session.add(Memory(name="four", value="1")))
    assert kept(store) == 1


def test_when_no_session_can_be_had_everybody_is_told() -> None:
    @contextmanager
    def shut() -> Iterator[Session]:
        raise OSError("The disk is gone.")
        yield

    with pytest.raises(OSError, match="The disk is gone"):
        Together(shut)(Session.flush)
