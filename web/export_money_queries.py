"""Rows of a company's lists about money for a file: payments taken, lines of the bank, payouts; and its log.

Read-only, row by row like `export_queries`.
"""

from __future__ import annotations

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models import (
    Account,
    Attempt,
    AttemptLine,
    AuditEvent,
    BankLine,
    BankMatch,
    Invoice,
    Payout,
    PayoutEntry,
    ProcessorAccount,
    User,
)
from web import log_words
from web.export_queries import AT_ONCE, Asked, Rows, sum_of
from workflows import audit_reading


def payments(session: Session, asked: Asked) -> Rows:
    """Money taken through Dunlin, one row for each invoice it was for."""
    wanted = (
        select(Attempt, AttemptLine, Account.name, Invoice.number)
        .join(Attempt, Attempt.id == AttemptLine.attempt_id)
        .join(Account, Account.id == Attempt.account_id)
        .join(Invoice, Invoice.id == AttemptLine.invoice_id)
        .where(Attempt.company_id == asked.company.id, Attempt.paid_at.is_not(None), *asked.moments(Attempt.paid_at))
        .order_by(Attempt.paid_at, Attempt.id, AttemptLine.id)
        .execution_options(yield_per=AT_ONCE)
    )
    if asked.open_only:
        wanted = wanted.where(AttemptLine.confirmed_at.is_(None))
    for paid, line, name, number in session.execute(wanted):
        yield (
            asked.local(paid.paid_at),
            name,
            number,
            line.currency,
            line.amount.decimal,
            paid.processor,
            paid.method,
            line.state,
            asked.local(line.booked_at),
            asked.local(line.confirmed_at),
            line.ledger_payment,
            line.note,
            paid.uid,
        )


def bank_lines(session: Session, asked: Asked) -> Rows:
    wanted = (
        select(BankLine, Account.name)
        .outerjoin(Account, Account.id == BankLine.account_id)
        .where(BankLine.company_id == asked.company.id, *asked.days(BankLine.day))
        .order_by(BankLine.day, BankLine.id)
        .execution_options(yield_per=AT_ONCE)
    )
    if asked.open_only:
        wanted = wanted.where(BankLine.state.in_(("unclear", "probable")))
    for some in session.execute(wanted).partitions(AT_ONCE):
        about: dict[int, list[str]] = {}
        matched = (
            select(BankMatch.line_id, Invoice.number)
            .join(Invoice, Invoice.id == BankMatch.invoice_id)
            .where(BankMatch.line_id.in_([line.id for line, _ in some]))
            .order_by(BankMatch.id)
        )
        for id, number in session.execute(matched):
            about.setdefault(id, []).append(number)
        for line, name in some:
            sums = line.currency, line.amount.decimal
            invoices = ", ".join(about.get(line.id, ()))
            yield line.day, line.payer, line.text, *sums, line.state, name or "", invoices, line.note, line.uid


def payouts(session: Session, asked: Asked) -> Rows:
    fees = func.coalesce(func.sum(PayoutEntry.fee_minor), 0)
    parts = func.count(PayoutEntry.id)
    wanted = (
        select(Payout, ProcessorAccount.kind, fees, parts)
        .join(ProcessorAccount, ProcessorAccount.id == Payout.processor_account_id)
        .outerjoin(PayoutEntry, PayoutEntry.payout_id == Payout.id)
        .where(Payout.company_id == asked.company.id, *asked.days(Payout.arrives))
        .group_by(Payout.id, ProcessorAccount.kind)
        .order_by(Payout.arrives, Payout.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row, kind, fee, count in session.execute(wanted):
        sums = row.amount.decimal, sum_of(fee, row.currency)
        yield row.arrives, kind, row.currency, *sums, int(count), row.state, row.whole, row.uid


def log(session: Session, asked: Asked) -> Rows:
    """The company's own log in its order, opened where it still can be."""
    names = dict(session.execute(select(User.id, User.name).where(User.practice_id == asked.company.practice_id)).all())
    unlinked = case((AuditEvent.sequence.is_(None), 1), else_=0)
    wanted = (
        select(AuditEvent, Account.name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(AuditEvent.company_id == asked.company.id, *asked.moments(AuditEvent.at))
        .order_by(unlinked, AuditEvent.sequence, AuditEvent.id)
        .execution_options(yield_per=AT_ONCE)
    )
    opener = audit_reading.Opener(asked.rt.vault, session)
    for row, name in session.execute(wanted):
        entry = opener.entry(row)
        said = "erased with the customer" if entry.said is None else _words(entry)
        who = names.get(entry.user_id, "") if entry.user_id else ""
        yield entry.sequence, asked.local(entry.at), log_words.title(entry.kind), name or "", who, said


def _words(entry: audit_reading.Entry) -> str:
    return "; ".join(f"{name}: {value}" for name, value in log_words.details(entry.said or {}))
