"""Three-way agreement: what the processor took, what Dunlin wrote down, what the ledger shows.

Looks and tells; it puts nothing right by itself, but for learning at night what the processors say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.money import Money
from integrations.errors import OutsideError
from integrations.processors.base import CheckoutState
from models import Attempt, AttemptLine, Company, Credit, Invoice, Payment, Posting
from workflows import notices, payments, returned
from workflows.pending import Kind
from workflows.runtime import Runtime

NIGHTS = timedelta(days=40)  # for so long a payment's processor is asked again every night
LONGEST = timedelta(days=400)  # and for so long on Sundays: a debit can be taken back for thirteen months
SUNDAY = 6
UNDER_WAY = timedelta(days=1)  # what is younger may still be on its way and is no news


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree. `reference` is the attempt's, line's or posting's uid; `what` is a sentence."""

    company: str
    reference: str
    what: str


def differences(rt: Runtime) -> Iterator[Difference]:
    """Ask the processor about every payment taken, and compare all we wrote with the mirror of the ledger."""
    for found in _compare(rt):
        yield Difference(found.company.name, found.reference, found.what)


def nightly(rt: Runtime) -> int:
    """Learn what became of recent payments, and tell the practice of each difference, once; how many there are."""
    now, count = rt.clock.now(), 0
    for found in _compare(rt, learn_since=now - NIGHTS):
        if found.asked and found.at < now - UNDER_WAY:
            count += 1
            digest = hashlib.sha256(found.what.encode()).hexdigest()[:16]
            with rt.store.write() as session:
                notices.want(
                    rt,
                    session,
                    found.company.practice_id,
                    found.company.id,
                    f"difference/{found.reference}/{digest}",
                    f"{found.company.name}: something does not agree",
                    found.what,
                )
    return count


@dataclass(frozen=True, slots=True)
class _Found:
    """A difference, since when it can be one, and whether the other side was really asked."""

    company: Company
    reference: str
    what: str
    at: datetime
    asked: bool = True


def _compare(rt: Runtime, learn_since: datetime | None = None) -> Iterator[_Found]:
    with rt.store.read() as session:
        companies = session.scalars(select(Company).order_by(Company.id)).all()
    for company in companies:
        with rt.store.read() as session:
            attempts, shown = _attempts(session, company, learn_since), _shown(session, company)
            postings = _postings(session, company)
        for attempt in attempts:
            at = attempt.paid_at or attempt.created_at
            for what, asked in _at_the_processor(rt, attempt, learn_since is not None):
                yield _Found(company, attempt.uid, what, at, asked)
            for line in attempt.lines:
                for what in _in_the_ledger(line, shown):
                    yield _Found(company, line.uid, what, at)
        for posting, number in postings:
            for what in _as_written(posting, number, shown):
                yield _Found(company, posting.uid, what, posting.written_at or posting.asked_at)


def _attempts(session: Session, company: Company, since: datetime | None) -> Sequence[Attempt]:
    paid = select(Attempt).where(Attempt.company_id == company.id, Attempt.state == "paid").order_by(Attempt.id)
    if since is not None:
        paid = paid.where(Attempt.paid_at >= since)
    return session.scalars(paid.options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))).all()


def _postings(session: Session, company: Company) -> Sequence[tuple[Posting, str | None]]:
    """What we wrote and a later reading should show, with the number of the invoice it was about."""
    written = (
        select(Posting, Invoice.number)
        .outerjoin(Invoice, Invoice.id == Posting.invoice_id)
        .where(Posting.company_id == company.id, Posting.state == "written", Posting.kind.in_(list(_MISSED)))
        .order_by(Posting.id)
    )
    return [(posting, number) for posting, number in session.execute(written) if "seen" in posting.content]


def _shown(session: Session, company: Company) -> dict[str, Money | None]:
    """What stands in the mirror of all that we wrote: a payment with its sum, a credit with None: it may be used up."""
    lines = select(AttemptLine.ledger_payment).join(Attempt).where(Attempt.company_id == company.id)
    ours = lines.union(select(Posting.external_id).where(Posting.company_id == company.id))
    credits = select(Credit.external_id).where(
        Credit.company_id == company.id, Credit.external_id.in_(ours), Credit.gone_at.is_(None)
    )
    payments = select(Payment).where(
        Payment.company_id == company.id, Payment.external_id.in_(ours), Payment.gone_at.is_(None)
    )
    shown: dict[str, Money | None] = dict.fromkeys(session.scalars(credits))
    return shown | {row.external_id: Money(row.amount_minor, row.currency) for row in session.scalars(payments)}


def _at_the_processor(rt: Runtime, attempt: Attempt, learns: bool) -> Iterator[tuple[str, bool]]:
    """Each difference, and whether the processor could be asked."""
    try:
        checkout = payments.ask(rt, attempt)
        if learns:
            payments.learn(rt, attempt.id, checkout)
    except OutsideError as error:
        yield f"The processor could not be asked: {error}", False
        return
    if checkout.state is not CheckoutState.PAID:
        yield f"The processor says {checkout.state.value}; here it counts as paid.", True
    elif checkout.amount != attempt.amount:
        yield f"The processor took {checkout.amount}; here it is {attempt.amount}.", True
    with rt.store.read() as session:
        rows = returned.of(session, attempt.id)
    nothing = Money.zero(attempt.currency)
    back = sum((one.amount for one in checkout.returned if not one.undone), nothing)
    known = sum((one.amount for one in rows if one.state != "void"), nothing)
    kept = sum((line.amount for line in attempt.lines if line.state != "void"), nothing)
    if back != known:
        yield f"The processor says that {back} went back; here it is {known}.", True
    elif all(one.state in ("written", "void") for one in rows) and attempt.amount - known < kept:
        yield f"Of {attempt.amount} taken {known} went back, but {kept} still stands as paid.", True


def look_back(rt: Runtime) -> int:
    """On Sundays, ask about payments that are too old for `nightly`, while their payers' banks can still take them
    back, so that what went back is known where no webhook came; how many.
    """
    now = rt.clock.now()
    if now.weekday() != SUNDAY:
        return 0
    with rt.store.read() as session:
        old = Attempt.paid_at >= now - LONGEST, Attempt.paid_at < now - NIGHTS
        attempts = session.scalars(select(Attempt).where(Attempt.state == "paid", *old).order_by(Attempt.id)).all()
    for attempt in attempts:
        try:
            payments.learn(rt, attempt.id, payments.ask(rt, attempt))
        except OutsideError as error:
            log.warning("a payment could not be looked up", attempt=attempt.uid, kind=type(error).__name__)
    return len(attempts)


def _in_the_ledger(line: AttemptLine, shown: Mapping[str, Money | None]) -> Iterator[str]:
    about, stands = f"Invoice {line.invoice.number}", line.ledger_payment in shown
    amount = shown.get(line.ledger_payment)
    if line.state == "desk":
        yield f"{about}: {line.amount} was taken and waits for a person. {line.note}"
    elif line.state == "void":
        return  # given back, as a person said
    elif line.state in ("taken", "booked") and not stands:
        yield f"{about}: {line.amount} was taken and is not yet seen in the ledger."
    elif line.ledger_payment and not stands:
        yield f"{about}: the ledger no longer shows the payment of {line.amount}."
    elif amount is not None and amount != line.amount:
        yield f"{about}: the ledger shows {amount}; {line.amount} was taken."


_MISSED = {
    Kind.CREDIT.value: "The credit note of {amount}{about} is not in the ledger any more. "
    "Give it once more, or tell the customer that it does not count.",
    Kind.ON_ACCOUNT.value: "The {amount} on account is not in the ledger any more. Book it again if the money is here.",
    Kind.UNDO_PAYMENT.value: "A payment that was taken back here still stands in the ledger. Remove it there.",
}


def _as_written(posting: Posting, number: str | None, shown: Mapping[str, Money | None]) -> Iterator[str]:
    if (posting.external_id in shown) == (posting.kind == Kind.UNDO_PAYMENT):
        money = str(posting.amount) if posting.currency else ""
        about = f" for invoice {number}" if number else ""
        yield _MISSED[posting.kind].format(amount=money, about=about)
