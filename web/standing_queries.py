"""Read-only questions about how a company stands: how old its debts are, who owes most, who is treated otherwise.

Thin like `queries`: no words, no decisions, never a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from core.ageing import BANDS, Band
from core.money import Money
from models import Account, Arrangement, CadenceOverride, Company, Extension, HoldRow, Invoice, User
from workflows.owed import is_owed
from workflows.rows import among

_due = func.coalesce(Invoice.due, Invoice.issued)


@dataclass(frozen=True, slots=True)
class Aged:
    """What is open in one currency, by the bands of `core.ageing`: (how many invoices, how much)."""

    currency: str
    bands: tuple[tuple[int, Money], ...]

    @property
    def total(self) -> Money:
        return Money(sum(one.minor for _, one in self.bands), self.currency)


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A customer who is treated otherwise than the company's cadence says. `why` are codes: hold, care, cadence,
    parts, time; `until` the last of the days named, None where there is none; `whom` who looks after it, "" for nobody.
    """

    account: Account
    why: tuple[str, ...]
    until: date | None
    whom: str


def ageing(session: Session, company: Company, today: date) -> list[Aged]:
    """By currency, the company's own first."""
    sums = [
        piece
        for band in BANDS
        for piece in (
            func.sum(case((_in(band, today), 1), else_=0)),
            func.sum(case((_in(band, today), Invoice.balance_minor), else_=0)),
        )
    ]
    rows = session.execute(
        select(Invoice.currency, *sums)
        .where(Invoice.company_id == company.id, is_owed())
        .group_by(Invoice.currency)
        .order_by(Invoice.currency != company.currency, Invoice.currency)
    )
    return [
        Aged(currency, tuple((int(rest[at]), Money(int(rest[at + 1]), currency)) for at in range(0, len(rest), 2)))
        for currency, *rest in rows
    ]


def _in(band: Band, today: date) -> ColumnElement[bool]:
    """Whether an invoice is due on a day of the band; one without any day is not due yet."""
    first, last = band.first, band.last
    sides = [
        _due <= today - timedelta(days=first) if first is not None else None,
        _due >= today - timedelta(days=last) if last is not None else None,
    ]
    inside = and_(*(one for one in sides if one is not None))
    return or_(inside, _due.is_(None)) if first is None else inside


def first_by_name(session: Session, account_ids: Sequence[int], limit: int) -> list[Account]:
    """The first of these customers by their names."""
    wanted = select(Account).where(among(session, Account.id, account_ids))
    return list(session.scalars(wanted.order_by(Account.name, Account.id).limit(limit)))


def owing_most(session: Session, company: Company, today: date, limit: int) -> list[tuple[Account, Money, date | None]]:
    """Who has most overdue in the company's own currency, and since when."""
    late = Invoice.company_id == company.id, is_owed(), Invoice.currency == company.currency, _due < today
    total = func.sum(Invoice.balance_minor)
    rows = session.execute(
        select(Invoice.account_id, total, func.min(_due))
        .where(*late, Invoice.account_id.is_not(None))
        .group_by(Invoice.account_id)
        .order_by(total.desc(), Invoice.account_id)
        .limit(limit)
    ).all()
    known = {one.id: one for one in session.scalars(select(Account).where(Account.id.in_([row[0] for row in rows])))}
    return [(known[id], Money(int(minor), company.currency), since) for id, minor, since in rows]


def exceptions(session: Session, company: Company, limit: int) -> tuple[list[Otherwise], int]:
    """The first of them by name, and how many there are."""
    parts = _days(session, company, Arrangement, "running", Arrangement.until)
    times = _days(session, company, Extension, "granted", Extension.day)
    held = session.execute(
        select(HoldRow.account_id, HoldRow.until, User.name)
        .outerjoin(User, User.id == HoldRow.owner_id)
        .where(HoldRow.company_id == company.id, HoldRow.state == "open")
        .order_by(HoldRow.id)
    ).all()
    mine = CadenceOverride.company_id == company.id, CadenceOverride.account_id.is_not(None)
    other = {row for row in session.scalars(select(CadenceOverride.account_id).where(*mine)) if row is not None}
    cared = set(session.scalars(select(Account.id).where(Account.company_id == company.id, Account.care)))
    why: dict[int, list[str]] = {}
    for code, ids in (
        ("care", cared),
        ("hold", {row[0] for row in held}),
        ("parts", parts.keys()),
        ("time", times.keys()),
        ("cadence", other),
    ):
        for id in ids:
            why.setdefault(id, []).append(code)
    ends: dict[int, list[date]] = {}
    for id, day in [*((row[0], row[1]) for row in held), *parts.items(), *times.items()]:
        if day is not None:
            ends.setdefault(id, []).append(day)
    whom = {row[0]: row[2] for row in held if row[2]}
    wanted = select(Account).where(Account.id.in_(why)).order_by(func.lower(Account.name), Account.id).limit(limit)
    found = [
        Otherwise(one, tuple(why[one.id]), max(ends.get(one.id, ()), default=None), whom.get(one.id, ""))
        for one in session.scalars(wanted)
    ]
    return found, len(why)


def _days(
    session: Session, company: Company, kind: type[Arrangement] | type[Extension], state: str, day: Any
) -> dict[int, date]:
    """Of each account the last day of what runs."""
    mine = kind.company_id == company.id, kind.state == state
    rows = session.execute(select(kind.account_id, func.max(day)).where(*mine).group_by(kind.account_id))
    return {account: last for account, last in rows}  # noqa: C416


def unreached(session: Session, company: Company, limit: int) -> tuple[Sequence[Account], int]:
    """Who owes and has no address that mail goes to, by name; and how many there are."""
    nobody = [cast(column, String) == "[]" for column in (Account.emails, Account.instead)]
    owing = select(Invoice.account_id).where(Invoice.company_id == company.id, is_owed())
    theirs = Account.company_id == company.id, Account.gone_at.is_(None), Account.id.in_(owing), *nobody
    wanted = select(Account).where(*theirs)
    rows = session.scalars(wanted.order_by(func.lower(Account.name), Account.id).limit(limit)).all()
    return rows, session.scalar(select(func.count(Account.id)).where(*theirs)) or 0
