"""What processors moved to a company's bank: read every night, with its payments and what was kept back of each.

What was kept back of payments taken through Dunlin is booked as one expense for each payout, where the company chose
so; fees of other payments are not ours to book. The payout itself is never booked: the bank's own line brings it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.money import Money
from integrations.errors import OutsideError
from integrations.processors.base import Payout as ToldPayout
from integrations.processors.base import PayoutEntry as ToldEntry
from integrations.processors.base import PayoutState
from models import Attempt, AttemptLine, Company, MoneyRules, Payout, PayoutEntry, ProcessorAccount
from workflows import audit, orders, ways
from workflows.pending import Kind
from workflows.runtime import Runtime

log = structlog.get_logger()
LOOK_BACK = timedelta(days=40)  # a payout fails, or its entries come in, days after it was first told of


def read_all(rt: Runtime) -> int:
    """Ask every processor account about its latest payouts; how many payouts are new."""
    with rt.store.read() as session:
        ended = ProcessorAccount.ended_at.is_(None) | (ProcessorAccount.ended_at > rt.clock.now() - LOOK_BACK)
        accounts = session.scalars(select(ProcessorAccount).where(ended).order_by(ProcessorAccount.id)).all()
    return sum(_read(rt, one) for one in accounts)


def _read(rt: Runtime, account: ProcessorAccount) -> int:
    began = rt.clock.now()
    try:
        found = ways.opened(rt, account).payouts((began - LOOK_BACK).date())
    except OutsideError as error:
        log.warning("payouts could not be read", account=account.uid, kind=type(error).__name__)
        return 0
    with rt.store.write() as session:
        session.get_one(ProcessorAccount, account.id).payouts_read_at = began
        return sum(_keep(rt, session, account, one, began) for one in found)


def _keep(rt: Runtime, session: Session, account: ProcessorAccount, told: ToldPayout, began: datetime) -> bool:
    """Write it down as it is told now; whether it is new. Its fee leaves once it has arrived and is explained."""
    mine = Payout.processor_account_id == account.id, Payout.external_id == told.id
    row = session.scalars(select(Payout).where(*mine).with_for_update(key_share=True)).first()
    is_new = row is None
    if row is None:
        row = Payout(
            uid=rt.new_id(), company_id=account.company_id, processor_account_id=account.id, external_id=told.id
        )
        session.add(row)
    elif row.read_at > began:
        return False  # a later reading has been kept already
    row.currency, row.amount_minor, row.arrives = told.amount.currency, told.amount.minor, told.arrives
    row.state, row.whole, row.read_at = told.state.value, told.whole, began
    session.flush()
    _keep_entries(session, row, told.entries)
    if is_new:
        audit.record(rt, session, "payout-seen", row.company_id, None, row.uid, amount=str(row.amount))
    if row.posting_id is None and told.state is PayoutState.PAID and told.whole:
        _book_fee(rt, session, account, row, told)
    return is_new


def _keep_entries(session: Session, row: Payout, told: Sequence[ToldEntry]) -> None:
    known = set(session.scalars(select(PayoutEntry.external_id).where(PayoutEntry.payout_id == row.id)))
    session.add_all(
        PayoutEntry(
            payout_id=row.id,
            external_id=one.id,
            kind=one.kind.value,
            payment=one.payment,
            amount_minor=one.amount.minor,
            fee_minor=one.fee.minor,
        )
        for one in told
        if one.id not in known
    )


def _book_fee(rt: Runtime, session: Session, account: ProcessorAccount, row: Payout, told: ToldPayout) -> None:
    rules = session.scalars(select(MoneyRules).where(MoneyRules.company_id == row.company_id)).first()
    if rules is None or not rules.payout_fees or rules.fees_since is None or row.arrives < rules.fees_since:
        return
    ours = attempts_of(session, row.company_id, [one.payment for one in told.entries])
    fee = sum((one.fee for one in told.entries if one.payment in ours), Money.zero(row.currency))
    if fee.minor <= 0:
        return
    company, kind = session.get_one(Company, row.company_id), rt.processors[account.kind]
    posting = orders.want(
        rt,
        session,
        Kind.EXPENSE,
        company,
        row.arrives,
        amount=fee,
        expense=rules.payout_expense,
        payee=kind.label,
        words=f"Fees of the payout {row.external_id}",
    )
    row.posting_id = posting.id


def attempts_of(session: Session, company_id: int, payments: Collection[str]) -> Mapping[str, Attempt]:
    """The payments taken through Dunlin among these, by the processor's id of each."""
    wanted = select(Attempt).where(
        Attempt.company_id == company_id, Attempt.payment_reference.in_([one for one in payments if one])
    )
    found = session.scalars(wanted.options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice)))
    return {one.payment_reference: one for one in found}


def of_company(session: Session, company_id: int, page: int, size: int) -> tuple[Sequence[Payout], int]:
    """One page of a company's payouts, the latest first, with their entries; and how many there are."""
    wanted = select(Payout).where(Payout.company_id == company_id)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    whole = wanted.options(
        selectinload(Payout.entries), joinedload(Payout.processor_account), joinedload(Payout.posting)
    )
    latest_first = whole.order_by(Payout.arrives.desc(), Payout.id.desc())
    return session.scalars(latest_first.offset((page - 1) * size).limit(size)).all(), total
