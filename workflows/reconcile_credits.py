"""What we wrote into the ledger beside payments, against what the mirror shows: credits, discounts, money on account;
and what was asked for and does not get there. Rows only; it asks nobody. Of booked fees it says what `expenses` saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from core.money import Money
from models import Company, Credit, Invoice, Payment, Posting, Reward
from workflows import expenses, offers, rewards, unearned
from workflows.owed import is_owed
from workflows.pending import UNSEEN, Kind
from workflows.reconcile_found import UNDER_WAY, Found, Place, Span, shown
from workflows.rows import among

_THINGS = {
    Kind.CREDIT.value: "The credit note of {amount}{about}",
    Kind.ALLOCATION.value: "The use of the credit of {amount}{about}",
    Kind.UNDO_ALLOCATION.value: "The release of the credit of {amount}{about}",
    Kind.UNDO_CREDIT.value: "The removal of the credit of {amount}{about}",
    Kind.ON_ACCOUNT.value: "The {amount} on account",
    Kind.UNDO_PAYMENT.value: "The removal of a payment",
    Kind.DUE_DATE.value: "The new due date{about}",
    Kind.EXPECTED_DATE.value: "The day on which money is expected{about}",
    Kind.NOTE.value: "The note{about}",
    Kind.EXPENSE.value: "The processor's fee of {amount}",
    Kind.INVOICE.value: "The invoice of {amount} for lateness{about}",
}
_REWARDS = {offers.EARLY: "The discount of {amount}{about}", offers.LOYAL: "The thank-you credit of {amount}"}
_BECAME = {
    expenses.GONE: "is not in the ledger any more. Enter it there again, so that the clearing account agrees.",
    expenses.CHANGED: "stands in the ledger over another sum. Put it right there, so that the clearing account agrees.",
}
_MISSED = {
    Kind.CREDIT.value: "is not in the ledger any more. Give it once more, or tell the customer that it does not count.",
    Kind.ON_ACCOUNT.value: "is not in the ledger any more. Book it again if the money is here.",
    Kind.UNDO_PAYMENT.value: "was asked for, and the payment still stands in the ledger. Remove it there.",
    Kind.UNDO_CREDIT.value: "was asked for, and the credit still stands in the ledger. Remove it there.",
}


def compare(session: Session, company: Company, span: Span, now: datetime) -> Iterator[Found]:
    """Of what was asked for in these days."""
    yield from _unwritten(session, company, span, now)
    yield from _missing(session, company, span)
    yield from _astray(session, company, span)
    yield from _other_sums(session, company, span)
    yield from _on_the_desk(session, company, span)
    yield from _of_money_that_went_back(session, company, span)


def _astray(session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Fees that were booked and do not stand in the ledger as they were, when last looked up."""
    booked = Posting.kind == Kind.EXPENSE.value, Posting.state == "written"
    for posting, _, _ in session.execute(_postings(company, span, *booked)):
        became = posting.content.get("astray")
        if became:
            what = f"The fee of {posting.amount} that was booked for {posting.day} {_BECAME[became]}"
            yield Found(posting.uid, what, posting.written_at or posting.asked_at, Place.PAYOUTS)


def _postings(
    company: Company, span: Span, *which: ColumnElement[bool]
) -> Select[Posting, Invoice | None, Reward | None]:
    return (
        select(Posting, Invoice, Reward)
        .outerjoin(Invoice, Invoice.id == Posting.invoice_id)
        .outerjoin(Reward, Reward.posting_id == Posting.id)
        .where(Posting.company_id == company.id, span.moments(Posting.asked_at), *which)
        .order_by(Posting.id)
    )


def _thing(posting: Posting, invoice: Invoice | None, reward: Reward | None) -> str:
    words = _REWARDS[reward.kind] if reward and posting.kind == Kind.CREDIT else _THINGS[posting.kind]
    amount = str(posting.amount) if posting.currency else ""
    return words.format(amount=amount, about=f" for invoice {invoice.number}" if invoice else "")


def _unwritten(session: Session, company: Company, span: Span, now: datetime) -> Iterator[Found]:
    late = and_(Posting.state == "due", Posting.asked_at < now - UNDER_WAY)
    waits = _postings(company, span, or_(Posting.state == "desk", late))
    for posting, invoice, reward in session.execute(waits):
        thing, uid = _thing(posting, invoice, reward), invoice.uid if invoice else ""
        if posting.state == "desk":
            what, place = f"{thing} waits for a person. {posting.note}", Place.DESK
        else:
            what = f"{thing} was asked for on {posting.asked_at:%Y-%m-%d} and is not written yet. "
            what += "It is tried again by itself; look whether the ledger is connected."
            place = Place.INVOICE if uid else Place.DESK
        yield Found(posting.uid, what.strip(), posting.asked_at, place, uid, told=False)


def _missing(session: Session, company: Company, span: Span) -> Iterator[Found]:
    stands = or_(*(shown(table, company.id, Posting.external_id) for table in (Payment, Credit)))
    differs = or_(
        and_(Posting.kind.in_((Kind.CREDIT.value, Kind.ON_ACCOUNT.value)), ~stands),
        and_(Posting.kind.in_((Kind.UNDO_PAYMENT.value, Kind.UNDO_CREDIT.value)), stands),
    )
    gone = _postings(company, span, Posting.state == "written", ~UNSEEN, differs)
    for posting, invoice, reward in session.execute(gone):
        if reward is not None and _unearned(session, reward, invoice):
            continue  # the credit was taken back with the payment that had earned it
        what = f"{_thing(posting, invoice, reward)} {_MISSED[posting.kind]}"
        place, uid = (Place.INVOICE, invoice.uid) if invoice else (Place.DESK, "")
        yield Found(posting.uid, what, posting.written_at or posting.asked_at, place, uid)


def _other_sums(session: Session, company: Company, span: Span) -> Iterator[Found]:
    """A ledger tells what is left of a credit, and not always what was used of it: then what `credit_sums` saw counts,
    and before it has looked only more than ours is news.
    """
    ours = and_(Credit.company_id == company.id, Credit.external_id == Posting.external_id, Credit.gone_at.is_(None))
    written = Posting.state == "written", Posting.kind == Kind.CREDIT.value
    for posting, invoice, reward, credit in session.execute(
        _postings(company, span, *written).join(Credit, ours).add_columns(Credit)
    ):
        total, is_told = credit.remaining_minor + sum(minor for _, minor in credit.applied), bool(credit.applied)
        if not is_told and "total" in posting.content and total != posting.amount_minor:
            total, is_told = posting.content["total"], True
        if total > posting.amount_minor or (is_told and total < posting.amount_minor):
            what = f"{_thing(posting, invoice, reward)} stands in the ledger over {Money(total, credit.currency)}. "
            what += "Put it right there."
            place, uid = (Place.INVOICE, invoice.uid) if invoice else (Place.DESK, "")
            yield Found(posting.uid, what, posting.written_at or posting.asked_at, place, uid)


def _on_the_desk(session: Session, company: Company, span: Span) -> Iterator[Found]:
    waits = Reward.company_id == company.id, Reward.state == rewards.DESK
    wanted = select(Reward, Invoice).join(Invoice, Invoice.id == Reward.invoice_id)
    for reward, invoice in session.execute(wanted.where(*waits, span.moments(Reward.made_at)).order_by(Reward.id)):
        what = f"Invoice {invoice.number}: {reward.amount} less was paid, and a person must decide. {reward.note}"
        yield Found(reward.uid, what, reward.made_at, Place.DESK, invoice.uid, told=False)


# A reward whose payment went back


def _of_money_that_went_back(session: Session, company: Company, span: Span) -> Iterator[Found]:
    """The invoices are open again, and the credit given for their payment stands."""
    granted = (
        select(Reward, Invoice, Posting)
        .join(Posting, Posting.id == Reward.posting_id)
        .outerjoin(Invoice, Invoice.id == Reward.invoice_id)
        .where(
            Reward.company_id == company.id,
            Reward.state.in_((rewards.GRANTED, unearned.UNEARNED)),
            Posting.state == "written",
            span.moments(Reward.settled_at),
            shown(Credit, company.id, Posting.external_id),
            or_(Reward.kind == offers.LOYAL, Reward.state == unearned.UNEARNED, unearned.open_again()),
        )
    )
    for reward, invoice, posting in session.execute(granted.order_by(Reward.id)):
        at = reward.settled_at or reward.made_at
        if reward.kind == offers.EARLY:
            what = (
                f"Invoice {invoice.number}: the payment that earned the discount of {posting.amount} went back, or a "
                "part of it, and the credit still stands. Say on the desk whether it is taken back or left."
            )
            yield Found(reward.uid, what, at, Place.DESK, invoice.uid, told=reward.state == rewards.GRANTED)
        elif counted := _counted_open(session, reward):
            what = (
                f"Invoice {counted.number} counted for the thank-you credit of {posting.amount} and is open again. "
                "Take the credit out of the ledger, or leave it as it is once the invoice is paid."
            )
            yield Found(reward.uid, what, at, Place.INVOICE, counted.uid)


def _counted_open(session: Session, reward: Reward) -> Invoice | None:
    mine = Invoice.company_id == reward.company_id, among(session, Invoice.uid, reward.counted)
    return session.scalars(select(Invoice).where(*mine, is_owed()).order_by(Invoice.id).limit(1)).first()


def _unearned(session: Session, reward: Reward, invoice: Invoice | None) -> bool:
    if reward.kind == offers.LOYAL:
        return _counted_open(session, reward) is not None
    if reward.state == unearned.TAKEN:
        return True
    mine = Invoice.id == (invoice.id if invoice else None), Reward.id == reward.id
    reopened = select(Invoice.id).join(Reward, Reward.invoice_id == Invoice.id).where(*mine, unearned.open_again())
    return session.scalars(reopened).first() is not None
