"""Seeing in the ledger what we booked there. Called after each reading; the thank-you follows from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Attempt, AttemptLine, Payment
from workflows import audit, planner, thanks
from workflows.runtime import Runtime


def confirm(rt: Runtime, company_id: int, started: datetime) -> int:
    """After a reading that began at `started`: mark bookings the ledger now shows, and thank; how many.

    Only bookings made before the reading began count, so that balance and payment are from the same picture.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        lines = session.scalars(
            select(AttemptLine)
            .join(Attempt)
            .join(
                Payment,
                (Payment.company_id == Attempt.company_id) & (Payment.external_id == AttemptLine.ledger_payment),
            )
            .where(
                Attempt.company_id == company_id,
                AttemptLine.state == "booked",
                AttemptLine.booked_at <= started,
                Payment.gone_at.is_(None),
            )
            .options(joinedload(AttemptLine.attempt).selectinload(Attempt.lines))
        ).all()
        for line in lines:
            line.state, line.confirmed_at = "confirmed", now
        session.flush()
        for attempt in {line.attempt.id: line.attempt for line in lines}.values():
            if all(line.state == "confirmed" for line in attempt.lines):
                thanks.want(rt, session, attempt)
        for line in lines:
            planner.wake_owners(rt, session, [line.invoice_id], line.attempt.account_id)
        _taken_back(rt, session, company_id)
        return len(lines)


def _taken_back(rt: Runtime, session: Session, company_id: int) -> None:
    """Somebody removed a payment that we took and booked: the money is still here, so a person must decide.

    Until then the invoice is left alone: its payer has paid.
    """
    lines = session.scalars(
        select(AttemptLine)
        .join(Attempt)
        .join(Payment, (Payment.company_id == Attempt.company_id) & (Payment.external_id == AttemptLine.ledger_payment))
        .where(
            Attempt.company_id == company_id,
            AttemptLine.state.in_(("booked", "confirmed")),
            Payment.gone_at.is_not(None),
        )
        .options(joinedload(AttemptLine.attempt))
    ).all()
    for line in lines:
        line.state, line.confirmed_at = "desk", None
        line.note = "The payment was removed in the ledger, but the money was taken. Book it again, or pay it back."
        audit.record(rt, session, "payment-removed", company_id, line.attempt.account_id, line.uid)
        planner.wake_owners(rt, session, [line.invoice_id], line.attempt.account_id)
