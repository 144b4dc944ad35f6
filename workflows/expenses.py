"""Does the ledger still show the fees that Dunlin booked? Expenses are not mirrored, so at night they are asked for.

It looks and writes down what it saw; `reconcile` names what is wrong. It changes nothing in the ledger.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select

from integrations.errors import OutsideError
from integrations.ledgers.base import Feature, LedgerExpense
from models import Posting
from workflows import grants
from workflows.connections import with_ledger
from workflows.pending import Kind
from workflows.rows import among
from workflows.runtime import Runtime

log = structlog.get_logger()
# What is a week old is asked for every night, on Sundays what is less than this; all of it in a call or two.
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
        ids = session.scalars(select(Posting.external_id).where(*booked).order_by(Posting.id)).all()
    if not ids or Feature.EXPENSES not in grants.granted(rt, company_id):
        return
    try:
        found = {one.id: one for one in with_ledger(rt, company_id, lambda ledger: ledger.expenses(ids))}
    except OutsideError as error:
        log.warning("booked fees could not be looked up", company=company_id, kind=type(error).__name__)
        return
    with rt.store.write() as session:
        rows = select(Posting).where(*booked, among(session, Posting.external_id, ids))
        for row in session.scalars(rows.with_for_update(key_share=True)):
            became = _became(row, found.get(row.external_id))
            if became != row.content.get("astray", ""):
                row.content = {**row.content, "astray": became, "looked_up": now.isoformat()}


def _became(row: Posting, found: LedgerExpense | None) -> str:
    """ "" where it stands as it was booked, else what became of it."""
    if found is None:
        return GONE
    return CHANGED if found.total not in (None, row.amount.decimal) else ""
