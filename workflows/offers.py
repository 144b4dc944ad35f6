"""What is offered for prompt payment, read off the rows: what settles an invoice today, and whether what is left of it
is only a discount that is being given.

Reads the rewards only; it stands below `gather`. When one is made or earned is said in `workflows.rewards`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.money import Money
from models import Invoice, Reward
from workflows.rows import among, one_of

EARLY, LOYAL = "early", "loyal"
OPEN = "open"
_GIVEN = (OPEN, "earned", "desk")  # of such an offer nobody is asked for the rest while it is looked at


def standing(session: Session, invoices: Collection[int], today: date) -> Mapping[int, Reward]:
    """By invoice id: the discount that still counts today."""
    wanted = select(Reward).where(
        among(session, Reward.invoice_id, invoices),
        Reward.kind == EARLY,
        Reward.state == OPEN,
        Reward.until >= today,
    )
    return {one.invoice_id: one for one in session.scalars(wanted) if one.invoice_id is not None}


def to_pay(invoice: Invoice, offer: Reward | None) -> Money:
    """What settles the invoice: all that is open of it, less what is offered."""
    if offer is None or offer.amount >= invoice.balance:
        return invoice.balance
    return invoice.balance - offer.amount


# Asked with every gathering, so it is made once.
_COVERED = (
    select(Invoice.id)
    .join(Reward, Reward.invoice_id == Invoice.id)
    .where(one_of(Invoice.id, "ids"), Invoice.balance_minor > 0)
    .where(Reward.kind == EARLY, Reward.state.in_(_GIVEN), Invoice.balance_minor <= Reward.amount_minor)
)


def covered(session: Session, ids: Collection[int]) -> set[int]:
    """Those of these invoices of which no more is open than the discount that was offered."""
    return set(session.scalars(_COVERED, {"ids": ids}))
