"""Money that is not an invoice, for some accounts of one company: open credit, what was set against
invoices, and what could not be read.

Reads rows; decides nothing. A child's money counts for everyone above it who gets its bills.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.money import Money, totals
from models import Account, Credit, Payment, UnreadableRow
from workflows import billing

# Asked with every answer about an account, and most often the answer is no.
_OPEN_CREDIT = Credit.company_id == bindparam("company"), Credit.gone_at.is_(None), Credit.remaining_minor > 0
_ANY_OPEN_CREDIT = select(Credit.id).where(*_OPEN_CREDIT).limit(1)
_UNREADABLE = UnreadableRow.company_id == bindparam("company"), UnreadableRow.customer != ""
_ANY_UNREADABLE = select(UnreadableRow.id).where(*_UNREADABLE).limit(1)
_THEIR_CREDIT = (
    select(Credit.customer, Credit.remaining_minor, Credit.currency)
    .where(*_OPEN_CREDIT, Credit.customer.in_(billing.FAMILIES))
    .order_by(Credit.id)
)
_THEIR_UNREADABLE = select(UnreadableRow.customer).where(*_UNREADABLE, UnreadableRow.customer.in_(billing.FAMILIES))

Applied = Mapping[str, list[tuple[date, str, int]]]


def applied(session: Session, company_id: int, credits: bool = True) -> Applied:
    """What was set against invoices, by their vendor ids: (day, currency, minor units) of payments and of credits."""
    found: dict[str, list[tuple[date, str, int]]] = defaultdict(list)
    wanted = [
        select(Payment.paid_on, Payment.currency, Payment.applied).where(
            Payment.company_id == company_id, Payment.gone_at.is_(None)
        )
    ]
    if credits:
        wanted.append(
            select(Credit.issued, Credit.currency, Credit.applied).where(
                Credit.company_id == company_id, Credit.gone_at.is_(None), Credit.issued.is_not(None)
            )
        )
    for rows in wanted:
        for day, currency, parts in session.execute(rows):
            for invoice, minor in parts:
                found[invoice].append((day, currency, minor))
    return found


def open_credit(session: Session, company_id: int, rows: Sequence[Account]) -> Mapping[int, tuple[Money, ...]]:
    """By account: its own open credit and that of everyone it is billed for, a sum per currency."""
    company = {"company": company_id}
    if session.scalars(_ANY_OPEN_CREDIT, company).first() is None:
        return {}
    credits = session.execute(_THEIR_CREDIT, company | {"customers": [row.external_id for row in rows]}).all()
    payers = _payers(session, company_id, (customer for customer, _, _ in credits))
    found: dict[int, list[Money]] = defaultdict(list)
    for customer, minor, currency in credits:
        for account in payers.chain(customer):
            found[account].append(Money(minor, currency))
    return {account: tuple(totals(amounts).values()) for account, amounts in found.items()}


def unreadable(session: Session, company_id: int, rows: Sequence[Account]) -> frozenset[int]:
    """Accounts with a credit or payment that cannot be read. One that does not show whose it is holds nobody: it might
    be anybody's, and to silence a whole company for it would hide more than it mends; it stands on the desk.
    """
    company = {"company": company_id}
    if session.scalars(_ANY_UNREADABLE, company).first() is None:
        return frozenset()
    customers = session.scalars(_THEIR_UNREADABLE, company | {"customers": [row.external_id for row in rows]}).all()
    payers = _payers(session, company_id, customers)
    return frozenset(account for customer in customers for account in payers.chain(customer))


def _payers(session: Session, company_id: int, customers: Iterable[str]) -> billing.Payers:
    payers = billing.Payers(session, company_id)
    payers.fetch(customers)
    return payers
