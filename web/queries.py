"""Read-only questions to the tables, for display. Thin: no words, no decisions, never a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, Result, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from core.money import Money, totals
from models import (
    Account,
    Attempt,
    AttemptLine,
    Company,
    Connection,
    Credit,
    Dispute,
    Effect,
    EffectState,
    Invoice,
    Payment,
    Posting,
    Promise,
    Reading,
    Term,
    Touch,
    TouchInvoice,
)
from web.search_queries import holds
from workflows import billing, ties
from workflows.heard import ASKING
from workflows.owed import is_owed
from workflows.reaching import Reach

PAGE = 50
_DUE = func.coalesce(Invoice.due, Invoice.issued)

# Asked at every look at a customer's page, so they are made once.
_OPEN = select(Invoice).where(Invoice.account_id == bindparam("account"), is_owed()).order_by(_DUE.desc(), Invoice.id)
_CREDITS = (
    select(Credit)
    .where(
        Credit.company_id == bindparam("company_id"),
        Credit.customer.in_(billing.FAMILY),
        Credit.gone_at.is_(None),
        Credit.remaining_minor > 0,
    )
    .order_by(Credit.id)
)
_PAYMENTS = (
    select(Payment)
    .where(
        Payment.company_id == bindparam("company_id"),
        Payment.customer.in_(billing.FAMILY),
        Payment.gone_at.is_(None),
        Payment.amount_minor > 0,
    )
    .order_by(Payment.paid_on.desc(), Payment.id.desc())
    .limit(bindparam("most"))
)
_PROMISES = select(Promise).where(Promise.account_id == bindparam("account")).options(selectinload(Promise.invoices))
_DISPUTES = select(Dispute).where(Dispute.account_id == bindparam("account")).options(joinedload(Dispute.invoice))
_ATTEMPTS = (
    select(Attempt)
    .where(Attempt.account_id == bindparam("account"))
    .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
)


@dataclass(slots=True)
class Owed:
    """Open and overdue amounts per currency; never summed over currencies."""

    open: dict[str, Money] = field(default_factory=dict)
    overdue: dict[str, Money] = field(default_factory=dict)


def _owed(
    session: Session, key: InstrumentedAttribute[int], where: Iterable[ColumnElement[bool]], day: date
) -> dict[int, Owed]:
    """Per owner; its company's own currency comes first."""
    overdue = func.sum(case((Invoice.due < day, Invoice.balance_minor), else_=0))
    by = dict.fromkeys((Invoice.company_id, Invoice.currency, key))  # in the order of their index
    sums = select(*by, func.sum(Invoice.balance_minor).label("open"), overdue.label("late"))
    each = sums.where(is_owed(), *where).group_by(*by).subquery().c
    rows = session.execute(
        select(each[key.key], each.currency, each.open, each.late)
        .join(Company, Company.id == each.company_id)
        .order_by(each.currency != Company.currency, each.currency)
    )
    found: dict[int, Owed] = {}
    for owner, currency, balance, late in rows:
        owed = found.setdefault(owner, Owed())
        owed.open[currency] = Money(int(balance), currency)
        if late:
            owed.overdue[currency] = Money(int(late), currency)
    return found


def owed_by_company(session: Session, days: Mapping[int, date]) -> dict[int, Owed]:
    """Of companies, each with its own day, by their ids."""
    found: dict[int, Owed] = {}
    for day in set(days.values()):  # the world knows two or three at once
        where = [Invoice.company_id.in_([id for id, theirs in days.items() if theirs == day])]
        found |= _owed(session, Invoice.company_id, where, day)
    return {id: found.get(id, Owed()) for id in days}


def owed_by_account(session: Session, company: Company, accounts: Sequence[Account], day: date) -> dict[int, Owed]:
    where = [Invoice.company_id == company.id, Invoice.account_id.in_([one.id for one in accounts])]
    return _owed(session, Invoice.account_id, where, day)


def companies(session: Session, reach: Reach) -> list[Company]:
    return list(session.scalars(select(Company).where(reach.company()).order_by(Company.name)))


def company(session: Session, reach: Reach, uid: str) -> Company | None:
    return session.scalars(select(Company).where(reach.company(), Company.uid == uid)).first()


def _listed(company_id: int, search: str, everyone: bool) -> Select[Account]:
    wanted = select(Account).where(Account.company_id == company_id, Account.gone_at.is_(None))
    if search:
        numbered = select(Invoice.account_id).where(Invoice.company_id == company_id, holds(Invoice.number, search))
        wanted = wanted.where(or_(holds(Account.name, search), Account.id.in_(numbered)))
    if not everyone and not search:
        wanted = wanted.where(
            Account.id.in_(select(Invoice.account_id).where(Invoice.company_id == company_id, is_owed()))
        )
    return wanted


def accounts(session: Session, company_id: int, search: str, everyone: bool, page: int) -> tuple[list[Account], int]:
    """One page of accounts by name (those who owe, unless asked for everyone), and how many there are."""
    wanted = _listed(company_id, search, everyone)
    total = session.scalar(wanted.with_only_columns(func.count())) or 0
    # Ids are sorted by the ten thousand, whole rows only by the page.
    by_name = func.lower(Account.name), Account.id
    ids = wanted.with_only_columns(Account.id).order_by(*by_name).offset((page - 1) * PAGE).limit(PAGE)
    rows = session.scalars(select(Account).where(Account.id.in_(session.scalars(ids).all())).order_by(*by_name))
    return list(rows), total


def accounts_named(session: Session, company_id: int, uids: Sequence[str]) -> Sequence[Account]:
    """Those of these that are the company's, by name."""
    mine = Account.company_id == company_id, Account.uid.in_(uids)
    return session.scalars(select(Account).where(*mine).order_by(Account.name, Account.id)).all()


def newest_connections(session: Session, companies: Iterable[Company]) -> dict[int, Connection]:
    """Of each company its newest connection, whatever its state."""
    newest = (
        select(func.max(Connection.id))
        .where(Connection.company_id.in_([one.id for one in companies]))
        .group_by(Connection.company_id)
    )
    return {tie.company_id: tie for tie in session.scalars(select(Connection).where(Connection.id.in_(newest)))}


def account(session: Session, reach: Reach, uid: str) -> Account | None:
    return session.scalars(
        select(Account)
        .join(Account.company)
        .where(Account.uid == uid, reach.company())
        .options(joinedload(Account.company))
    ).first()


def invoices(session: Session, account_id: int) -> list[Invoice]:
    """Every invoice of the account on which something is open, the last to be due first."""
    return list(session.scalars(_OPEN, {"account": account_id}))


def invoice_page(session: Session, account_id: int, page: int) -> tuple[list[Invoice], int, int]:
    """A page of all invoices of the account, open ones first, then the newest; how many are open, and how many not."""
    mine = select(Invoice).where(Invoice.account_id == account_id)
    ordered = mine.order_by(case((is_owed(), 0), else_=1), _DUE.desc(), Invoice.id)
    opened = func.coalesce(func.sum(case((is_owed(), 1), else_=0)), 0)
    count, total = session.execute(mine.with_only_columns(opened, func.count())).one()
    return list(session.scalars(ordered.offset((page - 1) * PAGE).limit(PAGE))), int(count), total - int(count)


def numbers(session: Session, account_id: int) -> dict[int, str]:
    """What every invoice of the account is called, by its id."""
    return dict(session.execute(select(Invoice.id, Invoice.number).where(Invoice.account_id == account_id)).all())


def currencies(session: Session, account: Account) -> list[str]:
    """In which currencies money may come in: those of the invoices, after the company's own."""
    found = session.scalars(select(Invoice.currency).where(Invoice.account_id == account.id).distinct())
    return [account.company.currency, *sorted(set(found) - {account.company.currency})]


def invoice(session: Session, reach: Reach, uid: str) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .join(Company, Company.id == Invoice.company_id)
        .where(Invoice.uid == uid, reach.company())
        .options(joinedload(Invoice.account).joinedload(Account.company))
    ).first()


def term(session: Session, company_id: int, external_id: str) -> Term | None:
    """Payment terms by the ledger's name for them; None where there are none or they were never read."""
    return session.scalars(select(Term).where(Term.company_id == company_id, Term.external_id == external_id)).first()


def read_at(session: Session, account: Account) -> datetime | None:
    """When this account's figures were last read, with the whole company or by itself."""
    tie = ties.newest(session, account.company_id)
    return max((at for at in (tie.read_at if tie else None, account.read_at) if at is not None), default=None)


def readings(session: Session, company_id: int, limit: int) -> list[Reading]:
    """The newest readings of a company's ledger."""
    newest = (
        select(Reading).where(Reading.company_id == company_id).order_by(Reading.began_at.desc(), Reading.id.desc())
    )
    return list(session.scalars(newest.limit(limit)))


def credits(session: Session, account: Account) -> list[Credit]:
    """The credit notes, overpayments and unapplied payments that are still open."""
    return list(session.scalars(_CREDITS, _family_of(account)))


def open_credit(session: Session, account: Account) -> list[Money]:
    """What the account has in hand, one amount per currency."""
    return list(totals(Money(one.remaining_minor, one.currency) for one in credits(session, account)).values())


def payments(session: Session, account: Account, limit: int = 200) -> list[Payment]:
    return list(session.scalars(_PAYMENTS, {**_family_of(account), "most": limit}))


def _family_of(account: Account) -> dict[str, int | str]:
    """Everybody whose bills this account gets, as `billing.FAMILY` is asked."""
    return {"company_id": account.company_id, "customer_id": account.external_id}


def touches(session: Session, account_id: int, limit: int = 200) -> list[Touch]:
    """The newest of them, in the order in which they were said."""
    newest = select(Touch).where(Touch.account_id == account_id).order_by(Touch.id.desc()).limit(limit)
    return list(session.scalars(newest.options(selectinload(Touch.lines))))[::-1]


def steps(session: Session, invoices: Iterable[Invoice]) -> Result[int, str]:
    """(invoice, step) for each word about one of these, in the order in which they were said."""
    about = TouchInvoice.invoice_id.in_([one.id for one in invoices])
    return session.execute(select(TouchInvoice.invoice_id, TouchInvoice.step).where(about).order_by(TouchInvoice.id))


def leaving(session: Session, account_id: int) -> list[Effect]:
    """Messages planned for the account that have not left yet."""
    waiting = (EffectState.DUE, EffectState.CLAIMED, EffectState.SENDING)
    return list(
        session.scalars(
            select(Effect).where(
                Effect.account_id == account_id,
                Effect.kind.in_(ASKING),
                Effect.state.in_([state.value for state in waiting]),
            )
        )
    )


def touch(session: Session, reach: Reach, uid: str) -> Touch | None:
    return session.scalars(
        select(Touch)
        .join(Company, Company.id == Touch.company_id)
        .where(Touch.uid == uid, reach.company())
        .options(selectinload(Touch.lines), joinedload(Touch.effect))
    ).first()


def promises(session: Session, account_id: int) -> list[Promise]:
    return list(session.scalars(_PROMISES, {"account": account_id}))


def disputes(session: Session, account_id: int) -> list[Dispute]:
    return list(session.scalars(_DISPUTES, {"account": account_id}))


def attempts(session: Session, account_id: int) -> list[Attempt]:
    return list(session.scalars(_ATTEMPTS, {"account": account_id}))


def postings(session: Session, account_id: int, invoice_id: int | None = None, limit: int = 20) -> list[Posting]:
    """What people asked to be changed in the ledger for this account, or for one of its invoices; the newest first."""
    wanted = select(Posting).where(Posting.account_id == account_id).order_by(Posting.id.desc()).limit(limit)
    return list(session.scalars(wanted if invoice_id is None else wanted.where(Posting.invoice_id == invoice_id)))
