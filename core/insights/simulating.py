"""Tests that never were: how often one sees a difference where there is none, and how often one that is there.

Accounts of one company, each with a habit of its own, so that its invoices pay alike; two groups, dealt out as in a
real test; one look a day. Everything comes from a seed. It opens no book and says nothing of any company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log

from core.insights.assigning import assign
from core.insights.chance import Draws
from core.insights.curves import Spell, curve, difference
from core.insights.fair import Unit, firsts, followed, kinds_of, wave_length
from core.insights.safe import BOTH_WAYS

_USUAL_DAYS = 35.0
_SHAPE = 2.0
_HORIZON = 90


@dataclass(frozen=True, slots=True)
class World:
    """`habit`: how much accounts differ (the standard deviation of the logarithm of their hazards); an account is
    invoiced every `every` days on average and
    had `before` invoices before the test. `ratio`: how much sooner the second group is paid, as a ratio of hazards.
    """

    accounts: int = 300
    weeks: int = 26
    habit: float = 1.0
    every: float = 21.0
    before: int = 4
    ratio: float = 1.0

    @property
    def days(self) -> int:
        return self.weeks * 7


def invoices(world: World, seed: object) -> list[Unit]:
    """Every invoice issued while the test lasts, each with the days until it was paid."""
    draws = Draws("test", seed)
    habits = {str(place): draws.bell() for place in range(world.accounts)}
    balances = {account: round(exp(9 + 0.5 * habit + draws.bell())) for account, habit in habits.items()}
    groups = assign(f"test {seed}", balances)
    before = {
        account: sum(_days(draws, world.habit * habit) for _ in range(world.before))
        for account, habit in habits.items()
    }
    kinds = kinds_of(before if world.before else {})
    found = []
    for account, habit in habits.items():
        hazard = world.habit * habit + (log(world.ratio) if groups[account] else 0.0)
        day = world.every * -log(draws.even())
        while day < world.days:
            days = _days(draws, hazard)
            found.append(Unit(account, groups[account], int(day), days, kind=kinds.get(account, 0)))
            day += 1 + world.every * -log(draws.even())
    return found


def _days(draws: Draws, hazard: float) -> int:
    return ceil(_USUAL_DAYS * float((-log(draws.even()) / exp(hazard)) ** (1 / _SHAPE)))


def stopped(units: Sequence[Unit], length: int, until: int) -> tuple[int | None, bool]:
    """(the day on which a daily look first found enough, whether the second group was paid sooner)."""
    for day, evidence in followed(units, length, until, BOTH_WAYS):
        if evidence.enough:
            return day, evidence.ratio > 0
    return None, False


@dataclass(frozen=True, slots=True)
class Power:
    """Of so many tests with one effect: how many stopped, how many of these on the wrong side, and after how long.

    `days`: by how many days the second group was paid sooner in truth, within the horizon.
    """

    ratio: float
    days: float
    tests: int
    stopped: int
    wrong: int
    weeks: float | None


def power(world: World, tests: int, seed: int) -> Power:
    ends, wrong, days = [], 0, 0.0
    length = wave_length(world.accounts, world.every * 2 / 7)
    for test in range(tests):
        every = invoices(world, f"{seed}/{world.ratio}/{test}")
        end, sooner = stopped(firsts(every), length, world.days)
        if end is not None:
            ends.append(end / 7)
            wrong += sooner != (world.ratio > 1)
        days += _sooner(every) / tests
    weeks = sorted(ends)[len(ends) // 2] if ends else None
    return Power(world.ratio, days, tests, len(ends), wrong, weeks)


def _sooner(every: Sequence[Unit]) -> float:
    groups: tuple[list[Spell], list[Spell]] = ([], [])
    for one in every:
        groups[one.group].append(Spell(one.account, one.days or 0, True))
    return curve(groups[0], _HORIZON).mean - curve(groups[1], _HORIZON).mean


@dataclass(frozen=True, slots=True)
class Alarms:
    """Of `tests` without any difference: how many stopped. `ignoring`: the same rule with every invoice a unit of its
    own, of `compared` tests. `held`: in how many of `compared` tests the interval of the mean difference held 0 at the
    end, `held_ignoring` the same with invoices as units.
    """

    tests: int
    alarms: int
    compared: int
    ignoring: int
    held: int
    held_ignoring: int


def alarms(world: World, tests: int, compared: int, seed: int) -> Alarms:
    """False alarms under one look a day."""
    length = wave_length(world.accounts, world.every * 2 / 7)
    found = ignoring = held = held_ignoring = 0
    for test in range(tests):
        every = invoices(world, f"{seed}/{test}")
        found += stopped(firsts(every), length, world.days)[0] is not None
        if test < compared:
            ignoring += stopped(every, length, world.days)[0] is not None
            held += _holds_nothing(every, world.days, apart=False)
            held_ignoring += _holds_nothing(every, world.days, apart=True)
    return Alarms(tests, found, min(tests, compared), ignoring, held, held_ignoring)


def _holds_nothing(every: Sequence[Unit], until: int, *, apart: bool) -> bool:
    """Whether the interval holds 0 at the end; `apart`: as if each invoice were an account of its own."""
    groups: tuple[list[Spell], list[Spell]] = ([], [])
    for place, one in enumerate(every):
        assert one.days is not None
        seen = min(one.days, until - one.began)
        groups[one.group].append(Spell(str(place) if apart else one.account, seen, one.days <= seen))
    found = difference(groups[0], groups[1], _HORIZON)
    return found.low <= 0 <= found.high
