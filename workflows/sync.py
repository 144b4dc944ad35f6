"""When a company's ledger is read by the clock, and what becomes of a reading that fails. Its verb is `sync_due`.

A company is read in a few rounds a day; webhooks only say whether there is anything to read. Decides nothing about
anybody's messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from core.calendars import Calendar
from integrations.errors import OutsideError, Transient
from integrations.ledgers.base import ENTITIES, Ledger
from models import Company, Connection
from workflows import confirming, dirty, habits, notices, reading, rounds, segment_rules, ties
from workflows.calendars import calendar_of
from workflows.connections import with_ledger
from workflows.rows import plain
from workflows.runtime import HANDED, Lane, Runtime, Work
from workflows.told import Topic

log = structlog.get_logger()
HOLD = timedelta(minutes=20)  # a reading that shows no sign of life for so long is begun again
PATIENCE = timedelta(hours=1)
LONGEST = timedelta(hours=6)
ASKED = "asked"
FEW = 5  # failures in a row after which the wait grows
TELL_AFTER = timedelta(days=1)


def request(rt: Runtime, company_id: int) -> None:
    """Ask for a reading of all that changed at the next tick."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.next_sync_at = rt.clock.now()
        if company.sync_state != "running":
            company.sync_state = ASKED


# Asked at every tick, so it is made once.
_DUE = (
    select(Company.id)
    .join(Connection, Connection.company_id == Company.id)
    .where(Company.next_sync_at <= bindparam("now"), Connection.state == "active")
    .order_by(Company.next_sync_at)
)


def sync_due(rt: Runtime) -> int:
    """Have every company read whose time has come, each for one turn; how many."""
    return rt.engine.give(rt, READING)


def _due(rt: Runtime) -> Sequence[int]:
    with rt.store.read() as session:
        return session.scalars(_DUE, {"now": rt.clock.now()}).all()


def _hand_on(rt: Runtime, session: Session) -> Sequence[int]:
    """Due, and not given to a worker lately; from now on they are."""
    now = rt.clock.now()
    idle = or_(Company.handed_until.is_(None), Company.handed_until <= now)
    due = session.scalars(_DUE.where(idle).with_for_update(of=Company, skip_locked=True), {"now": now}).all()
    session.execute(update(Company).where(Company.id.in_(due)).values(handed_until=now + HANDED))
    return due


def sync_company(rt: Runtime, company_id: int) -> bool:
    """Read all that changed at one company now, to the end; whether it went well. What went wrong stands on it."""
    request(rt, company_id)
    while True:
        if not _turn(rt, company_id):
            return False
        with rt.store.read() as session:
            company = session.get_one(Company, company_id)
        if company.sync_state != "running" or (company.next_sync_at or rt.clock.now()) > rt.clock.now():
            return True  # at its end; or somebody else is reading just now


def _turn(rt: Runtime, company_id: int) -> bool:
    """One turn of reading; False when it failed. Nothing, when somebody else has begun one."""
    turn = _begin(rt, company_id)
    if turn is None:
        return True
    try:
        done = with_ledger(rt, company_id, partial(_read, turn))
        _ended(turn, done)
        confirming.confirm(rt, company_id, turn.began_at)
    except OutsideError as error:
        _failed(turn, str(error), error)
        return False
    except Exception as error:
        # A mistake of ours in one company must not keep the others from being read.
        log.exception("a reading broke off", company=turn.company.uid)
        _failed(turn, f"The reading broke off ({type(error).__name__}); the log says more.", error)
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Turn:
    """A reading under way. The company's next reading stands at `until`, should this process die; an earlier moment
    there means that somebody asked for one meanwhile. `asked` is whether somebody asked for this one.
    """

    rt: Runtime
    company: Company
    calendar: Calendar
    began_at: datetime
    until: datetime
    asked: bool


def _begin(rt: Runtime, company_id: int) -> _Turn | None:
    """Take the company's turn; None when its time has not come, or somebody else was faster."""
    now = rt.clock.now()
    with rt.store.write() as session:
        company = session.scalars(
            select(Company).where(Company.id == company_id, Company.next_sync_at <= now).with_for_update()
        ).first()
        if company is None:
            return None
        asked = company.sync_state in (ASKED, "running")  # the second was left by somebody who died
        company.sync_state, company.next_sync_at, company.handed_until = "running", now + HOLD, None
    return _Turn(rt, company, calendar_of(company, now), now, now + HOLD, asked)


def _read(turn: _Turn, ledger: Ledger) -> bool:
    """Read what is due; False when a whole reading goes on at the next tick."""
    rt, company = turn.rt, turn.company
    with rt.store.read() as session:
        connection = ties.being_read(session, company.id)
    if reading.needs_whole(connection, turn.began_at):
        ended = reading.whole(rt, company, ledger)
        if ended:
            _beside(turn, partial(confirming.look_for, rt, company, ledger, turn.began_at))
            habits.learn(rt, company.id)
            segment_rules.follow(rt, company.id)
        return ended
    sweep_is_due = _sweep_is_due(turn, connection.swept_at)
    with rt.store.read() as session:
        wanted = ENTITIES if sweep_is_due else _wanted(turn, session)
    reading.changes(rt, company, ledger, wanted)
    if sweep_is_due:
        _beside(turn, partial(_sweep, turn, ledger))
    if turn.asked or _is_a_new_week(turn):
        _beside(turn, partial(reading.about, rt, company, ledger))
    return True


def _sweep(turn: _Turn, ledger: Ledger) -> None:
    reading.sweep(turn.rt, turn.company, ledger)
    confirming.look_for(turn.rt, turn.company, ledger, turn.began_at)


def _beside(turn: _Turn, more: Callable[[], object]) -> None:
    """What is read beside the changes is tried again another night; that they were read stands."""
    try:
        more()
    except Transient as error:
        log.warning("something beside the changes was not read", company=turn.company.uid, kind=type(error).__name__)


def _wanted(turn: _Turn, session: Session) -> frozenset[str]:
    """At night, and when somebody asks, everything; by day what is known to have changed, and always the invoices:
    no vendor promises a webhook for every payment.
    """
    rt, company = turn.rt, turn.company
    if turn.asked or rounds.is_night(turn.calendar, turn.began_at):
        return ENTITIES
    if not dirty.are_heard(rt, session, company.ledger_kind):
        return ENTITIES
    return ENTITIES & (dirty.kinds(session, company.id) | {"invoice"})


def _is_a_new_week(turn: _Turn) -> bool:
    """Monday's night: closed books and the ledger's own reminders change seldom, and a refusal tells of the first."""
    return rounds.is_night(turn.calendar, turn.began_at) and turn.calendar.today(turn.began_at).weekday() == 0


def _sweep_is_due(turn: _Turn, swept_at: datetime | None) -> bool:
    """At night; by day only where the nights are missed."""
    every = reading.sweeps_every(turn.rt, turn.company.id)
    since = every if rounds.is_night(turn.calendar, turn.began_at) else every + timedelta(days=1)
    return swept_at is None or turn.began_at - swept_at >= since


def _ended(turn: _Turn, done: bool) -> None:
    rt, now = turn.rt, turn.rt.clock.now()
    with rt.store.write() as session:
        company = session.get_one(Company, turn.company.id, with_for_update={"key_share": True})
        company.sync_note, company.sync_failures = "", 0
        if not done:
            company.next_sync_at = now
            return
        company.sync_total = None
        if company.next_sync_at == turn.until:
            company.sync_state, company.next_sync_at = "idle", rounds.next_of(company, now)
        else:  # Somebody asked meanwhile; what changed then may not have been in what was read.
            company.sync_state = ASKED


def _failed(turn: _Turn, note: str, error: Exception) -> None:
    """What went wrong stands on the company, for a person. The wait grows as long as nothing gets better."""
    rt = turn.rt
    with rt.store.write() as session:
        company = session.get_one(Company, turn.company.id)
        connection = ties.standing(session, company.id)
        if connection is None:  # Somebody disconnected it while it was being read: no failure.
            company.sync_state, company.sync_note, company.next_sync_at = "idle", "", None
            return
        company.sync_state, company.sync_note = "failed", plain(note)
        company.sync_failures += 1
        wait = _wait(company.sync_failures, error)
        company.next_sync_at = rt.clock.now() + wait
        _tell(rt, session, company, connection)
    log.warning("sync failed", company=company.uid, seconds=wait.total_seconds())


def _wait(failures: int, error: Exception) -> timedelta:
    """As long as the vendor asks; after a few failures in a row twice as long each time, up to six hours."""
    asked = timedelta(seconds=error.retry_after) if isinstance(error, Transient) else PATIENCE
    grown: timedelta = asked * 2 ** min(max(failures - FEW, 0), 12)
    return max(asked, min(grown, LONGEST))


def _tell(rt: Runtime, session: Session, company: Company, connection: Connection) -> None:
    """After a day without a reading the practice is told, once."""
    last = connection.read_at or connection.created_at
    if rt.clock.now() - last < TELL_AFTER:
        return
    notices.want(
        rt,
        session,
        company.practice_id,
        company.id,
        key=f"not-read/{company.uid}/{last:%Y-%m-%d}",
        subject=f"{company.name} has not been read since {last:%d %B %Y}",
        text=(
            f"The ledger of {company.name} could not be read for more than a day. The last answer was: "
            f"{company.sync_note}\n\nNothing is sent for a company whose figures are too old. Dunlin goes on trying; "
            "what you can do is shown here:"
        ),
        page=f"/companies/{company.uid}",
        topic=Topic.CONNECTION,
    )


READING = Work("read", Lane.READ, _due, _hand_on, _turn, in_turn=True)
