"""Work done by the process itself: what is under way is not begun twice, and no lane waits for another."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from integrations import quiet
from workflows.engine import Embedded, Inline
from workflows.runtime import Lane, Runtime, Work

NOBODY = cast(Runtime, None)  # the engines hand the runtime on and ask nothing of it


def work(do: Callable[[int], object], due: list[int], lane: Lane = Lane.ACT, name: str = "w") -> Work:
    return Work(name, lane, lambda _: due, lambda _rt, _session: due, lambda _, company: do(company))


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.begins, self.let_go = threading.Event(), threading.Event()

    def __call__(self, company: int) -> None:
        self.begun.append(company)
        self.begins.set()
        assert self.let_go.wait(30)


@pytest.fixture
def engine() -> Iterator[Embedded]:
    made = Embedded()
    yield made
    made.close()


def test_inline_everything_is_done_in_order_before_it_goes_on() -> None:
    done: list[int] = []
    assert Inline().give(NOBODY, work(done.append, [3, 1, 2])) == 3
    assert done == [3, 1, 2]


def test_embedded_the_ticks_do_not_wait_and_nothing_under_way_is_begun_again(engine: Embedded) -> None:
    held = Held()
    assert engine.give(NOBODY, work(held, [1])) == 1
    assert held.begins.wait(30)
    assert engine.give(NOBODY, work(held, [1])) == 0, "it is still under way"
    held.let_go.set()
    engine.rest()
    assert engine.give(NOBODY, work(held, [1])) == 1
    engine.rest()
    assert held.begun == [1, 1]


def test_large_books_being_read_hold_up_nobody_s_message(engine: Embedded) -> None:
    reading, said = Held(), threading.Event()
    assert engine.give(NOBODY, work(reading, list(range(50)), Lane.READ, "read")) == 50
    assert reading.begins.wait(30)
    engine.give(NOBODY, work(lambda _: said.set(), [1], Lane.ACT, "perform"))
    assert said.wait(30)
    reading.let_go.set()


def test_what_breaks_off_is_logged_and_may_be_begun_again(engine: Embedded) -> None:
    def break_off(_: int) -> None:
        raise OSError("the disk is full")

    heard = io.StringIO()
    quiet.speak(logging.ERROR, heard)
    for _ in range(2):
        assert engine.give(NOBODY, work(break_off, [1])) == 1
        engine.rest()
    assert heard.getvalue().count("a round ended early") == 2


def test_told_to_stop_it_begins_nothing_more_and_what_waited_is_let_go(engine: Embedded) -> None:
    held = Held()
    engine.give(NOBODY, work(held, list(range(9))))
    assert held.begins.wait(30)
    engine.close(wait=False)
    held.let_go.set()
    engine.rest()
    assert len(held.begun) <= 4, "no more than were under way"
    assert engine.give(NOBODY, work(held, [10])) == 0
