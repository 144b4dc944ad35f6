"""Money of an attempt that went back: refunded, charged back, or a debit that the bank returned after it had come.

What was booked of it is taken back in the ledger, so that the invoice stands open as it is. What cannot be told apart,
or came to us again, waits on the desk.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from core.money import Money
from integrations.processors.base import MoneyBack
from models import Account, Attempt, AttemptLine, Company, Effect, EffectState, Invoice, Payment, Reversal
from workflows import audit, bookings, effects, holds, orders, planner, writing
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.pending import Kind
from workflows.runtime import Runtime

WORDS = {
    "refund": "was refunded at the processor",
    "chargeback": "was charged back by the customer's bank",
    "failure": "was taken back by the customer's bank",
}
ON_THE_DESK = ("desk", "again")
_BY_HAND = "Put it right in the ledger, then note it as done."


def of(session: Session, attempt_id: int) -> Sequence[Reversal]:
    """What went back of an attempt, the oldest first."""
    return session.scalars(select(Reversal).where(Reversal.attempt_id == attempt_id).order_by(Reversal.id)).all()


def note(rt: Runtime, attempt_id: int, back: Sequence[MoneyBack]) -> None:
    """Write down what went back, each thing once; the next tick takes it out of the ledger."""
    if not back:
        return
    with rt.store.write() as session:
        attempt = session.get_one(Attempt, attempt_id, with_for_update={"key_share": True})
        known = {one.external_id: one for one in of(session, attempt_id)}
        for one in back:
            row = known.get(one.id)
            if row is None and not one.undone:
                session.add(_row(rt, attempt, one))
                _tell(rt, session, "money-went-back", attempt, how=one.kind, amount=str(one.amount))
            elif row is not None and one.undone and row.state not in ("void", "again"):
                _came_again(rt, session, attempt, row)


def _row(rt: Runtime, attempt: Attempt, one: MoneyBack) -> Reversal:
    return Reversal(
        uid=rt.new_id(),
        attempt_id=attempt.id,
        external_id=one.id,
        kind=one.kind,
        currency=one.amount.currency,
        amount_minor=one.amount.minor,
        state="due",
        made_at=rt.clock.now(),
    )


def _came_again(rt: Runtime, session: Session, attempt: Attempt, row: Reversal) -> None:
    """Such as a dispute with the bank that was won: what was taken out of the ledger must be booked anew."""
    if row.state == "written":
        row.state, row.settled_at = "again", None
        row.note = (
            f"{row.amount} that {WORDS[row.kind]} came to you again. Book it in the ledger, then note it as done."
        )
    else:
        row.state, row.settled_at, row.note = "void", rt.clock.now(), ""
    _tell(rt, session, "money-came-again", attempt, how=row.kind, amount=str(row.amount))


# Asked at every tick, so it is made once.
_DUE = select(Reversal.id).where(Reversal.state == "due").order_by(Reversal.id)


def settle(rt: Runtime) -> int:
    """Take out of the ledger what went back; how many were looked at."""
    with rt.store.read() as session:
        due = session.scalars(_DUE).all()
    for reversal_id in due:
        with rt.store.write() as session:
            _settle(rt, session, session.get_one(Reversal, reversal_id, with_for_update={"key_share": True}))
    return len(due)


def _settle(rt: Runtime, session: Session, row: Reversal) -> None:
    attempt = session.scalars(
        select(Attempt).where(Attempt.id == row.attempt_id).options(selectinload(Attempt.lines))
    ).one()
    if row.state != "due" or attempt.state != "paid":
        return  # settled by another, or its payment is not even learned of yet
    known = _noted_by_hand(session, attempt, row)
    lines = [] if known else _about(attempt, row.amount)
    if not all(_stopped(rt, session, line) for line in lines):
        return  # its booking is under way: first that comes to an end, then it is taken back
    row.state, row.settled_at = "written", rt.clock.now()
    for line in lines:
        _take_back(rt, session, attempt, line, row)
    if not (lines or known):
        _to_desk(row, attempt, "the ledger cannot be told which invoice it belongs to")
    _tell(rt, session, "reversal-settled", attempt, how=row.kind, amount=str(row.amount), note=row.note)


def _noted_by_hand(session: Session, attempt: Attempt, row: Reversal) -> bool:
    """Whether a person has already said at the desk that so much of it was paid back."""
    others = (one for one in of(session, attempt.id) if one is not row and _was_taken_out(one))
    void = sum(line.amount_minor for line in attempt.lines if line.state == "void")
    return row.amount_minor <= void - sum(one.amount_minor for one in others)


def _was_taken_out(row: Reversal) -> bool:
    """Also when it came again since: then its note still says so after a person has booked it anew."""
    return row.state in ("written", "again") or (row.state == "void" and bool(row.note))


def _about(attempt: Attempt, amount: Money) -> list[AttemptLine]:
    """The lines that went back: all that stand where it is all of them, or the only one of just that amount."""
    standing = [line for line in attempt.lines if line.state != "void"]
    if sum(line.amount_minor for line in standing) == amount.minor:
        return standing
    same = [line for line in standing if line.amount == amount]
    return same if len(same) == 1 else []


def _stopped(rt: Runtime, session: Session, line: AttemptLine) -> bool:
    """Whether nothing books the line any more. What only waited to is dropped; what was tried may stand in the ledger
    although no answer came, so its end is awaited.
    """
    if line.state == "desk" and not line.ledger_payment and bookings.look_again(rt, session, line):
        line.state = "taken"
        return False
    if line.state != "taken":
        return True
    booking = session.scalars(select(Effect).where(Effect.key == bookings.key_of(line))).first()
    if booking is None or booking.state == EffectState.DROPPED.value:
        return True
    if writing.was_tried(booking):
        return False
    return effects.move(rt, session, booking, EffectState.DROPPED, since=EffectState.DUE, note=bookings.WENT_BACK)


def _take_back(rt: Runtime, session: Session, attempt: Attempt, line: AttemptLine, row: Reversal) -> None:
    if line.state in ("booked", "confirmed") and line.ledger_payment:
        account = session.get_one(Account, attempt.account_id)
        company, now = session.get_one(Company, attempt.company_id), rt.clock.now()
        day = today_of(company, now)
        orders.want(rt, session, Kind.UNDO_PAYMENT, account, day, payment=line.ledger_payment)
    elif line.state == "confirmed":
        _to_desk(row, attempt, "a person had booked it")
    elif line.ledger_payment and _stands(session, attempt, line):
        _to_desk(row, attempt, "its payment stands in the ledger for something else")
    else:
        line.state, line.note = "void", f"{line.amount} {WORDS[row.kind]}."
    if row.kind == "chargeback":
        why = f"{line.amount} {WORDS[row.kind]}. Ask them what is wrong before anything else is said."
        session.add(holds.for_a_person(rt, session.get_one(Invoice, line.invoice_id), Cause.REPLIED, why))


def _stands(session: Session, attempt: Attempt, line: AttemptLine) -> bool:
    """Whether the ledger still shows what was booked of it, for whatever."""
    booked = Payment.company_id == attempt.company_id, Payment.external_id == line.ledger_payment
    return session.scalars(select(Payment.id).where(*booked, Payment.gone_at.is_(None))).first() is not None


def _to_desk(row: Reversal, attempt: Attempt, why: str) -> None:
    row.state, row.settled_at = "desk", None
    row.note = f"{row.amount} of {attempt.amount} {WORDS[row.kind]}, and {why}. {_BY_HAND}"


def _tell(rt: Runtime, session: Session, fact: str, attempt: Attempt, **said: object) -> None:
    audit.record(rt, session, fact, attempt.company_id, attempt.account_id, attempt.uid, **said)
    lines = session.scalars(select(AttemptLine.invoice_id).where(AttemptLine.attempt_id == attempt.id)).all()
    planner.wake_owners(rt, session, lines, attempt.account_id)


def done_by_hand(rt: Runtime, reversal_id: int, user_id: int) -> None:
    """A person has put it right in the ledger."""
    with rt.store.write() as session:
        row = session.get_one(Reversal, reversal_id, with_for_update={"key_share": True})
        if row.state not in ON_THE_DESK:
            raise Refusal("This is no longer on the desk.")
        row.state, row.settled_at = ("written" if row.state == "desk" else "void"), rt.clock.now()
        attempt = session.get_one(Attempt, row.attempt_id)
        _tell(rt, session, "reversal-by-hand", attempt, user=user_id, amount=str(row.amount))
