"""Abstract states of one invoice, and the facts that are built from them for the real functions to answer about.

A state is a day, the last word with its place, day and firmness, and which ladder the invoice stands on. Days are
counted from the due date; the calendar has no days off, because a closed day is one on which nothing was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import compress, product

from core.cadence import ALWAYS, Anchor, Payer, Reason, Step
from core.calendars import Calendar
from core.facts import AccountFacts, Instalment, InvoiceFacts, Said, Told
from core.money import Money
from core.proof.case import Case, choice
from core.proof.speaker import OWED, account, invoice

FIRST_DAY, LAST_DAY = -70, 200  # around the due date
# A statement has its own day of the month, and a week; so with one the due date stands in every week of the month.
DUE_DAYS = (15, 1, 8, 22, 29)
A_PART_AHEAD = 15  # so many days before an instalment its arrangement is agreed on
PART = 1_00  # a part payment, in minor units
_ALL_DAY = (time(0), time(23, 59, 59))


@dataclass(frozen=True)
class Start:
    """How an episode begins: what the invoice stands on (`kind`), the day of that, and how patient we are.

    `before` are the words of earlier episodes.
    """

    kind: Anchor = Anchor.DUE
    day: int = 0
    issued: int = -30
    delivered: int | None = None
    patience: int = 0
    before: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Node:
    """Where the invoice stands after some words. `day` and `place` are those of the last one (place -1: none yet).

    `firmest` is the highest rung said since the start, `repeats` how often a word was said again; `rolled_out`: the
    last word was said by an older version, in which its step was softer. `parts` are the days of part payments.
    """

    start: Start
    day: int
    place: int = -1
    firmest: int = 0
    repeats: int = 0
    rolled_out: bool = False
    said: tuple[Said, ...] = ()
    parts: tuple[int, ...] = ()


class Stage:
    """Where states become facts: a due date in June, a calendar without days off, and the cadence with free
    conditions.
    """

    def __init__(self, case: Case, due_day: int) -> None:
        self.case = case
        opens, closes = _ALL_DAY
        self.calendar = Calendar(weekdays=frozenset(range(7)), opens=opens, closes=closes)
        self.table = case.table(self.calendar)
        self.due = date(case.year, 6, due_day)
        self._conditional = [step for step in case.cadence.steps if step.when != ALWAYS]
        self._people: dict[tuple[str, int], AccountFacts] = {}

    def on(self, day: int) -> date:
        return self.due + timedelta(days=day)

    def noon(self, today: date) -> datetime:
        return datetime.combine(today, time(12), UTC)

    def ladder(self, start: Start) -> Anchor:
        """The ladder of an episode: its own, or the due ladder begun anew."""
        return start.kind if self.case.free.ladders[start.kind] else Anchor.DUE

    def is_anew(self, start: Start) -> bool:
        return self.ladder(start) is not start.kind

    def steps(self, start: Start) -> tuple[Step, ...]:
        return self.case.free.ladders[self.ladder(start)]

    def place(self, start: Start, step: Step) -> int:
        """Where a step stands on the ladder of an episode; -1 where it does not."""
        return next((place for place, one in enumerate(self.steps(start)) if one.name == step.name), -1)

    def base(self, start: Start) -> int:
        """The day the ladder's offsets count from."""
        return 0 if self.ladder(start) is Anchor.DUE else start.day

    def last_day(self, start: Start) -> int:
        """The last of the ladder's own days."""
        return self.base(start) + max((step.offset for step in self.steps(start)), default=0) + start.patience

    def anchor_day(self, start: Start, step: Step) -> int:
        """The day this step's offset counts from."""
        if step.anchor is not Anchor.ISSUED:
            return self.base(start)
        return start.issued if start.delivered is None else max(start.delivered, start.issued)

    def left_to_pay(self, node: Node) -> int:
        return OWED.minor - PART * len(node.parts)

    def invoice(self, node: Node, part: bool, told: Reason | None) -> InvoiceFacts:
        """The invoice in this state, with one more part paid or not, and what the customer told us long ago."""
        start = node.start
        event = self.on(start.day)
        return invoice(
            self.on(start.issued),
            self.due,
            balance=Money(self.left_to_pay(node) - PART * part, OWED.currency),
            said=(*start.before, *node.said),
            delivered=None if start.delivered is None else self.on(start.delivered),
            told=None if told is None else Told(told, self.on(2 * FIRST_DAY)),
            arranged=start.kind is Anchor.INSTALMENT,
            instalment=Instalment(event, OWED) if start.kind is Anchor.INSTALMENT else None,
            broken=event if start.kind is Anchor.PROMISE else None,
            resolved=event if start.kind is Anchor.RESOLVED else None,
        )

    def own_days(self, start: Start) -> list[int]:
        """The days of the ladder's steps, each once."""
        late = {step: 0 if step.is_nudge else start.patience for step in self.steps(start)}
        return sorted({self.anchor_day(start, step) + step.offset + more for step, more in late.items()})

    def turns(self, start: Start) -> set[int]:
        """Other days on which something begins or ends: the due date, delivery, settling, too old, statements."""
        settle, base, cadence = self.case.free.settle_days, self.base(start), self.case.free
        delivered = start.issued if start.delivered is None else max(start.issued, start.delivered)
        events = {delivered, delivered + settle, start.day, start.day + settle, start.issued, base + 1, 1}
        welcomes = {delivered + step.offset + 11 for step in self.steps(start) if step.anchor is Anchor.ISSUED}
        return events | welcomes | {cadence.oldest_days, cadence.oldest_days + 1} | self._statements

    @cached_property
    def _statements(self) -> set[int]:
        """The first day of each window in which a statement is sent, and the first after it."""
        steps = self.case.free.ladders[Anchor.MONTH]
        days = range(FIRST_DAY, LAST_DAY) if steps else ()
        return {day + more for day in days for step in steps for more in (0, 7) if self.on(day).day == step.offset}

    def people(self, node: Node, day: int) -> list[AccountFacts]:
        """The account under each combination of conditions; first all hold, and last none. Conditions of steps whose
        day has not come are left to hold: those steps cannot be said, which is a promise of its own. On a ladder begun
        anew all hold or none: the combinations were looked at the first time.
        """
        start = node.start
        asked = {
            step.name
            for step in self.steps(start)[max(node.place, 0) :]
            if self.anchor_day(start, step) + step.offset <= day
        }
        numbers = range(len(self._conditional))
        free = [one for one in numbers if self._conditional[one].name in asked or self._is_statement(one)]
        rest = [one for one in numbers if one not in free]
        masks: Iterable[tuple[bool, ...]] = product((True, False), repeat=len(free))
        if self.is_anew(start) and free:
            masks = ((True,) * len(free), (False,) * len(free))
        return [self.account(choice([*rest, *compress(free, mask)]), node) for mask in masks]

    def _is_statement(self, number: int) -> bool:
        return self._conditional[number].anchor is Anchor.MONTH

    def account(self, segment: str, node: Node) -> AccountFacts:
        """The account in this segment; a steady payer where we are patient."""
        patience = node.start.patience
        key = segment, patience
        if key not in self._people:
            payer = Payer.STEADY if patience else Payer.NEW
            self._people[key] = account(
                self.case, self.noon(self.due), segment=segment, payer=payer, usual_delay=patience
            )
        return self._people[key]
