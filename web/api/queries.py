"""Read-only questions of the API: pages of rows in the order in which they came, each within a person's reach.

A page goes on after the uid of the last row of the one before, so that nothing is left out or said twice while rows are
added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from models import (
    Account,
    Arrangement,
    Attempt,
    AttemptLine,
    Company,
    Dispute,
    HoldRow,
    Invoice,
    Promise,
    Touch,
    User,
)
from web.api.problems import Wrong
from web.api.wishes import Days, OfCustomer, Page
from workflows.owed import is_owed
from workflows.reaching import Reach

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Some:
    """Rows of a page, and where the next one goes on; None after the last."""

    rows: Sequence[Any]
    next: str | None


def _page(session: Session, wanted: Select[Any], kind: Any, page: Page) -> Some:
    if page.after:
        last = session.scalars(wanted.with_only_columns(kind.id).where(kind.uid == page.after)).first()
        if last is None:
            raise Wrong(400, "This list has no row with the uid given as after. Begin again without it.")
        wanted = wanted.where(kind.id > last)
    rows = session.scalars(wanted.order_by(kind.id).limit(page.limit + 1)).unique().all()
    more = len(rows) > page.limit
    return Some(rows[: page.limit], rows[page.limit - 1].uid if more else None)


def companies(session: Session, reach: Reach, page: Page) -> Some:
    return _page(session, select(Company).where(reach.company()), Company, page)


def customers(session: Session, company: Company, page: Page, owing: bool) -> Some:
    wanted = select(Account).where(Account.company_id == company.id, Account.gone_at.is_(None))
    if owing:
        owe = select(Invoice.account_id).where(Invoice.company_id == company.id, is_owed())
        wanted = wanted.where(Account.id.in_(owe))
    return _page(session, wanted, Account, page)


def invoices(session: Session, company: Company, asked: OfCustomer) -> Some:
    wanted = select(Invoice).where(Invoice.company_id == company.id).options(joinedload(Invoice.account))
    if asked.open:
        wanted = wanted.where(is_owed())
    return _page(session, _of(session, wanted, Invoice, company, asked.customer), Invoice, asked)


def messages(session: Session, company: Company, asked: Days) -> Some:
    wanted = (
        select(Touch).where(Touch.company_id == company.id).options(selectinload(Touch.lines), joinedload(Touch.effect))
    )
    if asked.first:
        wanted = wanted.where(Touch.day >= asked.first)
    if asked.last:
        wanted = wanted.where(Touch.day <= asked.last)
    return _page(session, _of(session, wanted, Touch, company, asked.customer), Touch, asked)


def promises(session: Session, company: Company, asked: OfCustomer) -> Some:
    wanted = select(Promise).where(Promise.company_id == company.id).options(selectinload(Promise.invoices))
    if asked.open:
        wanted = wanted.where(Promise.state == "open")
    return _page(session, _of(session, wanted, Promise, company, asked.customer), Promise, asked)


def disputes(session: Session, company: Company, asked: OfCustomer) -> Some:
    wanted = select(Dispute).where(Dispute.company_id == company.id).options(joinedload(Dispute.invoice))
    if asked.open:
        wanted = wanted.where(Dispute.state == "open")
    return _page(session, _of(session, wanted, Dispute, company, asked.customer), Dispute, asked)


def arrangements(session: Session, company: Company, asked: OfCustomer) -> Some:
    both = selectinload(Arrangement.invoices), selectinload(Arrangement.parts)
    wanted = select(Arrangement).where(Arrangement.company_id == company.id).options(*both)
    if asked.open:
        wanted = wanted.where(Arrangement.state.in_(("proposed", "running")))
    return _page(session, _of(session, wanted, Arrangement, company, asked.customer), Arrangement, asked)


def payments(session: Session, company: Company, asked: OfCustomer) -> Some:
    lines = selectinload(Attempt.lines).joinedload(AttemptLine.invoice)
    wanted = select(Attempt).where(Attempt.company_id == company.id, Attempt.paid_at.is_not(None)).options(lines)
    if asked.open:
        wanted = wanted.where(Attempt.lines.any(AttemptLine.confirmed_at.is_(None)))
    return _page(session, _of(session, wanted, Attempt, company, asked.customer), Attempt, asked)


def holds(session: Session, account: Account, page: Page) -> Some:
    return _page(session, select(HoldRow).where(HoldRow.account_id == account.id), HoldRow, page)


def hold(session: Session, account: Account, uid: str) -> HoldRow | None:
    return session.scalars(select(HoldRow).where(HoldRow.account_id == account.id, HoldRow.uid == uid)).first()


def _of(session: Session, wanted: Select[Any], kind: Any, company: Company, customer: str) -> Select[Any]:
    """Only of this customer of the company, where one is named."""
    if not customer:
        return wanted
    mine = select(Account.id).where(Account.company_id == company.id, Account.uid == customer)
    found = session.scalars(mine).first()
    if found is None:
        raise Wrong(404)
    return wanted.where(kind.account_id == found)


def uids(session: Session, kind: type[Account] | type[Invoice], ids: Iterable[int | None]) -> Mapping[int, str]:
    """The uids of accounts or invoices, by id."""
    wanted = {one for one in ids if one is not None}
    return dict(session.execute(select(kind.id, kind.uid).where(kind.id.in_(wanted))).all()) if wanted else {}


def invoices_by_number(session: Session, company: Company, accounts: Iterable[int]) -> Mapping[tuple[int, str], str]:
    """The uids of the open invoices of these accounts, by account and number."""
    rows = session.execute(
        select(Invoice.account_id, Invoice.number, Invoice.uid)
        .where(Invoice.company_id == company.id, Invoice.account_id.in_(set(accounts)), is_owed())
        .order_by(Invoice.id)
    )
    return {(account, number): uid for account, number, uid in rows}


def people(session: Session, ids: Iterable[int | None]) -> Mapping[int, User]:
    wanted = {one for one in ids if one is not None}
    return {one.id: one for one in session.scalars(select(User).where(User.id.in_(wanted)))} if wanted else {}
