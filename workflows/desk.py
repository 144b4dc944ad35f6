"""What a person decides: messages in doubt, and payments and other changes of the ledger that could not be written."""

from __future__ import annotations

from sqlalchemy import select

from models import Account, Attempt, AttemptLine, Effect, EffectState, Posting, Touch, TouchInvoice
from workflows import audit, bookings, dirty, mirror, orders, planner, sending
from workflows.errors import Refusal
from workflows.runtime import Runtime

BOOKING_ANSWERS = ("retry", "on-account", "booked", "paid-back")
POSTING_ANSWERS = ("retry", "done", "drop")


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
    """A payment on the desk: "booked" by hand, "retry" it, book it "on-account", or it was "paid-back" by hand."""
    if how not in BOOKING_ANSWERS:
        raise Refusal("Please say what is to be done with this payment.")
    with rt.store.write() as session:
        line = session.get_one(AttemptLine, line_id, with_for_update={"key_share": True})
        if line.state != "desk":
            raise Refusal("This payment is no longer on the desk.")
        attempt = session.get_one(Attempt, line.attempt_id)
        if how in ("retry", "on-account"):
            line.state, line.note = "taken", ""
            if not bookings.retry(rt, session, line, on_account=how == "on-account"):
                # It was not the whole sum: no booking was ever made, and none can be made by itself.
                raise Refusal("This payment must be booked by hand; the note says why.")
        else:
            by_hand = how == "booked"
            line.state, line.note = ("confirmed", "Booked by hand.") if by_hand else ("void", "Paid back by hand.")
            line.confirmed_at, line.ledger_payment = rt.clock.now() if by_hand else None, ""
            dirty.expect_change(rt, session, attempt.company_id)
        audit.record(
            rt, session, "booking-settled", attempt.company_id, attempt.account_id, line.uid, how=how, user=user_id
        )
        planner.wake_owners(rt, session, [line.invoice_id], attempt.account_id)


def settle_posting(rt: Runtime, posting_id: int, how: str, user_id: int) -> None:
    """A change of the ledger on the desk: "retry" it, or it was "done" by hand, or "drop" it."""
    if how not in POSTING_ANSWERS:
        raise Refusal("Please say whether to try it again, or to leave it.")
    with rt.store.write() as session:
        posting = session.get_one(Posting, posting_id, with_for_update={"key_share": True})
        if posting.state != "desk":
            raise Refusal("This is no longer on the desk.")
        if how == "retry":
            orders.retry(rt, session, posting)
        else:
            posting.state, posting.note = "void", "Done by hand." if how == "done" else "Dropped."
            for entity in ("invoice", "payment", "credit"):
                dirty.expect_change(rt, session, posting.company_id, ((entity, ""),))
        orders.note_down(rt, session, "posting-settled", posting, how=how, user=user_id)


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
