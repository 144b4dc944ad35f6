"""Care for who needs a gentle hand: a person switches it on, speaks with them, and switches it off.

While it is on nothing is sent to them by itself and nobody hands them over. Why it is on is asked nowhere and kept
nowhere: illness, a death or need is nothing for a ledger's add-on to remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Company
from workflows import audit, mirror
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.reaching import Reach
from workflows.runtime import Runtime

LONGEST = timedelta(days=366)
USUAL = timedelta(days=60)  # what the page proposes; a breathing space in England and Wales lasts as long
SHOWN = 100


def begin(rt: Runtime, account_id: int, look_again: date, user_id: int) -> None:
    """Leave them to a person from now on; said again it only moves the day on which somebody asks how they are.

    It does not end by itself. Refusal when that day is not within the coming year.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        row = session.get_one(Account, account_id)
        today = today_of(session.get_one(Company, row.company_id), now)
        if not today < look_again <= today + LONGEST:
            raise Refusal("Please choose a day after today on which to look again, at most a year away.")
        row.care, row.look_again = True, look_again
        _note(rt, session, row, "care-begun", user_id)


def end(rt: Runtime, account_id: int, user_id: int) -> None:
    """The cadence goes on, one rung at a time. Refusal where they are in nobody's care."""
    with rt.store.write() as session:
        row = session.get_one(Account, account_id)
        if not row.care:
            raise Refusal("They are in nobody's care any more; somebody else has switched it off.")
        row.care, row.look_again = False, None
        _note(rt, session, row, "care-ended", user_id)


def _note(rt: Runtime, session: Session, row: Account, kind: str, user_id: int) -> None:
    day = row.look_again.isoformat() if row.look_again else ""
    audit.record(rt, session, kind, row.company_id, row.id, row.uid, user=user_id, look_again=day)
    mirror.wake(session, [row.id], rt.clock.now())


def listed(session: Session, reach: Reach) -> Sequence[tuple[Account, Company]]:
    """Who is in care at somebody's companies, whom to look at first before the others; the first hundred."""
    wanted = (
        select(Account, Company)
        .join(Company, Company.id == Account.company_id)
        .where(Account.care, reach.company())
        .order_by(Account.look_again, Account.id)
        .limit(SHOWN)
    )
    return [(account, company) for account, company in session.execute(wanted)]


def is_due(account: Account, company: Company, now: datetime) -> bool:
    """Whether the day has come on which somebody asks how they are."""
    return account.care and account.look_again is not None and account.look_again <= today_of(company, now)
