"""How each account has paid so far, learned from its own past every night and after a whole reading.

What a habit is, is said in `core.habits`; here the past is read and the answer kept. Whoever changes is planned anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core.facts import InvoiceStatus
from core.habits import habit
from models import Account, Company, Invoice
from workflows import mirror, owing
from workflows.agreed import agreed_days, agreed_due
from workflows.runtime import Runtime

_TABLE = Account.__table__
_STORE = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("account"))
    .values(payer=bindparam("kind"), usual_delay=bindparam("days"))
)


def learn_all(rt: Runtime) -> int:
    """Every company's accounts; how many habits changed."""
    with rt.store.read() as session:
        companies = session.scalars(select(Company.id)).all()
    return sum(learn(rt, company_id) for company_id in companies)


def learn(rt: Runtime, company_id: int) -> int:
    """One company's accounts; how many habits changed. Reads first, and writes only what differs."""
    with rt.store.read() as session:
        delays = _delays(session, company_id)
        known = session.execute(
            select(Account.id, Account.payer, Account.usual_delay).where(Account.company_id == company_id)
        ).all()
    changed: list[dict[str, Any]] = [
        {"account": id, "kind": kind.value, "days": days}
        for id, payer, usual in known
        for kind, days in [habit(delays.get(id, ()))]
        if (kind.value, days) != (payer, usual)
    ]
    if changed:
        with rt.store.write() as session:
            session.connection().execute(_STORE, changed)
            mirror.wake(session, [one["account"] for one in changed], rt.clock.now())
    return len(changed)


def _delays(session: Session, company_id: int) -> Mapping[int, list[int]]:
    """By account: how many days late each paid invoice was, in the order in which they were paid; more time that was
    given is no lateness.

    An invoice that was settled without a payment (by a credit note, say) tells nothing about a habit.
    """
    paid_on = owing.applied(session, company_id, credits=False)
    settled = {invoice: max(day for day, _, _ in parts) for invoice, parts in paid_on.items()}
    paid = session.execute(
        select(Invoice.id, Invoice.account_id, Invoice.external_id, Invoice.due).where(
            Invoice.company_id == company_id,
            Invoice.status == InvoiceStatus.PAID.value,
            Invoice.due.is_not(None),
            Invoice.gone_at.is_(None),
        )
    ).all()
    agreed = agreed_days(session, [row.id for row in paid])
    dated = (
        (settled.get(external_id), account, agreed_due(due, agreed.get(id))) for id, account, external_id, due in paid
    )
    found: dict[int, list[int]] = defaultdict(list)
    for day, account, due in sorted((day, account, due) for day, account, due in dated if day and due):
        found[account].append((day - due).days)
    return found
