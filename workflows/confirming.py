"""Seeing in the ledger what we wrote there. Called after each reading; the thank-you follows from it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from core.facts import InvoiceStatus
from integrations.ledgers.base import Ledger
from models import Attempt, AttemptLine, Company, Credit, Invoice, Payment
from workflows import audit, bank_lines, bookings, charges, mirror, orders, planner, rewards, standing, thanks, unearned
from workflows.runtime import Runtime

REMOVED = "The payment was removed in the ledger, but the money was taken. Book it again, or pay it back."
USED_ELSEWHERE = (
    "The payment stands in the ledger, but no longer for this invoice. If that is right, note it as booked by hand; "
    "else put it right there, and then try again."
)


def confirm(rt: Runtime, company_id: int, started: datetime) -> int:
    """After a reading that began at `started`: mark bookings the ledger now shows, and thank; how many.

    Only bookings made before the reading began count, so that balance and payment are from the same picture.
    """
    now = rt.clock.now()
    with rt.store.write() as session:
        lines = session.scalars(
            select(AttemptLine)
            .join(Attempt)
            .where(
                Attempt.company_id == company_id,
                AttemptLine.state == "booked",
                AttemptLine.booked_at <= started,
                _shown(gone=False),
            )
            .options(joinedload(AttemptLine.attempt).selectinload(Attempt.lines))
        ).all()
        for line in lines:
            line.state, line.confirmed_at = "confirmed", now
        session.flush()
        for attempt in {line.attempt.id: line.attempt for line in lines}.values():
            if _settled(session, attempt):
                thanks.want(rt, session, attempt)
        for line in lines:
            planner.wake_owners(rt, session, [line.invoice_id], line.attempt.account_id)
        _taken_back(rt, session, company_id)
        orders.see(rt, session, company_id, started)
        charges.see(rt, session, company_id)
        rewards.see(rt, session, company_id)
        unearned.see(rt, session, company_id)
        bank_lines.see(rt, session, company_id)
        return len(lines)


def _shown(gone: bool) -> ColumnElement[bool]:
    """The mirror has such a row for the line's booking: a payment, or where it is on account maybe a credit."""
    found = [
        exists().where(
            table.company_id == Attempt.company_id,
            table.external_id == AttemptLine.ledger_payment,
            table.gone_at.is_not(None) if gone else table.gone_at.is_(None),
        )
        for table in (Payment, Credit)
    ]
    return or_(*found)


def _settled(session: Session, attempt: Attempt) -> bool:
    """All of it paid what it was meant to pay. Money that had to be put on account is no cause for a thank-you."""
    return all(line.state == "confirmed" and not bookings.put_on_account(session, line) for line in attempt.lines)


def _taken_back(rt: Runtime, session: Session, company_id: int) -> None:
    """Somebody removed a payment that we took and booked: the money is still here, so a person must decide.

    Until then the invoice is left alone: its payer has paid.
    """
    _to_desk(rt, session, company_id, REMOVED, _shown(gone=True), ~_shown(gone=False))


def look_for(rt: Runtime, company: Company, ledger: Ledger, began_at: datetime) -> None:
    """Ask for what we booked on invoices that are open all the same, and for bookings that were never seen: what the
    ledger has no more, or has for another invoice, goes to a person.
    """
    with rt.store.read() as session:
        ids = session.scalars(
            select(AttemptLine.ledger_payment)
            .join(Attempt)
            .join(Invoice, Invoice.id == AttemptLine.invoice_id)
            .where(
                Attempt.company_id == company.id,
                AttemptLine.ledger_payment != "",
                AttemptLine.booked_at < began_at,
                (AttemptLine.state == "booked")
                | ((AttemptLine.state == "confirmed") & (Invoice.status == InvoiceStatus.OPEN.value)),
            )
        ).all()
    gone: set[str] = set()
    for page in ledger.named("payment", ids) if ids else ():
        mirror.store(rt, company, page, began_at)
        gone |= {external_id for entity, external_id in page.deleted if entity == "payment"}
    _removed(rt, company.id, gone)
    _used_elsewhere(rt, company.id)


def _removed(rt: Runtime, company_id: int, payments: Collection[str]) -> None:
    """The ledger was asked for these bookings by name and has them no more, whether the mirror ever had them or not.

    Money that was put on account may be there as credit.
    """
    if payments:
        with rt.store.write() as session:
            there = exists().where(Credit.external_id == AttemptLine.ledger_payment, Credit.gone_at.is_(None))
            _to_desk(rt, session, company_id, REMOVED, AttemptLine.ledger_payment.in_(payments), ~there)


def _used_elsewhere(rt: Runtime, company_id: int) -> None:
    """Bookings that stand in the ledger while their invoice is open as if they did not."""
    with rt.store.write() as session:
        _to_desk(rt, session, company_id, USED_ELSEWHERE, standing.is_open_all_the_same(), _shown(gone=False))


def _to_desk(rt: Runtime, session: Session, company_id: int, note: str, *which: ColumnElement[bool]) -> None:
    booked = AttemptLine.state.in_(("booked", "confirmed"))
    lines = session.scalars(
        select(AttemptLine)
        .join(Attempt)
        .join(Invoice, Invoice.id == AttemptLine.invoice_id)
        .where(Attempt.company_id == company_id, booked, *which)
        .options(joinedload(AttemptLine.attempt))
    ).all()
    for line in lines:
        line.state, line.confirmed_at = "desk", None
        line.note = note
        audit.record(rt, session, "payment-removed", company_id, line.attempt.account_id, line.uid)
        planner.wake_owners(rt, session, [line.invoice_id], line.attempt.account_id)
