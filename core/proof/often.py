"""How often: budgets, the hours between two messages, and one a day, each over every age of the messages before.

A limit of k messages looks only at the age of the k-th last one; so all ages of that one are tried, on days of every
kind, with the others as close together and as far apart as can be. What else has been said cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from itertools import product

from core.cadence import Cap
from core.facts import TouchFacts
from core.proof.case import Case
from core.proof.promises import Promise, Record, Scene
from core.proof.speaker import ANN, BOB, heard_by, open_day, speaker
from core.proof.wallclock import changes

_DAY, _HALF_HOUR, _MINUTE = timedelta(days=1), timedelta(minutes=30), timedelta(minutes=1)
_DAYS = 70  # in a row: every day of the week, and the ends of a year and of months

Touches = tuple[TouchFacts, ...]
Readers = tuple[str, ...]
Allows = Callable[[Touches, datetime], bool]


def look(case: Case, record: Record) -> None:
    """Ask the veto about every case, and `plan()` itself on one day on which it has something to say."""
    noons = [case.calendar.at(day, time(12)) for day in _days(case)]
    _compare(case, record, (ANN,), lambda touches, now: _veto(case, touches, now), noons)
    now = open_day(case, date(case.year, 1, 1))
    said = None if now is None else speaker(case, now)
    if now is not None and said is not None:
        facts = said
        _compare(
            case,
            record,
            heard_by(case, facts, case.calendar, now),
            lambda touches, at: bool(
                case.rules.plan(replace(facts, touches=touches), case.free, case.calendar, at).actions
            ),
            [now],
        )


def _veto(case: Case, touches: Touches, now: datetime) -> bool:
    caps = (*case.cadence.caps, *case.caps)
    return case.rules.too_often((ANN,), touches, case.cadence, caps, case.calendar, now) is None


def _compare(case: Case, record: Record, readers: Readers, allows: Allows, moments: list[datetime]) -> None:
    for touches, now in _histories(case, readers, moments):
        forbidden = _forbidden(case, readers, touches, now)
        if forbidden is None:
            continue
        promise, why = forbidden
        record.check(promise, not allows(touches, now), lambda: _story(case, readers, touches, now, why))  # noqa: B023


def _days(case: Case) -> list[date]:
    first = date(case.year, 1, 1) - timedelta(days=21)
    around = [day + shift * _DAY for day in changes(case.calendar.zone, case.year) for shift in (-1, 0, 1)]
    return sorted({first + shift * _DAY for shift in range(_DAYS)} | set(around))


# --- what is promised, said anew ------------------------------------------------------------------------------------


def _forbidden(case: Case, readers: Readers, touches: Touches, now: datetime) -> tuple[Promise, str] | None:
    """The promise that a further message to these readers at `now` would break."""
    today = case.calendar.today(now)
    counted = [touch for touch in touches if touch.own or {*touch.recipients} & {*readers}]
    if any(touch.day == today for touch in counted):
        return Promise.ONE_A_DAY, "A second message on one day."
    hours = timedelta(hours=case.promised_gap)
    if any(now - _latest(case, touch) < hours for touch in counted):
        return Promise.GAP, f"A message within {case.promised_gap} hours of another."
    for cap, reached in product(case.promised_caps, (_own, *(_reaches(one) for one in readers))):
        if sum((today - touch.day).days < cap.days for touch in touches if reached(touch)) >= cap.limit:
            return Promise.BUDGET, f"One message more than {cap.limit} in {cap.days} days."
    return None


def _own(touch: TouchFacts) -> bool:
    return touch.own


def _reaches(address: str) -> Callable[[TouchFacts], bool]:
    return lambda touch: address in touch.recipients


def _latest(case: Case, touch: TouchFacts) -> datetime:
    """The last moment at which it can have been sent."""
    return touch.at or case.calendar.at(touch.day + _DAY, time.min) - timedelta(microseconds=1)


# --- every age ------------------------------------------------------------------------------------------------------


def _histories(case: Case, readers: Readers, moments: list[datetime]) -> Iterator[tuple[Touches, datetime]]:
    """Messages before a moment, the shortest stories first; to other readers on fewer days."""
    same, *others = _kinds(readers)
    touch = cache(partial(_touch, case))  # the same ages come again and again, on one day after the other
    times = [(now, same) for now in moments] + [(now, kind) for now in moments[::7] for kind in others]
    for ago, (now, kind) in product(_ages(case), times):
        yield (touch(now - ago, kind),), now
    for days, now in product(range(case.promised_gap // 24 + 3), moments):
        yield (TouchFacts(readers, case.calendar.today(now) - days * _DAY),), now
    for cap in case.promised_caps:
        for age, (now, kind) in product(range(cap.days + 2), times):
            for ages in _spreads(case, cap, age):
                yield tuple(touch(now - days * _DAY, kind) for days in ages), now


def _ages(case: Case) -> list[timedelta]:
    """Half hours up to two days, the days after that, and the minutes around the promised hours."""
    gap = timedelta(hours=case.promised_gap)
    near = {gap + shift for shift in (-_HALF_HOUR, -_MINUTE, timedelta(0), _HALF_HOUR)}
    days = {shift * _DAY for shift in range(2, case.promised_gap // 24 + 2)}
    return sorted({count * _HALF_HOUR for count in range(98)} | near | days)


def _spreads(case: Case, cap: Cap, age: int) -> Iterable[tuple[int, ...]]:
    """Ages in days of as many messages as the limit allows, the first of them this old."""
    apart = case.cadence.gap_hours // 24 + 1
    close = tuple(min(age, apart * (cap.limit - place)) if place else age for place in range(cap.limit))
    return {close, (age,) * cap.limit}


def _kinds(readers: Readers) -> Iterator[TouchFacts]:
    yield TouchFacts(readers, date.min)
    yield TouchFacts((BOB,), date.min)  # about the same account, to somebody else of it
    yield TouchFacts((*readers, BOB), date.min, own=False)  # about another account, to one who reads for both


def _touch(case: Case, at: datetime, kind: TouchFacts) -> TouchFacts:
    return replace(kind, day=case.calendar.today(at), at=at)


# --- as a story -----------------------------------------------------------------------------------------------------


def _story(case: Case, readers: Readers, touches: Touches, now: datetime, why: str) -> Iterator[Scene]:
    for touch in sorted(touches, key=lambda one: one.day):
        when = touch.day if touch.at is None else case.calendar.local(touch.at)
        about = "A message goes to" if touch.own else "A message about another account goes to"
        yield Scene(when, f"{about} {' and '.join(touch.recipients)}.")
    yield Scene(case.calendar.local(now), f"{why} It goes to {' and '.join(readers)}.")
