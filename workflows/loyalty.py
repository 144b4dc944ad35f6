"""A credit for paying in time again and again: so many invoices in a row, each counted once, and then a credit note.

It looks at night, over what the ledger shows as paid since the rule was switched on. The credit is money on the
customer's account, to be used for what comes next; nobody is asked for anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import rewards as sums
from core.facts import InvoiceStatus
from core.money import Money, totals
from models import Account, Company, Invoice, MoneyRules, Reward
from workflows import audit, charged, mirror, offers, orders, owing
from workflows.agreed import agreed_days, agreed_due
from workflows.calendars import today_of
from workflows.figures import language_of
from workflows.pending import Kind
from workflows.runtime import Runtime
from workflows.templating import table_of


def thank(rt: Runtime) -> int:
    """Give every credit that has been earned and not been given; how many."""
    with rt.store.read() as session:
        wanted = select(MoneyRules.company_id).where(MoneyRules.loyal_points > 0, MoneyRules.loyal_since.is_not(None))
        companies = session.scalars(wanted.order_by(MoneyRules.company_id)).all()
    return sum(_thank_all(rt, company_id) for company_id in companies)


def _thank_all(rt: Runtime, company_id: int) -> int:
    given = 0
    with rt.store.write() as session:
        company = session.get_one(Company, company_id, with_for_update={"key_share": True})
        rules = session.scalars(select(MoneyRules).where(MoneyRules.company_id == company_id)).one()
        if (
            company.leaving_at is not None
            or not company.income_choice
            or rules.loyal_since is None
            or not rules.loyal_points
        ):
            return 0
        for account_id, paid in _paid_in_time(session, company_id, rules.loyal_since).items():
            for first in range(0, len(paid) - rules.loyal_after + 1, rules.loyal_after):
                _give(rt, session, company, account_id, paid[first : first + rules.loyal_after], rules.loyal_points)
                given += 1
    return given


def _paid_in_time(session: Session, company_id: int, since: date) -> Mapping[int, Sequence[Invoice]]:
    """By account: its invoices paid in time one after the other, up to now, that have not been counted before."""
    settled = {
        invoice: max(day for day, _, _ in parts)
        for invoice, parts in owing.applied(session, company_id, credits=False).items()
    }
    paid = session.scalars(
        select(Invoice).where(
            Invoice.company_id == company_id,
            Invoice.status == InvoiceStatus.PAID.value,
            Invoice.due.is_not(None),
            Invoice.gone_at.is_(None),
            ~charged.came_of_one(company_id),
        )
    ).all()
    agreed = agreed_days(session, [one.id for one in paid])
    counted = {
        uid
        for uids in session.scalars(
            select(Reward.counted).where(Reward.company_id == company_id, Reward.kind == offers.LOYAL)
        )
        for uid in uids
    }
    rows = [(settled[one.external_id], one) for one in paid if settled.get(one.external_id, date.min) >= since]
    found: dict[int, list[Invoice]] = defaultdict(list)
    for day, one in sorted(rows, key=lambda row: (row[0], row[1].id)):
        due = agreed_due(one.due, agreed.get(one.id))
        if due is None or day > due:
            found[one.account_id].clear()  # late once: it begins anew
        elif one.uid not in counted:
            found[one.account_id].append(one)
    return found


def _give(
    rt: Runtime, session: Session, company: Company, account_id: int, paid: Sequence[Invoice], points: int
) -> None:
    """A credit for each currency of these invoices, which count no more."""
    row = session.get_one(Account, account_id)
    words, _ = table_of(language_of(row, company), "ledger")
    today = today_of(company, rt.clock.now())
    for currency, total in totals(one.total for one in paid).items():
        amount: Money = sums.discount(total, points)
        mine = [one.uid for one in paid if one.currency == currency]
        posting = (
            orders.want(rt, session, Kind.CREDIT, row, today, amount=amount, words=words["loyal"])
            if amount.minor and row.erased_at is None
            else None
        )
        reward = Reward(
            uid=rt.new_id(),
            company_id=company.id,
            account_id=account_id,
            kind=offers.LOYAL,
            points=points,
            currency=currency,
            amount_minor=amount.minor,
            counted=mine,
            state="granted",
            posting_id=posting.id if posting else None,
            made_at=rt.clock.now(),
            settled_at=rt.clock.now(),
        )
        session.add(reward)
        said = {"amount": str(amount), "invoices": len(mine)}
        audit.record(rt, session, "steady-payer-thanked", company.id, account_id, reward.uid, **said)
    mirror.wake(session, [account_id], rt.clock.now())
