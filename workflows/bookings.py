"""Writing a payment taken on the portal back to the ledger it belongs to; the way there is `workflows.writing`.

What cannot be booked goes to the desk with the ledger's own words. Every other change of a ledger is a posting.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.facts import InvoiceStatus
from integrations.ledgers.base import Order, PaymentOrder, Written
from models import Attempt, AttemptLine, Company, Effect, Invoice
from workflows import audit, orders, planner, restored, writing
from workflows.calendars import calendar_of
from workflows.runtime import Runtime
from workflows.writing import Decided

WENT_BACK = "The money went back."


def key_of(line: AttemptLine) -> str:
    return f"booking/{line.uid}"


def want(rt: Runtime, session: Session, attempt: Attempt, line: AttemptLine) -> None:
    """Book this line of a paid attempt."""
    content = {"line": line.id, **restored.look_first(session, attempt.created_at)}
    writing.want(rt, session, key_of(line), attempt.company_id, attempt.account_id, content)


def retry(rt: Runtime, session: Session, line: AttemptLine, on_account: bool = False) -> bool:
    """Book it once more, as a person decided; False where there was no booking. `on_account`: without its invoice."""
    return writing.again(rt, session, key_of(line), on_account=on_account)


def book(rt: Runtime, effect: Effect) -> None:
    """Perform one claimed write of the ledger, of a payment or of a posting, to its end or put it back."""
    writing.perform(rt, effect, orders.SIDE if "posting" in effect.content else SIDE)


def look_again(rt: Runtime, session: Session, line: AttemptLine) -> bool:
    """Have the ledger asked whether it was booked after all, without booking it; False where that is known.

    After a day of lost answers nobody knows what stands in the ledger.
    """
    booking = session.scalars(select(Effect).where(Effect.key == key_of(line))).first()
    if booking is None or not writing.was_tried(booking) or booking.note == WENT_BACK:
        return False
    return writing.again(rt, session, key_of(line), went_back=True)


def put_on_account(session: Session, line: AttemptLine) -> bool:
    """Whether a person had it booked as money on account, not against its invoice."""
    content = session.scalars(select(Effect.content).where(Effect.key == key_of(line))).first()
    return bool(content and content.get("on_account"))


def _decide(rt: Runtime, session: Session, effect: Effect) -> Decided:
    line = session.scalars(
        select(AttemptLine)
        .where(AttemptLine.id == effect.content["line"])
        .options(joinedload(AttemptLine.invoice), joinedload(AttemptLine.attempt))
    ).one()
    company, now = session.get_one(Company, effect.company_id), rt.clock.now()
    calendar = calendar_of(company, now)
    paid_on = calendar.today(line.attempt.paid_at or now)
    day, note, closed = writing.open_day(company, paid_on, calendar.today(now))
    make = partial(_order, line, company, line.invoice.external_id)
    if effect.content.get("went_back"):
        return Decided(make, day, WENT_BACK, before=partial(_order, line, company, ""))
    if effect.content.get("on_account"):
        return Decided(partial(_order, line, company, ""), day, closed, note, before=make)
    return Decided(make, day, _paid_otherwise(line.invoice, line) or closed, note)


def _order(line: AttemptLine, company: Company, invoice: str, day: date) -> Order:
    return PaymentOrder(invoice, line.invoice.customer, line.amount, day, company.deposit_account, line.uid)


def _paid_otherwise(invoice: Invoice, line: AttemptLine) -> str:
    same = invoice.status == InvoiceStatus.OPEN.value and invoice.currency == line.currency
    if same and line.amount <= invoice.balance:
        return ""
    return (
        f"{line.amount} was taken for invoice {invoice.number}, but only {invoice.balance} of it is open now. "
        "Book it as money on account, or pay it back."
    )


def _booked(rt: Runtime, session: Session, effect: Effect, decided: Decided, written: Written) -> None:
    line = session.get_one(AttemptLine, effect.content["line"])
    line.state, line.ledger_payment, line.booked_at = "booked", written.id, rt.clock.now()
    line.note = decided.note
    about = {"payment": written.id, "note": decided.note}
    audit.record(rt, session, "payment-booked", effect.company_id, effect.account_id, line.uid, **about)
    planner.wake_owners(rt, session, [line.invoice_id], effect.account_id)


def _to_desk(rt: Runtime, session: Session, effect: Effect, why: str) -> None:
    line = session.get_one(AttemptLine, effect.content["line"])
    line.state, line.note = "desk", why
    audit.record(rt, session, "payment-refused", effect.company_id, effect.account_id, line.uid, why=why)
    planner.wake_owners(rt, session, [line.invoice_id], effect.account_id)


SIDE = writing.Side("pay", _decide, _booked, _to_desk)
