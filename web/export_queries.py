"""Rows of a company's lists for a file, one after another: customers, invoices, messages, and what was agreed on.

Read-only. Rows come as the database gives them, so that a list of any length fits into little memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Table, case, func, select
from sqlalchemy.orm import Session

from core.money import Money
from models import (
    Account,
    Arrangement,
    Company,
    Dispute,
    Effect,
    InstalmentRow,
    Invoice,
    Promise,
    Touch,
    TouchInvoice,
    User,
    arrangement_invoice,
    promise_invoice,
)
from web import presenters
from workflows.owed import is_owed
from workflows.runtime import Runtime

AT_ONCE = 500  # rows in memory
Rows = Iterator[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: from `first` to `last`, both included, by the list's own day; `open_only` where something is open."""

    rt: Runtime
    company: Company
    today: date
    first: date | None = None
    last: date | None = None
    open_only: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.company.zone or "UTC")

    def local(self, at: datetime | None) -> datetime | None:
        """The moment on the company's own wall clock, with its offset."""
        return at.astimezone(self.zone) if at else None

    def days(self, column: Any) -> list[ColumnElement[bool]]:
        """The condition on a column of days."""
        found = [column >= self.first] if self.first else []
        return [*found, column <= self.last] if self.last else found

    def moments(self, column: Any) -> list[ColumnElement[bool]]:
        """The same of a column of moments."""
        found = [column >= self._midnight(self.first)] if self.first else []
        return [*found, column < self._midnight(self.last + timedelta(days=1))] if self.last else found

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)


def sum_of(minor: int | None, currency: str | None) -> object:
    """As a number; empty where there is none."""
    return "" if minor is None or not currency else Money(int(minor), currency).decimal


def customers(session: Session, asked: Asked) -> Rows:
    """One row for each customer and currency in which something is open; one for who owes nothing."""
    late = func.sum(case((Invoice.due < asked.today, Invoice.balance_minor), else_=0))
    mine = Invoice.company_id == asked.company.id
    owed = (
        select(
            Invoice.account_id,
            Invoice.currency,
            func.count().label("invoices"),
            func.sum(Invoice.balance_minor).label("open"),
            late.label("late"),
        )
        .where(mine, is_owed())
        .group_by(Invoice.account_id, Invoice.currency)
        .subquery()
    )
    wanted = (
        select(Account, User.name, owed.c.currency, owed.c.invoices, owed.c.open, owed.c.late)
        .outerjoin(owed, owed.c.account_id == Account.id)
        .outerjoin(User, User.id == Account.assignee_id)
        .where(Account.company_id == asked.company.id, Account.gone_at.is_(None))
        .order_by(func.lower(Account.name), Account.id, owed.c.currency)
    )
    if asked.open_only:
        wanted = wanted.where(owed.c.open > 0)
    for row, who, currency, count, open_, overdue in _each(session, wanted):
        told = presenters.telling(presenters.read_because(row.because))
        why = presenters.because_words(told[0], asked.company) if told else ""
        yield (
            row.name,
            row.contact,
            "; ".join(row.instead or row.emails),
            row.phone,
            row.segment,
            who or "",
            currency or "",
            sum_of(open_, currency),
            sum_of(overdue, currency),
            int(count or 0),
            row.care,
            why,
            row.uid,
        )


def invoices(session: Session, asked: Asked) -> Rows:
    left = case((is_owed(), Invoice.balance_minor), else_=0)
    wanted = (
        select(
            Account.name,
            Invoice.number,
            Invoice.issued,
            Invoice.due,
            Invoice.currency,
            Invoice.total_minor,
            left,
            Invoice.status,
            Invoice.uid,
        )
        .join(Account, Account.id == Invoice.account_id)
        .where(Invoice.company_id == asked.company.id, *asked.days(Invoice.issued))
        .order_by(Invoice.issued, Invoice.id)
    )
    for name, number, issued, due, currency, total, open_, status, uid in _each(
        session, wanted.where(is_owed()) if asked.open_only else wanted
    ):
        late = (asked.today - due).days if open_ and due and due < asked.today else ""
        sums = sum_of(total, currency), sum_of(open_, currency)
        yield name, number, issued, due, late, currency, *sums, status, uid


def messages(session: Session, asked: Asked) -> Rows:
    """What was sent, is in doubt or was refused."""
    wanted = (
        select(Touch, Account.name, Effect.kind)
        .join(Account, Account.id == Touch.account_id)
        .join(Effect, Effect.id == Touch.effect_id)
        .where(Touch.company_id == asked.company.id, *asked.days(Touch.day))
        .order_by(Touch.id)
    )
    for some in session.execute(_small(wanted)).partitions(AT_ONCE):
        about = _numbers(session, TouchInvoice.__table__, "touch_id", [touch.id for touch, *_ in some])
        for touch, name, kind in some:
            yield (
                touch.day,
                asked.local(touch.sent_at or touch.sending_at),
                name,
                kind,
                touch.step,
                touch.channel,
                touch.state,
                len(touch.recipients),
                "; ".join(touch.recipients),
                touch.subject,
                about.get(touch.id, ""),
                touch.uid,
            )


def promises(session: Session, asked: Asked) -> Rows:
    wanted = (
        select(Promise, Account.name)
        .join(Account, Account.id == Promise.account_id)
        .where(Promise.company_id == asked.company.id, *asked.moments(Promise.made_at))
        .order_by(Promise.id)
    )
    if asked.open_only:
        wanted = wanted.where(Promise.state == "open")
    for some in session.execute(_small(wanted)).partitions(AT_ONCE):
        about = _numbers(session, promise_invoice, "promise_id", [row.id for row, _ in some])
        for row, name in some:
            ended = asked.local(row.settled_at)
            yield asked.local(row.made_at), name, row.day, row.state, ended, about.get(row.id, ""), row.uid


def disputes(session: Session, asked: Asked) -> Rows:
    wanted = (
        select(Dispute, Account.name, Invoice.number)
        .join(Account, Account.id == Dispute.account_id)
        .join(Invoice, Invoice.id == Dispute.invoice_id)
        .where(Dispute.company_id == asked.company.id, *asked.moments(Dispute.opened_at))
        .order_by(Dispute.id)
    )
    if asked.open_only:
        wanted = wanted.where(Dispute.state == "open")
    for row, name, number in _each(session, wanted):
        yield (
            asked.local(row.opened_at),
            name,
            number,
            row.text,
            row.answer_by,
            row.state,
            row.ending,
            row.resolution,
            asked.local(row.resolved_at),
            row.uid,
        )


def arrangements(session: Session, asked: Asked) -> Rows:
    """One row for each part."""
    wanted = (
        select(Arrangement, Account.name, InstalmentRow)
        .join(Account, Account.id == Arrangement.account_id)
        .join(InstalmentRow, InstalmentRow.arrangement_id == Arrangement.id)
        .where(Arrangement.company_id == asked.company.id, *asked.moments(Arrangement.made_at))
        .order_by(Arrangement.id, InstalmentRow.day, InstalmentRow.id)
    )
    if asked.open_only:
        wanted = wanted.where(Arrangement.state.in_(("proposed", "running")))
    for some in session.execute(_small(wanted)).partitions(AT_ONCE):
        about = _numbers(session, arrangement_invoice, "arrangement_id", [row.id for row, *_ in some])
        for row, name, part in some:
            yield (
                asked.local(row.made_at),
                name,
                row.state,
                part.day,
                part.currency,
                part.amount.decimal,
                asked.local(row.ended_at),
                about.get(row.id, ""),
                row.uid,
            )


def _small(wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return wanted.execution_options(yield_per=AT_ONCE)


def _each(session: Session, wanted: Select[*tuple[Any, ...]]) -> Iterable[Any]:
    return session.execute(_small(wanted))


def _numbers(session: Session, table: Table | Any, owner: str, ids: list[int]) -> Mapping[int, str]:
    """The numbers of the invoices that these are about, by their ids."""
    found: dict[int, list[str]] = {}
    rows = session.execute(
        select(table.c[owner], Invoice.number)
        .join(Invoice, Invoice.id == table.c.invoice_id)
        .where(table.c[owner].in_(ids))
        .distinct()
        .order_by(table.c[owner], Invoice.number)
    )
    for id, number in rows:
        found.setdefault(id, []).append(number)
    return {id: ", ".join(numbers) for id, numbers in found.items()}
