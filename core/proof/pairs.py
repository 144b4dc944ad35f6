"""Two invoices of one account: every two ways in which something comes to be said, on one day, through `plan()`.

What is said about an invoice does not depend on what else there is (the conditions that count are free); what two can
do to each other is to share a day, a message and a budget. A third could do no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from core.because import Because, Cause
from core.cadence import Payer, Tone
from core.facts import AccountFacts, Hold, InvoiceFacts, Said
from core.plan import Plan, done
from core.proof.case import Case
from core.proof.judge import story
from core.proof.ladders import Found, Spoken
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import ANN, BOB, approved
from core.proof.states import Stage

_DAY = timedelta(days=1)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_TONES = list(Tone)
_READERS = (((ANN,), Payer.NEW), ((ANN,), Payer.STEADY), ((BOB,), Payer.NEW), ((ANN, BOB), Payer.NEW))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two invoices, each at a step, and the moment. `shift`: the second's days were moved by so many."""

    first: Spoken
    second: Spoken
    facts: AccountFacts
    now: datetime
    shift: int


def look(case: Case, stage: Stage, found: Found, record: Record) -> None:
    """Every two steps, to the same, to other and to overlapping readers; then with one of the two on hold."""
    ways = {(one.word.node.start.kind, one.word.step.name): one for one in reversed(found.spoken.values())}
    for first, second, (readers, payer) in product(ways.values(), ways.values(), _READERS):
        pair = _pair(first, second, readers, payer, stage)
        answer = case.rules.plan(pair.facts, case.free, stage.calendar, pair.now)
        if answer.drafts:
            pair = replace(pair, facts=approved(case, pair.facts, pair.now, stage.calendar))
            answer = case.rules.plan(pair.facts, case.free, stage.calendar, pair.now)
        for promise, kept, why in _findings(case, stage, pair, answer):
            record.check(promise, kept, lambda: _story(stage, pair, why))  # noqa: B023


def _pair(first: Spoken, second: Spoken, readers: tuple[str, ...], payer: Payer, stage: Stage) -> Pair:
    now, shift = stage.noon(first.today), (first.today - second.today).days
    other = replace(_moved(second.word.invoice, shift), id=2, number="2", recipients=readers)
    facts = replace(first.account, invoices=(first.word.invoice, other), read_at=now, payer=payer)
    return Pair(first, second, facts, now, shift)


def _moved(one: InvoiceFacts, shift: int) -> InvoiceFacts:
    """The same history so many days later; the instance of an anchor is named by its day."""

    def later(day: date) -> date:
        return day + shift * _DAY

    def renamed(said: Said) -> Said:
        anchor = _ISO.sub(lambda found: later(date.fromisoformat(found[0])).isoformat(), said.anchor)
        return replace(said, day=later(said.day), anchor=anchor)

    days = {name: getattr(one, name) for name in ("issued", "due", "delivered", "broken", "resolved")}
    moved: dict[str, Any] = {name: later(day) for name, day in days.items() if day is not None}
    part = one.instalment and replace(one.instalment, day=later(one.instalment.day))
    return replace(one, **moved, instalment=part, said=tuple(map(renamed, one.said)))


def _findings(case: Case, stage: Stage, pair: Pair, answer: Plan) -> Iterator[tuple[Promise, bool, str]]:
    yield Promise.ONE_A_DAY, len(answer.actions) <= 1, "Two messages go out on one day."
    alone = _alone(case, stage, pair)
    said = {(line.invoice, line.step, line.anchor) for action in answer.actions for line in action.lines}
    yield Promise.ONE_RUNG, said <= alone, "Beside another invoice another word is said than alone."
    for action in answer.actions:
        lead = case.free.step(action.lead)
        softer = lead is not None and _TONES.index(action.tone) <= _TONES.index(lead.tone)
        yield Promise.GENTLE, softer, f"It sounds {action.tone.value}, which is harder than it was written."
    yield from _afterwards(case, stage, pair, answer)
    held = tuple(replace(one, holds=(Hold(Cause.DISPUTE),)) if one.id == 2 else one for one in pair.facts.invoices)
    beside = case.rules.plan(replace(pair.facts, invoices=held), case.free, stage.calendar, pair.now)
    spoken = any(line.invoice == 2 for action in beside.actions for line in action.lines)
    yield Promise.HELD, not spoken, "The second is disputed, and is spoken about beside the first."


def _alone(case: Case, stage: Stage, pair: Pair) -> set[tuple[int, str, str]]:
    """What would be said about each of the two, asked one by one."""
    today, found = stage.calendar.today(pair.now), set[tuple[int, str, str]]()
    for one in pair.facts.invoices:
        answer = case.rules.propose(one, pair.facts, stage.table, today)
        found |= set() if isinstance(answer, Because) else {(one.id, each.step.name, each.anchor) for each in answer}
    return found


def _afterwards(case: Case, stage: Stage, pair: Pair, answer: Plan) -> Iterator[tuple[Promise, bool, str]]:
    """Once it is said: no more on that day, and none before the hours are over."""
    if not answer.actions:
        return
    after = done(pair.facts, answer.actions, pair.now)
    gap = timedelta(hours=case.promised_gap) - timedelta(minutes=1)
    for promise, later in ((Promise.ONE_A_DAY, timedelta(hours=3)), (Promise.GAP, gap)):
        now = pair.now + later
        facts = approved(case, replace(after, read_at=now), now, stage.calendar)
        again = case.rules.plan(facts, case.free, stage.calendar, now).actions
        yield promise, not again, f"Another message follows {later} later."


def _story(stage: Stage, pair: Pair, why: str) -> list[Scene]:
    lines = [Scene(scene.when, f"First: {scene.what}") for scene in story(stage, pair.first.word, "")]
    lines += [
        Scene(scene.when + pair.shift * _DAY, f"Second: {scene.what}") for scene in story(stage, pair.second.word, "")
    ]
    return [*sorted(lines, key=lambda scene: scene.when), Scene(pair.now, why)]
