"""What lines of the bank can pay: open invoices, payments that the ledger shows, and processors' payouts, as facts.

Reads rows for `core.bank_match` and for the page; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bank_facts import Moved, Open, Shown
from core.bank_match import PAYOUT_WITHIN, SHOWN_WITHIN, Books
from core.money import Money
from models import Account, BankLine, Company, Invoice, Payment, Payout, ProcessorAccount
from workflows import offers, ways
from workflows.owed import is_owed
from workflows.rows import among
from workflows.runtime import Runtime


def of(rt: Runtime, session: Session, company: Company, lines: Sequence[BankLine], today: date) -> Books:
    """Everything that these lines of one company can be about."""
    first, last = min(one.day for one in lines), max(one.day for one in lines)
    shown = _payments(session, company.id, first, last)
    applied = {name for one in shown for name, _ in one.applied}
    mine = Invoice.company_id == company.id
    known = session.execute(
        select(Invoice, Account.name)
        .join(Account, Account.id == Invoice.account_id)
        .where(mine, is_owed() | among(session, Invoice.external_id, applied))
    ).all()
    rewards = offers.standing(session, [one.id for one, _ in known], min(first, today))
    invoices = {}
    for one, name in known:
        reward = rewards.get(one.id)
        invoices[one.id] = Open(
            one.id,
            one.number,
            one.account_id,
            name,
            ways.creditor_reference(one.account_id),
            one.balance if one.status == "open" and one.gone_at is None else Money.zero(one.currency),
            reward.amount if reward and reward.amount < one.balance else None,
            reward.until if reward else None,
        )
    return Books(
        invoices,
        {one.id: one for one in _shown(session, company.id, shown, [one for one, _ in known])},
        {one.id: one for one in _payouts(rt, session, company.id, first, last)},
    )


def _shown(
    session: Session, company_id: int, payments: Sequence[Payment], invoices: Sequence[Invoice]
) -> Iterator[Shown]:
    """Each payment with whose it is: who was billed for what it paid, else who paid it."""
    ids = {one.external_id: one for one in invoices}
    accounts = select(Account.external_id, Account.id, Account.name).where(Account.company_id == company_id)
    who = {
        customer: (id, name)
        for customer, id, name in session.execute(
            accounts.where(among(session, Account.external_id, {one.customer for one in payments}))
        )
    }
    for one in payments:
        id, name = who.get(one.customer, (0, ""))
        applied = tuple((ids[invoice].id, minor) for invoice, minor in one.applied if invoice in ids)
        yield Shown(one.id, one.paid_on, Money(one.amount_minor, one.currency), id, name, applied)


def _payouts(rt: Runtime, session: Session, company_id: int, first: date, last: date) -> Iterator[Moved]:
    days = Payout.arrives >= first - PAYOUT_WITHIN, Payout.arrives <= last + PAYOUT_WITHIN
    found = session.execute(
        select(Payout, ProcessorAccount.kind)
        .join(ProcessorAccount, ProcessorAccount.id == Payout.processor_account_id)
        .where(Payout.company_id == company_id, Payout.state != "failed", *days)
        .order_by(Payout.id)
    )
    for one, kind in found:
        label = rt.processors[kind].label if kind in rt.processors else kind
        yield Moved(one.id, one.arrives, one.amount, (kind, label))


def _payments(session: Session, company_id: int, first: date, last: date) -> Sequence[Payment]:
    days = Payment.paid_on >= first - SHOWN_WITHIN, Payment.paid_on <= last + SHOWN_WITHIN
    wanted = select(Payment).where(Payment.company_id == company_id, Payment.gone_at.is_(None), *days)
    return session.scalars(wanted.order_by(Payment.id)).all()
