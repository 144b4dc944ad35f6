"""What is still to be paid: asked of a row and in SQL, and which payments are on their way into the ledger.

One meaning for every page, paper and workflow; `plan()` has its own, over facts.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, literal_column, select
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from models import AttemptLine, Invoice
from workflows.rows import among

_IS_OWED = and_(
    Invoice.status == literal_column(f"'{InvoiceStatus.OPEN.value}'"),
    Invoice.balance_minor > literal_column("0"),
    Invoice.gone_at.is_(None),
)
# States of a payment's line: the customer has done their part, and it is not seen in the ledger yet.
ON_ITS_WAY = ("coming", "taken", "booked", "desk")


def owes(invoice: Invoice) -> bool:
    """Whether something is open on it, as far as the mirror knows."""
    return invoice.status == InvoiceStatus.OPEN.value and invoice.balance_minor > 0 and invoice.gone_at is None


def is_owed() -> ColumnElement[bool]:
    """The same as a condition on `Invoice`, in the very words of the index over these rows."""
    return _IS_OWED


def on_its_way(session: Session, invoices: Collection[int]) -> set[int]:
    """Those of these invoices (ids) for which a payment is on its way."""
    lines = select(AttemptLine.invoice_id).where(
        among(session, AttemptLine.invoice_id, invoices), AttemptLine.state.in_(ON_ITS_WAY)
    )
    return set(session.scalars(lines))
