"""Asking `plan()` about each account whose time has come, and writing down its answer.

The answer is stored only if no fact changed meanwhile; otherwise the account is gathered and planned again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.facts import InvoiceStatus
from core.plan import PLAN_VERSION, Action, Plan, plan
from models import Account, Company, EffectKind, Invoice, Memory
from workflows import effects, gather, mirror
from workflows.runtime import Runtime

log = structlog.get_logger()
TRIES = 5
PUT_OFF = timedelta(hours=1)


def plan_due(rt: Runtime, limit: int = 1000) -> int:
    """Plan every account whose wake has come; how many."""
    with rt.store.read() as session:
        due = session.scalars(
            select(Account.id).where(Account.wake_at <= rt.clock.now()).order_by(Account.wake_at).limit(limit)
        ).all()
    for account_id in due:
        try:
            plan_account(rt, account_id)
        except Exception:
            log.exception("an account could not be planned", account=account_id)
            _put_off(rt, account_id)
    return len(due)


def _put_off(rt: Runtime, account_id: int) -> None:
    """One account that cannot be planned must not hold up the others; `doctor` names it."""
    now = rt.clock.now()
    broken = Because(Cause.UNPLANNABLE, until=now + PUT_OFF)
    with rt.store.write() as session:
        session.execute(
            update(Account).where(Account.id == account_id).values(wake_at=now + PUT_OFF, because=[coded(broken)])
        )


def plan_account(rt: Runtime, account_id: int) -> Plan:
    """Plan one account now and keep the answer; planning twice, or by two planners, changes nothing."""
    now = rt.clock.now()
    for _ in range(TRIES):
        with rt.store.read() as session:
            gathered = gather.account(rt, session, account_id, now)
        answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
        with rt.store.write() as session:
            if _keep(rt, session, account_id, gathered.version, answer, now):
                return answer
    log.warning("an account changed faster than it could be planned", account=account_id)
    return answer


def _keep(rt: Runtime, session: Session, account_id: int, version: int, answer: Plan, now: datetime) -> bool:
    kept = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.facts_version == version)
        .values(wake_at=answer.wake_at, planned_at=now, because=[coded(one) for one in answer.because])
    )
    if cast(CursorResult[Any], kept).rowcount == 0:
        return False
    row = session.get_one(Account, account_id)
    for action in answer.actions:
        effects.want(
            rt,
            session,
            key=message_key(rt, row.uid, action),
            kind=EffectKind.MESSAGE,
            company_id=row.company_id,
            account_id=account_id,
            content=content_of(action),
        )
    return True


def message_key(rt: Runtime, account_uid: str, action: Action) -> str:
    """One message per account, recipient set and local day."""
    who = rt.vault.hash_address(",".join(action.recipients))[:32]
    return f"message/{account_uid}/{who}/{action.day.isoformat()}"


def content_of(action: Action) -> dict[str, Any]:
    return {
        "recipients": list(action.recipients),
        "day": action.day.isoformat(),
        "lead": action.lead,
        "lines": [[line.invoice, line.step, list(line.missed)] for line in action.lines],
    }


def coded(because: Because) -> list[Any]:
    """A because as it is stored: [cause, invoice id, until, detail]."""
    until = because.until.isoformat() if because.until else None
    return [because.cause.value, because.invoice, until, [list(pair) for pair in because.detail]]


def wake_company(rt: Runtime, session: Session, company_id: int) -> None:
    """An input of every account of the company changed."""
    ids = session.scalars(select(Account.id).where(Account.company_id == company_id)).all()
    mirror.wake(session, ids, rt.clock.now())


def wake_after_upgrade(rt: Runtime) -> None:
    """At start-up: plan everything anew when `plan()` itself has changed since the last run."""
    with rt.store.write() as session:
        known = session.scalars(select(Memory).where(Memory.name == "plan_version")).first()
        if known is not None and known.value == str(PLAN_VERSION):
            return
        session.merge(Memory(id=known.id if known else None, name="plan_version", value=str(PLAN_VERSION)))
        for company_id in session.scalars(select(Company.id)).all():
            wake_company(rt, session, company_id)


def sweep(rt: Runtime) -> int:
    """Nightly: plan every open account although nothing woke it; how many had something to say. Must be 0."""
    now = rt.clock.now()
    with rt.store.read() as session:
        sleeping = session.scalars(
            select(Invoice.account_id)
            .join(Account, Account.id == Invoice.account_id)
            .where(Invoice.status == InvoiceStatus.OPEN.value, (Account.wake_at > now) | Account.wake_at.is_(None))
            .distinct()
        ).all()
    missed = sum(bool(plan_account(rt, account_id).actions) for account_id in sleeping)
    if missed:
        log.error("accounts should have been woken and were not", missed=missed)
    return missed
