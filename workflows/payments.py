"""Taking a payment: the attempt's row first, then the processor, then its word for it, then the booking.

An interactive click is no effect: it is answered at once. A sweep picks up every attempt whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from core.facts import InvoiceStatus
from core.money import totals
from integrations.errors import Misconfigured, OutsideError, Reconnect, Rejected
from integrations.processors.base import Checkout, CheckoutOrder, Processor
from models import Account, Attempt, AttemptLine, Company, Invoice
from workflows import audit, bookings, door, links, mirror, planner
from workflows.errors import Refusal
from workflows.links import LinkTarget
from workflows.owed import ON_ITS_WAY, owes
from workflows.runtime import Runtime

log = structlog.get_logger()
SWEEP_AFTER = timedelta(minutes=10)
PAGE_LIFE = timedelta(hours=23)


def start_checkout(rt: Runtime, target: LinkTarget, invoice_uids: Sequence[str]) -> str:
    """The address of a hosted payment page for these invoices, on freshly read balances. Refusal when not now."""
    processor = _processor(rt)
    _read_now(rt, target.account_id)
    _make_way(rt, target, invoice_uids)
    with rt.store.write() as session:
        _lock(session, target.account_id)
        invoices = _payable(session, target.account_id, invoice_uids)
        attempt = _same_page(rt, session, target, invoices)
        if attempt is None:
            _refuse_other_pages(session, invoices)
            attempt = _new_attempt(rt, session, processor, invoices, target)
        order, checkout_id = _order(rt, session, attempt), attempt.checkout_id
    try:
        checkout = processor.look_up(checkout_id) if checkout_id else processor.start(order, f"attempt-{attempt.uid}")
    except Rejected as error:
        _close(rt, attempt.id, "failed")
        raise Refusal(f"The payment page could not be opened: {error}") from error
    except OutsideError as error:
        raise Refusal("The payment page cannot be reached just now. Please try again in a few minutes.") from error
    _learn(rt, attempt.id, checkout)
    if checkout.state != "open":
        raise Refusal("This payment is already being processed. Thank you!")
    return checkout.url


def _lock(session: Session, account_id: int) -> None:
    """One click at a time per account, also where the database would let two in."""
    session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(facts_version=Account.facts_version)
        .execution_options(synchronize_session=False)
    )


def _make_way(rt: Runtime, target: LinkTarget, uids: Sequence[str]) -> None:
    """Close every other open page on which one of these invoices could also be paid."""
    with rt.store.read() as session:
        invoices = session.scalars(
            select(Invoice).where(Invoice.account_id == target.account_id, Invoice.uid.in_(list(uids)))
        ).all()
        mine = _same_page(rt, session, target, invoices) if invoices else None
        others = [one for one in _open_pages(session, invoices) if mine is None or one.id != mine.id]
    for attempt in others:
        _shut(rt, attempt)


def _open_pages(session: Session, invoices: Sequence[Invoice]) -> Sequence[Attempt]:
    """Attempts still open on which one of these invoices can be paid."""
    sharing = Attempt.lines.any(AttemptLine.invoice_id.in_([one.id for one in invoices]))
    return session.scalars(select(Attempt).where(Attempt.state.in_(("created", "open")), sharing)).all()


def _refuse_other_pages(session: Session, invoices: Sequence[Invoice]) -> None:
    if _open_pages(session, invoices):
        raise Refusal("A payment page for one of these invoices is open already. Please try again in a minute.")


def _processor(rt: Runtime) -> Processor:
    processor = next(iter(rt.processors.values()), None)
    if processor is None:
        raise Refusal("Card payment is not set up yet. Please pay by bank transfer, or reply to our e-mail.")
    return processor


def _read_now(rt: Runtime, account_id: int) -> None:
    with rt.store.read() as session:
        company_id = session.get_one(Account, account_id).company_id
    try:
        door.read(rt, company_id, [account_id])
    except Reconnect as error:
        # Nothing paid now could be booked. The company is told on its desk that it must be connected again.
        raise Refusal(
            "Card payment is not possible just now. Please pay by transfer, or reply to our e-mail."
        ) from error
    except OutsideError as error:
        # The last reading is used: better to take a payment than to turn it away; the booking checks again.
        log.warning("no fresh reading before a payment", company=company_id, kind=type(error).__name__)


def _payable(session: Session, account_id: int, uids: Sequence[str]) -> Sequence[Invoice]:
    invoices = session.scalars(
        select(Invoice).where(Invoice.account_id == account_id, Invoice.uid.in_(list(uids))).order_by(Invoice.id)
    ).all()
    if not invoices or len(invoices) != len(set(uids)):
        raise Refusal("Please choose at least one invoice to pay.")
    if not all(owes(one) for one in invoices):
        raise Refusal("One of these invoices is already paid. The list below is up to date now.")
    if len({one.currency for one in invoices}) > 1:
        raise Refusal("Please pay invoices in different currencies one currency at a time.")
    taken = select(AttemptLine.id).where(
        AttemptLine.invoice_id.in_([one.id for one in invoices]), AttemptLine.state.in_(ON_ITS_WAY)
    )
    if session.scalars(taken.limit(1)).first() is not None:
        raise Refusal("We have just received a payment for one of these invoices and are booking it. Thank you!")
    return invoices


def _same_page(rt: Runtime, session: Session, target: LinkTarget, invoices: Sequence[Invoice]) -> Attempt | None:
    """A page still open for exactly these sums: a second click leads to the first page, not to a second payment."""
    wanted = {one.id: one.balance_minor for one in invoices}
    recent = session.scalars(
        select(Attempt)
        .where(
            Attempt.account_id == target.account_id,
            Attempt.link == target.said,
            Attempt.state.in_(("created", "open")),
            Attempt.created_at > rt.clock.now() - PAGE_LIFE,
        )
        .options(selectinload(Attempt.lines))
    )
    return next((one for one in recent if {line.invoice_id: line.amount_minor for line in one.lines} == wanted), None)


def _new_attempt(
    rt: Runtime, session: Session, processor: Processor, invoices: Sequence[Invoice], target: LinkTarget
) -> Attempt:
    (amount,) = totals(one.balance for one in invoices).values()
    attempt = Attempt(
        uid=rt.new_id(),
        company_id=invoices[0].company_id,
        account_id=invoices[0].account_id,
        processor=processor.kind,
        link=target.said,
        state="created",
        currency=amount.currency,
        amount_minor=amount.minor,
        created_at=rt.clock.now(),
        checkout_id="",
    )
    session.add(attempt)
    session.flush()
    for invoice in invoices:
        session.add(
            AttemptLine(
                uid=rt.new_id(),
                attempt_id=attempt.id,
                invoice_id=invoice.id,
                amount_minor=invoice.balance_minor,
                currency=invoice.currency,
            )
        )
    session.flush()
    mirror.wake(session, [attempt.account_id], rt.clock.now())
    return attempt


def _order(rt: Runtime, session: Session, attempt: Attempt) -> CheckoutOrder:
    lines = session.scalars(
        select(AttemptLine)
        .where(AttemptLine.attempt_id == attempt.id)
        .order_by(AttemptLine.id)
        .options(joinedload(AttemptLine.invoice))
    ).all()
    company = session.get_one(Company, attempt.company_id)
    page = links.url_again(rt, attempt.link)
    return CheckoutOrder(
        reference=attempt.uid,
        lines=tuple((f"{company.name} · {line.invoice.number}", line.amount) for line in lines),
        success_url=f"{page}/thanks",
        cancel_url=page,
    )


def _learn(rt: Runtime, attempt_id: int, checkout: Checkout) -> None:
    """Write down what the processor says of an attempt."""
    with rt.store.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.checkout_id = checkout.id
        if attempt.state == "created":
            attempt.state = "open"
    if checkout.state == "paid":
        paid(rt, attempt_id, checkout)
    if checkout.state == "expired":
        _close(rt, attempt_id, "expired")


def paid(rt: Runtime, attempt_id: int, checkout: Checkout) -> None:
    """The money was taken: book it. Saying so twice changes nothing; even a page thought closed counts."""
    now = rt.clock.now()
    with rt.store.write() as session:
        moved = session.execute(
            update(Attempt)
            .where(Attempt.id == attempt_id, Attempt.state != "paid")
            .values(state="paid", paid_at=now, checkout_id=checkout.id, payment_reference=checkout.payment)
            .execution_options(synchronize_session=False)
        )
        if cast(CursorResult[Any], moved).rowcount == 0:
            return
        attempt = session.scalars(
            select(Attempt).where(Attempt.id == attempt_id).options(selectinload(Attempt.lines))
        ).one()
        whole = checkout.amount == attempt.amount
        for line in attempt.lines:
            line.state = "taken" if whole else "desk"
            if whole:
                bookings.want(rt, session, attempt, line)
            else:
                line.note = f"The card payment was {checkout.amount}, not {attempt.amount}; please book it by hand."
        audit.record(
            rt,
            session,
            "payment-taken",
            attempt.company_id,
            attempt.account_id,
            attempt.uid,
            amount=str(checkout.amount),
            payment=checkout.payment,
        )
        planner.wake_owners(rt, session, [line.invoice_id for line in attempt.lines], attempt.account_id)


def _close(rt: Runtime, attempt_id: int, state: str) -> None:
    with rt.store.write() as session:
        attempt = session.scalars(
            select(Attempt).where(Attempt.id == attempt_id).options(selectinload(Attempt.lines))
        ).one()
        if attempt.state in ("paid", "expired", "failed"):
            return
        attempt.state = state
        for line in attempt.lines:
            line.state = "void"
        planner.wake_owners(rt, session, [line.invoice_id for line in attempt.lines], attempt.account_id)


def from_event(rt: Runtime, reference: str, checkout: Checkout) -> bool:
    """A processor's word about one of our attempts; False when the attempt is not ours."""
    with rt.store.read() as session:
        attempt_id = session.scalars(select(Attempt.id).where(Attempt.uid == reference)).first()
    if attempt_id is None:
        return False
    _learn(rt, attempt_id, checkout)
    return True


def sweep(rt: Runtime) -> int:
    """Ask the processor about every attempt that has had no answer for ten minutes; how many were asked."""
    before = rt.clock.now() - SWEEP_AFTER
    with rt.store.read() as session:
        silent = session.scalars(
            select(Attempt)
            .where(Attempt.state.in_(("created", "open")), Attempt.created_at <= before)
            .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
        ).all()
    for attempt in silent:
        try:
            _learn(rt, attempt.id, _ask(rt, attempt))
            if _outdated(attempt):
                _shut(rt, attempt)
        except Rejected:
            _close(rt, attempt.id, "failed")
        except OutsideError as error:
            log.warning("an attempt could not be looked up", attempt=attempt.uid, kind=type(error).__name__)
        except Exception:
            log.exception("asking about an attempt broke off", attempt=attempt.uid)
    return len(silent)


def _outdated(attempt: Attempt) -> bool:
    """An invoice of it has meanwhile been paid another way, in part or in full: nobody should pay it here again."""
    return any(
        line.invoice.status != InvoiceStatus.OPEN.value or line.invoice.balance_minor != line.amount_minor
        for line in attempt.lines
    )


def _ask(rt: Runtime, attempt: Attempt) -> Checkout:
    """What the processor says; an attempt whose first answer was lost is asked for once more under its own key."""
    processor = rt.processors.get(attempt.processor)
    if processor is None:
        raise Misconfigured(f"The processor {attempt.processor!r} is not set up any more.")
    if attempt.checkout_id:
        return processor.look_up(attempt.checkout_id)
    with rt.store.read() as session:
        order = _order(rt, session, attempt)
    return processor.start(order, f"attempt-{attempt.uid}")


def _shut(rt: Runtime, attempt: Attempt) -> None:
    """Close a page at the processor. One that was paid meanwhile is taken for paid."""
    try:
        checkout = _ask(rt, attempt)
        if checkout.state == "open":
            checkout = rt.processors[attempt.processor].expire(checkout.id)
        _learn(rt, attempt.id, checkout)
    except Rejected:
        _learn(rt, attempt.id, _ask(rt, attempt))
    except OutsideError as error:
        log.warning("a payment page could not be closed", attempt=attempt.uid, kind=type(error).__name__)
