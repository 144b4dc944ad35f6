"""Collecting the parts of an arrangement from the customer's bank, where they gave a mandate for it.

Each part once: the attempt's row first, then the call, as with a click on Pay; a lost answer is asked for by the sweep.
A part that fails is not tried again by itself: the ladder about instalments speaks of it, kindly.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.money import Money, totals
from integrations.errors import OutsideError, Rejected
from integrations.processors.base import MandateState, Method
from models import Attempt, Company, Mandate, ProcessorAccount
from workflows import attempts, door, following, mandates, payments
from workflows.calendars import today_of
from workflows.following import DuePart
from workflows.owed import on_its_way, owes
from workflows.runtime import Runtime

log = structlog.get_logger()


def collect_due(rt: Runtime) -> int:
    """Collect every part that is due and has a mandate; how many were asked for."""
    somewhere = (rt.clock.now() + timedelta(hours=14)).date()  # the date where the day begins first
    with rt.store.read() as session:
        ripe = [one for one in following.due_parts(session, somewhere) if _can_be_collected(rt, session, one)]
    return sum(_collect(rt, one) for one in ripe)


def _can_be_collected(rt: Runtime, session: Session, due: DuePart) -> bool:
    if due.arrangement.mandate_id is None:
        return False
    company, now = session.get_one(Company, due.arrangement.company_id), rt.clock.now()
    tried = select(Attempt.id).where(Attempt.instalment_id == due.row.id, Attempt.link == "")
    if company.leaving_at is not None:
        return False
    today = today_of(company, now)
    return due.row.day <= today and session.scalars(tried.limit(1)).first() is None


def _collect(rt: Runtime, due: DuePart) -> bool:
    plan = due.arrangement
    if plan.mandate_id is None:
        return False
    try:
        if mandates.refresh(rt, plan.mandate_id).state == MandateState.ENDED:
            return False
        door.read(rt, plan.company_id, [plan.account_id])
    except OutsideError as error:
        log.warning("a part cannot be collected just now", arrangement=plan.uid, kind=type(error).__name__)
        return False
    attempt = _attempt(rt, due)
    if attempt is None:
        return False
    try:
        payments.learn(rt, attempt.id, payments.ask(rt, attempt))
    except Rejected as error:
        payments.close(rt, attempt.id, "failed", str(error))
        attempts.tell(rt, attempt, error)
    except OutsideError as error:  # the sweep asks again, under the same key
        attempts.tell(rt, attempt, error)
        log.warning("collecting a part was not answered", attempt=attempt.uid, kind=type(error).__name__)
    return True


def _attempt(rt: Runtime, due: DuePart) -> Attempt | None:
    """The attempt's row, from the balances just read; None when there is nothing to collect any more."""
    with rt.store.write() as session:
        attempts.lock(session, due.arrangement.account_id)
        fresh = next((one for one in following.due_parts(session, due.row.day) if one.row.id == due.row.id), None)
        if fresh is None or not _can_be_collected(rt, session, fresh):
            return None
        mandate = session.get_one(Mandate, fresh.arrangement.mandate_id)
        moving = on_its_way(session, [one.id for one in fresh.arrangement.invoices])
        invoices = [one for one in fresh.arrangement.invoices if owes(one) and one.id not in moving]
        left = totals(one.balance for one in invoices).get(fresh.missing.currency, Money.zero(fresh.missing.currency))
        amount = min(fresh.missing, left)
        if not amount:
            return None
        here = session.get_one(ProcessorAccount, mandate.processor_account_id)
        shares = attempts.spread(amount, invoices)
        return attempts.write(
            rt, session, shares, here.kind, here.id, Method.DEBIT, link="", instalment_id=fresh.row.id
        )
