"""What is promised of every cadence, and how a broken promise is told: as a story in dated lines.

Words and shapes only; nothing here looks at a cadence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Promise(StrEnum):
    """What holds for every account on every day, whatever its facts."""

    BUDGET = "budget"
    GAP = "gap"
    ONE_A_DAY = "one-a-day"
    HOURS = "hours"
    HOLIDAYS = "holidays"
    OWED = "owed"
    HELD = "held"
    ARRANGEMENT = "arrangement"
    APPROVED = "approved"
    PART_PAYMENT = "part-payment"
    ONE_RUNG = "one-rung"
    GENTLE = "gentle"
    ONCE = "once"
    TRUE = "true"


PROMISED: Mapping[Promise, str] = {
    Promise.BUDGET: "Never more messages in a week or a month than the cadence, the law and the house allow.",
    Promise.GAP: "Never a message sooner after another than the cadence's hours, and never within 24.",
    Promise.ONE_A_DAY: "Never two messages on one day.",
    Promise.HOURS: "Never a message outside the hours on the customer's wall clock.",
    Promise.HOLIDAYS: "Never a message on a holiday or a day off.",
    Promise.OWED: "Never a word about what is paid, covered by credit, withdrawn or not understood.",
    Promise.HELD: "Never a word while a promise, a dispute, an answer or any other hold stands.",
    Promise.ARRANGEMENT: "Never a word about what belongs to an arrangement, but of its own instalments.",
    Promise.APPROVED: "Never a message without a person's word on exactly this text where one must agree.",
    Promise.PART_PAYMENT: "Never a firmer word because of a part payment.",
    Promise.ONE_RUNG: "Never more than one rung firmer than the firmest word said, unless a person agrees.",
    Promise.GENTLE: "The first word is always gentle, and no word is harder than it was written.",
    Promise.ONCE: "Never the same word twice, nor a step back; after a part payment once more.",
    Promise.TRUE: "Never a word before its day, and none about a day that has gone by.",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One line of a story: a day, or a moment on a wall clock, and what happened."""

    when: date
    what: str

    def __str__(self) -> str:
        return f"{self.when:%a %d %b %Y}{f' {self.when:%H:%M}' if isinstance(self.when, datetime) else ''}  {self.what}"


Story = tuple[Scene, ...]


@dataclass(frozen=True, slots=True)
class Proved:
    """The promise held in every one of `states` situations, which stand for all there are."""

    states: int


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest way found in which the promise is broken; the last line of the story breaks it."""

    promise: Promise
    story: Story


@dataclass(frozen=True, slots=True)
class Proof:
    """What `prove` found of one cadence. `warnings` are sentences about steps that can never be said.

    A promise of which there was no situation to look at is proved in 0 states: the cadence has nothing of the kind.
    """

    cadence: str
    promises: Mapping[Promise, Proved | Counterexample]
    warnings: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.broken

    @property
    def broken(self) -> tuple[Counterexample, ...]:
        return tuple(found for found in self.promises.values() if isinstance(found, Counterexample))

    @property
    def states(self) -> int:
        """Situations looked at where the promise held."""
        return sum(found.states for found in self.promises.values() if isinstance(found, Proved))


class Record:
    """Counts the situations looked at and keeps the first story against each promise; the smallest are looked at
    first.
    """

    def __init__(self) -> None:
        self.seen: Counter[Promise] = Counter()
        self._against: dict[Promise, Counterexample] = {}

    def check(self, promise: Promise, kept: bool, story: Callable[[], Iterable[Scene]]) -> None:
        """Note one situation; the story is told only where it is needed."""
        self.seen[promise] += 1
        if not kept and promise not in self._against:
            self._against[promise] = Counterexample(promise, tuple(story()))

    def found(self) -> Mapping[Promise, Proved | Counterexample]:
        return {one: self._against.get(one) or Proved(self.seen[one]) for one in Promise}
