"""What must be true when the world has come to rest, looked at from three sides: the processors' books, Dunlin's rows
and the ledger's books. What must be true after every run, money or not, is `tests.faults.promises`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.facts import InvoiceStatus
from core.money import Money
from models import (
    Attempt,
    AttemptLine,
    BankLine,
    Charge,
    Invoice,
    MoneyRules,
    Notice,
    Payout,
    Posting,
    Reversal,
    Reward,
    TouchInvoice,
)
from sandbox.books import BookPayment
from tests.faults import promises
from tests.property.life import BY_US, Life
from workflows import audit, doctor, reconcile
from workflows.bank_holds import HOLDING
from workflows.pending import Kind
from workflows.returned import ON_THE_DESK

OURS = "Dunlin"


def broken(life: Life) -> list[str]:
    """Every broken promise in words; none when all agree."""
    differences = list(reconcile.differences(life.rt))
    named = {one.reference for one in differences}
    outcome = promises.Outcome(seed=0)
    moved = life.witness.moved | _anew(life)
    return [
        *life.witness.wrong,
        *_attempts(life),
        *_credits(life, named),
        *_expenses(life, named),
        *_charges(life),
        *_told(life, differences),
        *_settled(life),
        *_lines_of_the_bank(life),
        *promises.mirror(life.town),
        *promises.rewards(life.town, outcome),
        *promises.charges(life.town, outcome),
        *promises.left_unfinished(life.town, outcome),
        *promises.said_twice(life.town, outcome, moved),
        *promises.performed_twice(life.town),
        *audit.verify(life.rt),
        *(f"Invoice {one}: silence without a because." for one in doctor.unexplained(life.rt)),
    ]


def census(life: Life) -> Counter[str]:
    """How many of each kind of row there are in the end, by the state each came to."""
    with life.rt.store.read() as session:
        found = Counter(f"payment {one}" for one in session.scalars(select(AttemptLine.state)))
        found.update(f"back {one}" for one in session.scalars(select(Reversal.state)))
        found.update(f"{one} reward {state}" for one, state in session.execute(select(Reward.kind, Reward.state)))
        found.update(f"{one} {state}" for one, state in session.execute(select(Posting.kind, Posting.state)))
        found.update(f"charge {one}" for one in session.scalars(select(Charge.state)))
        found.update(f"payout {one}" for one in session.scalars(select(Payout.state)))
        found.update(f"bank line {one}" for one in session.scalars(select(BankLine.state)))
    return found


# Payments


def _attempts(life: Life) -> Iterator[str]:
    """Of every attempt: taken less given back is what stands in the ledger, waits on the desk, or a person saw to."""
    kept = {one.reference: one.left for one in (*life.town.stripe.paid_sessions(), *life.town.gocardless.collected())}
    standing: dict[str, list[BookPayment]] = defaultdict(list)
    for payment in life.twin.received(life.tenant):
        standing[payment.reference[:BY_US]].append(payment)
    with life.rt.store.read() as session:
        attempts = session.scalars(select(Attempt).options(selectinload(Attempt.lines))).all()
        for attempt in attempts:
            left = kept.get(attempt.uid, Money.zero(attempt.currency))
            yield from _attempt(session, attempt, left, standing, life.said[attempt.uid])
    known = {line.uid[:BY_US] for attempt in attempts for line in attempt.lines}
    for reference in standing.keys() - known:
        if not reference.startswith(("bank ", "hand ")):
            yield f"The ledger has {standing[reference]}, which nobody entered."
    for reference in kept.keys() - {one.uid for one in attempts}:
        yield f"{reference} was paid and no attempt knows of it."


def _attempt(
    session: Session, attempt: Attempt, left: Money, standing: Mapping[str, Sequence[BookPayment]], said: int
) -> Iterator[str]:
    found = {line.uid: standing.get(line.uid[:BY_US], ()) for line in attempt.lines}
    yield from (f"A line of {attempt.uid} is booked {len(it)} times." for it in found.values() if len(it) > 1)
    booked = sum((_minor(one.amount) for it in found.values() for one in it), 0)
    waits = sum(line.amount_minor for line in attempt.lines if line.state == "desk" and not found[line.uid])
    by_hand = sum(
        line.amount_minor
        for line in attempt.lines
        if line.state == "confirmed" and not line.ledger_payment and not found[line.uid]
    )
    too_much, too_little = _going_back(session, attempt)
    off = left.minor - (booked + waits + by_hand + said)
    if not -too_much <= off <= too_little:
        states = [f"{line.state} {line.amount}" for line in attempt.lines]
        yield (
            f"{attempt.uid} ({attempt.state}, {states}): the processor keeps {left}, the ledger has {booked} cents, on "
            f"the desk are {waits} and {-too_much} to {too_little}, by hand {by_hand}, a person said {said}."
        )


def _going_back(session: Session, attempt: Attempt) -> tuple[int, int]:
    """How much more than is right the ledger may show, and how much less, because a person has not decided yet."""
    mine = select(Reversal).where(Reversal.attempt_id == attempt.id)
    rows = session.scalars(mine).all()
    undoing = select(Posting).where(Posting.state == "desk", Posting.kind == Kind.UNDO_PAYMENT.value)
    stuck = {one.content["payment"] for one in session.scalars(undoing)}
    lines = sum(line.amount_minor for line in attempt.lines if line.ledger_payment in stuck)
    return (
        sum(one.amount_minor for one in rows if one.state == "desk") + lines,
        sum(one.amount_minor for one in rows if one.state == "again"),
    )


def _minor(amount: Decimal) -> int:
    """Cents: both towns keep their books in a currency that has them."""
    return int(amount * 100)


# Credits and expenses


def _credits(life: Life, named: set[str]) -> Iterator[str]:
    """Every credit note of ours belongs to one posting over the same sum, and the other way round, or it is named. One
    that was taken back with the payment that had earned it, or by a person, is no news.
    """
    with life.rt.store.read() as session:
        postings = session.scalars(select(Posting).where(Posting.kind == Kind.CREDIT.value)).all()
        earned = {one.posting_id: one for one in session.scalars(select(Reward))}
        numbers = {name: one.number for one in session.scalars(select(Invoice)) for name in (one.id, one.uid)}
    found: Counter[str] = Counter()
    for note in life.twin.credit_notes(life.tenant):
        mine = [one for one in postings if one.uid in note.note]
        found.update(one.uid for one in mine)
        if len(mine) != 1:
            yield f"The credit note {note} belongs to {len(mine)} postings."
        elif mine[0].amount.decimal != note.amount:
            yield f"The credit note {note} was to be over {mine[0].amount}."
    for one in postings:
        if found[one.uid] > 1:
            yield f"The credit {one.uid} stands {found[one.uid]} times."
        reward = earned.get(one.id)
        about = [numbers[it] for it in (reward.counted or [reward.invoice_id])] if reward else []
        unearned = any(life.twin.balance(life.tenant, it) > one.amount.decimal for it in about)
        unearned |= reward is not None and reward.state == "taken"
        if one.state == "written" and not found[one.uid] and one.uid not in named and not unearned:
            yield f"The credit {one.uid} of {one.amount} is gone, and nobody is told."


def _expenses(life: Life, named: set[str]) -> Iterator[str]:
    """Every expense belongs to one payout and is what was kept back of it; none is missing unnamed, and none twice."""
    with life.rt.store.read() as session:
        whole = selectinload(Payout.entries), joinedload(Payout.posting), joinedload(Payout.processor_account)
        rows = session.scalars(select(Payout).options(*whole)).all()
        rules = session.scalars(select(MoneyRules)).one()
        taken = set(session.scalars(select(Attempt.payment_reference)))
    kept_back = _kept_back(life)
    found: Counter[str] = Counter()
    for expense in life.twin.expenses(life.tenant):
        mine = [one for one in rows if one.posting and one.posting.uid in f"{expense.note} {expense.words}"]
        found.update(one.uid for one in mine)
        if len(mine) != 1 or mine[0].posting.amount.decimal != expense.amount:  # type: ignore[union-attr]
            yield f"The expense {expense} belongs to {[(one.external_id, one.posting) for one in mine]}."
    for one in rows:
        fee = sum(it.fee_minor for it in one.entries if it.payment in taken)
        told, loose = kept_back[one.processor_account.kind, one.external_id]
        if abs(fee - told) > loose:
            yield f"Of the payout {one.external_id} {told} cents were kept back, here it is {fee}."
        if one.posting and one.posting.amount_minor != fee:
            yield f"Of the payout {one.external_id} {one.posting.amount} is booked, kept back were {fee} cents."
        gone = one.posting and one.posting.state == "written" and not found[one.uid]
        if found[one.uid] > 1 or (gone and one.posting.uid not in named):  # type: ignore[union-attr]
            yield f"The fee of the payout {one.external_id} is booked {found[one.uid]} times."
        due = rules.payout_fees and rules.fees_since and one.arrives >= rules.fees_since
        if due and fee > 0 and one.whole and one.state == "paid" and one.posting is None:
            yield f"The fee of the payout {one.external_id} was never booked."


def _charges(life: Life) -> Iterator[str]:
    """In the ledger's own books: one invoice over the sum for each that a person asked for, and none for any other."""
    with life.rt.store.read() as session:
        rows = session.execute(select(Charge, Posting).outerjoin(Posting, Posting.id == Charge.posting_id)).all()
    for charge, posting in rows:
        sums = _invoiced(life, posting.uid) if posting else []
        wanted = [charge.amount.decimal] if charge.state == "booked" else []
        if sums != wanted and not (posting and posting.state == "desk" and sums == [charge.amount.decimal]):
            yield f"The charge over {charge.amount} is {charge.state}; the ledger has invoices over {sums} for it."


def _invoiced(life: Life, reference: str) -> list[Decimal]:
    """The sums of the ledger's invoices that carry this reference of ours."""
    if life.kind == "xero":
        books = life.town.xero.organisations[life.tenant].invoices.values()
        return [one.total for one in books if reference in one.reference]
    rows = life.town.quickbooks.realms[life.tenant].rows["Invoice"].values()
    return [row["TotalAmt"] for row in rows if reference in row.get("PrivateNote", "")]


def _kept_back(life: Life) -> dict[tuple[str, str], tuple[int, float]]:
    """Cents kept back of each payout, by the processors' own books; and how far they may be off by rounding."""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for secret in life.town.stripe.accounts:
        for made in life.town.stripe.payouts_made(secret):
            found["stripe", made.view["id"]] = sum(row["fee"] for row in made.rows), 0
    for secret in life.town.gocardless.accounts:
        for made in life.town.gocardless.payouts_made(secret):
            found["gocardless", made.view["id"]] = made.view["deducted_fees"], len(made.items) / 2
    return found


# What is told, and what is not left undone


def _told(life: Life, differences: Sequence[reconcile.Difference]) -> Iterator[str]:
    """Every difference waits where a person decides, or people were mailed of it."""
    with life.rt.store.read() as session:
        told = {one.text for one in session.scalars(select(Notice))}
        waiting = {
            *session.scalars(select(AttemptLine.uid).where(AttemptLine.state == "desk")),
            *session.scalars(select(Posting.uid).where(Posting.state == "desk")),
            *session.scalars(select(Reward.uid).where(Reward.state.in_(("desk", "unearned")))),
            *session.scalars(select(Reversal.uid).where(Reversal.state.in_(ON_THE_DESK))),
            *session.scalars(select(BankLine.uid).where(BankLine.state.in_(("unclear", *HOLDING)))),
        }
    for one in differences:
        if one.reference not in waiting and not any(one.what in text for text in told):
            yield f"Nobody was told: {one.reference}: {one.what}"


def _anew(life: Life) -> set[str]:
    """Invoices whose steps were counted from a second day, as after a part of one was paid: they may be said anew."""
    wanted = select(Invoice.number).join(TouchInvoice, TouchInvoice.invoice_id == Invoice.id).group_by(Invoice.number)
    with life.rt.store.read() as session:
        return set(session.scalars(wanted.having(func.count(TouchInvoice.anchor.distinct()) > 1)))


def _settled(life: Life) -> Iterator[str]:
    """What the ledger has as paid or void is not open here; nothing of a payment is still on its way."""
    with life.rt.store.read() as session:
        for row in session.scalars(select(Invoice).where(Invoice.status == InvoiceStatus.OPEN.value)):
            if not life.twin.balance(life.tenant, row.number):
                yield f"{row.number} is open here and settled in the ledger."
        for line in session.scalars(select(AttemptLine).where(AttemptLine.state.in_(("coming", "taken", "booked")))):
            yield f"The line {line.uid} stays {line.state}: {line.note}"
        for row in session.scalars(select(Reversal).where(Reversal.state == "due")):
            yield f"What went back, {row.amount}, was never settled."
        for posting in session.scalars(select(Posting).where(Posting.state == "due")):
            yield f"The posting {posting.uid} ({posting.kind}) stays due."


def _lines_of_the_bank(life: Life) -> Iterator[str]:
    with life.rt.store.read() as session:
        count = len(session.scalars(select(BankLine.id)).all())
    if count != len(life.brought):
        yield f"{len(life.brought)} different lines were brought, {count} are kept."
