"""Two cadences compared fairly: one invoice an account, in waves of the same age, looked at every day.

The account is the unit. Its invoices pay alike, so counting each of them as a case of its own finds differences that
are not there. Counted is each account's first invoice issued since it came into the test; invoices issued in the same
wave grow old together, so that a day's payments are compared among invoices of the same age only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from core.insights.safe import ALPHA, BOTH_WAYS, Evidence

WAVES = (1, 7, 14, 28)
KINDS = 3
_FULL = 24
_LONGEST = 180


@dataclass(frozen=True, slots=True)
class Unit:
    """An account in a test with its first invoice: `group` 0 or 1, the day it began, and the days until the event.

    `days` None: it has not happened. `left`: days after which it could no longer happen (voided, written off), if so.
    `kind`: how the account paid before the test; only accounts of one kind are compared.
    """

    account: str
    group: int
    began: int
    days: int | None
    left: int | None = None
    kind: int = 0


def firsts(units: Iterable[Unit]) -> list[Unit]:
    """The first of each account; of two that began on one day, the one named first."""
    found: dict[str, Unit] = {}
    for one in sorted(units, key=lambda one: one.began):
        found.setdefault(one.account, one)
    return list(found.values())


def kinds_of(before: Mapping[str, float]) -> dict[str, int]:
    """Three kinds of equal size by the days an account took before the test; one never seen before is of the middle."""
    ordered = sorted(before, key=lambda account: (before[account], account))
    return {account: KINDS * place // len(ordered) for place, account in enumerate(ordered)}


def wave_length(accounts: int, weeks: float) -> int:
    """Days a wave lasts, fixed before the test begins: long enough to hold some accounts of both groups."""
    a_day = accounts / max(1.0, weeks * 7)
    return next((length for length in WAVES if length * a_day >= _FULL), WAVES[-1])


def followed(
    units: Sequence[Unit], length: int, until: int, tried: Sequence[float] = BOTH_WAYS
) -> Iterator[tuple[int, Evidence]]:
    """(day, evidence so far) for each day up to `until` on which something was added. The same object each time.

    An age of a wave is counted once all of the wave have lived through it, so a later start is held against nobody.
    """
    turns: dict[int, list[tuple[tuple[int, int], tuple[int, int]]]] = defaultdict(list)
    for (wave, _), members in _waves(units, length).items():
        last = (wave + 1) * length - 1
        for age, risk, ended in _ages(members):
            turns[last + age].append((risk, ended))
    evidence = Evidence(tried)
    for day in sorted(turns):
        if day > until:
            return
        for risk, ended in turns[day]:
            evidence.add(risk, ended)
        yield day, evidence


def _waves(units: Sequence[Unit], length: int) -> dict[tuple[int, int], list[Unit]]:
    waves: dict[tuple[int, int], list[Unit]] = defaultdict(list)
    for one in units:
        waves[one.began // length, one.kind].append(one)
    return waves


def _ages(members: Sequence[Unit]) -> Iterator[tuple[int, tuple[int, int], tuple[int, int]]]:
    """(age, at risk by group, ended by group) for each age at which something ended."""
    risk = [0, 0]
    ending: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    going: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for one in members:
        risk[one.group] += 1
        if one.days is not None and one.days <= _LONGEST and (one.left is None or one.days <= one.left):
            ending[one.days][one.group] += 1
            going[one.days][one.group] += 1
        elif one.left is not None:
            going[one.left][one.group] += 1
    for age in sorted(going):
        if age in ending:
            yield age, (risk[0], risk[1]), (ending[age][0], ending[age][1])
        risk[0] -= going[age][0]
        risk[1] -= going[age][1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a test says today. `told`: it may stop. `weeks`: about how many more it needs; None where nothing could be
    compared so far. `in_reach`: whether the accounts that are still to be paid can bring it about at all.
    """

    told: bool
    evidence: float
    quicker: int | None
    weeks: int | None
    in_reach: bool = True


def answer(evidence: Evidence, weeks_so_far: float, still: int | None = None) -> Answer:
    """From the evidence of so many weeks; how it went on is taken to go on. `still`: accounts that are in the test and
    not yet paid.
    """
    if evidence.enough:
        return Answer(True, evidence.value, int(evidence.ratio > 0), 0)
    if not evidence.information or weeks_so_far <= 0:
        return Answer(False, evidence.value, None, None)
    ratio = evidence.ratio if evidence.information >= _FEW else _WORTH_FINDING
    # A bet on the true ratio gains half its square for each unit of information; the bets share what is put in.
    _, best = min((abs(bet - ratio), gained) for bet, gained in zip(evidence.tried, evidence.logs, strict=True))
    missing = (log(len(evidence.tried) / ALPHA) - best) / max(ratio * ratio / 2, _NOTHING)
    weeks = missing * weeks_so_far / evidence.information
    in_reach = still is None or missing <= still / 4
    return Answer(False, evidence.value, None, max(1, min(_FOREVER, round(weeks))), in_reach)


_FEW = 10.0
_WORTH_FINDING = log(1.5)
_NOTHING = 1e-6
_A_YEAR, _FOREVER = 52, 9999


def in_words(said: Answer, names: tuple[str, str]) -> str:
    """The answer in a sentence or two."""
    if said.told and said.quicker is not None:
        return f"{names[said.quicker]} is paid sooner. The test may stop: without a difference 1 in 20 tests gets here."
    if said.weeks is None:
        return "Cannot tell yet: nothing was paid that could be compared."
    if said.weeks > _A_YEAR:
        return "Cannot tell, and hardly will within a year: if there is a difference, it is small."
    if not said.in_reach:
        return (
            "Cannot tell, and hardly will with the accounts there are: if there is a difference, it is small for them."
        )
    many = "1 more week" if said.weeks == 1 else f"{said.weeks} more weeks"
    return f"Cannot tell yet; if it goes on like this, about {many}."
