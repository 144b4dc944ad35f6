"""The end of a company's month: whether everything agrees, what does not, and what nobody has looked at.

Reads rows only and asks no ledger, processor or bank: it says when each was last read, and never that something agrees
which was not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Attempt, Company, Connection, ProcessorAccount, Pulse, UnreadableRow
from workflows import month_end_sums, reconcile, ties
from workflows.calendars import today_of
from workflows.month_end_sums import Sums
from workflows.reconcile_found import Found, Span, next_month
from workflows.runtime import Runtime
from workflows.vitals import STALE

FIRST = date(2000, 1, 1)  # nobody asks for a month before it


@dataclass(frozen=True, slots=True)
class Read:
    """A processor account that took money in the month, and when its payouts were last read."""

    name: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """`unsure` are sentences on what was not looked at, each with what to do. `compared_at`: the last whole night in
    which processors were asked about every recent payment.
    """

    first: date
    last: date
    found: Sequence[Found]
    unsure: Sequence[str]
    sums: Sums
    ledger_read_at: datetime | None
    compared_at: datetime | None
    processors: Sequence[Read]

    @property
    def agrees(self) -> bool:
        return not self.found and not self.unsure


def month(text: str, company: Company, now: datetime) -> date:
    """The first day of the month named so (2026-10); of the last whole month for anything that cannot be."""
    this = this_month(company, now)
    try:
        asked = date.fromisoformat(f"{text}-01") if len(text) == len("2026-10") else date.max
    except ValueError:
        asked = date.max
    return asked if FIRST <= asked <= this else before(this)


def this_month(company: Company, now: datetime) -> date:
    """The month it is where the company is, by its first day."""
    return today_of(company, now).replace(day=1)


def before(first: date) -> date:
    """The month before, by its first day."""
    return (first - timedelta(days=1)).replace(day=1)


def of(rt: Runtime, company: Company, first: date) -> MonthEnd:
    """The month that begins on this day."""
    now, span, last = rt.clock.now(), Span.of_month(company, first), next_month(first) - timedelta(days=1)
    with rt.store.read() as session:
        rows = [one for one in reconcile.rows(rt, session, company, span) if reconcile.is_news(one, now)]
        said = list(reconcile.said_at_night(session, company, span))
        tie, read = ties.newest(session, company.id), _processors(rt, session, company, span)
        night = session.scalars(select(Pulse).where(Pulse.name == "reconcile")).first()
        compared_at = night.well_at if night else None
        sums = month_end_sums.of(session, company, first)
        took = any(one.taken for one in sums.written.values())
        unsure = [
            *(["This month is not over yet."] if today_of(company, now) <= last else []),
            *_of_the_ledger(rt, session, company, tie, now),
            *(_of_the_processors(read, compared_at, now) if took else []),
        ]
    read_at = tie.read_at if tie else None
    return MonthEnd(first, last, [*said, *rows], unsure, sums, read_at, compared_at, read)


def _of_the_ledger(
    rt: Runtime, session: Session, company: Company, tie: Connection | None, now: datetime
) -> Iterator[str]:
    ledger = ties.ledger_name(rt, company.ledger_kind)
    if tie is None or tie.state != "active":
        yield f"{ledger} is not connected, so nobody knows what has changed there. Connect it again."
    elif tie.read_at is None or tie.load_began_at is not None:
        yield f"{ledger} has not been read to its end yet. Wait until it is."
    elif tie.read_at < now - STALE:
        yield f"{ledger} was last read on {tie.read_at:%Y-%m-%d}. Read it again on the company’s page."
    elif tie.blind:
        yield f"{ledger} could not tell at the last reading what was deleted. The next whole reading puts that right."
    mine = UnreadableRow.company_id == company.id
    if unreadable := session.scalar(select(func.count()).select_from(UnreadableRow).where(mine)):
        rows = "One row" if unreadable == 1 else f"{unreadable} rows"
        yield f"{rows} of {ledger} could not be read. Look at the desk."


def _processors(rt: Runtime, session: Session, company: Company, span: Span) -> Sequence[Read]:
    """Those that took money in the month."""
    taken = Attempt.company_id == company.id, Attempt.state == "paid", span.moments(Attempt.paid_at)
    mine = select(Attempt.processor_account_id).where(*taken, Attempt.processor_account_id.is_not(None)).distinct()
    accounts = session.scalars(
        select(ProcessorAccount).where(ProcessorAccount.id.in_(mine)).order_by(ProcessorAccount.id)
    )
    return [
        Read(
            rt.processors[one.kind].label if one.kind in rt.processors else one.kind,
            one.payouts_read_at,
        )
        for one in accounts
    ]


def _of_the_processors(read: Sequence[Read], compared_at: datetime | None, now: datetime) -> Iterator[str]:
    if compared_at is None or compared_at < now - STALE:
        since = f"since {compared_at:%Y-%m-%d}" if compared_at else "yet"
        yield f"The processors have not been asked about these payments {since}. Look whether the clock runs."
    for one in read:
        if one.read_at is None:
            yield f"Payouts of {one.name} have not been read yet, so its fees are not known. It is asked every night."
        elif one.read_at < now - STALE:
            yield f"Payouts of {one.name} were last read on {one.read_at:%Y-%m-%d}. It is asked every night."
