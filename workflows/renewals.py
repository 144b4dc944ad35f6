"""Keeping permissions alive for years: renewed when nobody used them for long, and their hard end told well ahead.

The verbs of the night. What cannot be renewed ends by `grants`, with its notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from integrations.errors import OutsideError
from models import Company, Connection, Grant, Sender
from workflows import grants, notices, ties
from workflows.reaching import Reach
from workflows.runtime import Runtime
from workflows.told import Topic

log = structlog.get_logger()
IDLE = timedelta(days=14)  # Xero forgets a permission after 60 days unused, Microsoft after 90, QuickBooks after 100
WARNINGS = (7, 30, 60)  # days ahead of the hard end
AHEAD = timedelta(days=max(WARNINGS))


def refresh_idle(rt: Runtime) -> int:
    """Renew every permission in use that was not renewed for 14 days; how many were.

    One that nobody uses any more is left to run out at the vendor.
    """
    idle, mailboxes = grants.idle_since(rt.clock.now() - IDLE), select(Sender.grant_id)
    with rt.store.read() as session:
        found = session.scalars(
            select(Grant.id).where(idle, Grant.id.in_(grants.used()) | Grant.id.in_(mailboxes))
        ).all()
    return sum(_renewed(rt, grant_id) for grant_id in found)


def _renewed(rt: Runtime, grant_id: int) -> bool:
    try:
        grants.access_token(rt, grant_id)
    except OutsideError as error:
        log.warning("a permission could not be renewed", grant=grant_id, error=str(error))
        return False
    return True


def remind(rt: Runtime) -> int:
    """Tell the practice 60, 30 and 7 days before the vendor ends a permission for good; how many companies that is."""
    now = rt.clock.now()
    with rt.store.write() as session:
        ending = _ending(session, now)
        for company, grant_uid, end in ending:
            _tell(rt, session, company, grant_uid, end)
    return len(ending)


def ending_soon(session: Session, reach: Reach, now: datetime) -> list[tuple[Company, datetime]]:
    """For the desk: companies of theirs whose permission ends for good within 60 days, the first to end first."""
    return [(company, end) for company, _, end in _ending(session, now, reach.company())]


def is_ending(now: Any, soon: Any) -> tuple[ColumnElement[bool], ...]:
    """That the permission of a connection in use ends between these moments."""
    return Connection.state == "active", Grant.hard_expires_at > now, Grant.hard_expires_at <= soon


def _ending(session: Session, now: datetime, *where: ColumnElement[bool]) -> Sequence[tuple[Company, str, datetime]]:
    rows = session.execute(
        select(Company, Grant.uid, Grant.hard_expires_at)
        .join(Connection, Connection.company_id == Company.id)
        .join(Grant, Grant.id == Connection.grant_id)
        .where(*is_ending(now, now + AHEAD), *where)
        .order_by(Grant.hard_expires_at, Company.id)
    )
    return [(company, uid, end) for company, uid, end in rows if end is not None]


def _tell(rt: Runtime, session: Session, company: Company, grant_uid: str, end: datetime) -> None:
    """Once for each warning; only the latest of those that are due, should the night have been missed."""
    warning = next(one for one in WARNINGS if end - rt.clock.now() <= timedelta(days=one))
    ledger = ties.ledger_name(rt, company.ledger_kind)
    text = (
        f"{ledger} lets a permission live for some years only. The one for {company.name} ends on {end:%d %B %Y}.\n\n"
        "Connect the company again before that day and everything goes on without a break. It takes a minute: "
        "open this page, press Connect again, and choose the same company:"
    )
    notices.want(
        rt,
        session,
        company.practice_id,
        company.id,
        f"hard-end/{grant_uid}/{company.uid}/{end:%Y-%m}/{warning}",
        f"{company.name}: connect to {ledger} again before {end:%d %B %Y}",
        text,
        f"/companies/{company.uid}/connection",
        topic=Topic.CONNECTION,
    )
