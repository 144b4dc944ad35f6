"""A company goes: its permission is given back, its keys are destroyed, its rows taken away, and a receipt is written.

The clock does it, a few rows in one transaction: killed at any place it goes on where it was, and never does anything
twice. Whether it may begin is asked once more; nothing can be called off after that.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import (
    Account,
    AuditEvent,
    AuditHead,
    AuditKey,
    Company,
    Connection,
    Deletion,
    Effect,
    EffectState,
    Notice,
    User,
)
from workflows import audit, connecting, grants, leaving, leaving_receipt, leaving_rows, notices, people, senders, ties
from workflows.errors import Refusal
from workflows.runtime import Runtime

log = structlog.get_logger()
AGAIN = timedelta(hours=1)
PATIENCE = timedelta(days=7)  # for a ledger that cannot be told
UNTOLD = "The other owners could not be told by mail yet; it waits until they are."
# When the next one goes, or goes on.
NEXT = select(func.min(Deletion.effective_at)).where(Deletion.state.in_(("asked", "running")))


def leave(rt: Runtime) -> int:
    """Let every company go whose time has come; how many are gone."""
    due = Deletion.state.in_(("asked", "running")), Deletion.effective_at <= rt.clock.now()
    with rt.store.read() as session:
        rows = session.scalars(select(Deletion).where(*due).order_by(Deletion.id)).all()
    return sum(_go(rt, one) for one in rows)


def _go(rt: Runtime, row: Deletion) -> bool:
    if row.state == "asked" and not _begin(rt, row):
        return False
    grants_of = _note_end_of_log(rt, row.id)
    for _ in range(3):  # somebody who was in the middle of something may have left a row behind
        if not _empty(rt, row):
            break
    try:
        _end(rt, row.id)
    except IntegrityError:
        log.warning("a company is not empty yet; it goes on at the next tick", deletion=row.uid)
        return False
    for grant_id in grants_of:  # where it was cut off before it could destroy the tokens
        grants.close_unused(rt, grant_id)
    return True


def _begin(rt: Runtime, row: Deletion) -> bool:
    """Ask once more, give the permission back, destroy the keys; from here on there is no way back."""
    why = _why_not(rt, row)
    if why:
        _put_off(rt, row, why)
        return False
    try:
        told = _disconnect(rt, row)
    except Refusal as refusal:
        _put_off(rt, row, str(refusal))
        return False
    senders.remove(rt, row.gone_id)
    with rt.store.write() as session:
        company = session.get_one(Company, row.gone_id, with_for_update=True)
        fresh = session.get_one(Deletion, row.id, with_for_update=True)
        if fresh.state != "asked" or leaving.against(session, company.id):
            return False
        fresh.state, fresh.began_at, fresh.note = "running", rt.clock.now(), ""
        fresh.receipt = {"ledger": told, "grants": _grants(session, company.id)}
        _quieten(session, company)
        audit.record(rt, session, "deletion-began", company.id, subject=fresh.uid)
        audit.record_practice(rt, session, "deletion-began", company.practice_id, fresh.uid, company=company.uid)
    audit.link_all(rt)
    return True


def _quieten(session: Session, company: Company) -> None:
    """Nothing of it wakes, leaves or can be read any more."""
    company.live_at, company.next_sync_at = None, None
    mine = Effect.company_id == company.id, Effect.state == EffectState.DUE.value
    session.execute(update(Effect).where(*mine).values(state=EffectState.DROPPED.value))
    asleep = {"wake_at": None, "facts_version": Account.facts_version + 1}
    session.execute(update(Account).where(Account.company_id == company.id).values(asleep))
    session.execute(update(AuditKey).where(AuditKey.company_id == company.id).values(key_sealed=None))
    leaving_rows.take_out_mentions(session, company)


def _why_not(rt: Runtime, row: Deletion) -> str:
    """What has come between since it was asked for; "" when it may begin."""
    with rt.store.read() as session:
        found = leaving.against(session, row.gone_id)
        told = session.scalars(select(Notice).where(Notice.key == leaving.notice_key(row, "asked"))).first()
        others = [one for one in people.owners(session, row.practice_id) if one.id != row.asked_by_id]
    if found:
        return found[0].sentence
    return UNTOLD if others and (told is None or told.state == "due") else ""


def _put_off(rt: Runtime, row: Deletion, why: str) -> None:
    """It waits on, and the owners are told so once."""
    with rt.store.write() as session:
        fresh = session.get_one(Deletion, row.id, with_for_update=True)
        if fresh.state != "asked":
            return
        fresh.note, fresh.effective_at = why, rt.clock.now() + AGAIN
        company = session.get_one(Company, fresh.gone_id)
        text = f"It is not deleted yet. {why} It is tried again every hour; nothing is sent meanwhile."
        key, page = leaving.notice_key(fresh, "waits"), f"/companies/{company.uid}/delete"
        subject = f"{company.name} is not deleted yet"
        notices.want(rt, session, fresh.practice_id, None, key, subject, text, page, owners=True)


def _disconnect(rt: Runtime, row: Deletion) -> str:
    """The permission goes back to the ledger; a sentence for the receipt. Refusal while the ledger cannot be told."""
    with rt.store.read() as session:
        tie = ties.standing(session, row.gone_id)
    if tie is None:
        return ""
    label = ties.ledger_name(rt, tie.grant.kind)
    try:
        return connecting.disconnect(rt, row.gone_id) or f"{label} was told that Dunlin reads no more."
    except Refusal:
        if rt.clock.now() < row.asked_at + leaving.GRACE + PATIENCE:
            raise
        return f"{label} could not be told for a week; if it still lists Dunlin as connected, remove it there."


def _note_end_of_log(rt: Runtime, row_id: int) -> list[int]:
    """How far its own log went, before that goes: kept for the receipt. The permissions that it used."""
    with rt.store.write() as session:
        row = session.get_one(Deletion, row_id, with_for_update=True)
        known: list[int] = row.receipt.get("grants", [])
        if "log" in row.receipt:
            return known
        head = session.scalars(select(AuditHead).where(AuditHead.company_id == row.gone_id)).first()
        mine = AuditEvent.company_id == row.gone_id, AuditEvent.sequence.is_not(None)
        count = session.scalar(select(func.count()).select_from(AuditEvent).where(*mine)) or 0
        link = head.link if head is not None else audit.START
        row.receipt = {**row.receipt, "log": {"entries": count, "link": link}}
        return known


def _empty(rt: Runtime, row: Deletion) -> int:
    """Go through its tables once; how many rows went. What went is counted where it goes."""
    gone = 0
    for table in leaving_rows.tables():
        while True:
            with rt.store.write() as session:
                some = leaving_rows.some_go(session, table, row.gone_id)
                if some:
                    fresh = session.get_one(Deletion, row.id)
                    fresh.counts = {**fresh.counts, table.name: fresh.counts.get(table.name, 0) + some}
            if not some:
                break
            gone += some
    return gone


def _end(rt: Runtime, row_id: int) -> None:
    """The last rows and the receipt, in one transaction."""
    with rt.store.write() as session:
        row = session.get_one(Deletion, row_id, with_for_update=True)
        company = session.get(Company, row.gone_id)
        if company is None or row.state != "running":
            return
        heads = session.scalars(select(AuditHead).where(AuditHead.company_id == company.id)).all()
        for head in heads:
            session.delete(head)
        session.flush()
        counts = {**row.counts, "audit_head": len(heads), "company": 1}
        receipt = leaving_receipt.made(rt, session, row, company, counts)
        leaving_receipt.seal(rt, row, receipt)
        row.counts, row.state, row.ended_at = counts, "done", rt.clock.now()
        leaving_rows.blank_notices(rt, session, row.practice_id, company.name)
        session.delete(company)
        session.flush()
        kept = {"check": row.check_number, "company": receipt["company"], "rows": sum(counts.values())}
        audit.record_practice(rt, session, leaving_receipt.SAID, row.practice_id, row.uid, user=row.asked_by_id, **kept)
        _tell(rt, session, row)


def _tell(rt: Runtime, session: Session, row: Deletion) -> None:
    by = session.get_one(User, row.asked_by_id)
    text = (
        f"The company that {by.name} asked to be deleted on {row.asked_at:%d %B %Y} is gone, with everything that "
        f"Dunlin kept of it: {sum(row.counts.values()):,} rows.\n\nCheck number: {row.check_number}\n\n"
        "The receipt is here:"
    )
    key, page = leaving.notice_key(row, "done"), f"/deletions/{row.uid}"
    notices.want(rt, session, row.practice_id, None, key, "A company was deleted", text, page, owners=True)


def _grants(session: Session, company_id: int) -> list[int]:
    return sorted(set(session.scalars(select(Connection.grant_id).where(Connection.company_id == company_id))))
