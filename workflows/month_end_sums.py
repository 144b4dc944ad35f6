"""The figures of a company's month, per currency, added up from the rows: what processors took and moved on, and what
was written into the ledger. No balance is invented: what cannot be followed into a payout is left out and named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from core.money import Money
from integrations.processors.base import PayoutState
from models import Attempt, AttemptLine, Company, Payout, PayoutEntry, Posting, Reversal, Reward
from workflows import offers
from workflows.pending import Kind
from workflows.reconcile_found import CAME_AGAIN, Span, next_month
from workflows.reconcile_payouts import MADE_GOOD, followed, readings


@dataclass(frozen=True, slots=True)
class Moved:
    """What processors took in one currency in a month, and where it went; `before` was there when the month began."""

    before: Money
    taken: Money
    back: Money
    fees: Money
    paid_out: Money

    @property
    def still(self) -> Money:
        """What is still with the processors when the month ends."""
        return self.before + self.taken - self.back - self.fees - self.paid_out


@dataclass(frozen=True, slots=True)
class Written:
    """What the month's payments became in one currency, and what was written into the ledger beside them."""

    taken: Money
    booked: Money
    on_its_way: Money
    desk: Money
    void: Money
    discounts: Money
    credits: Money
    charges: Money


@dataclass(frozen=True, slots=True)
class Sums:
    """By currency. `left_out`: taken in the month, and no payout that it could be in was read."""

    moved: Mapping[str, Moved]
    written: Mapping[str, Written]
    left_out: Mapping[str, Money]


def of(session: Session, company: Company, first: date) -> Sums:
    """Of the month that begins on this day."""
    span = Span.of_month(company, first)
    known = readings(session, company.id)
    mine = and_(Attempt.company_id == company.id, followed(known), ~_converted())
    return Sums(
        _moved(session, company, first, mine), _written(session, company, span), _left_out(session, company, span, mine)
    )


def _converted() -> ColumnElement[bool]:
    """Paid out in another currency than it was taken in: the two sums cannot be set against each other."""
    entry, payout = aliased(PayoutEntry), aliased(Payout)
    return exists().where(
        entry.payment == Attempt.payment_reference,
        Attempt.payment_reference != "",
        payout.id == entry.payout_id,
        payout.company_id == Attempt.company_id,
        payout.currency != Attempt.currency,
    )


_Sum = tuple[int, int]  # before the month began, and until it ended


def _moved(session: Session, company: Company, month: date, mine: ColumnElement[bool]) -> Mapping[str, Moved]:
    first, end = (datetime.combine(one, time(), ZoneInfo(company.zone or "UTC")) for one in (month, next_month(month)))
    taken = _twice(Attempt.currency, Attempt.amount_minor, Attempt.paid_at, first, end).where(mine)
    back = (
        _twice(Reversal.currency, Reversal.amount_minor, Reversal.made_at, first, end)
        .join(Attempt, Attempt.id == Reversal.attempt_id)
        .where(mine, Reversal.state.not_in(CAME_AGAIN))
    )
    arrived = case((Payout.state == PayoutState.FAILED.value, MADE_GOOD), else_=Payout.arrives)
    parts = [
        _twice(Payout.currency, column, arrived, first.date(), end.date())
        .join(PayoutEntry, PayoutEntry.payout_id == Payout.id)
        .join(Attempt, and_(Attempt.payment_reference == PayoutEntry.payment, PayoutEntry.payment != ""))
        .where(mine, Payout.company_id == company.id, Payout.state != PayoutState.COMING.value)
        for column in (PayoutEntry.amount_minor - PayoutEntry.fee_minor, PayoutEntry.fee_minor)
    ]
    sums = [_read(session, one) for one in (taken, back, *parts)]
    found = {}
    for currency in sorted({one for each in sums for one in each}):
        (taken0, taken1), (back0, back1), (out0, out1), (fee0, fee1) = (one.get(currency, (0, 0)) for one in sums)
        before, *rest = taken0 - back0 - fee0 - out0, taken1 - taken0, back1 - back0, fee1 - fee0, out1 - out0
        found[currency] = Moved(*(Money(minor, currency) for minor in (before, *rest)))
    return found


def _twice(currency: Any, amount: Any, at: Any, first: datetime | date, end: datetime | date) -> Select[Any]:
    before = func.coalesce(func.sum(case((at < first, amount), else_=0)), 0)
    return select(currency, before, func.coalesce(func.sum(amount), 0)).where(at < end).group_by(currency)


def _read(session: Session, wanted: Select[Any]) -> dict[str, _Sum]:
    return {currency: (int(before), int(whole)) for currency, before, whole in session.execute(wanted)}


def _left_out(session: Session, company: Company, span: Span, mine: ColumnElement[bool]) -> Mapping[str, Money]:
    taken = Attempt.company_id == company.id, Attempt.state == "paid", span.moments(Attempt.paid_at), ~mine
    sums = select(Attempt.currency, func.sum(Attempt.amount_minor)).where(*taken).group_by(Attempt.currency)
    return {currency: Money(int(minor), currency) for currency, minor in session.execute(sums)}


def _written(session: Session, company: Company, span: Span) -> Mapping[str, Written]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lines = (
        select(AttemptLine.currency, AttemptLine.state, func.sum(AttemptLine.amount_minor))
        .join(Attempt, Attempt.id == AttemptLine.attempt_id)
        .where(Attempt.company_id == company.id, Attempt.state == "paid", span.moments(Attempt.paid_at))
        .group_by(AttemptLine.currency, AttemptLine.state)
    )
    for currency, state, minor in session.execute(lines):
        sums[currency]["taken"] += int(minor)
        sums[currency][_LINES.get(state, "on_its_way")] += int(minor)
    for currency, kind, reward, minor in session.execute(_postings(company, span)):
        name = "charges" if kind == Kind.INVOICE else "discounts" if reward == offers.EARLY else "credits"
        if kind == Kind.UNDO_CREDIT:  # only a discount is ever taken back
            name, minor = "discounts", -minor
        sums[currency][name] += int(minor)
    names = Written.__dataclass_fields__
    return {one: Written(*(Money(sums[one][name], one) for name in names)) for one in sorted(sums)}


_LINES = {"booked": "booked", "confirmed": "booked", "desk": "desk", "void": "void"}


def _postings(company: Company, span: Span) -> Select[str, str, str, int]:
    return (
        select(Posting.currency, Posting.kind, Reward.kind, func.sum(Posting.amount_minor))
        .outerjoin(Reward, Reward.posting_id == Posting.id)
        .where(
            Posting.company_id == company.id,
            Posting.state == "written",
            Posting.kind.in_((Kind.CREDIT.value, Kind.UNDO_CREDIT.value, Kind.INVOICE.value)),
            span.moments(Posting.written_at),
        )
        .group_by(Posting.currency, Posting.kind, Reward.kind)
    )
