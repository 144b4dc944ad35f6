"""Payouts, as the processors told of them at night, against the payments taken through Dunlin and the fees booked.

Rows only; it asks nobody. Other business of the company at its processors is none of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.money import Money
from integrations.processors.base import EntryKind, PayoutState
from models import Attempt, BankLine, Company, MoneyRules, Payout, PayoutEntry, ProcessorAccount, Reversal
from workflows.reconcile_found import CAME_AGAIN, Found, Place, Span, midnight
from workflows.runtime import Runtime

_BACK = (EntryKind.REFUND.value, EntryKind.CHARGEBACK.value, EntryKind.FAILURE.value)
_entry, _payout = aliased(PayoutEntry), aliased(Payout)
# A payment that is in a payout of its company, whatever became of that.
PAID_OUT = exists().where(
    _entry.payment == Attempt.payment_reference,
    Attempt.payment_reference != "",
    _entry.payout_id == _payout.id,
    _payout.company_id == Attempt.company_id,
)
_later = aliased(Payout)
# The day on which the money of a payout that failed came along with a later one.
MADE_GOOD = (
    select(func.min(_later.arrives))
    .where(
        _later.processor_account_id == Payout.processor_account_id,
        _later.currency == Payout.currency,
        _later.state == PayoutState.PAID.value,
        _later.arrives > Payout.arrives,
    )
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one processor account's payouts: the first that arrived, the last of which the processor does
    not tell what it is made of, and when all were last read.
    """

    account: ProcessorAccount
    first: date
    unexplained: date | None
    read_at: datetime


def readings(session: Session, company_id: int) -> Mapping[int, Reading]:
    """By processor account (id), where any payout is known."""
    unexplained = func.max(Payout.arrives).filter(Payout.whole.is_(False))
    found = session.execute(
        select(ProcessorAccount, func.min(Payout.arrives), unexplained)
        .join(Payout, Payout.processor_account_id == ProcessorAccount.id)
        .where(Payout.company_id == company_id, ProcessorAccount.payouts_read_at.is_not(None))
        .group_by(ProcessorAccount.id)
    )
    return {
        account.id: Reading(account, first, last, account.payouts_read_at)
        for account, first, last in found
        if account.payouts_read_at
    }


def followed(known: Mapping[int, Reading]) -> ColumnElement[bool]:
    """Attempts of which the payout is known, or will be: those before the first known payout may be in an earlier."""
    since = [
        and_(Attempt.processor_account_id.is_not_distinct_from(id), Attempt.paid_at >= midnight(one.first))
        for id, one in known.items()
    ]
    return and_(Attempt.state == "paid", or_(PAID_OUT, *since))


def compare(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Of payouts that arrived, and payments taken, in these days."""
    yield from _states(rt, session, company, span)
    yield from _fees(rt, session, company, span)
    yield from _entries(rt, session, company, span)
    yield from _in_no_payout(rt, session, company, span)


def _of(rt: Runtime, payout: Payout, account: ProcessorAccount) -> str:
    """A payout in words."""
    return f"{payout.amount} of {payout.arrives} from {_label(rt, account.kind)}"


def _label(rt: Runtime, kind: str) -> str:
    return rt.processors[kind].label if kind in rt.processors else kind


def _states(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """What is not explained counts until a line of the bank is matched with it; what failed until a later one came."""
    unexplained = and_(Payout.state == PayoutState.PAID.value, Payout.whole.is_(False))
    failed = Payout.state == PayoutState.FAILED.value
    wanted = _payouts(company, span).where(
        or_(and_(unexplained, ~exists().where(BankLine.payout_id == Payout.id)), and_(failed, MADE_GOOD.is_(None)))
    )
    for payout, account in session.execute(wanted):
        label = _label(rt, account.kind)
        if payout.state == PayoutState.FAILED.value:
            what = f"The payout of {_of(rt, payout, account)} failed, so the money is still there. "
            what += f"Look at {label} why, and put the bank details right."
        else:
            what = (
                f"{label} does not tell to the cent what the payout of {payout.amount} of {payout.arrives} is made of. "
            )
            what += "Look it up there, then match it with its line of the bank."
        yield Found(payout.uid, what, midnight(payout.arrives), Place.PAYOUTS)


def _payouts(company: Company, span: Span) -> Select[Payout, ProcessorAccount]:
    return (
        select(Payout, ProcessorAccount)
        .join(ProcessorAccount, ProcessorAccount.id == Payout.processor_account_id)
        .where(Payout.company_id == company.id, span.days(Payout.arrives))
        .order_by(Payout.arrives, Payout.id)
    )


def _fees(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Arrived, explained, with fees of ours, and not booked although the company has them booked."""
    rules = session.scalars(select(MoneyRules).where(MoneyRules.company_id == company.id)).first()
    if rules is None or not rules.payout_fees or rules.fees_since is None:
        return
    of_ours = exists().where(Attempt.company_id == company.id, Attempt.payment_reference == PayoutEntry.payment)
    fee = (
        select(func.coalesce(func.sum(PayoutEntry.fee_minor), 0))
        .where(PayoutEntry.payout_id == Payout.id, PayoutEntry.payment != "", of_ours)
        .scalar_subquery()
    )
    unbooked = Payout.state == PayoutState.PAID.value, Payout.whole, Payout.posting_id.is_(None), fee > 0
    wanted = _payouts(company, span).where(*unbooked, Payout.arrives >= rules.fees_since).add_columns(fee)
    for payout, account, minor in session.execute(wanted):
        what = (
            f"Of the payout of {_of(rt, payout, account)} fees of {Money(int(minor), payout.currency)} are not booked. "
            "That is tried every night for forty days; after that, book them by hand."
        )
        yield Found(payout.uid, what, midnight(payout.arrives), Place.PAYOUTS)


def _entries(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Parts of payouts that are payments of ours, with another sum than was taken, or back without our knowing."""
    unknown_back = ~exists().where(Reversal.attempt_id == Attempt.id)
    other_sum = and_(Payout.currency == Attempt.currency, PayoutEntry.amount_minor != Attempt.amount_minor)
    wanted = (
        _payouts(company, span)
        .join(PayoutEntry, PayoutEntry.payout_id == Payout.id)
        .join(Attempt, and_(Attempt.company_id == company.id, Attempt.payment_reference == PayoutEntry.payment))
        .where(
            PayoutEntry.payment != "",
            or_(
                and_(PayoutEntry.kind == EntryKind.PAYMENT.value, other_sum),
                and_(PayoutEntry.kind.in_(_BACK), PayoutEntry.amount_minor < 0, unknown_back),
            ),
        )
        .add_columns(PayoutEntry, Attempt)
    )
    for payout, account, entry, attempt in session.execute(wanted):
        sum, of = Money(abs(entry.amount_minor), payout.currency), _of(rt, payout, account)
        if entry.kind == EntryKind.PAYMENT.value:
            what = f"The payout of {of} holds {sum} for a payment of which {attempt.amount} was taken. "
            what += f"Look the payment {attempt.payment_reference} up at {_label(rt, account.kind)}."
        else:
            what = f"By the payout of {of}, {sum} of a payment of {attempt.amount} went back, which is not known here. "
            what += f"Look the payment {attempt.payment_reference} up there, and put it right in the ledger."
        yield Found(attempt.uid, what, midnight(payout.arrives), Place.PAYOUTS)


def _in_no_payout(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Taken so long ago that it must be in a payout, all of which have been read, and it is in none."""
    known = readings(session, company.id)
    late = or_(false(), *(_late(rt, one) for one in known.values()))
    gone_back = (
        select(func.coalesce(func.sum(Reversal.amount_minor), 0))
        .where(Reversal.attempt_id == Attempt.id, Reversal.state.not_in(CAME_AGAIN))
        .scalar_subquery()
    )
    wanted = select(Attempt).where(
        Attempt.company_id == company.id,
        Attempt.state == "paid",
        Attempt.payment_reference != "",
        span.moments(Attempt.paid_at),
        late,
        ~PAID_OUT,
        gone_back < Attempt.amount_minor,
    )
    for attempt in session.scalars(wanted.order_by(Attempt.id)):
        paid_at = attempt.paid_at or attempt.created_at
        label = _label(rt, attempt.processor)
        what = f"{attempt.amount} was taken by {label} on {paid_at:%Y-%m-%d} and is in no payout. "
        what += f"Look there what became of the payment {attempt.payment_reference}."
        yield Found(attempt.uid, what, paid_at, Place.PAYOUTS)


def _late(rt: Runtime, known: Reading) -> ColumnElement[bool]:
    """Payments of this account that must be in one of the payouts that were read."""
    days = rt.processors[known.account.kind].paid_out_within if known.account.kind in rt.processors else 0
    if not days:
        return false()
    since = known.first if known.unexplained is None else max(known.first, known.unexplained + timedelta(days=1))
    before = known.read_at - timedelta(days=days)
    mine = Attempt.processor_account_id == known.account.id
    return and_(mine, Attempt.paid_at >= midnight(since), Attempt.paid_at < before)
