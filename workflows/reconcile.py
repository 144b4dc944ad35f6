"""Agreement all round: what the processors took, what Dunlin wrote down, what the ledger shows, what the bank brought.

Looks and tells; it puts nothing right by itself, but for learning at night what the processors say. What is compared
row by row is in `reconcile_payments`, `_credits`, `_payouts` and `_bank`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, selectinload

from core.money import Money
from integrations.errors import OutsideError
from integrations.processors.base import CheckoutState
from models import Attempt, AttemptLine, Company, Notice
from workflows import (
    credit_sums,
    expenses,
    notices,
    payments,
    reconcile_bank,
    reconcile_credits,
    reconcile_payments,
    reconcile_payouts,
    returned,
)
from workflows.reconcile_found import CAME_AGAIN, UNDER_WAY, Found, Place, Span
from workflows.rows import among
from workflows.runtime import Runtime
from workflows.told import Topic

NIGHTS = timedelta(days=40)  # for so long a payment's processor is asked again every night
LONGEST = timedelta(days=400)  # and for so long on Sundays: a debit can be taken back for thirteen months
SUNDAY = 6
AT_ONCE = 500  # payments held in memory at a time

# How keys of notices begin; then the reference, and a digest of the sentence.
KEY, SAID = "difference/", "processor-says/"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree. `reference` is the uid of the attempt, line, posting, reward, payout or line of
    the bank; `what` is a sentence, with what to do; `place` where that is done.
    """

    company: str
    reference: str
    what: str
    place: str


def differences(rt: Runtime) -> Iterator[Difference]:
    """Ask the processors about payments taken and the ledgers about booked fees, and compare that with all the rows."""
    for company in _companies(rt):
        expenses.look_up(rt, company.id, all_of_them=True)
        credit_sums.look_up(rt, company.id, all_of_them=True)
        found = [one for attempt in _attempts(rt, company, None) for one in _at_the_processor(rt, attempt, False)[0]]
        for one in (*found, *_rows(rt, company)):
            yield Difference(company.name, one.reference, one.what, one.place.value)


def nightly(rt: Runtime) -> int:
    """Learn what became of recent payments, and tell the practice of each difference, once; how many there are.

    A difference that is gone is forgotten: should it come again, it is told again.
    """
    return sum(_tonight(rt, company) for company in _companies(rt))


def rows(rt: Runtime, session: Session, company: Company, span: Span) -> Iterator[Found]:
    """Whatever does not agree in these days, as far as our own rows show it. Nobody is asked."""
    now = rt.clock.now()
    yield from reconcile_payments.compare(session, company, span, now)
    yield from reconcile_credits.compare(session, company, span, now)
    yield from reconcile_payouts.compare(rt, session, company, span)
    yield from reconcile_bank.compare(rt, session, company, span, now)


def is_news(found: Found, now: datetime) -> bool:
    """Whether it can no longer be on its way."""
    return found.at < now - UNDER_WAY


def _companies(rt: Runtime) -> Sequence[Company]:
    with rt.store.read() as session:
        return session.scalars(select(Company).order_by(Company.id)).all()


def _rows(rt: Runtime, company: Company) -> Sequence[Found]:
    with rt.store.read() as session:
        return list(rows(rt, session, company, Span(company.zone or "UTC")))


def _tonight(rt: Runtime, company: Company) -> int:
    expenses.look_up(rt, company.id)
    credit_sums.look_up(rt, company.id)
    now, said, asked = rt.clock.now(), list[Found](), set[str]()
    for attempt in _attempts(rt, company, now - NIGHTS):
        differ, was_asked = _at_the_processor(rt, attempt, True)
        if was_asked:
            asked.add(attempt.uid)
            said += differ
    mine = [one for one in _rows(rt, company) if is_news(one, now)]
    said = [one for one in said if is_news(one, now)]
    told = {**{_key(KEY, one): one for one in mine if one.told}, **{_key(SAID, one): one for one in said}}
    with rt.store.write() as session:
        for key, one in told.items():
            subject = f"{company.name}: something does not agree"
            page = _page(company, one)
            notices.want(rt, session, company.practice_id, company.id, key, subject, one.what, page, topic=Topic.MONEY)
        _forget(session, company, told, asked)
    return len(mine) + len(said)


def _key(prefix: str, found: Found) -> str:
    return f"{prefix}{found.reference}/{hashlib.sha256(found.what.encode()).hexdigest()[:16]}"


def _page(company: Company, found: Found) -> str:
    of_company = {Place.PAYOUTS: "payouts", Place.BANK: "bank"}.get(found.place)
    return f"/companies/{company.uid}/{of_company}" if of_company else "/desk"


def _forget(session: Session, company: Company, told: Collection[str], asked: Collection[str]) -> None:
    """Notices of what agrees by now; not of payments whose processor was not asked tonight."""
    sent = select(Notice.id, Notice.key).where(
        Notice.company_id == company.id,
        Notice.state.in_(("sent", "failed")),
        or_(Notice.key.startswith(KEY), Notice.key.startswith(SAID)),
    )
    over = [
        id
        for id, key in session.execute(sent)
        if key not in told and (key.startswith(KEY) or key.split("/")[1] in asked)
    ]
    if over:
        session.execute(delete(Notice).where(among(session, Notice.id, over)))


def said_at_night(session: Session, company: Company, span: Span) -> Iterator[Found]:
    """What the processors said otherwise of payments of these days when they were last asked, as people were told."""
    told = Notice.company_id == company.id, Notice.key.startswith(SAID)
    rows = session.execute(select(Notice.key, Notice.created_at, Notice.text).where(*told).order_by(Notice.id))
    found = {key.split("/")[1]: (at, text) for key, at, text in rows}
    wanted = select(Attempt).where(among(session, Attempt.uid, found), span.moments(Attempt.paid_at))
    lines = selectinload(Attempt.lines).joinedload(AttemptLine.invoice)
    for attempt in session.scalars(wanted.order_by(Attempt.id).options(lines)):
        at, text = found[attempt.uid]
        said = text.split("\n\n")[0] or "Run flask reconcile to hear it once more."
        what = f"Asked on {at:%Y-%m-%d} about the payment of {attempt.amount}: {said}"
        invoice = next((one.invoice.uid for one in attempt.lines), "")
        yield Found(attempt.uid, what, at, Place.INVOICE, invoice)


# What the processor says


def _attempts(rt: Runtime, company: Company, since: datetime | None) -> Iterator[Attempt]:
    """Payments taken, with their lines; not all of them at once."""
    last = 0
    while True:
        paid = select(Attempt).where(Attempt.company_id == company.id, Attempt.state == "paid", Attempt.id > last)
        if since is not None:
            paid = paid.where(Attempt.paid_at >= since)
        with rt.store.read() as session:
            some = session.scalars(paid.options(selectinload(Attempt.lines)).order_by(Attempt.id).limit(AT_ONCE)).all()
        yield from some
        if len(some) < AT_ONCE:
            return
        last = some[-1].id


def _at_the_processor(rt: Runtime, attempt: Attempt, learns: bool) -> tuple[list[Found], bool]:
    """What differs, and whether the processor could be asked."""
    at = attempt.paid_at or attempt.created_at
    try:
        checkout = payments.ask(rt, attempt)
        if learns:
            payments.learn(rt, attempt.id, checkout)
    except OutsideError as error:
        return [Found(attempt.uid, f"The processor could not be asked: {error}", at)], False
    with rt.store.read() as session:
        back_here = returned.of(session, attempt.id)
    nothing = Money.zero(attempt.currency)
    back = sum((one.amount for one in checkout.returned if not one.undone), nothing)
    known = sum((one.amount for one in back_here if one.state not in CAME_AGAIN), nothing)
    kept = sum((line.amount for line in attempt.lines if line.state != "void"), nothing)
    found, look = [], "Look it up there."
    if checkout.state is not CheckoutState.PAID:
        found.append(f"The processor says {checkout.state.value}; here it counts as paid. {look}")
    elif checkout.amount != attempt.amount:
        found.append(f"The processor took {checkout.amount}; here it is {attempt.amount}. {look}")
    if back != known:
        found.append(f"The processor says that {back} went back; here it is {known}. {look}")
    elif all(one.state in ("written", "void") for one in back_here) and attempt.amount - known < kept:
        found.append(
            f"Of {attempt.amount} taken {known} went back, but {kept} still stands as paid. "
            "Put the payment right in the ledger."
        )
    return [Found(attempt.uid, what, at) for what in found], True


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
