"""What a posting becomes as an order for the ledger, as things stand, and what follows when it is written or refused.

Who may ask for one is said in `workflows.postings`; the way into the ledger is `workflows.writing`.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from core.money import Money
from integrations.ledgers.base import (
    AllocationOrder,
    CreditOrder,
    DateOrder,
    ExpenseOrder,
    InvoiceOrder,
    NoteOrder,
    Order,
    PaymentOrder,
    UndoAllocationOrder,
    UndoCreditOrder,
    UndoPaymentOrder,
    Written,
)
from models import Account, Attempt, AttemptLine, Company, Effect, Invoice, Posting
from workflows import audit, planner, writing
from workflows.calendars import today_of
from workflows.pending import HOLDING, UNSEEN, Kind
from workflows.runtime import Runtime
from workflows.writing import Decided

_DATED = (Kind.CREDIT, Kind.ALLOCATION, Kind.ON_ACCOUNT, Kind.EXPENSE, Kind.INVOICE)
_LOWERING = (Kind.CREDIT, Kind.ALLOCATION)


def key_of(posting: Posting) -> str:
    return f"posting/{posting.uid}"


def want(
    rt: Runtime,
    session: Session,
    kind: Kind,
    account: Account | Company,
    day: date,
    *,
    invoice: Invoice | None = None,
    amount: Money | None = None,
    user_id: int | None = None,
    **content: Any,
) -> Posting:
    """Have it written, in the caller's transaction. What concerns no customer is of the company alone."""
    company_id, account_id = (account.company_id, account.id) if isinstance(account, Account) else (account.id, None)
    posting = Posting(
        uid=rt.new_id(),
        company_id=company_id,
        account_id=account_id,
        invoice_id=invoice.id if invoice else None,
        kind=kind.value,
        currency=amount.currency if amount else "",
        amount_minor=amount.minor if amount else 0,
        day=day,
        content=content,
        state="due",
        asked_by=user_id,
        asked_at=rt.clock.now(),
    )
    session.add(posting)
    session.flush()
    writing.want(rt, session, key_of(posting), company_id, account_id, {"posting": posting.id})
    said = {"what": kind.value, "amount": str(amount or ""), "day": day.isoformat(), "user": user_id, **content}
    note_down(rt, session, "posting-asked", posting, **said)
    return posting


def retry(rt: Runtime, session: Session, posting: Posting) -> None:
    """Once more, as a person decided."""
    posting.state, posting.note = "due", ""
    writing.again(rt, session, key_of(posting))


def see(rt: Runtime, session: Session, company_id: int, started: datetime) -> None:
    """After a reading that began at `started`: what was written before it, however long ago, is in the mirror now."""
    written = session.scalars(
        select(Posting).where(
            Posting.company_id == company_id,
            Posting.state == "written",
            Posting.written_at <= started,
            UNSEEN,
        )
    )
    for posting in written.all():
        posting.content = {**posting.content, "seen": started.isoformat()}
        if posting.kind in HOLDING:
            _wake(rt, session, posting)


def _wake(rt: Runtime, session: Session, posting: Posting) -> None:
    planner.wake_owners(rt, session, [posting.invoice_id] if posting.invoice_id else [], posting.account_id)


def note_down(rt: Runtime, session: Session, fact: str, posting: Posting, **said: Any) -> None:
    """In the log, and the account is planned anew."""
    audit.record(rt, session, fact, posting.company_id, posting.account_id, posting.uid, **said)
    _wake(rt, session, posting)


def _decide(rt: Runtime, session: Session, effect: Effect) -> Decided:
    posting = session.get_one(Posting, effect.content["posting"])
    company, now = session.get_one(Company, posting.company_id), rt.clock.now()
    invoice = session.get(Invoice, posting.invoice_id) if posting.invoice_id else None
    day, note, closed = posting.day, "", ""
    if posting.kind in _DATED:
        day, note, closed = writing.open_day(company, day, today_of(company, now))
    against = _paid_otherwise(posting, invoice) if invoice and posting.kind in _LOWERING else ""
    customer = invoice.customer if invoice else _customer(session, posting)
    target = invoice.external_id if invoice else ""
    return Decided(partial(_order, posting, company, target, customer), day, against or closed, note)


def _customer(session: Session, posting: Posting) -> str:
    return session.get_one(Account, posting.account_id).external_id if posting.account_id else ""


def _order(posting: Posting, company: Company, target: str, customer: str, day: date) -> Order:
    kind, content, reference = Kind(posting.kind), posting.content, posting.uid
    match kind:
        case Kind.CREDIT:
            return CreditOrder(customer, posting.amount, day, company.income_choice, content["words"], reference)
        case Kind.ALLOCATION | Kind.UNDO_ALLOCATION | Kind.UNDO_CREDIT:
            return _of_a_credit(kind, posting, target, customer, day)
        case Kind.ON_ACCOUNT:
            return PaymentOrder("", customer, posting.amount, day, company.deposit_account, reference)
        case Kind.EXPENSE:
            return expense(posting, company, day)
        case Kind.INVOICE:
            return _invoice(posting, customer, day)
        case Kind.UNDO_PAYMENT:
            return UndoPaymentOrder(content["payment"], reference)
        case Kind.NOTE:
            return NoteOrder(target, content["text"], reference)
        case Kind.DUE_DATE | Kind.EXPECTED_DATE:
            return DateOrder(target, day, kind is Kind.EXPECTED_DATE, reference)


def _of_a_credit(
    kind: Kind, posting: Posting, target: str, customer: str, day: date
) -> AllocationOrder | UndoAllocationOrder | UndoCreditOrder:
    """What happens to a credit note of ours that stands."""
    credit, reference = posting.content["credit"], posting.uid
    if kind is Kind.ALLOCATION:
        return AllocationOrder(credit, target, customer, posting.amount, day, reference)
    if kind is Kind.UNDO_ALLOCATION:
        return UndoAllocationOrder(credit, target, reference)
    return UndoCreditOrder(credit, reference)


def expense(posting: Posting, company: Company, day: date) -> ExpenseOrder:
    """A processor's fee, as it is booked on that day."""
    content, paid_from = posting.content, company.deposit_account
    return ExpenseOrder(
        posting.amount, day, paid_from, content["expense"], content["payee"], content["words"], posting.uid
    )


def _invoice(posting: Posting, customer: str, day: date) -> InvoiceOrder:
    content = posting.content
    return InvoiceOrder(
        customer,
        posting.amount,
        day,
        max(day, date.fromisoformat(content["due"])),
        content["income"],
        content["words"],
        posting.uid,
        content["about"],
        content["draft"],
    )


def _paid_otherwise(posting: Posting, invoice: Invoice) -> str:
    """Credit is for what is open; the books may have moved on since it was asked for."""
    same = invoice.status == InvoiceStatus.OPEN.value and invoice.currency == posting.currency
    if same and posting.amount <= invoice.balance:
        return ""
    return (
        f"A credit of {posting.amount} was meant for invoice {invoice.number}, but only {invoice.balance} of it is "
        "open now. See in the ledger what is right; then try again or drop it."
    )


def _written(rt: Runtime, session: Session, effect: Effect, decided: Decided, written: Written) -> None:
    posting = session.get_one(Posting, effect.content["posting"])
    posting.state, posting.external_id, posting.note = "written", written.id, decided.note
    posting.written_at = rt.clock.now()
    note_down(rt, session, "posting-written", posting, what=posting.kind, id=written.id, note=decided.note)
    if posting.kind == Kind.CREDIT and posting.invoice_id:
        _use(rt, session, posting)
    elif posting.kind == Kind.UNDO_ALLOCATION:
        _withdraw(rt, session, posting)
    elif posting.kind == Kind.UNDO_PAYMENT:
        _undone(rt, session, posting)


def _use(rt: Runtime, session: Session, credit: Posting) -> None:
    """The note stands: now use it for the invoice it was given for."""
    want(
        rt,
        session,
        Kind.ALLOCATION,
        session.get_one(Account, credit.account_id),
        credit.day,
        invoice=session.get_one(Invoice, credit.invoice_id),
        amount=credit.amount,
        user_id=credit.asked_by,
        credit=credit.external_id,
    )


def _withdraw(rt: Runtime, session: Session, released: Posting) -> None:
    """Nothing uses the note any more: now take it out of the books, so that nothing else is paid with it."""
    want(
        rt,
        session,
        Kind.UNDO_CREDIT,
        session.get_one(Account, released.account_id),
        released.day,
        invoice=session.get_one(Invoice, released.invoice_id),
        amount=released.amount,
        user_id=released.asked_by,
        credit=released.content["credit"],
    )


def _undone(rt: Runtime, session: Session, posting: Posting) -> None:
    """A payment of ours that a person had taken back is over; it must not come to the desk as missing."""
    lines = session.scalars(
        select(AttemptLine)
        .join(Attempt)
        .where(Attempt.company_id == posting.company_id, AttemptLine.ledger_payment == posting.content["payment"])
    ).all()
    for line in lines:
        line.state, line.note = "void", "Taken back in the ledger."
    planner.wake_owners(rt, session, [line.invoice_id for line in lines], posting.account_id)


def _refused(rt: Runtime, session: Session, effect: Effect, why: str) -> None:
    posting = session.get_one(Posting, effect.content["posting"])
    posting.state, posting.note = "desk", why
    note_down(rt, session, "posting-refused", posting, what=posting.kind, why=why)


SIDE = writing.Side("post", _decide, _written, _refused)
