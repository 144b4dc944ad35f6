"""Keeping the vendors' limits before each call, and counting what every call was for. Implements the port's meter.

A row per limit and window says what room is left, by our count until the vendor tells its own. Bulk reading leaves the
last fifth to those who cannot wait. It calls nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, func, select, true, update
from sqlalchemy.orm import Session

from integrations.errors import RateLimited
from integrations.ledgers.base import Answered, LedgerKind, Limit, Purpose
from models import CallCount, CallWindow, Company
from models.upsert import insert_for, insert_into
from workflows import ties
from workflows.runtime import Runtime

# Of every limit one part in so many is kept for those who cannot wait: the door, people who look, writing.
KEPT_FROM = {Purpose.SNAPSHOT: 5, Purpose.SWEEP: 5, Purpose.CHANGES: 20}
REFUSED = "refused"  # the window in which the vendor itself wants to hear nothing
A_MINUTE = 60
TRIES = 5
A_MONTH = 28 * 24 * 3600
_NOTHING = {"calls": 0, "metered": 0, "bytes": 0}
# With every call these are said: they are made once.
_TABLE: Any = CallWindow.__table__
_OPEN = (
    select(*_TABLE.c)
    .where(
        _TABLE.c.kind == bindparam("kind"),
        _TABLE.c.scope.in_(("", bindparam("scope"))),
        _TABLE.c.ends_at > bindparam("now"),
    )
    .order_by(_TABLE.c.id)
    .with_for_update()
)
_KEEP = update(_TABLE).where(_TABLE.c.id == bindparam("key")).values(calls=bindparam("of"), room=bindparam("left"))


@dataclass(slots=True)
class Budget:
    """The meter of one organisation, for one job. `scope` is its connection's uid; without a company nothing is kept.

    What an answer told is written down with the next call, or by `close`: one short transaction for each call.
    """

    rt: Runtime
    kind: LedgerKind
    company_id: int | None = None
    scope: str = ""
    _told: list[tuple[Purpose, int, Mapping[str, int]]] = field(default_factory=list)

    @contextmanager
    def call(self, purpose: Purpose, *, read: bool = True) -> Iterator[Answered]:
        """See `integrations.ledgers.base.Meter`."""
        with self.rt.turns(f"{self.kind.kind}/{self.scope}", self.kind.pace):
            self._patiently(purpose, read)
            self.rt.count_call(self.kind.kind, purpose.value)
            try:
                yield lambda size, left: self._told.append((purpose, size, left))
            except RateLimited as error:
                self._used_up(error.retry_after)
                raise

    def close(self) -> None:
        """Write down what the last answers told."""
        if self._told:
            now = self.rt.clock.now()
            with self.rt.store.write() as session:
                self._keep(session, (), now)
                self._count(session, now)
            self._told.clear()

    def _patiently(self, purpose: Purpose, read: bool) -> None:
        """Bulk reading waits for the end of a full minute, instead of throwing away what it has read so far."""
        for _ in range(TRIES if purpose.waits else 0):
            try:
                self._spend(purpose, read)
            except RateLimited as error:
                if error.retry_after > A_MINUTE:
                    raise
                self.rt.pause(error.retry_after)
            else:
                return
        self._spend(purpose, read)

    def _spend(self, purpose: Purpose, read: bool) -> None:
        now = self.rt.clock.now()
        with self.rt.store.write() as session:
            taken = [limit for limit in self.kind.limits if read or not limit.metered]
            self._keep(session, taken, now, self._least(purpose))
            self._count(session, now, purpose, calls=1, metered=int(read and self.kind.metered == "reads"))
        self._told.clear()

    def _least(self, purpose: Purpose) -> Callable[[Limit], int]:
        """What a call of this purpose leaves of a limit to those who cannot wait."""
        part = KEPT_FROM.get(purpose)
        return lambda limit: limit.calls // part if part else 0

    def _keep(
        self, session: Session, taken: Collection[Limit], now: datetime, least: Callable[[Limit], int] = lambda _: 0
    ) -> None:
        """Take one call from each of these windows, and write down what the vendor said is left of any. RateLimited
        when one has no room, or while the vendor wants to hear nothing; then nothing is taken from any.
        """
        windows = self._windows(session, now)
        if taken and (refused := windows.get((self.scope, REFUSED))):
            raise RateLimited(f"{self.kind.label} asked us to wait.", (refused.ends_at - now).total_seconds())
        if missing := [limit for limit in taken if (self._scope(limit), limit.name) not in windows]:
            for limit in missing:
                self._open(session, limit, _end(limit, now), limit.calls, CallWindow.ends_at <= now)
            windows = self._windows(session, now)
        changed = []
        for limit in self.kind.limits:
            window, told = windows.get((self._scope(limit), limit.name)), self._left(limit)
            if window is None:
                continue
            # The operator may have another arrangement with the vendor by now.
            room: int = window.room + limit.calls - window.calls if told is None else told
            if limit in taken:
                if room <= least(limit):
                    words = f"The limit of calls to {self.kind.label} ({limit.name}) leaves no room for this just now."
                    raise RateLimited(words, (window.ends_at - now).total_seconds())
                room -= 1
            if (limit.calls, room) != (window.calls, window.room):
                changed.append({"key": window.id, "of": limit.calls, "left": room})
        if changed:
            session.connection().execute(_KEEP, changed)

    def _windows(self, session: Session, now: datetime) -> dict[tuple[str, str], Any]:
        """Those that are open now, by scope and name, locked until the transaction ends."""
        named = {"kind": self.kind.kind, "scope": self.scope, "now": now}
        return {(row.scope, row.name): row for row in session.connection().execute(_OPEN, named)}

    def _scope(self, limit: Limit) -> str:
        return "" if limit.whole_app else self.scope

    def _open(
        self, session: Session, limit: Limit, ends_at: datetime, room: int, instead_of: ColumnElement[bool]
    ) -> None:
        """Begin a window in the place of one like that, or of none."""
        fresh = {"ends_at": ends_at, "calls": limit.calls, "room": room}
        statement = insert_into(session, CallWindow).values(
            kind=self.kind.kind, scope=self._scope(limit), name=limit.name, **fresh
        )
        names = ["kind", "scope", "name"]
        session.execute(statement.on_conflict_do_update(index_elements=names, set_=fresh, where=instead_of))

    def _left(self, limit: Limit) -> int | None:
        """What the vendor itself says is left, if it has said so since the last call; worth more than our count."""
        told = [left[limit.name] for _, _, left in self._told if limit.name in left]
        return told[-1] if told else None

    def _count(self, session: Session, now: datetime, purpose: Purpose | None = None, **call: int) -> None:
        """A call of this purpose, and the bytes that the last answers brought."""
        if self.company_id is None:
            return
        counts = {} if purpose is None else {purpose: Counter(call)}
        for about, size, _ in self._told:
            counts.setdefault(about, Counter())["bytes"] += size
        for about, more in counts.items():
            row = {"company_id": self.company_id, "day": now.date(), "purpose": about.value}
            session.connection().execute(_adding(session.get_bind().dialect.name), {**row, **_NOTHING, **more})

    def _used_up(self, seconds: float) -> None:
        """The vendor said no: this organisation hears nothing more before the time it named. No count is touched."""
        silence = Limit(REFUSED, 0, 0)
        with self.rt.store.write() as session:
            self._open(session, silence, self.rt.clock.now() + timedelta(seconds=seconds), 0, true())


def _end(limit: Limit, now: datetime) -> datetime:
    """Windows are fixed, not sliding: a minute ends with the minute, a month with the month."""
    if limit.seconds >= A_MONTH:
        return (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    begun = now.timestamp() // limit.seconds * limit.seconds
    return datetime.fromtimestamp(begun + limit.seconds, UTC)


@lru_cache(maxsize=2)
def _adding(dialect: str) -> Executable:
    """One more call, or its bytes, to the day's count; made once, for it is said with every call."""
    row = insert_for(dialect, CallCount)
    more = {name: getattr(CallCount, name) + row.excluded[name] for name in _NOTHING}
    return row.on_conflict_do_update(index_elements=["company_id", "day", "purpose"], set_=more)


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls of one purpose on one day."""

    purpose: Purpose
    calls: int
    metered: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of one limit until `ends_at`; a window that nobody has begun has all of it."""

    limit: Limit
    left: int
    ends_at: datetime | None


def spent(session: Session, company_id: int, since: datetime) -> list[Spent]:
    """What the calls of one company were for since that moment's UTC day, most first."""
    total = func.sum(CallCount.calls)
    rows = session.execute(
        select(CallCount.purpose, total, func.sum(CallCount.metered), func.sum(CallCount.bytes))
        .where(CallCount.company_id == company_id, CallCount.day >= since.astimezone(UTC).date())
        .group_by(CallCount.purpose)
        .order_by(total.desc(), CallCount.purpose)
    )
    return [Spent(Purpose(purpose), int(calls), int(metered), int(size)) for purpose, calls, metered, size in rows]


def rooms(rt: Runtime, session: Session, company_id: int) -> list[Room]:
    """Every limit that a company's calls stand under, and what is left of it now."""
    company = session.get_one(Company, company_id)
    connection = ties.newest(session, company_id)
    kind = rt.ledgers.get(company.ledger_kind)
    if kind is None or connection is None:
        return []
    found = []
    for limit in kind.limits:
        current = window(session, kind.kind, "" if limit.whole_app else connection.uid, limit, rt.clock.now())
        found.append(Room(limit, limit.calls, None) if current is None else Room(limit, current.room, current.ends_at))
    return found


def window(session: Session, kind: str, scope: str, limit: Limit, now: datetime) -> CallWindow | None:
    """The window that is open now; None when nobody has called in it yet."""
    return session.scalars(select(CallWindow).where(*_named(kind, scope, limit), CallWindow.ends_at > now)).first()


def _named(kind: str, scope: str, limit: Limit) -> tuple[ColumnElement[bool], ...]:
    return CallWindow.kind == kind, CallWindow.scope == scope, CallWindow.name == limit.name
