"""Asking `plan()` about each account whose time has come, and writing down its answer.

The answer is stored only if no fact changed meanwhile; otherwise the account is gathered and planned again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from core.because import Because, Cause
from core.facts import InvoiceStatus
from core.plan import PLAN_VERSION, Plan, plan
from core.replay import replay
from models import Account, Company, Invoice, Memory
from models.upsert import insert_into
from workflows import gather, mirror
from workflows.answered import coded, keep
from workflows.runtime import Runtime

log = structlog.get_logger()
TRIES = 5
PUT_OFF = timedelta(hours=1)
AHEAD = timedelta(days=60)
TOGETHER = 500  # accounts in one transaction: it stays well under a tenth of a second


# Asked at every tick, so it is made once.
_DUE = (
    select(Account.id)
    .where(Account.wake_at <= bindparam("now"))
    .order_by(Account.wake_at, Account.id)
    .limit(bindparam("most", type_=Integer))
)


def plan_due(rt: Runtime, limit: int = 1000) -> int:
    """Plan every account whose wake has come; how many."""
    with rt.store.read() as session:
        due = session.scalars(_DUE, {"now": rt.clock.now(), "most": limit}).all()
    for start in range(0, len(due), TOGETHER):
        plan_accounts(rt, due[start : start + TOGETHER])
    return len(due)


def plan_account(rt: Runtime, account_id: int) -> Plan | None:
    """Plan one account now and keep the answer; None when it could not be planned."""
    return plan_accounts(rt, [account_id]).get(account_id)


def plan_accounts(rt: Runtime, ids: Sequence[int]) -> Mapping[int, Plan]:
    """Plan these accounts now and keep the answers; planning twice, or by two planners, changes nothing.

    One whose facts change meanwhile is gathered and planned again; one that cannot be planned holds up no other.
    """
    answers: dict[int, Plan] = {}
    left: Sequence[int] = list(ids)
    now = rt.clock.now()
    for _ in range(TRIES):
        gathered = _gathered(rt, left, now)
        asked = {id: answer for id, one in gathered.items() if (answer := _asked(rt, one, now)) is not None}
        with rt.store.write() as session:
            kept = keep(rt, session, {id: (gathered[id], answer) for id, answer in asked.items()}, now)
        answers |= {id: asked[id] for id in kept}
        left = [id for id in asked if id not in kept]
        if not left:
            return answers
    log.warning("accounts changed faster than they could be planned", accounts=left)
    return answers


def _gathered(rt: Runtime, ids: Sequence[int], now: datetime) -> Mapping[int, gather.Gathered]:
    """Together; where that breaks, each alone, so that only the broken one is put off."""
    try:
        with rt.store.read() as session:
            return gather.accounts(rt, session, ids, now)
    except Exception:
        log.exception("accounts could not be gathered together", accounts=len(ids))
    return {id: one for id in ids if (one := _gathered_alone(rt, id, now)) is not None}


def _gathered_alone(rt: Runtime, account_id: int, now: datetime) -> gather.Gathered | None:
    with rt.store.read() as session:
        version = session.scalar(select(Account.facts_version).where(Account.id == account_id))
        try:
            return gather.account(rt, session, account_id, now)
        except Exception:
            log.exception("an account could not be gathered", account=account_id)
    _put_off(rt, account_id, version, now)
    return None


def _asked(rt: Runtime, one: gather.Gathered, now: datetime) -> Plan | None:
    try:
        return plan(one.facts, one.cadence, one.calendar, now)
    except Exception:
        log.exception("an account could not be planned", account=one.facts.id)
        _put_off(rt, one.facts.id, one.version, now)
        return None


def _put_off(rt: Runtime, account_id: int, version: int | None, now: datetime) -> None:
    """One account that cannot be planned must not hold up the others; `doctor` names it. Where a fact has changed
    meanwhile it is planned at once instead.
    """
    until = now + PUT_OFF
    with rt.store.write() as session:
        session.execute(
            update(Account)
            .where(Account.id == account_id, Account.facts_version == version)
            .values(wake_at=until, because=[coded(Because(Cause.UNPLANNABLE, until=until))])
        )


def wake_company(rt: Runtime, session: Session, company_id: int) -> None:
    """An input of every account of the company changed."""
    ids = session.scalars(select(Account.id).where(Account.company_id == company_id)).all()
    mirror.wake(session, ids, rt.clock.now())


def wake_after_upgrade(rt: Runtime) -> None:
    """At start-up: plan everything anew when `plan()` itself has changed since the last run."""
    now_of = {"value": str(PLAN_VERSION)}
    with rt.store.write() as session:
        known = insert_into(session, Memory).values(name="plan_version", **now_of)  # others may start at this moment
        known = known.on_conflict_do_update(index_elements=["name"], set_=now_of, where=Memory.value != now_of["value"])
        if not session.execute(known.returning(Memory.id)).all():
            return
        for company_id in session.scalars(select(Company.id)).all():
            wake_company(rt, session, company_id)


def wake_owners(rt: Runtime, session: Session, invoices: Iterable[int], account_id: int | None) -> None:
    """A fact about these invoices changed: wake whoever owns them now, and who was asked when it began, if anybody."""
    owners = session.scalars(select(Invoice.account_id).where(Invoice.id.in_(list(invoices)))).all()
    mirror.wake(session, {*owners, *([account_id] if account_id else [])}, rt.clock.now())


def sweep(rt: Runtime) -> int:
    """Nightly: plan every open account although nothing woke it; how many slept past their moment. Must be 0.

    One slept too long when it has something to say, or would have had before the moment it was going to wake.
    """
    now = rt.clock.now()
    with rt.store.read() as session:
        sleeping = session.execute(
            select(Account.id, Account.wake_at)
            .join(Invoice, Invoice.account_id == Account.id)
            .where(Invoice.status == InvoiceStatus.OPEN.value, (Account.wake_at > now) | Account.wake_at.is_(None))
            .distinct()
        ).all()
    missed = [account_id for account_id, wake_at in sleeping if _overslept(rt, account_id, wake_at)]
    if missed:
        log.error("accounts should have been woken and were not", accounts=missed)
    return len(missed)


def _overslept(rt: Runtime, account_id: int, wake_at: datetime | None) -> bool:
    answer = plan_account(rt, account_id)
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
