"""What webhooks said has changed and nobody has read since. A mark costs no call; a reading takes it away.

Marks and looks; reads no ledger and decides nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import Account, Company, Delivery, DirtyRow, Invoice
from models.upsert import insert_into
from workflows import billing, marks, rounds
from workflows.runtime import Runtime

HEARD_WITHIN = timedelta(days=7)
ID = 64


def mark(rt: Runtime, session: Session, company_id: int, rows: Collection[tuple[str, str]]) -> None:
    """These rows, each (entity, vendor id), changed at the vendor; marked again they count from now on."""
    if not rows:
        return
    now = marks.following(rt, session, company_id)
    said = sorted({(entity[:20], external_id[:ID]) for entity, external_id in rows})
    values = [{"company_id": company_id, "entity": one, "external_id": id, "marked_at": now} for one, id in said]
    rows_marked = insert_into(session, DirtyRow)
    names = ["company_id", "entity", "external_id"]
    fresher = {"marked_at": rows_marked.excluded.marked_at}
    again = rows_marked.on_conflict_do_update(index_elements=names, set_=fresher)
    session.connection().execute(again, values)


def expect_change(
    rt: Runtime, session: Session, company_id: int, rows: Collection[tuple[str, str]] = (("payment", ""),)
) -> None:
    """Something changed over there: the next round reads it, together with whatever else has changed by then."""
    mark(rt, session, company_id, rows)
    company = session.get_one(Company, company_id)
    following = rounds.next_of(company, rt.clock.now())
    company.next_sync_at = min(company.next_sync_at or following, following)


def clear(session: Session, company_id: int, entities: Collection[str], began_at: datetime) -> None:
    """A reading of all rows of these kinds that began then has seen what was marked before."""
    session.execute(
        delete(DirtyRow).where(
            DirtyRow.company_id == company_id, DirtyRow.entity.in_(list(entities)), DirtyRow.marked_at < began_at
        )
    )


def kinds(session: Session, company_id: int) -> set[str]:
    """The kinds of rows that are known to have changed."""
    return set(session.scalars(select(DirtyRow.entity).where(DirtyRow.company_id == company_id).distinct()))


def concerns(session: Session, account: Account) -> bool:
    """Whether what changed may be about this account: its own rows, or rows that nobody has seen yet."""
    mine = DirtyRow.company_id == account.company_id
    marked = session.execute(select(DirtyRow.entity, DirtyRow.external_id).where(mine)).all()
    if not marked:
        return False
    customers = {external_id for entity, external_id in marked if entity == "customer"}
    family = billing.family(account.company_id, [account.external_id])
    if customers & set(session.scalars(family)):
        return True
    invoices = {external_id for entity, external_id in marked if entity == "invoice"}
    owners = dict(
        session.execute(
            select(Invoice.external_id, Invoice.account_id).where(
                Invoice.company_id == account.company_id, Invoice.external_id.in_(invoices)
            )
        ).all()
    )
    if any(owners.get(invoice, account.id) == account.id for invoice in invoices):
        return True
    return any(entity not in ("customer", "invoice", "term") for entity, _ in marked)


def are_heard(rt: Runtime, session: Session, kind: str) -> bool:
    """Whether this vendor's webhooks reach us: only then silence means that nothing changed."""
    since = rt.clock.now() - HEARD_WITHIN
    heard = select(Delivery.id).where(Delivery.kind == kind, Delivery.received_at >= since).limit(1)
    return session.scalars(heard).first() is not None
