"""What came of a call or a letter: one click becomes a promise, an arrangement, a dispute, a reason, or another try.

Each goes through the workflow that customers' own answers go through, in one transaction with the task's end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.cadence import Channel, Reason
from core.instalments import Every
from models import Company, Effect, EffectState, Task, Touch
from workflows import answers, arrangements, audit, extensions, mirror, reasons, sending
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime


class Outcome(StrEnum):
    """How a conversation can end. The first ones end a call, the last two a letter."""

    PROMISE = "promise"
    EXTENSION = "extension"
    ARRANGEMENT = "arrangement"
    PAID_ALREADY = "paid-already"
    FORGOT = "forgot"
    COPY = "copy"
    DISPUTE = "dispute"
    SHORT_OF_CASH = "short-of-cash"
    WRONG_PERSON = "wrong-person"
    REFUSES = "refuses"
    TALKED = "talked"
    NO_ANSWER = "no-answer"
    NUMBER = "number"
    POSTED = "posted"
    NOT_POSTED = "not-posted"


OF_A_LETTER = (Outcome.POSTED, Outcome.NOT_POSTED)
# The task stays: somebody tries again.
AGAIN = (Outcome.NO_ANSWER, Outcome.NUMBER)
LONGEST_WAIT = 30
_SETTLED = "Somebody has already noted what came of this."


@dataclass(frozen=True, slots=True)
class Given:
    """What a person filled in. `invoices` are uids; `day` is what the outcome needs a day for."""

    invoices: tuple[str, ...] = ()
    day: date | None = None
    text: str = ""
    phone: str = ""
    parts: int = 0
    every: Every = Every.MONTH


_Keep = Callable[[Runtime, Session, Task, Given, int], None]


def settle(rt: Runtime, task_id: int, outcome: Outcome, given: Given, user_id: int) -> None:
    """Keep what came of it. Refusal where something is missing, out of bounds, or it was settled already."""
    with rt.store.write() as session:
        row = session.get(Task, task_id, with_for_update={"key_share": True})
        if row is None:
            raise Refusal(_SETTLED)
        today = today_of(session.get_one(Company, row.company_id), rt.clock.now())
        _check(row, outcome, given, today)
        if outcome in _KEEPS:
            _KEEPS[outcome](rt, session, row, given, user_id)
        if outcome is Outcome.NOT_POSTED:
            _unsay(rt, session, row, given)
        else:
            _close(rt, row, outcome, given, user_id)
        audit.record(
            rt,
            session,
            "task-settled",
            row.company_id,
            row.account_id,
            row.uid,
            user=user_id,
            outcome=outcome,
            note=given.text,
            phone=given.phone,
        )
        mirror.wake(session, [row.account_id], rt.clock.now())


def _check(task: Task, outcome: Outcome, given: Given, today: date) -> None:
    if task.state != "open":
        raise Refusal(_SETTLED)
    if (task.kind == Channel.LETTER) is not (outcome in OF_A_LETTER):
        raise Refusal("Please choose one of the outcomes on the page.")
    if outcome in _NEEDS_WORDS and not given.text.strip():
        raise Refusal("Please note in a few words what was said.")
    if outcome is Outcome.NUMBER and not any(letter.isdigit() for letter in given.phone):
        raise Refusal("Please give the new number.")
    if outcome is Outcome.NO_ANSWER and not (given.day and today <= given.day <= today + timedelta(days=LONGEST_WAIT)):
        raise Refusal(f"Please choose a day to try again, at most {LONGEST_WAIT} days away.")


def _close(rt: Runtime, row: Task, outcome: Outcome, given: Given, user_id: int) -> None:
    row.note = "\n".join(filter(None, (row.note, given.text.strip()[:2000])))
    row.phone = given.phone.strip()[:40] or row.phone
    if outcome in AGAIN:
        row.day = given.day or row.day
        return
    row.state, row.outcome = "done", outcome.value
    row.done_at, row.done_by_id = rt.clock.now(), user_id


def _unsay(rt: Runtime, session: Session, row: Task, given: Given) -> None:
    """The letter was not posted, so its words were not said: it is forgotten, and a fresh one may come another day."""
    effect = session.get_one(Effect, session.get_one(Touch, row.touch_id).effect_id)
    effect.state, effect.updated_at = EffectState.REJECTED.value, rt.clock.now()
    effect.note = f"The letter was not posted: {given.text.strip()[:2000]}"
    session.delete(row)
    session.flush()
    sending.forget(session, row.touch_id)


def _day(given: Given) -> date:
    if given.day is None:
        raise Refusal("Please choose a day.")
    return given.day


def _promise(rt: Runtime, session: Session, task: Task, given: Given, _user_id: int) -> None:
    answers.note_promise(rt, session, task.account_id, given.invoices, _day(given))


def _more_time(rt: Runtime, session: Session, task: Task, given: Given, user_id: int) -> None:
    """They have the whole of the day that was named."""
    extensions.note_given(rt, session, task.account_id, given.invoices, _day(given), user_id, given.text)


def _arrangement(rt: Runtime, session: Session, task: Task, given: Given, user_id: int) -> None:
    arrangements.note_equal_parts(
        rt, session, task.account_id, given.invoices, given.parts, _day(given), given.every, user_id, given.text
    )


def _disputes(rt: Runtime, session: Session, task: Task, given: Given, _user_id: int) -> None:
    if not given.invoices:
        raise Refusal("Please choose which invoice something is wrong with.")
    for uid in given.invoices:
        answers.note_dispute(rt, session, task.account_id, uid, given.text)


def _reason(reason: Reason) -> _Keep:
    def keep(rt: Runtime, session: Session, task: Task, given: Given, user_id: int) -> None:
        reasons.note(rt, session, task.account_id, given.invoices, reason, given.text, user_id)

    return keep


_KEEPS: Mapping[Outcome, _Keep] = {
    Outcome.PROMISE: _promise,
    Outcome.EXTENSION: _more_time,
    Outcome.ARRANGEMENT: _arrangement,
    Outcome.DISPUTE: _disputes,
    Outcome.PAID_ALREADY: _reason(Reason.PAID_ALREADY),
    Outcome.FORGOT: _reason(Reason.FORGOT),
    Outcome.COPY: _reason(Reason.COPY),
    Outcome.SHORT_OF_CASH: _reason(Reason.SHORT_OF_CASH),
    Outcome.WRONG_PERSON: _reason(Reason.WRONG_PERSON),
    Outcome.REFUSES: _reason(Reason.REFUSES),
}
_NEEDS_WORDS = frozenset({Outcome.DISPUTE, Outcome.REFUSES, Outcome.TALKED, Outcome.WRONG_PERSON, Outcome.NOT_POSTED})


def number_of(rt: Runtime, account_id: int) -> str:
    """The newest number that somebody gave us for this account; "" where nobody did."""
    with rt.store.read() as session:
        newest = select(Task.phone).where(Task.account_id == account_id, Task.phone != "").order_by(Task.id.desc())
        return session.scalars(newest.limit(1)).first() or ""
