"""The row of an attempt to pay, written before the processor is asked; and whom to tell when it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.allocation import allocate
from core.money import Money, totals
from integrations.errors import Misconfigured, OutsideError, Rejected
from integrations.processors.base import Method
from models import Account, Attempt, AttemptLine, Company, Invoice
from workflows import mirror, notices
from workflows.runtime import Runtime
from workflows.told import Topic

Shares = Sequence[tuple[Invoice, Money]]
FIRST_ASKED = timedelta(minutes=10)  # a word that does not come by itself is asked for


def lock(session: Session, account_id: int) -> None:
    """One attempt at a time per account, also where the database would let two in."""
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(facts_version=Account.facts_version)
        .execution_options(synchronize_session=False)
    )


def spread(amount: Money, invoices: Iterable[Invoice]) -> Shares:
    """What of the amount goes to each invoice, the longest due first. ValueError when it is more than is open."""
    oldest_first = sorted(invoices, key=lambda one: (one.due or one.issued, one.id))
    return allocate(amount, [(one, one.balance) for one in oldest_first])


def write(
    rt: Runtime,
    session: Session,
    shares: Shares,
    processor: str,
    processor_account_id: int | None,
    method: Method,
    link: str,
    instalment_id: int | None = None,
) -> Attempt:
    """A new row. `link` names whose page it is for; "" where a mandate is used and nobody clicks."""
    invoice, now = shares[0][0], rt.clock.now()
    (amount,) = totals(share for _, share in shares).values()
    attempt = Attempt(
        uid=rt.new_id(),
        company_id=invoice.company_id,
        account_id=invoice.account_id,
        processor=processor,
        processor_account_id=processor_account_id,
        method=method.value,
        instalment_id=instalment_id,
        link=link,
        state="created",
        currency=amount.currency,
        amount_minor=amount.minor,
        created_at=now,
        ask_at=now + FIRST_ASKED,
        checkout_id="",
        lines=[
            AttemptLine(uid=rt.new_id(), invoice_id=one.id, amount_minor=share.minor, currency=share.currency)
            for one, share in shares
        ],
    )
    session.add(attempt)
    session.flush()
    mirror.wake(session, [attempt.account_id], now)
    return attempt


def tell(rt: Runtime, attempt: Attempt, error: OutsideError) -> None:
    """The practice is told, once a day, of a processor that does not take the company's keys or orders: until somebody
    puts it right nobody can pay there. What passes by itself is no news.
    """
    if not isinstance(error, Misconfigured | Rejected):
        return
    kind = rt.processors.get(attempt.processor)
    name = kind.label if kind is not None else attempt.processor
    with rt.store.write() as session:
        company = session.get_one(Company, attempt.company_id)
        notices.want(
            rt,
            session,
            company.practice_id,
            company.id,
            f"processor/{company.uid}/{attempt.processor}/{rt.clock.now().date()}",
            f"{company.name}: {name} refuses",
            f"{name} did not take what Dunlin asked of {company.name}'s account there: {error} "
            "Look whether the account and its keys are as they should be.",
            f"/companies/{company.uid}/paying",
            topic=Topic.MONEY,
        )
