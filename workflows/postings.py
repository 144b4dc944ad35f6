"""What a person may have written into a ledger: credit, dates, notes, money on account, a payment taken back.

Each is asked for here, refused at once when it makes no sense, and else kept as a posting with its effect. Nothing is
written from here; see `workflows.orders` and `workflows.writing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.money import Money
from models import Account, Attempt, AttemptLine, Company, Invoice, Payment, Posting
from workflows import orders
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.owed import owes
from workflows.pending import Kind, pending_invoices
from workflows.rows import plain
from workflows.runtime import Runtime

LONGEST_NOTE = 2500  # what a ledger keeps of one
LONGEST_WORDS = 500
FARTHEST = timedelta(days=730)


def give_credit(rt: Runtime, invoice_id: int, amount: Money, words: str, user_id: int) -> Posting:
    """A credit note over `amount`, used for this invoice once it stands. `words` are for the customer."""
    with rt.store.write() as session:
        return note_credit(rt, session, invoice_id, amount, words, user_id)


def note_credit(rt: Runtime, session: Session, invoice_id: int, amount: Money, words: str, user_id: int) -> Posting:
    """The same within somebody's transaction."""
    words = plain(words).strip()
    invoice, company = _open_invoice(session, invoice_id)
    if not company.income_choice:
        raise Refusal("Choose first what credit notes are booked on: in the company's settings, under credit notes.")
    if not 0 < len(words) <= LONGEST_WORDS:
        raise Refusal(f"Please say what the credit is for, in at most {LONGEST_WORDS} characters.")
    if amount.currency != invoice.currency or not 0 < amount.minor <= invoice.balance_minor:
        raise Refusal(f"A credit for this invoice can be at most {invoice.balance}, what is open of it.")
    _refuse_second(session, invoice)
    return orders.want(
        rt,
        session,
        Kind.CREDIT,
        session.get_one(Account, invoice.account_id),
        today_of(company, rt.clock.now()),
        invoice=invoice,
        amount=amount,
        user_id=user_id,
        words=words,
    )


def move_due_date(rt: Runtime, invoice_id: int, day: date, user_id: int) -> Posting:
    """The invoice is due on another day."""
    with rt.store.write() as session:
        invoice, company = _open_invoice(session, invoice_id)
        if day == invoice.due:
            raise Refusal("The invoice is due on that day already.")
        _refuse_odd_day(rt, invoice, company, day)
        _refuse_second(session, invoice)
        account = session.get_one(Account, invoice.account_id)
        return orders.want(rt, session, Kind.DUE_DATE, account, day, invoice=invoice, user_id=user_id)


def expect_payment(rt: Runtime, invoice_id: int, day: date, user_id: int | None = None) -> Posting:
    """Tell the ledger on which day the money is expected. Not every ledger has a place for it."""
    with rt.store.write() as session:
        invoice, company = _open_invoice(session, invoice_id)
        if day < today_of(company, rt.clock.now()):
            raise Refusal("Money can be expected from today on.")
        _refuse_odd_day(rt, invoice, company, day)
        account = session.get_one(Account, invoice.account_id)
        return orders.want(rt, session, Kind.EXPECTED_DATE, account, day, invoice=invoice, user_id=user_id)


def add_note(rt: Runtime, invoice_id: int, text: str, user_id: int | None = None) -> Posting:
    """A line in the invoice's history, for whoever opens it in the ledger."""
    text = plain(text).strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        raise Refusal(f"Please write a note of at most {LONGEST_NOTE} characters.")
    with rt.store.write() as session:
        invoice = session.get_one(Invoice, invoice_id)
        company = _locked(session, invoice.company_id)
        if invoice.gone_at is not None:
            raise Refusal("This invoice is no longer in the ledger.")
        account = session.get_one(Account, invoice.account_id)
        return orders.want(
            rt,
            session,
            Kind.NOTE,
            account,
            today_of(company, rt.clock.now()),
            invoice=invoice,
            user_id=user_id,
            text=text,
        )


def put_on_account(rt: Runtime, account_id: int, amount: Money, paid_on: date, user_id: int) -> Posting:
    """Money that came without an invoice: it stands as the customer's open credit."""
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        company = _locked(session, account.company_id)
        if not company.deposit_account:
            raise Refusal("Choose first, in the company's settings, the account in which payments are booked.")
        if amount.minor <= 0:
            raise Refusal("Please give the sum that was paid.")
        if paid_on > today_of(company, rt.clock.now()):
            raise Refusal("A payment cannot be dated in the future.")
        waiting = _standing(session, Kind.ON_ACCOUNT, Posting.account_id == account_id, Posting.state == "due")
        if any((one.amount, one.day) == (amount, paid_on) for one in waiting):
            raise Refusal("The same sum of that day is being booked just now.")
        return orders.want(rt, session, Kind.ON_ACCOUNT, account, paid_on, amount=amount, user_id=user_id)


def undo_payment(rt: Runtime, company_id: int, payment: str, user_id: int) -> Posting:
    """Take back a payment that stands in the ledger, by its vendor id. Asking twice is asking once."""
    if not payment:
        raise Refusal("This payment is not in the ledger.")
    with rt.store.write() as session:
        company = _locked(session, company_id)
        mine = Posting.company_id == company_id
        for known in _standing(session, Kind.UNDO_PAYMENT, mine, Posting.state.in_(("due", "desk", "written"))):
            if known.content["payment"] == payment:
                if known.state == "desk":
                    raise Refusal("This waits at the desk already; try it again there.")
                return known
        account = _payer(session, company_id, payment)
        return orders.want(
            rt, session, Kind.UNDO_PAYMENT, account, today_of(company, rt.clock.now()), user_id=user_id, payment=payment
        )


def _payer(session: Session, company_id: int, payment: str) -> Account:
    """Whose payment it is, as the mirror or a booking of ours tells."""
    shown = session.scalars(
        select(Payment).where(Payment.company_id == company_id, Payment.external_id == payment)
    ).first()
    if shown is not None and shown.gone_at is not None:
        raise Refusal("This payment has been taken back in the ledger already.")
    ours = session.scalars(
        select(Attempt.account_id)
        .join(AttemptLine)
        .where(Attempt.company_id == company_id, AttemptLine.ledger_payment == payment)
    ).first()
    customer = shown.customer if shown else ""
    whose = (Account.external_id == customer) if ours is None else (Account.id == ours)
    account = session.scalars(select(Account).where(Account.company_id == company_id, whose)).first()
    if account is None:
        raise Refusal("The ledger shows no such payment.")
    return account


def _open_invoice(session: Session, invoice_id: int) -> tuple[Invoice, Company]:
    """The invoice, when there is still something to change about it, with its company locked."""
    company = _locked(session, session.get_one(Invoice, invoice_id).company_id)
    invoice = session.get_one(Invoice, invoice_id, populate_existing=True)
    if not owes(invoice):
        raise Refusal("This invoice is not open any more.")
    return invoice, company


def _locked(session: Session, company_id: int) -> Company:
    """The company's row, locked: of two people who ask for the same, the second sees the first."""
    return session.get_one(Company, company_id, with_for_update={"key_share": True})


def _refuse_odd_day(rt: Runtime, invoice: Invoice, company: Company, day: date) -> None:
    if not invoice.issued <= day <= today_of(company, rt.clock.now()) + FARTHEST:
        raise Refusal("Please choose a day after the invoice's own date, at most two years away.")


def _refuse_second(session: Session, invoice: Invoice) -> None:
    if pending_invoices(session, [invoice.id]):
        raise Refusal("Something about this invoice is being written just now; wait for it, or see the desk.")


def _standing(session: Session, kind: Kind, *which: ColumnElement[bool]) -> Sequence[Posting]:
    return session.scalars(select(Posting).where(Posting.kind == kind.value, *which)).all()
