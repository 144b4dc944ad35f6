"""The day that counts as an invoice's due day: the ledger's own, or a later one to which more time was given.

Reads the extensions only; it stands below `gather`, which asks it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Extension, extension_invoice
from workflows.rows import among


def agreed_days(session: Session, invoices: Collection[int]) -> Mapping[int, date]:
    """By invoice id: the day until which it was given more time, that day included."""
    rows = session.execute(
        select(extension_invoice.c.invoice_id, Extension.day)
        .join(Extension, Extension.id == extension_invoice.c.extension_id)
        .where(among(session, extension_invoice.c.invoice_id, invoices), Extension.state == "granted")
        .order_by(Extension.id)
    )
    return {invoice: day for invoice, day in rows}  # noqa: C416


def agreed_due(due: date | None, agreed: date | None) -> date | None:
    """The later of the ledger's day and the agreed one."""
    return max((day for day in (due, agreed) if day is not None), default=None)
