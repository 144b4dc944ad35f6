"""Writing a payment back to the ledger it belongs to, exactly once, and seeing it there afterwards.

The bytes and the key are stored before the call; a lost answer repeats both. When the vendor may have forgotten the
key, the payment is looked up first. What cannot be booked goes to the desk with the ledger's own words.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from integrations.errors import InDoubt, OutsideError, Rejected, Transient
from integrations.ledgers.base import Ledger, LedgerPayment, PaymentOrder
from models import Attempt, AttemptLine, Company, Effect, EffectKind, EffectState
from workflows import audit, effects, gather, planner, sync
from workflows.connections import with_ledger
from workflows.runtime import Runtime

AGAIN = 30.0
PATIENCE = 3600.0
PATIENT_FOR = timedelta(hours=24)
FORGOTTEN = "1970-01-01T00:00:00+00:00"
SAFETY = timedelta(seconds=30)


def want(rt: Runtime, session: Session, attempt: Attempt, line: AttemptLine) -> None:
    """Book this line of a paid attempt."""
    effects.want(
        rt,
        session,
        key=f"booking/{line.uid}",
        kind=EffectKind.BOOKING,
        company_id=attempt.company_id,
        account_id=attempt.account_id,
        content={"line": line.id},
    )


def retry(rt: Runtime, session: Session, line: AttemptLine) -> None:
    """Try a booking from the desk again, looking it up first and under a new number: vendors remember refusals."""
    effect = session.scalars(select(Effect).where(Effect.key == f"booking/{line.uid}")).one()
    effect.state, effect.not_before, effect.note = EffectState.DUE.value, rt.clock.now(), ""
    effect.content = {**effect.content, "used_at": FORGOTTEN}


def book(rt: Runtime, effect: Effect) -> None:
    """Perform one claimed booking to its end, or put it back for another try."""
    lease = rt.clock.now() + effects.LEASE
    with rt.store.write() as session:
        if not effects.move(rt, session, effect, EffectState.SENDING, since=EffectState.CLAIMED, lease_until=lease):
            return
    try:
        booked = with_ledger(rt, effect.company_id, lambda ledger: _book(rt, ledger, effect))
    except Rejected as error:
        _to_desk(rt, effect, error)
    except (InDoubt, Transient) as error:
        wait = error.retry_after if isinstance(error, Transient) else AGAIN
        effects.put_back(rt, effect, wait, str(error), EffectState.SENDING)
    except OutsideError as error:
        if rt.clock.now() - effect.created_at > PATIENT_FOR:
            _to_desk(rt, effect, error)
        else:
            effects.put_back(rt, effect, PATIENCE, str(error), EffectState.SENDING)
    else:
        _booked(rt, effect, booked)


def _book(rt: Runtime, ledger: Ledger, effect: Effect) -> LedgerPayment:
    order = _order(rt, effect)
    with rt.store.read() as session:
        content = dict(session.get_one(Effect, effect.id).content)
    number = int(content.get("number", 0))
    if number and not _remembered(rt, effect, content):
        found = _standing(ledger, order)
        if found is not None:
            return found
    if not number or not _remembered(rt, effect, content):
        content |= {
            "number": number + 1,
            "key": f"pay-{order.reference}-{number + 1}",
            "body": base64.b64encode(ledger.payment_body(order)).decode(),
            "used_at": rt.clock.now().isoformat(),
        }
        with rt.store.write() as session:
            effects.move(rt, session, effect, EffectState.SENDING, since=EffectState.SENDING, content=content)
    try:
        return ledger.record_payment(base64.b64decode(content["body"]), content["key"])
    except Rejected:
        found = _standing(ledger, order)
        if found is None:
            raise
        return found


def _standing(ledger: Ledger, order: PaymentOrder) -> LedgerPayment | None:
    """The payment as booked earlier. Rejected when somebody has taken it back since: never book that again unseen."""
    found = ledger.find_payment(order)
    if found is not None and found.gone:
        raise Rejected("It was booked and then voided in the ledger; a person must say what is right.")
    return found


def _remembered(rt: Runtime, effect: Effect, content: dict[str, Any]) -> bool:
    """Whether the vendor still knows the key we used, so that a repeat is safe."""
    with rt.store.read() as session:
        kind = session.get_one(Company, effect.company_id).ledger_kind
    used = datetime.fromisoformat(content["used_at"])
    return rt.clock.now() - used < timedelta(seconds=rt.ledgers[kind].key_memory) - SAFETY


def _order(rt: Runtime, effect: Effect) -> PaymentOrder:
    with rt.store.read() as session:
        line = session.scalars(
            select(AttemptLine)
            .where(AttemptLine.id == effect.content["line"])
            .options(joinedload(AttemptLine.invoice), joinedload(AttemptLine.attempt))
        ).one()
        company = session.get_one(Company, effect.company_id)
        paid_at = line.attempt.paid_at or rt.clock.now()
        return PaymentOrder(
            invoice=line.invoice.external_id,
            customer=line.invoice.customer,
            amount=line.amount,
            paid_on=gather.calendar_of(company, paid_at).today(paid_at),
            deposit_account=company.deposit_account,
            reference=line.uid,
        )


def _booked(rt: Runtime, effect: Effect, booked: LedgerPayment) -> None:
    now = rt.clock.now()
    with rt.store.write() as session:
        effects.move(rt, session, effect, EffectState.SENT, since=EffectState.SENDING, note=f"Booked as {booked.id}.")
        line = session.get_one(AttemptLine, effect.content["line"])
        if line.state not in ("booked", "confirmed"):
            line.state, line.ledger_payment, line.booked_at = "booked", booked.id, now
        sync.expect_change(rt, session, effect.company_id)
        audit.record(rt, session, "payment-booked", effect.company_id, effect.account_id, line.uid, payment=booked.id)
        planner.wake_owners(rt, session, [line.invoice_id], effect.account_id)


def _to_desk(rt: Runtime, effect: Effect, error: OutsideError) -> None:
    with rt.store.write() as session:
        effects.move(rt, session, effect, EffectState.REJECTED, since=EffectState.SENDING, note=str(error))
        line = session.get_one(AttemptLine, effect.content["line"])
        line.state, line.note = "desk", str(error)
        audit.record(rt, session, "payment-refused", effect.company_id, effect.account_id, line.uid, why=str(error))
        planner.wake_owners(rt, session, [line.invoice_id], effect.account_id)
