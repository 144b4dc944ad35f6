"""Read-only questions of the page Today, each over all companies in reach at once: no question per company or account.

Thin like `queries`: no words, no decisions, never a change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, text, union_all
from sqlalchemy.orm import Session, aliased, load_only, selectinload

from models import (
    Account,
    Arrangement,
    Company,
    Dispute,
    Draft,
    Effect,
    EffectState,
    Extension,
    Invoice,
    Payment,
    Promise,
    ToldRow,
    Touch,
    promise_invoice,
)
from models.ledger import LACKING
from workflows.owed import is_owed
from workflows.reaching import Reach

LARGEST = 60
_SAID = ("sending", "sent", "in_doubt")
_Rows = Select[*tuple[Any, ...]]
_BROKEN_FOR = timedelta(days=14)  # afterwards the cadence has long taken it up again
_WAITED = timedelta(days=5)  # a message may wait a while between its moment and its leaving


def sent(
    session: Session, companies: Collection[int], days: Collection[date], now: datetime
) -> Sequence[tuple[int, date, int]]:
    """(company, its day, messages that left). They are found by when they were due: all that ever left is much more."""
    lately = Effect.state == EffectState.SENT.value, Effect.not_before >= now - _WAITED
    mine = Touch.company_id.in_(companies), Touch.day.in_(days), Touch.channel == "email"
    counted = select(Touch.company_id, Touch.day, func.count()).join(Effect, Effect.id == Touch.effect_id)
    return _rows(session, counted.where(*lately, *mine).group_by(Touch.company_id, Touch.day))


def paid(
    session: Session, companies: Collection[int], days: Collection[date]
) -> Sequence[tuple[int, date, str, int, int]]:
    """(company, day, currency, payments, minor units) that the ledgers show."""
    mine = Payment.company_id.in_(companies), Payment.paid_on.in_(days), Payment.gone_at.is_(None)
    by = Payment.company_id, Payment.paid_on, Payment.currency
    counted = select(*by, func.count(), func.sum(Payment.amount_minor))
    return _rows(session, counted.where(*mine, Payment.amount_minor > 0).group_by(*by).order_by(Payment.currency))


def promised(session: Session, companies: Collection[int], since: datetime) -> Sequence[tuple[int, datetime]]:
    """(company, when) of each promise."""
    mine = Promise.company_id.in_(companies), Promise.made_at >= since
    return _rows(session, select(Promise.company_id, Promise.made_at).where(*mine))


def answered(session: Session, companies: Collection[int], since: datetime) -> Sequence[tuple[int, datetime]]:
    """(company, when) of everything else that customers said themselves."""
    kinds: tuple[tuple[Any, Any, tuple[Any, ...]], ...] = (
        (ToldRow, ToldRow.made_at, (ToldRow.by_user_id.is_(None),)),
        (Dispute, Dispute.opened_at, ()),
        (Extension, Extension.asked_at, (Extension.answer_by.is_not(None),)),
        (Arrangement, Arrangement.made_at, (Arrangement.answer_by.is_not(None),)),
    )
    parts = (
        select(kind.company_id, at).where(kind.company_id.in_(companies), at >= since, *more)
        for kind, at, more in kinds
    )
    return _rows(session, union_all(*parts))


def _rows(session: Session, wanted: Any) -> list[Any]:
    return list(session.execute(wanted))


def broken(session: Session, reach: Reach, now: datetime, limit: int) -> tuple[list[Any], int]:
    """(promise, account, company) where a promise was broken lately, money is still owed and no newer word came."""
    later = aliased(Promise)
    newer = exists().where(later.account_id == Promise.account_id, later.id > Promise.id)
    owing = exists().where(promise_invoice.c.promise_id == Promise.id, promise_invoice.c.invoice_id == Invoice.id)
    wanted = (
        select(Promise, Account, Company)
        .join(Account, Account.id == Promise.account_id)
        .join(Company, Company.id == Promise.company_id)
        .where(reach.company(), Promise.state == "broken", Promise.settled_at >= now - _BROKEN_FOR)
        .where(owing.where(is_owed()), ~newer)
        .order_by(Promise.settled_at.desc(), Promise.id)
        .options(selectinload(Promise.invoices))
    )
    return _first(session, wanted, limit)


def missing(session: Session, reach: Reach, limit: int) -> tuple[list[Any], int]:
    """(account, company) that hear nothing because the ledger lacks something about them."""
    wanted = (
        select(Account, Company)
        .join(Company, Company.id == Account.company_id)
        .where(reach.company(), Account.gone_at.is_(None), text(f"({LACKING})"))
        .order_by(Company.name, Account.name, Account.id)
    )
    return _first(session, wanted, limit)


def _first(session: Session, wanted: _Rows, limit: int) -> tuple[list[Any], int]:
    """The first of them, and how many there are: counted only where there are more."""
    rows = list(session.execute(wanted.limit(limit + 1)))
    if len(rows) <= limit:
        return rows, len(rows)
    total = session.scalar(wanted.with_only_columns(func.count()).order_by(None)) or 0
    return rows[:limit], total


def drafts(session: Session, reach: Reach, limit: int) -> list[Any]:
    """(draft, account, company) that wait for a person's word, the oldest first."""
    wanted = (
        select(Draft, Account, Company)
        .join(Account, Account.id == Draft.account_id)
        .join(Company, Company.id == Draft.company_id)
        .where(reach.company())
        .order_by(Draft.made_at, Draft.id)
    )
    return _rows(session, wanted.limit(limit))


def largest(session: Session, reach: Reach, day: date, currencies: Collection[str]) -> Sequence[tuple[int, str, int]]:
    """(account, currency, minor units overdue): the largest of each currency, for sums of two are not compared."""
    late = func.sum(Invoice.balance_minor).label("late")
    mine = Invoice.company_id.in_(select(Company.id).where(reach.company()))
    sums = (
        select(Invoice.account_id, Invoice.currency, late)
        .where(mine, is_owed(), Invoice.due < day)
        .group_by(Invoice.company_id, Invoice.currency, Invoice.account_id)  # in the order of their index
        .order_by(late.desc(), Invoice.account_id)
        .limit(LARGEST)
    )
    each = [_rows(session, sums.where(Invoice.currency == one)) for one in sorted(currencies)]
    return [row for place in zip_longest(*each) for row in place if row is not None]


def last_heard(session: Session, accounts: Collection[int]) -> dict[int, date]:
    """The day of the last word to each of these, of who ever heard one."""
    said = select(Touch.account_id, func.max(Touch.day)).where(Touch.account_id.in_(accounts), Touch.state.in_(_SAID))
    return dict(session.execute(said.group_by(Touch.account_id)).all())


def with_companies(session: Session, accounts: Collection[int]) -> dict[int, tuple[Account, Company]]:
    """Of many of which few are shown, so only what says who they are and why they are silent."""
    few = load_only(Account.uid, Account.name, Account.assignee_id, Account.because, raiseload=True)
    wanted = select(Account, Company).join(Company, Company.id == Account.company_id).options(few)
    here: ColumnElement[bool] = Account.id.in_(accounts)
    return {account.id: (account, company) for account, company in session.execute(wanted.where(here))}
