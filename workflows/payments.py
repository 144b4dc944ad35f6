"""What came of an attempt to pay: learned from the processor, whose word counts, and booked.

It is told by a webhook or asks by itself; the same word twice changes nothing. What goes back is `returned`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from integrations.errors import OutsideError, Rejected
from integrations.processors.base import (
    Checkout,
    CheckoutOrder,
    CheckoutState,
    Collection,
    Happening,
    Method,
    MoneyBack,
    Processor,
)
from models import (
    Account,
    Arrangement,
    Attempt,
    AttemptLine,
    Company,
    InstalmentRow,
    Invoice,
    Mandate,
    ProcessorAccount,
)
from workflows import attempts, audit, bookings, decided, links, mandates, planner, returned, ways
from workflows.figures import language_of
from workflows.owed import owes
from workflows.runtime import Runtime

log = structlog.get_logger()
# A word that does not come is asked for: soon after the click, then ever more rarely, at last so often.
LAST_ASKED = timedelta(hours=6)
PAGE_LIFE = timedelta(hours=23)  # shorter than the processors' own, and some pages never close by themselves
_UNDER_WAY = ("created", "open", "pending")


def processor_of(rt: Runtime, session: Session, attempt: Attempt) -> Processor:
    """Where the attempt was made. Misconfigured when that is not known here any more."""
    if attempt.processor_account_id is not None:
        return ways.opened(rt, session.get_one(ProcessorAccount, attempt.processor_account_id))
    return ways.opened_at(rt, session, attempt.company_id, attempt.processor)


def ask(rt: Runtime, attempt: Attempt, checkout: str = "") -> Checkout:
    """What the processor says; an attempt whose first answer was lost is asked for once more under its own key.

    `checkout` is the processor's id of it, where something else has told it.
    """
    order: CheckoutOrder | Collection | None = None
    known = attempt.checkout_id or checkout
    with rt.store.read() as session:
        processor = processor_of(rt, session, attempt)
        if not known:
            order = _order(rt, session, attempt) if attempt.link else _collection(session, attempt)
    if order is None:
        return processor.look_up(known)
    key = f"attempt-{attempt.uid}"
    return processor.collect(order, key) if isinstance(order, Collection) else processor.start(order, key)


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
        method=Method(attempt.method),
        language=language_of(session.get_one(Account, attempt.account_id), company),
        keep=attempt.instalment_id is not None,
    )


def _collection(session: Session, attempt: Attempt) -> Collection:
    plan = session.scalars(
        select(Arrangement).join(InstalmentRow).where(InstalmentRow.id == attempt.instalment_id)
    ).one()
    mandate, company = session.get_one(Mandate, plan.mandate_id), session.get_one(Company, attempt.company_id)
    return Collection(attempt.uid, mandate.external_id, attempt.amount, company.name)


def learn(rt: Runtime, attempt_id: int, checkout: Checkout) -> None:
    """Write down what the processor says of an attempt."""
    with rt.store.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.checkout_id = checkout.id
        attempt.payment_reference = checkout.payment or attempt.payment_reference
        was_paid = attempt.state == "paid"
        if attempt.state == "created":
            attempt.state = "open"
            said = {"amount": str(attempt.amount), "processor": attempt.processor, "checkout": checkout.id}
            audit.record(rt, session, "payment-begun", attempt.company_id, attempt.account_id, attempt.uid, **said)
        attempt.ask_at = _ask_at(rt, attempt, checkout.state)
    if checkout.state is CheckoutState.PENDING:
        _coming(rt, attempt_id)
    if checkout.state is CheckoutState.PAID:
        _paid(rt, attempt_id, checkout)
    if checkout.state in (CheckoutState.EXPIRED, CheckoutState.FAILED) and not was_paid:
        close(rt, attempt_id, checkout.state.value, checkout.why)
    gone = (MoneyBack(f"{checkout.payment}/failed", "failure", checkout.amount),)
    failed_later = was_paid and checkout.state is CheckoutState.FAILED and not checkout.returned
    if checkout.mandate:
        mandates.keep(rt, attempt_id, checkout.mandate)
    returned.note(rt, attempt_id, gone if failed_later else checkout.returned)


def _ask_at(rt: Runtime, attempt: Attempt, state: CheckoutState) -> datetime | None:
    """When to ask next. A bank moves money once a day; a page is used at once or not at all."""
    now = rt.clock.now()
    if state is CheckoutState.PENDING:
        return now + LAST_ASKED
    return (
        now + min(max(attempts.FIRST_ASKED, (now - attempt.created_at) / 2), LAST_ASKED)
        if state is CheckoutState.OPEN
        else None
    )


def _coming(rt: Runtime, attempt_id: int) -> None:
    """The customer has done their part; until the bank has done its own, nobody asks for the money."""
    with rt.store.write() as session:
        attempt = _whole(session, attempt_id)
        if attempt.state not in ("pending", "paid"):
            attempt.state, attempt.note = "pending", ""
            for line in attempt.lines:
                line.state = "coming"
            _note(rt, session, "payment-coming", attempt, amount=str(attempt.amount))


def _paid(rt: Runtime, attempt_id: int, checkout: Checkout) -> None:
    """The money was taken: book it. Saying so twice changes nothing; even a page thought closed counts."""
    now = rt.clock.now()
    with rt.store.write() as session:
        moved = session.execute(
            update(Attempt)
            .where(Attempt.id == attempt_id, Attempt.state != "paid")
            .values(state="paid", paid_at=now, checkout_id=checkout.id, note="")
            .execution_options(synchronize_session=False)
        )
        if cast(CursorResult[Any], moved).rowcount == 0:
            return
        attempt = _whole(session, attempt_id)
        whole = checkout.amount == attempt.amount
        for line in attempt.lines:
            line.state = "taken" if whole else "desk"
            if whole:
                bookings.want(rt, session, attempt, line)
            else:
                line.note = f"The payment was {checkout.amount}, not {attempt.amount}; please book it by hand."
        _note(rt, session, "payment-taken", attempt, amount=str(checkout.amount), payment=checkout.payment)


def close(rt: Runtime, attempt_id: int, state: str, why: str = "") -> None:
    """It came to nothing: its page is closed (expired), or it failed. What was paid stays paid."""
    with rt.store.write() as session:
        attempt = _whole(session, attempt_id)
        if attempt.state in ("paid", "expired", "failed"):
            return
        came_close = attempt.state == "pending"
        attempt.state, attempt.note = state, why
        for line in attempt.lines:
            line.state = "void"
        _note(rt, session, "payment-failed" if came_close else "payment-closed", attempt, why=why)
        if came_close:
            _tell(rt, session, attempt)


def _tell(rt: Runtime, session: Session, attempt: Attempt) -> None:
    """They think that they have paid: say that their bank did not, while nothing else is said."""
    about = [line.invoice_id for line in attempt.lines]
    invoices = session.scalars(select(Invoice).where(Invoice.id.in_(about)).order_by(Invoice.id)).all()
    decided.want(rt, session, "payment-failed", attempt, invoices, "")


def _whole(session: Session, attempt_id: int) -> Attempt:
    wanted = select(Attempt).where(Attempt.id == attempt_id).options(selectinload(Attempt.lines))
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def _note(rt: Runtime, session: Session, fact: str, attempt: Attempt, **said: object) -> None:
    audit.record(rt, session, fact, attempt.company_id, attempt.account_id, attempt.uid, **said)
    planner.wake_owners(rt, session, [line.invoice_id for line in attempt.lines], attempt.account_id)


def hear(rt: Runtime, account_id: int, said: Happening) -> bool:
    """A processor's word about something at this account (a row's id): look it up; False when it is not ours."""
    if said.mandate and mandates.heard(rt, account_id, said.mandate):
        return True
    about = [
        column == value
        for column, value in (
            (Attempt.uid, said.reference),
            (Attempt.checkout_id, said.checkout),
            (Attempt.payment_reference, said.payment),
        )
        if value
    ]
    if not about:
        return False
    with rt.store.read() as session:
        account = session.get_one(ProcessorAccount, account_id)
        here = or_(
            Attempt.processor_account_id == account.id,
            Attempt.processor_account_id.is_(None) & (Attempt.processor == account.kind),
        )
        mine = Attempt.company_id == account.company_id
        found = session.scalars(select(Attempt).where(mine, here, or_(*about)).limit(1)).first()
    if found is None:
        return False
    never_began = found.state == "failed" and not (found.checkout_id or said.checkout)
    if never_began:
        return False  # asking would begin it once more
    learn(rt, found.id, ask(rt, found, said.checkout))
    return True


# Asked at every tick, so it is made once.
_SILENT = (
    select(Attempt)
    .where(Attempt.state.in_(_UNDER_WAY), Attempt.ask_at <= bindparam("now"))
    .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
)


def sweep(rt: Runtime) -> int:
    """Ask the processor about every attempt that has had no answer for a while; how many were asked."""
    with rt.store.read() as session:
        silent = session.scalars(_SILENT, {"now": rt.clock.now()}).all()
    for attempt in silent:
        _look(rt, attempt)
    return len(silent)


def _look(rt: Runtime, attempt: Attempt) -> None:
    try:
        checkout = ask(rt, attempt)
        learn(rt, attempt.id, checkout)
        if checkout.state is CheckoutState.OPEN and _outdated(rt, attempt):
            shut(rt, attempt)
    except Rejected as error:
        close(rt, attempt.id, "failed", str(error))
        attempts.tell(rt, attempt, error)
    except OutsideError as error:
        attempts.tell(rt, attempt, error)
        log.warning("an attempt could not be looked up", attempt=attempt.uid, kind=type(error).__name__)
    except Exception:
        log.exception("asking about an attempt broke off", attempt=attempt.uid)


def _outdated(rt: Runtime, attempt: Attempt) -> bool:
    """An old page; or an invoice of it has meanwhile been paid another way: nobody should pay it here again."""
    if attempt.link and attempt.created_at <= rt.clock.now() - PAGE_LIFE:
        return True
    return any(not owes(line.invoice) or line.amount > line.invoice.balance for line in attempt.lines)


def shut(rt: Runtime, attempt: Attempt) -> None:
    """Close a page at the processor. One that was paid meanwhile is taken for paid."""
    try:
        checkout = ask(rt, attempt)
        if checkout.state is CheckoutState.OPEN:
            with rt.store.read() as session:
                processor = processor_of(rt, session, attempt)
            checkout = processor.expire(checkout.id)
        learn(rt, attempt.id, checkout)
    except Rejected:
        learn(rt, attempt.id, ask(rt, attempt))
    except OutsideError as error:
        log.warning("a payment page could not be closed", attempt=attempt.uid, kind=type(error).__name__)
