"""Are our credit notes still over the sums that were given? Asked at night where the mirror cannot tell.

A ledger may tell of a credit only what is left of it: of one that is used, or was made smaller, that is less than was
given either way. It looks and writes down what it saw; `reconcile` names what is wrong. It changes nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import and_, select

from integrations.errors import OutsideError
from integrations.ledgers.base import Ledger, Purpose
from models import Credit, Posting
from workflows.connections import with_ledger
from workflows.expenses import LONGEST, SUNDAY, WEEK
from workflows.pending import UNSEEN, Kind
from workflows.rows import among
from workflows.runtime import Runtime

log = structlog.get_logger()


def look_up(rt: Runtime, company_id: int, all_of_them: bool = False) -> None:
    """Ask for all of them in one call, most often; where it gets no answer the last one stands."""
    now = rt.clock.now()
    since = now - (LONGEST if all_of_them or now.weekday() == SUNDAY else WEEK)
    mine = and_(Credit.company_id == company_id, Credit.external_id == Posting.external_id, Credit.gone_at.is_(None))
    written = Posting.kind == Kind.CREDIT.value, Posting.state == "written", Posting.written_at >= since
    unclear = Credit.remaining_minor != Posting.amount_minor
    with rt.store.read() as session:
        wanted = select(Posting.external_id, Credit.applied).join(Credit, mine)
        found = session.execute(wanted.where(Posting.company_id == company_id, *written, ~UNSEEN, unclear))
        ids = sorted({id for id, applied in found if not applied})
    if not ids:
        return
    try:
        totals = with_ledger(rt, company_id, lambda ledger: _totals(ledger, ids))
    except OutsideError as error:
        log.warning("credit notes could not be looked up", company=company_id, kind=type(error).__name__)
        return
    with rt.store.write() as session:
        theirs = Posting.company_id == company_id, Posting.kind == Kind.CREDIT.value
        rows = select(Posting).where(*theirs, among(session, Posting.external_id, totals))
        for posting in session.scalars(rows.with_for_update(key_share=True)):
            posting.content = {**posting.content, "total": totals[posting.external_id]}


def _totals(ledger: Ledger, ids: list[str]) -> Mapping[str, int]:
    """In minor units, by the ledger's id, of those that it tells."""
    rows = [row for page in ledger.named("credit", ids, Purpose.FIND) for row in page.credits]
    return {row.id: row.total.minor for row in rows if row.total is not None and not row.gone}
