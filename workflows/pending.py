"""Which changes of a ledger are under way, so that nobody is chased for what they are about to change.

Reads the postings only; it stands below `gather`, which asks it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models import Invoice, Posting
from workflows import offers
from workflows.rows import one_of


class Kind(StrEnum):
    """The kinds of posting, by the order of the port each becomes."""

    CREDIT = "credit"
    ALLOCATION = "allocation"
    UNDO_ALLOCATION = "undo-allocation"
    UNDO_CREDIT = "undo-credit"
    ON_ACCOUNT = "on-account"
    UNDO_PAYMENT = "undo-payment"
    DUE_DATE = "due-date"
    EXPECTED_DATE = "expected-date"
    NOTE = "note"
    EXPENSE = "expense"
    INVOICE = "invoice"


UNSEEN = Posting.content["seen"].as_string().is_(None)  # no reading has begun since it was written
HOLDING = frozenset(
    {Kind.CREDIT, Kind.ALLOCATION, Kind.UNDO_ALLOCATION, Kind.UNDO_CREDIT, Kind.ON_ACCOUNT, Kind.DUE_DATE}
)


# Asked with every gathering, so it is made once.
_ON_ACCOUNT = and_(Posting.kind == Kind.ON_ACCOUNT.value, Posting.account_id == Invoice.account_id)
_PENDING = (
    select(Invoice.id)
    .join(Posting, or_(Posting.invoice_id == Invoice.id, _ON_ACCOUNT))
    .where(
        one_of(Invoice.id, "ids"),
        Posting.kind.in_([kind.value for kind in HOLDING]),
        or_(Posting.state.in_(("due", "desk")), and_(Posting.state == "written", UNSEEN)),
    )
)


def pending_invoices(session: Session, ids: Collection[int]) -> set[int]:
    """Those of these invoices that something is being done about which the mirror does not show yet.

    Money on account counts for every invoice of its account; what waits at the desk counts until a person decides. So
    does an invoice of which only a discount is left that was offered.
    """
    return {*session.scalars(_PENDING, {"ids": ids}), *offers.covered(session, ids)}
