"""What lateness has come to on invoices, read off the rows for messages and pages.

Reads the charges only; it stands below `gather`. When one is shown, asked for or left out is said in `charges`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from models import Charge, Invoice
from workflows.rows import one_of

SHOWN, ASKED, BOOKED, WAIVED = "shown", "asked", "booked", "waived"
# Asked at every look at a customer's page, so it is made once.
_OF = select(Charge).where(one_of(Charge.invoice_id, "ids"), Charge.state != WAIVED).order_by(Charge.id)


def of(session: Session, invoices: Collection[int]) -> Mapping[int, Charge]:
    """By invoice id: what the customer can see of it; nothing where it was left out."""
    return {one.invoice_id: one for one in session.scalars(_OF, {"ids": list(invoices)})}


def falling_away(session: Session, invoices: Collection[int], today: date) -> Mapping[int, Charge]:
    """By invoice id: what is left out where the invoice is paid in time from now on."""
    return {id: one for id, one in of(session, invoices).items() if can_fall_away(one, today)}


def came_of_one(company_id: int) -> ColumnElement[bool]:
    """Of an invoice: it was written for the lateness of another, so nothing is given for it and nothing charged."""
    return exists().where(Charge.company_id == company_id, Charge.ledger_invoice == Invoice.external_id)


def can_fall_away(charge: Charge, today: date) -> bool:
    return charge.state == SHOWN and charge.asked_from >= today and charge.amount.minor > 0
