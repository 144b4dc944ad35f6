"""How pretend customers behave: when they pay by themselves, and what a message makes them do.

Decides only; `people.py` carries it out. All chance comes from the generator handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    PROMPT = "prompt"
    FORGETFUL = "forgetful"
    TEN_LATE = "always 10 days late"
    DISPUTING = "disputing"
    TROUBLE = "in trouble"
    KEEPER = "keeps promises"
    BREAKER = "breaks promises"
    BANK = "pays by bank transfer"
    CARD = "pays by card"
    REAL = "as the book says"


class Act(StrEnum):
    PAY = "pay"
    TRANSFER = "transfer"
    PROMISE = "promise"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Habit:
    """`earliest` to `latest` days after the due date they pay unasked; `never`: the chance that they do not at all."""

    kind: Kind
    earliest: int
    latest: int
    never: float = 0.0
    by_card: bool = False

    def pays_after(self, chance: Random) -> int | None:
        """Days from the due date to an unasked payment; None: only words can move them."""
        return None if chance.random() < self.never else chance.randint(self.earliest, self.latest)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a customer does about a message: after `hours`; a promise names a day `days` ahead and may be kept."""

    act: Act
    hours: int
    days: int = 0
    keeps: bool = True
    everything: bool = False


HABITS = {
    Kind.PROMPT: Habit(Kind.PROMPT, -3, 0),
    Kind.FORGETFUL: Habit(Kind.FORGETFUL, 28, 70, by_card=True),
    Kind.TEN_LATE: Habit(Kind.TEN_LATE, 10, 10),
    Kind.DISPUTING: Habit(Kind.DISPUTING, 20, 45),
    Kind.TROUBLE: Habit(Kind.TROUBLE, 60, 150, never=0.3),
    Kind.KEEPER: Habit(Kind.KEEPER, 14, 30, by_card=True),
    Kind.BREAKER: Habit(Kind.BREAKER, 30, 60),
    Kind.BANK: Habit(Kind.BANK, -1, 8),
    Kind.CARD: Habit(Kind.CARD, 6, 20, by_card=True),
    Kind.REAL: Habit(Kind.REAL, 0, 0),
}
# Of every forty customers; in a larger company the rest is dealt again from the top.
DEAL = (
    *(Kind.TROUBLE,) * 3,
    *(Kind.DISPUTING,) * 2,
    *(Kind.BREAKER,) * 3,
    *(Kind.KEEPER,) * 4,
    *(Kind.TEN_LATE,) * 3,
    *(Kind.FORGETFUL,) * 5,
    *(Kind.CARD,) * 7,
    *(Kind.BANK,) * 6,
    *(Kind.PROMPT,) * 7,
)


def answer(kind: Kind, late: bool, heard: int, chance: Random) -> Deed | None:
    """What a message leads to. `late`: about something overdue; `heard`: how many overdue messages came before."""
    hours, luck = chance.randint(1, 30), chance.random()
    if kind is Kind.CARD and luck < (0.9 if late else 0.35):
        return Deed(Act.PAY, hours, everything=chance.random() < 0.5)
    if kind is Kind.PROMPT and luck < 0.1:
        return Deed(Act.PAY, hours)
    if kind is Kind.BANK and luck < 0.5:
        return Deed(Act.TRANSFER, hours)
    return _late_answer(kind, heard, hours, luck, chance) if late else None


def _late_answer(kind: Kind, heard: int, hours: int, luck: float, chance: Random) -> Deed | None:
    if kind is Kind.FORGETFUL and luck < 0.75:
        return Deed(Act.PAY if luck < 0.5 else Act.TRANSFER, hours)
    if kind is Kind.KEEPER:
        return Deed(Act.PROMISE, hours, days=chance.randint(4, 9))
    if kind is Kind.BREAKER and luck < 0.85:
        return Deed(Act.PROMISE, hours, days=chance.randint(3, 6), keeps=False) if heard < 2 else None
    if kind is Kind.DISPUTING and luck < 0.8:
        return Deed(Act.DISPUTE, hours)
    if kind is Kind.TROUBLE and heard >= 4 and luck < 0.2:
        return Deed(Act.PROMISE, hours, days=7, keeps=False)
    return None
