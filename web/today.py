"""Today: what a practice looks at every morning, over all companies in reach. It reads and shows; it changes nothing.

Sums are per currency and never added up over currencies; each company's days are its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from core.calendars import Calendar
from core.money import Money
from models import Company, Connection
from web import frame, presenters, queries, today_next, today_queries, waiting, waiting_queries
from web.auth import reach
from web.guards import runtime
from workflows import tasks
from workflows.calendars import today_of
from workflows.runtime import Runtime

FEW = 3  # of each kind that waits: the rest is one click away
_SEEN = 3 * today_next.SHOWN  # of each kind: it may be the same customer several times
_MOST = 100
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Moved:
    """What went out and came in at one company, or at all: each of today and of yesterday. Money is per currency."""

    company: Company | None
    sent: list[int] = field(default_factory=lambda: [0, 0])
    payments: list[int] = field(default_factory=lambda: [0, 0])
    money: list[dict[str, Money]] = field(default_factory=lambda: [{}, {}])
    promises: list[int] = field(default_factory=lambda: [0, 0])
    answers: list[int] = field(default_factory=lambda: [0, 0])

    def __bool__(self) -> bool:
        return any(map(sum, (self.sent, self.payments, self.promises, self.answers)))

    def pay(self, place: int, count: int, amount: Money) -> None:
        known = self.money[place].get(amount.currency, Money.zero(amount.currency))
        self.payments[place] += count
        self.money[place][amount.currency] = known + amount


@dataclass(frozen=True, slots=True)
class Standing:
    """How one company stands: `late` is the overdue part of what is open in its own currency, in percent."""

    company: Company
    connection: Connection | None
    state: presenters.State
    owed: queries.Owed
    waiting: int
    late: int


@dataclass(frozen=True, slots=True)
class Morning:
    """Everything on the page. Pairs hold the first few, and how many there are."""

    desk: waiting.Desk
    drafts: tuple[list[Any], int]
    tasks: tuple[list[Any], int]
    broken: tuple[list[Any], int]
    missing: tuple[list[Any], int]
    moved: Sequence[Moved]
    together: Moved
    standing: Sequence[Standing]
    next: Sequence[today_next.Helpful]
    todays: Mapping[int, date]

    @property
    def size(self) -> int:
        return self.desk.size + sum(one[1] for one in (self.drafts, self.tasks, self.broken, self.missing))


def morning(rt: Runtime, session: Session) -> Morning:
    now, mine = rt.clock.now(), reach()
    every = queries.companies(session, mine)
    todays = {one.id: today_of(one, now) for one in every}
    desk = waiting.desk(rt, session, mine, frame.counts(session), _SEEN)
    broken = today_queries.broken(session, mine, now, _MOST)
    missing = today_queries.missing(session, mine, FEW)
    due = [one for one in tasks.waiting(session, mine, _MOST) if tasks.is_due(one[0], one[3], now)]
    moved = _moved(session, every, todays, now) if every else []
    standing = _standing(session, every, todays, desk)
    currencies = {currency for one in standing for currency in one.owed.overdue}
    return Morning(
        desk=desk,
        drafts=(today_queries.drafts(session, mine, FEW), desk.counts["drafts"].total()),
        tasks=(due[:FEW], len(due)),
        broken=(broken[0][:FEW], broken[1]),
        missing=missing,
        moved=[one for one in moved if one],
        together=_together(moved),
        standing=standing,
        next=_next(session, desk, broken[0], missing[0], todays, now, currencies),
        todays=todays,
    )


def _next(
    session: Session,
    desk: waiting.Desk,
    broken: Sequence[Any],
    missing: Sequence[Any],
    todays: Mapping[int, date],
    now: datetime,
    currencies: Collection[str],
) -> Sequence[today_next.Helpful]:
    sums = today_queries.largest(session, reach(), (now - timedelta(hours=12)).date(), currencies)
    ids = {one[0] for one in sums}
    known, heard = today_queries.with_companies(session, ids), today_queries.last_heard(session, ids)
    return today_next.first(
        today_next.broken(broken),
        today_next.overdue_answers(desk.disputes, todays),
        today_next.silent(sums, heard, known, todays),
        today_next.unreachable(missing),
    )


def _moved(session: Session, every: Sequence[Company], todays: Mapping[int, date], now: datetime) -> list[Moved]:
    found = {one.id: Moved(one) for one in every}
    days = {day - back for day in todays.values() for back in (timedelta(0), _DAY)}
    since = now - 3 * _DAY
    calendars = {one.id: Calendar(zone=one.zone or "UTC") for one in every}
    for id, day, count in today_queries.sent(session, found, days, now):
        _add(found[id].sent, todays[id], day, count)
    for id, day, currency, count, minor in today_queries.paid(session, found, days):
        if 0 <= (todays[id] - day).days < 2:
            found[id].pay((todays[id] - day).days, count, Money(int(minor), currency))
    for id, at in today_queries.promised(session, found, since):
        _add(found[id].promises, todays[id], calendars[id].today(at))
    for id, at in today_queries.answered(session, found, since):
        _add(found[id].answers, todays[id], calendars[id].today(at))
    return list(found.values())


def _add(counted: list[int], today: date, day: date, count: int = 1) -> None:
    """Under today or yesterday; what is of another day is in neither."""
    if 0 <= (today - day).days < 2:
        counted[(today - day).days] += count


def _together(moved: Sequence[Moved]) -> Moved:
    whole = Moved(None)
    for one in moved:
        for place in (0, 1):
            whole.sent[place] += one.sent[place]
            whole.promises[place] += one.promises[place]
            whole.answers[place] += one.answers[place]
            whole.payments[place] += one.payments[place]
            for amount in one.money[place].values():
                whole.pay(place, 0, amount)
    return whole


def _standing(
    session: Session, every: Sequence[Company], todays: Mapping[int, date], desk: waiting.Desk
) -> list[Standing]:
    ties_of, owed = queries.newest_connections(session, every), queries.owed_by_company(session, todays)
    waits = waiting_queries.by_company(desk.counts) + desk.counts["drafts"]
    found = []
    for one in every:
        connection = ties_of.get(one.id)
        state = presenters.company_state(one, connection)
        found.append(Standing(one, connection, state, owed[one.id], waits[one.id], _late(owed[one.id], one.currency)))
    return sorted(found, key=lambda one: (one.state.colour != "warn", -one.late, -one.waiting, one.company.name))


def _late(owed: queries.Owed, currency: str) -> int:
    """In the company's own currency only, for two currencies make no share."""
    whole, late = owed.open.get(currency), owed.overdue.get(currency)
    return 100 * late.minor // whole.minor if whole and late else 0


def groups(found: Morning) -> dict[str, int]:
    """How many things of each kind of the desk wait, by the heading they stand under on the page."""
    sizes: dict[str, int] = defaultdict(int)
    for heading, kinds in HEADINGS.items():
        sizes[heading] = sum(found.desk.counts[kind].total() for kind in kinds)
    return sizes


# Kinds of `waiting` under the headings of the page.
HEADINGS = {
    "disputes": ("disputes",),
    "told": ("told", "held", "contacts", "plans", "times"),
    "money": ("bookings", "returned", "postings", "bank_lines", "rewards", "unearned", "charges"),
    "touches": ("touches", "unsent"),
    "unreached": ("unreached",),
    "connections": ("connections", "ending"),
    "rest": ("unreadable", "cared"),
}


def page_values() -> dict[str, Any]:
    rt = runtime()
    with rt.store.read() as session:
        found = morning(rt, session)
    missing = current_app.config["DUNLIN_MISSING"]
    return {"found": found, "sizes": groups(found), "few": FEW, "kinds": sorted(rt.ledgers), "missing": missing}
