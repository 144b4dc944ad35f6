"""The documents a step sends along, fetched from the ledger before its words are written, so that they speak the truth.

Who has the invoice from the ledger already gets no second copy. What cannot be had just now is left out: a message does
not fail for want of its copy, and its words then do not speak of one.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from integrations.channels.base import Attachment
from models import Account, Company, Effect, Invoice
from workflows import cadences, documents
from workflows.errors import Refusal
from workflows.runtime import Runtime

log = structlog.get_logger()
MOST = 5  # each is a call to the ledger, and a mail with more is stopped on its way


def papers(rt: Runtime, effect: Effect) -> tuple[Attachment, ...]:
    """The invoices that go along with a planned message; none when one of them cannot be had. Asks the ledger."""
    wanted = _wanted(rt, effect)
    if not wanted or len(wanted) > MOST or not documents.available(rt, effect.company_id):
        return ()
    try:
        return tuple(documents.attachment(rt, one) for one in wanted)
    except Refusal as refusal:
        log.warning("a message goes without its copy", effect=effect.key, why=str(refusal))
        return ()


def _wanted(rt: Runtime, effect: Effect) -> list[Invoice]:
    lead = effect.content["lead"]
    with rt.store.read() as session:
        row = session.get_one(Account, effect.account_id)
        known = cadences.Known(session, session.get_one(Company, effect.company_id))
        step = known.of(row.id, row.segment).step(lead)
        if step is None or "invoice" not in step.attach:
            return []
        ids = [line[0] for line in effect.content["lines"] if line[1] == lead]
        found = session.scalars(select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)).all()
    return [one for one in found if not one.mailed]
