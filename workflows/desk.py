"""What a person decides: messages in doubt, and payments that could not be booked."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Account, AttemptLine, Effect, EffectState, Touch, TouchInvoice
from workflows import audit, bookings, mirror, planner, sending
from workflows.errors import Refusal
from workflows.runtime import Runtime


def settle_touch(rt: Runtime, touch_id: int, was_sent: bool, user_id: int) -> None:
    """A person says whether a message in doubt reached its reader. Not sent: its steps count as unsaid."""
    now = rt.clock.now()
    with rt.store.write() as session:
        touch = session.get_one(Touch, touch_id)
        if touch.state != EffectState.IN_DOUBT.value:
            raise Refusal("This message is no longer in doubt.")
        effect = session.get_one(Effect, touch.effect_id)
        about = session.scalars(select(TouchInvoice.invoice_id).where(TouchInvoice.touch_id == touch_id)).all()
        answer = EffectState.SENT if was_sent else EffectState.DROPPED
        effect.state, effect.note, effect.updated_at = answer.value, "Decided by a person.", now
        if was_sent:
            touch.state, touch.sent_at = EffectState.SENT.value, touch.sending_at
        else:
            sending.forget(session, touch_id)
        audit.record(
            rt, session, "doubt-settled", touch.company_id, touch.account_id, effect.uid, sent=was_sent, user=user_id
        )
        planner.wake_owners(rt, session, about, touch.account_id)


def settle_booking(rt: Runtime, line_id: int, how: str, user_id: int) -> None:
    """A payment on the desk was booked by hand ("booked"), or is to be tried again ("retry")."""
    if how not in ("booked", "retry"):
        raise Refusal("Please say whether it was booked by hand or should be tried again.")
    now = rt.clock.now()
    with rt.store.write() as session:
        line = session.get_one(AttemptLine, line_id, options=[joinedload(AttemptLine.attempt)])
        if line.state != "desk":
            raise Refusal("This payment is no longer on the desk.")
        attempt = line.attempt
        if how == "booked":
            line.state, line.confirmed_at, line.note = "confirmed", now, "Booked by hand."
            line.ledger_payment = ""
        else:
            line.state, line.note = "taken", ""
            _retry(rt, session, line)
        audit.record(
            rt, session, "booking-settled", attempt.company_id, attempt.account_id, line.uid, how=how, user=user_id
        )
        planner.wake_owners(rt, session, [line.invoice_id], attempt.account_id)


def _retry(rt: Runtime, session: Session, line: AttemptLine) -> None:
    """Book again; a payment that never had a booking (it was not the whole sum) gets none by itself."""
    if session.scalars(select(Effect.id).where(Effect.key == f"booking/{line.uid}")).first() is None:
        raise Refusal("This payment must be booked by hand; the note says why.")
    bookings.retry(rt, session, line)


def try_address_again(rt: Runtime, account_id: int, user_id: int) -> None:
    """A person has seen to it: forget that this account's addresses were turned away."""
    with rt.store.write() as session:
        row = session.get_one(Account, account_id)
        if not row.refused:
            raise Refusal("None of this customer's addresses was turned away.")
        audit.record(
            rt, session, "addresses-tried-again", row.company_id, row.id, row.uid, user=user_id, addresses=row.refused
        )
        row.refused = []
        mirror.wake(session, [account_id], rt.clock.now())
