"""Asking `plan()` about each account whose time has come, and writing down its answer.

The answer is stored only if no fact changed meanwhile; otherwise the account is gathered and planned again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.calendars import Calendar
from core.facts import InvoiceStatus
from core.plan import PLAN_VERSION, Action, Plan, plan
from core.replay import replay
from models import Account, Company, EffectKind, EffectState, Invoice, Memory
from workflows import effects, gather, mirror, rounds
from workflows.runtime import Runtime

log = structlog.get_logger()
TRIES = 5
PUT_OFF = timedelta(hours=1)
AHEAD = timedelta(days=60)


def plan_due(rt: Runtime, limit: int = 1000) -> int:
    """Plan every account whose wake has come; how many."""
    with rt.store.read() as session:
        due = session.execute(
            select(Account.id, Account.facts_version)
            .where(Account.wake_at <= rt.clock.now())
            .order_by(Account.wake_at)
            .limit(limit)
        ).all()
    for account_id, version in due:
        _plan_or_put_off(rt, account_id, version)
    return len(due)


def _plan_or_put_off(rt: Runtime, account_id: int, version: int) -> Plan | None:
    """One account that cannot be planned must not hold up the others; `doctor` names it. None when it could not."""
    try:
        return plan_account(rt, account_id)
    except Exception:
        log.exception("an account could not be planned", account=account_id)
    until = rt.clock.now() + PUT_OFF
    with rt.store.write() as session:
        session.execute(
            update(Account)
            .where(Account.id == account_id, Account.facts_version == version)
            .values(wake_at=until, because=[coded(Because(Cause.UNPLANNABLE, until=until))])
        )
    return None


def plan_account(rt: Runtime, account_id: int) -> Plan:
    """Plan one account now and keep the answer; planning twice, or by two planners, changes nothing."""
    now = rt.clock.now()
    for _ in range(TRIES):
        with rt.store.read() as session:
            gathered = gather.account(rt, session, account_id, now)
        answer = plan(gathered.facts, gathered.cadence, gathered.calendar, now)
        with rt.store.write() as session:
            if _keep(rt, session, account_id, gathered, answer, now):
                return answer
    log.warning("an account changed faster than it could be planned", account=account_id)
    return answer


def _keep(
    rt: Runtime, session: Session, account_id: int, gathered: gather.Gathered, answer: Plan, now: datetime
) -> bool:
    calendar = gathered.calendar
    kept = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.facts_version == gathered.version)
        .values(wake_at=answer.wake_at, planned_at=now, because=[coded(one) for one in answer.because])
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[Any], kept).rowcount == 0:
        return False
    row = session.get_one(Account, account_id)
    for action in answer.actions:
        state = effects.want(
            rt,
            session,
            key=message_key(rt, row.uid, action),
            kind=EffectKind.MESSAGE,
            company_id=row.company_id,
            account_id=account_id,
            content=content_of(action),
            not_before=rounds.leaves_at(calendar, now),
        )
        if state is not EffectState.DUE:
            _tomorrow(row, action, calendar, now)
    return True


def _tomorrow(row: Account, action: Action, calendar: Calendar, now: datetime) -> None:
    """Today's message has already come to another end (the mail server refused it): say so, and try again tomorrow."""
    until = calendar.opening(calendar.today(now) + timedelta(days=1))
    silences = [Because(Cause.UNSENDABLE, line.invoice, until) for line in action.lines]
    row.because = [*row.because, *(coded(one) for one in silences)]
    row.wake_at = min(row.wake_at or until, until)


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


def wake_owners(rt: Runtime, session: Session, invoices: Iterable[int], account_id: int) -> None:
    """A fact about these invoices changed: wake whoever owns them now, and who was asked when it began."""
    owners = session.scalars(select(Invoice.account_id).where(Invoice.id.in_(list(invoices)))).all()
    mirror.wake(session, {*owners, account_id}, rt.clock.now())


def sweep(rt: Runtime) -> int:
    """Nightly: plan every open account although nothing woke it; how many slept past their moment. Must be 0.

    One slept too long when it has something to say, or would have had before the moment it was going to wake.
    """
    now = rt.clock.now()
    with rt.store.read() as session:
        sleeping = session.execute(
            select(Account.id, Account.facts_version, Account.wake_at)
            .join(Invoice, Invoice.account_id == Account.id)
            .where(Invoice.status == InvoiceStatus.OPEN.value, (Account.wake_at > now) | Account.wake_at.is_(None))
            .distinct()
        ).all()
    missed = [account_id for account_id, version, wake_at in sleeping if _overslept(rt, account_id, version, wake_at)]
    if missed:
        log.error("accounts should have been woken and were not", accounts=missed)
    return len(missed)


def _overslept(rt: Runtime, account_id: int, version: int, wake_at: datetime | None) -> bool:
    answer = _plan_or_put_off(rt, account_id, version)
    if answer is None or answer.actions:
        return answer is not None
    if answer.wake_at is None or (wake_at is not None and answer.wake_at >= wake_at):
        return False
    # A wake may be early. It would have been too late only if something was to be said before it.
    now = rt.clock.now()
    with rt.store.read() as session:
        gathered = gather.account(rt, session, account_id, now)
    until = wake_at or now + AHEAD
    return gathered.facts.live and bool(replay(gathered.facts, gathered.cadence, gathered.calendar, now, until).sent)
