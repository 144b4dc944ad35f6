"""A discount for paying early whose payment went back: it waits on the desk, and a person takes it back or leaves it.

Nothing is taken back by itself. Where only a part of the payment went back nobody works out a part of the discount:
it is all or nothing. How a discount is offered and earned is said in `rewards`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from models import Account, AttemptLine, Company, Credit, Invoice, Posting, Reversal, Reward
from workflows import audit, offers, orders, planner, rewards
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.owed import is_owed
from workflows.pending import UNSEEN, Kind
from workflows.reconcile_found import CAME_AGAIN, shown
from workflows.runtime import Runtime

UNEARNED, KEPT, TAKEN = "unearned", "kept", "taken"
ALL = "{amount} less was given for paying early. The payment that earned it went back, and the credit still stands."
PART = (
    "{amount} less was given for paying early. A part of the payment that earned it went back. Nobody works out a part "
    "of a discount: take all of it back, or leave it as it is."
)
CAME = "The money came again."
BY_HAND = "The credit was taken out in the ledger."
_BACK = (Kind.UNDO_ALLOCATION.value, Kind.UNDO_CREDIT.value)
_Given = tuple[Reward, Invoice, Posting]


# Asked after every reading, and most often there is none.
_ANY = (
    select(Reward.id)
    .where(Reward.company_id == bindparam("company"), Reward.kind == offers.EARLY)
    .where(Reward.state.in_((rewards.GRANTED, UNEARNED, TAKEN)))
    .limit(1)
)


def see(rt: Runtime, session: Session, company_id: int) -> None:
    """After a reading, in its transaction: put on the desk what is not earned any more, and take from it what is."""
    if session.scalars(_ANY, {"company": company_id}).first() is None:
        return
    stands = shown(Credit, company_id, Posting.external_id)
    for found in _given(session, company_id, rewards.GRANTED, stands, or_(open_again(), _back("desk"))):
        _put(rt, session, found)
    for found in _given(session, company_id, TAKEN, stands, ~_being_taken()):
        _put(rt, session, found)  # what was to take it back was dropped: nothing is forgotten
    for reward, _, _ in _given(session, company_id, UNEARNED, ~stands):
        _end(rt, session, reward, TAKEN, BY_HAND)
    for found in _given(session, company_id, UNEARNED, stands):
        found[0].note = _words(found)
    for reward, _, _ in _given(session, company_id, UNEARNED, ~open_again(), ~_back("due", "desk", "written")):
        _end(rt, session, reward, rewards.GRANTED, CAME)


def open_again() -> ColumnElement[bool]:
    """More of the invoice is open than its discount."""
    return and_(is_owed(), Invoice.balance_minor > Reward.amount_minor)


def _back(*states: str) -> ColumnElement[bool]:
    """Money of a payment for this invoice went back since it had earned the discount."""
    mine = AttemptLine.attempt_id == Reversal.attempt_id, AttemptLine.invoice_id == Invoice.id
    assert not set(states) & set(CAME_AGAIN)
    return exists().where(*mine, Reversal.state.in_(states), Reversal.made_at >= Posting.asked_at)


def _being_taken() -> ColumnElement[bool]:
    """Its way out of the ledger is not at its end, or no reading has shown yet what came of it."""
    posted = Posting.__table__.alias()
    under_way = or_(posted.c.state.in_(("due", "desk")), and_(posted.c.state == "written", posted.c.kind == _BACK[1]))
    return exists().where(posted.c.invoice_id == Invoice.id, posted.c.kind.in_(_BACK), under_way)


def _given(session: Session, company_id: int, state: str, *which: ColumnElement[bool]) -> Sequence[_Given]:
    wanted = (
        select(Reward, Invoice, Posting)
        .join(Invoice, Invoice.id == Reward.invoice_id)
        .join(Posting, Posting.id == Reward.posting_id)
        .where(Reward.company_id == company_id, Reward.kind == offers.EARLY, Reward.state == state)
        .where(Posting.state == "written", ~UNSEEN, *which)
    )
    return [(reward, invoice, posting) for reward, invoice, posting in session.execute(wanted.order_by(Reward.id))]


def _put(rt: Runtime, session: Session, found: _Given) -> None:
    _end(rt, session, found[0], UNEARNED, _words(found))


def _words(found: _Given) -> str:
    _, invoice, posting = found
    words = ALL if invoice.balance + posting.amount >= invoice.total else PART
    return words.format(amount=posting.amount)


def _end(rt: Runtime, session: Session, reward: Reward, state: str, note: str, **said: object) -> None:
    reward.state, reward.note = state, note
    audit.record(rt, session, f"discount-{state}", reward.company_id, reward.account_id, reward.uid, why=note, **said)
    planner.wake_owners(rt, session, [reward.invoice_id] if reward.invoice_id else [], reward.account_id)


def decide(rt: Runtime, reward_id: int, user_id: int, *, take: bool) -> None:
    """Have the credit taken out of the ledger, or leave it. Refusal when that is settled."""
    with rt.store.write() as session:
        reward = session.get_one(Reward, reward_id, with_for_update={"key_share": True})
        if reward.state != UNEARNED:
            raise Refusal("This discount is no longer on the desk.")
        if take:
            _take(rt, session, reward, user_id)
            _end(rt, session, reward, TAKEN, "A person took it back.", user=user_id)
        else:
            _end(rt, session, reward, KEPT, "A person left it as it is.", user=user_id)


def _take(rt: Runtime, session: Session, reward: Reward, user_id: int) -> None:
    """First the credit leaves its invoice; `orders` then has it taken out of the books."""
    posting = session.get_one(Posting, reward.posting_id)
    company = session.get_one(Company, reward.company_id)
    orders.want(
        rt,
        session,
        Kind.UNDO_ALLOCATION,
        session.get_one(Account, reward.account_id),
        today_of(company, rt.clock.now()),
        invoice=session.get_one(Invoice, reward.invoice_id),
        amount=posting.amount,
        user_id=user_id,
        credit=posting.external_id,
    )
