"""Payment histories of very different companies, made from a seed: who pays how, and nothing else.

They stand beside the sample book so that the forecast is not fitted to one company. They check nothing themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import exp
from random import Random

from core.insights.timeline import Invoice

START = date(2024, 1, 1).toordinal()
SPAN = 700


@dataclass(frozen=True, slots=True)
class Moment:
    """What the days late come from: chance, the account's own two numbers, how far the book has come (0 to 1)."""

    chance: Random
    mean: float
    share: float
    when: float

    def bell(self, middle: float, spread: float) -> float:
        return self.chance.gauss(middle, spread)

    def tail(self, mean: float) -> float:
        return self.chance.expovariate(1 / mean)


HABITS: dict[str, tuple[int, Callable[[Moment], float]]] = {
    "few accounts": (6, lambda one: one.bell(5 + 6 * one.mean, 5)),
    "one-off accounts": (0, lambda one: one.bell(3, 8) + one.tail(9)),
    "a drifting company": (60, lambda one: one.bell(-5 + 6 * one.mean, 6) + 30 * one.when),
    "only on working days": (50, lambda one: one.bell(6 * one.mean, 4)),
    "mostly on the day": (80, lambda one: 0 if one.chance.random() < 0.5 + 0.4 * one.share else one.tail(12)),
    "early payers": (40, lambda one: one.bell(-18 + 5 * one.mean, 5)),
    "all alike": (30, lambda _: 7),
    "of two minds": (50, lambda one: one.bell(3 * one.mean, 4) + 25 * (one.chance.random() < one.share / 2)),
    "a long tail": (120, lambda one: exp(one.bell(2 + one.mean / 2, 0.8)) - 8),
}


def book(habit: str, count: int = 1200, seed: int = 1) -> list[Invoice]:
    """So many invoices over two years, settled all of them, in the order of their issue."""
    chance = Random(f"{habit}/{seed}")
    accounts, late = HABITS[habit]
    own = [(chance.gauss(0, 1), chance.random()) for _ in range(accounts or count)]
    often = [1 / (place + 1) ** 0.8 for place in range(len(own))]
    found = []
    for place, day in enumerate(sorted(START + int(SPAN * chance.random()) for _ in range(count))):
        account = chance.choices(range(len(own)), often)[0] if accounts else place
        due = day + chance.choice((14, 30))
        settled = max(day, due + round(late(Moment(chance, *own[account], (day - START) / SPAN))))
        while habit == "only on working days" and date.fromordinal(settled).weekday() > 4:
            settled += 1
        found.append(Invoice(place, str(account), day, due, settled, chance.gauss(8, 1), "EUR"))
    return found
