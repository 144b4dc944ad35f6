"""Payments taken on the portal, line by line, against what the mirror shows of each. Rows only; it asks nobody.

Only what differs leaves the database, however many payments there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.money import Money
from models import Attempt, AttemptLine, Company, Credit, Invoice, Payment, Reversal
from workflows import returned
from workflows.reconcile_found import UNDER_WAY, Found, Place, Span, shown


def compare(session: Session, company: Company, span: Span, now: datetime) -> Iterator[Found]:
    """Of payments that were taken, and of what went back, in these days."""
    yield from _taken(session, company, span)
    yield from _went_back(session, company, span, now)


def _taken(session: Session, company: Company, span: Span) -> Iterator[Found]:
    stands = or_(*(shown(table, company.id, AttemptLine.ledger_payment) for table in (Payment, Credit)))
    named = AttemptLine.ledger_payment != ""
    booked = and_(Payment.company_id == company.id, Payment.external_id == AttemptLine.ledger_payment, named)
    wanted = (
        select(AttemptLine, Attempt, Invoice, stands, Payment)
        .join(Attempt, Attempt.id == AttemptLine.attempt_id)
        .join(Invoice, Invoice.id == AttemptLine.invoice_id)
        .outerjoin(Payment, and_(booked, Payment.gone_at.is_(None)))
        .where(
            Attempt.company_id == company.id,
            Attempt.state == "paid",
            span.moments(Attempt.paid_at),
            AttemptLine.state != "void",  # given back, as a person said
            or_(
                AttemptLine.state == "desk",
                and_(or_(named, AttemptLine.state.in_(("taken", "booked"))), ~stands),
                Payment.amount_minor != AttemptLine.amount_minor,
                Payment.currency != AttemptLine.currency,
            ),
        )
        .order_by(AttemptLine.id)
    )
    for line, attempt, invoice, stood, payment in session.execute(wanted):
        what = f"Invoice {invoice.number}: {_words(line, stood, payment)}"
        place = Place.DESK if line.state == "desk" else Place.INVOICE
        yield Found(line.uid, what, attempt.paid_at or attempt.created_at, place, invoice.uid)


def _words(line: AttemptLine, stood: bool, payment: Payment | None) -> str:
    if line.state == "desk":
        return f"{line.amount} was taken and waits for a person. {line.note}"
    if not stood and line.state in ("taken", "booked"):
        return (
            f"{line.amount} was taken and is not yet seen in the ledger. "
            "Read the ledger again; if it stays so, look whether it is connected."
        )
    if payment is None:
        return f"the ledger no longer shows the payment of {line.amount}. Book it again there, or pay it back."
    there = Money(payment.amount_minor, payment.currency)
    return f"the ledger shows {there}; {line.amount} was taken. Put the sum right in the ledger."


def _went_back(session: Session, company: Company, span: Span, now: datetime) -> Iterator[Found]:
    """What went back and is not settled in the ledger."""
    late = and_(Reversal.state == "due", Reversal.made_at < now - UNDER_WAY)
    wanted = select(Reversal, Attempt).join(Attempt, Attempt.id == Reversal.attempt_id)
    mine = Attempt.company_id == company.id, span.moments(Reversal.made_at)
    waiting = wanted.where(*mine, or_(Reversal.state.in_(returned.ON_THE_DESK), late)).order_by(Reversal.id)
    for row, attempt in session.execute(waiting):
        what = row.note
        if row.state == "due":
            what = f"{row.amount} of a payment of {attempt.amount} went back and is not yet out of the ledger. "
            what += "It is taken out by itself; look whether the ledger is connected."
        yield Found(row.uid, what, row.made_at, Place.DESK, told=False)
