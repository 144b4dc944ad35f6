"""One reading of a company's ledger, first page to last: the whole book, what changed, or all that is open.

It stores and keeps the place; when a reading is due, and what becomes of a failed one, is decided in `sync.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from integrations.ledgers.base import ENTITIES, Ledger, LedgerCompany, Page, Purpose
from models import Account, Company, Connection, Invoice, Reading
from workflows import cadences, dirty, marks, mirror, ties, vanished
from workflows.runtime import Runtime

HISTORY = timedelta(days=730)
LOOK_BACK = timedelta(days=28)  # QuickBooks tells of changes and deletions for 30 days, then only of what stands
PAGES_A_TURN = 25  # a big first load lets the other companies have their turn in between
LOAD_LASTS = timedelta(days=7)  # a load left lying for longer is begun again
SKEW = timedelta(minutes=10)  # two machines' clocks may differ; to wake early is harmless
Progress = Callable[[Page, Session], None]


@dataclass(slots=True)
class Taken:
    """What a reading has brought. `cursor` is set when it was complete as to what changed, but for what was deleted if
    it was `blind`. `began_at` is its mark: what it keeps is newer than what earlier readings kept.
    """

    began_at: datetime
    rows: int = 0
    changed: int = 0
    cursor: str = ""
    blind: bool = False


def keep(
    rt: Runtime, company: Company, pages: Iterable[Page], began_at: datetime, progress: Progress | None = None
) -> Taken:
    """Store each page as it comes."""
    taken = Taken(began_at)
    for page in pages:
        kept = mirror.store(rt, company, page, began_at, partial(progress, page) if progress else None)
        taken.rows, taken.changed = taken.rows + kept.rows, taken.changed + kept.changed
        taken.cursor, taken.blind = page.cursor or taken.cursor, page.blind
    return taken


def needs_whole(connection: Connection, now: datetime) -> bool:
    """Nothing was read yet, a first load is under way, or the vendor no longer tells all that changed."""
    if not connection.cursor or connection.load_began_at is not None or connection.read_at is None:
        return True
    return now - connection.read_at > LOOK_BACK


def whole(rt: Runtime, company: Company, ledger: Ledger, pages: int = PAGES_A_TURN) -> bool:
    """Read on in the whole book, at most so many pages; whether that was its end. It goes on where it left off."""
    log, began_at = _begin(rt, company, "whole")
    with rt.store.write() as session:
        connection = ties.being_read(session, company.id)
        if connection.load_began_at is None or began_at - connection.load_began_at > LOAD_LASTS:
            connection.load_began_at, connection.load_mark = began_at, ""
            session.get_one(Company, company.id).sync_rows = 0
        load_began_at, mark = connection.load_began_at, connection.load_mark

    def progress(page: Page, session: Session) -> None:
        row = session.get_one(Company, company.id)
        row.sync_rows += page.size
        row.sync_total = page.total if page.total is not None else row.sync_total
        ties.being_read(session, company.id).load_mark = page.mark

    snapshot = ledger.snapshot((load_began_at - HISTORY).date(), mark)
    taken = keep(rt, company, islice(snapshot, pages), began_at, progress)
    if taken.cursor:
        _look_for_the_rest(rt, company, ledger, load_began_at)
        with rt.store.write() as session:
            connection = ties.being_read(session, company.id)
            connection.load_began_at, connection.load_mark = None, ""
            connection.swept_at, connection.blind = began_at, False
        _complete(rt, company, taken, load_began_at, ENTITIES)
    _end(rt, log, taken)
    return bool(taken.cursor)


def changes(rt: Runtime, company: Company, ledger: Ledger, wanted: Collection[str]) -> Taken:
    """Read what changed since the last time, at least in rows of the wanted kinds."""
    with rt.store.read() as session:
        cursor = ties.being_read(session, company.id).cursor
    return since_cursor(rt, company, "changes", ledger.changes(cursor, wanted), wanted)


def since_cursor(rt: Runtime, company: Company, kind: str, pages: Iterable[Page], wanted: Collection[str]) -> Taken:
    """Store a reading of changes, whose pages nobody has asked for yet; only one that ends with a cursor has seen all
    that changed.
    """
    log, began_at = _begin(rt, company, kind)
    taken = keep(rt, company, pages, began_at)
    if taken.cursor and not _whole_comes_first(rt, company, began_at):
        _complete(rt, company, taken, began_at, wanted)
    _end(rt, log, taken)
    return taken


def _whole_comes_first(rt: Runtime, company: Company, now: datetime) -> bool:
    with rt.store.read() as session:
        return needs_whole(ties.being_read(session, company.id), now)


def _complete(rt: Runtime, company: Company, taken: Taken, began_at: datetime, wanted: Collection[str]) -> None:
    with rt.store.write() as session:
        connection = ties.being_read(session, company.id)
        was_stale = _was_stale(rt, session, company.id, connection.read_at)
        if connection.read_at is None or began_at >= connection.read_at:
            connection.cursor, connection.blind = taken.cursor, connection.blind or taken.blind
            connection.read_at = began_at if "invoice" in wanted else connection.read_at
        dirty.clear(session, company.id, wanted, began_at)
        if was_stale:  # What was silent because nothing fresh was known may speak now.
            open_accounts = select(Invoice.account_id).where(
                Invoice.company_id == company.id, Invoice.status == InvoiceStatus.OPEN.value
            )
            mirror.wake(session, session.scalars(open_accounts.distinct()).all(), rt.clock.now())


def _was_stale(rt: Runtime, session: Session, company_id: int, read_at: datetime | None) -> bool:
    """Whether an account may have been silenced since the last reading because that was too old for the cadence.

    Measured to now, not to when this reading began: planning goes on while we read. A changed cadence wakes by itself.
    """
    hours = cadences.cadence_of(session, session.get_one(Company, company_id)).stale_hours
    return read_at is None or rt.clock.now() - read_at > timedelta(hours=hours) - SKEW


def sweep(rt: Runtime, company: Company, ledger: Ledger) -> int:
    """Go through all that is open: what the changes did not tell is found, counted and stored; how much it was.

    An open invoice that is not shown is asked for by name; one that even so is not found is held for a person.
    """
    log, began_at = _begin(rt, company, "sweep")
    taken = keep(rt, company, ledger.sweep(), began_at)
    taken.changed += _look_for_the_rest(rt, company, ledger, began_at)
    with rt.store.write() as session:
        connection = ties.being_read(session, company.id)
        connection.swept_at, connection.blind = began_at, False
    _end(rt, log, taken, missed=taken.changed)
    return taken.changed


def _look_for_the_rest(rt: Runtime, company: Company, ledger: Ledger, began_at: datetime) -> int:
    """What a reading of all that is open did not show; how much of it had changed."""
    changed = vanished.invoices(rt, company, ledger, began_at, Purpose.SWEEP)
    changed += vanished.credits(rt, company, ledger, began_at)
    mirror.hold_unseen(rt, company.id, began_at)
    return changed


def about(rt: Runtime, company: Company, ledger: Ledger) -> None:
    """Read what the ledger says of the company itself."""
    said = ledger.company()
    with rt.store.write() as session:
        learn(session.get_one(Company, company.id), said)


def learn(company: Company, said: LedgerCompany) -> None:
    """What the ledger alone decides; where the company is and who gets replies is for its people to say."""
    company.locked_until, company.own_reminders = said.locked_until, said.own_reminders
    company.short_code = said.short_code or company.short_code


# Asked with every reading, so it is made once.
_OPEN = (
    select(func.count())
    .select_from(Invoice)
    .where(Invoice.company_id == bindparam("company"), Invoice.status == InvoiceStatus.OPEN.value)
)


def sweeps_every(rt: Runtime, company_id: int) -> timedelta:
    """A night for each five thousand open invoices: a big book is gone through more seldom, at the same cost a day."""
    with rt.store.read() as session:
        still_open = session.scalar(_OPEN, {"company": company_id})
    return timedelta(days=1 + (still_open or 0) // 5000) - timedelta(hours=4)


def account_read(rt: Runtime, account_ids: Collection[int], began_at: datetime) -> None:
    """The balances of these accounts were read."""
    older = Account.read_at.is_(None) | (Account.read_at < began_at)
    with rt.store.write() as session:
        session.execute(
            update(Account)
            .where(Account.id.in_(account_ids), older)
            .values(read_at=began_at)
            .execution_options(synchronize_session=False)
        )


def _begin(rt: Runtime, company: Company, kind: str) -> tuple[int, datetime]:
    """Note that it begins; its mark."""
    since = rt.begun.steady()
    with rt.store.write() as session:
        began_at = marks.following(rt, session, company.id)
        row = Reading(company_id=company.id, kind=kind, began_at=began_at)
        session.add(row)
        session.flush()
    rt.begun.note(company.id, began_at, since)
    return row.id, began_at


def _end(rt: Runtime, log: int, taken: Taken, missed: int = 0) -> None:
    ended = update(Reading).where(Reading.id == log).values(rows=taken.rows, missed=missed, ended_at=rt.clock.now())
    with rt.store.write() as session:
        session.execute(ended.execution_options(synchronize_session=False))
