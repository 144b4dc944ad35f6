"""What came of a call or a letter is kept whole or not at all, and a letter that was not posted was not said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from models import Dispute, Effect, Extension, Promise, Task, ToldRow, Touch, TouchInvoice, TouchRecipient
from tests.stories.staff import Robin, robins
from tests.stories.test_calls import CALL, LETTER
from tests.town import Town
from workflows import outcomes, why
from workflows.errors import Refusal
from workflows.outcomes import Given, Outcome

MON, TUE, FRI = (date(2026, 3, day) for day in (2, 3, 6))
LATE = ("W-1", "fern", date(2026, 2, 25))


@contextmanager
def _disk_full_at(town: Town, words: str) -> Iterator[None]:
    """The database refuses the first statement that begins with `words`, as on a full disk."""

    def refuse(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(words):
            raise OperationalError(statement, None, OSError("disk full"))

    event.listen(town.rt.store.engine, "before_cursor_execute", refuse)
    yield
    event.remove(town.rt.store.engine, "before_cursor_execute", refuse)


def _opened(town: Town, robin: Robin, cadence: str) -> Task:
    robin.use(cadence)
    town.at(MON, 14)
    (task,) = robin.tasks()
    return task


def _count(town: Town, *models: type) -> list[int]:
    with town.rt.store.read() as session:
        return [len(session.scalars(select(model)).all()) for model in models]


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        (Outcome.PROMISE, {"day": FRI}),
        (Outcome.EXTENSION, {"day": FRI}),
        (Outcome.DISPUTE, {"text": "One is missing."}),
        (Outcome.FORGOT, {}),
    ],
)
def test_a_crash_before_the_task_is_closed_leaves_nothing_of_what_was_agreed(
    outcome: Outcome, fields: dict[str, Any]
) -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, CALL)
        given = Given(invoices=(town.invoice("W-1").uid,), **fields)
        with _disk_full_at(town, "UPDATE task"), pytest.raises(OperationalError):
            outcomes.settle(town.rt, task.id, outcome, given, robin.id)
        assert _count(town, Promise, Extension, Dispute, ToldRow) == [0, 0, 0, 0]
        assert robin.tasks()[0].state == "open"
        outcomes.settle(town.rt, task.id, outcome, given, robin.id)
        assert sum(_count(town, Promise, Extension, Dispute, ToldRow)) == 1
        assert robin.tasks()[0].state == "done"


def test_a_letter_that_was_not_posted_was_not_said_and_a_fresh_one_comes_another_day() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, LETTER)
        outcomes.settle(town.rt, task.id, Outcome.NOT_POSTED, Given(text="The printer is broken."), robin.id)
        assert _count(town, Task, Touch, TouchInvoice, TouchRecipient) == [0, 0, 0, 0]
        with town.rt.store.read() as session:
            (effect,) = session.scalars(select(Effect))
        assert effect.state == "rejected"
        (unsaid,) = why.why(town.rt, task.account_id, MON).unsaid
        assert (unsaid.step, unsaid.note) == ("talk", "The letter was not posted: The printer is broken.")
        town.at(MON, 15)
        assert robin.tasks() == [], "not on the same day"
        assert town.causes("W-1") == {"unsendable"}
        town.at(TUE)
        (fresh,) = robin.tasks()
        assert (fresh.day, fresh.state) == (TUE, "open")
        assert fresh.uid != task.uid


def test_why_a_letter_was_not_posted_must_be_said_and_nothing_is_forgotten_before() -> None:
    with robins("xero", LATE, days=0) as (town, robin):
        task = _opened(town, robin, LETTER)
        with pytest.raises(Refusal, match="few words"):
            outcomes.settle(town.rt, task.id, Outcome.NOT_POSTED, Given(), robin.id)
        with _disk_full_at(town, "DELETE FROM touch "), pytest.raises(OperationalError):
            outcomes.settle(town.rt, task.id, Outcome.NOT_POSTED, Given(text="Lost."), robin.id)
        assert _count(town, Task, Touch, TouchInvoice) == [1, 1, 1]
