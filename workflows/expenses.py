"""Does the ledger still show the fees that Dunlin booked? Expenses are not mirrored, so at night each is looked up.

It looks and writes down what it saw; `reconcile` names what is wrong. It changes nothing in the ledger.
"""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import select

from integrations.errors import InDoubt, OutsideError, Rejected
from integrations.ledgers.base import ExpenseOrder, Feature, Ledger
from models import Company, Effect, Posting
from workflows import grants, orders
from workflows.connections import with_ledger
from workflows.pending import Kind
from workflows.runtime import Runtime

log = structlog.get_logger()
# Every night what is a week old, on Sundays what is less than this: each is a call of its own.
WEEK, LONGEST = timedelta(days=8), timedelta(days=100)
SUNDAY = 6
GONE, CHANGED = "gone", "changed"


def look_up(rt: Runtime, company_id: int, all_of_them: bool = False) -> None:
    """Look the booked fees of a company up. What cannot be asked now is asked another night; the last answer stands."""
    now = rt.clock.now()
    since = now - (LONGEST if all_of_them or now.weekday() == SUNDAY else WEEK)
    booked = (
        Posting.company_id == company_id,
        Posting.kind == Kind.EXPENSE.value,
        Posting.state == "written",
        Posting.written_at >= since,
    )
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        rows = session.scalars(select(Posting).where(*booked).order_by(Posting.id)).all()
        keys = [orders.key_of(one) for one in rows]
        days = {
            one.key: one.content.get("days", []) for one in session.scalars(select(Effect).where(Effect.key.in_(keys)))
        }
    if not rows or Feature.EXPENSES not in grants.granted(rt, company_id):
        return
    wanted = [
        (row.id, [orders.expense(row, company, date.fromisoformat(day)) for day in days.get(orders.key_of(row), [])])
        for row in rows
    ]
    try:
        seen = with_ledger(rt, company_id, lambda ledger: {id: _stands(ledger, tried) for id, tried in wanted})
    except OutsideError as error:
        log.warning("booked fees could not be looked up", company=company_id, error=str(error))
        return
    with rt.store.write() as session:
        for row in session.scalars(select(Posting).where(Posting.id.in_(seen))):
            row.content = {**row.content, "astray": seen[row.id], "looked_up": now.isoformat()}


def _stands(ledger: Ledger, tried: list[ExpenseOrder]) -> str:
    """ "" where it stands as it was booked, else what became of it."""
    try:
        found = [one for one in map(ledger.find, tried) if one is not None]
    except (InDoubt, Rejected):  # it is there, over another sum
        return CHANGED
    return "" if any(not one.gone for one in found) else GONE
