"""The click on Pay: fresh balances, one page at a time for an invoice, the attempt's row before the processor is asked.

An interactive click is no effect: it is answered at once. What comes of it is learned in `payments`.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.money import Money, totals
from integrations.errors import OutsideError, Reconnect, Rejected
from integrations.processors.base import CheckoutState, Method
from models import Account, Attempt, AttemptLine, Company, Invoice
from workflows import attempts, door, following, offers, payments, ways
from workflows.attempts import Shares
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.links import LinkTarget
from workflows.owed import on_its_way, owes
from workflows.runtime import Runtime
from workflows.ways import Way

log = structlog.get_logger()


def start(
    rt: Runtime,
    target: LinkTarget,
    invoice_uids: Sequence[str],
    kind: str = "",
    method: Method | None = None,
    amount: Money | None = None,
    keep: bool = False,
) -> str:
    """The address of a hosted payment page for these invoices, on freshly read balances. Refusal when not now.

    `kind` and `method` say how (the first way there is), `amount` how much of it, the longest due first (all of it).
    With `keep` the payer also lets the later parts of their arrangement be collected from their bank.
    """

    def wanted(session: Session) -> tuple[Shares, Way]:
        parts = _payable(rt, session, target.account_id, invoice_uids, amount)
        return parts, _way(rt, session, parts, kind, method)

    _read_now(rt, target.account_id)
    with rt.store.read() as session:
        parts, way = wanted(session)
        in_the_way = [one for one in _open_pages(session, parts) if not _is_this(rt, one, target, parts, way)]
    for one in in_the_way:
        payments.shut(rt, one)
    with rt.store.write() as session:
        attempts.lock(session, target.account_id)
        parts, way = wanted(session)
        pages = _open_pages(session, parts)
        attempt = next((one for one in pages if _is_this(rt, one, target, parts, way)), None)
        if attempt is None:
            _refuse_while_open(pages)
            part = _collected(rt, session, parts, way) if keep else None
            attempt = attempts.write(rt, session, parts, way.kind, way.account_id, way.method, target.said, part)
    try:
        checkout = payments.ask(rt, attempt)
    except Rejected as error:
        payments.close(rt, attempt.id, "failed", str(error))
        attempts.tell(rt, attempt, error)
        raise Refusal("This way to pay does not work just now. Please take another, or reply to our e-mail.") from error
    except OutsideError as error:
        attempts.tell(rt, attempt, error)
        raise Refusal("The payment page cannot be reached just now. Please try again in a few minutes.") from error
    payments.learn(rt, attempt.id, checkout)
    if checkout.state is not CheckoutState.OPEN:
        raise Refusal("This payment is already being processed. Thank you!")
    return checkout.url


def _read_now(rt: Runtime, account_id: int) -> None:
    with rt.store.read() as session:
        company_id = session.get_one(Account, account_id).company_id
    try:
        door.read(rt, company_id, [account_id])
    except Reconnect as error:
        # Nothing paid now could be booked. The company is told on its desk that it must be connected again.
        raise Refusal(
            "Paying online is not possible just now. Please pay by transfer, or reply to our e-mail."
        ) from error
    except OutsideError as error:
        # The last reading is used: better to take a payment than to turn it away; the booking checks again.
        log.warning("no fresh reading before a payment", company=company_id, kind=type(error).__name__)


def _is_this(rt: Runtime, attempt: Attempt, target: LinkTarget, parts: Shares, way: Way) -> bool:
    """A page that the same reader opened for exactly these sums in this way, not long ago: a second click leads to the
    first page, not to a second payment. Any other page on which one of the invoices could be paid is closed.
    """
    fresh = attempt.created_at > rt.clock.now() - payments.PAGE_LIFE
    same_way = (attempt.processor_account_id, attempt.method) == (way.account_id, way.method.value)
    sums = {line.invoice_id: line.amount_minor for line in attempt.lines}
    same_sums = sums == {invoice.id: share.minor for invoice, share in parts}
    return fresh and same_way and same_sums and attempt.link == target.said


def _open_pages(session: Session, parts: Shares) -> Sequence[Attempt]:
    """Attempts still open on which one of these invoices can be paid."""
    sharing = Attempt.lines.any(AttemptLine.invoice_id.in_([invoice.id for invoice, _ in parts]))
    still_open = select(Attempt).where(Attempt.state.in_(("created", "open")), sharing)
    return session.scalars(still_open.options(selectinload(Attempt.lines))).all()


def _refuse_while_open(pages: Sequence[Attempt]) -> None:
    if pages:
        raise Refusal("A payment page for one of these invoices is open already. Please try again in a minute.")


def _payable(rt: Runtime, session: Session, account_id: int, uids: Sequence[str], amount: Money | None) -> Shares:
    """What of each invoice is to be paid; Refusal where one of them, or the sum, cannot be paid now."""
    invoices = session.scalars(
        select(Invoice).where(Invoice.account_id == account_id, Invoice.uid.in_(list(uids))).order_by(Invoice.id)
    ).all()
    if not invoices or len(invoices) != len(set(uids)):
        raise Refusal("Please choose at least one invoice to pay.")
    if not all(owes(one) for one in invoices):
        raise Refusal("One of these invoices is already paid. The list below is up to date now.")
    if len({one.currency for one in invoices}) > 1:
        raise Refusal("Please pay invoices in different currencies one currency at a time.")
    if on_its_way(session, [one.id for one in invoices]):
        raise Refusal("We have just received a payment for one of these invoices and are booking it. Thank you!")
    return _shares(rt, session, invoices, amount)


def _shares(rt: Runtime, session: Session, invoices: Sequence[Invoice], amount: Money | None) -> Shares:
    """All that is open less what is offered for paying today, or a part of what is open."""
    company = session.get_one(Company, invoices[0].company_id)
    offered = offers.standing(session, [one.id for one in invoices], today_of(company, rt.clock.now()))
    whole = [(one, offers.to_pay(one, offered.get(one.id))) for one in invoices]
    (enough,) = totals(share for _, share in whole).values()
    if amount is None or amount == enough:
        return whole
    (total,) = totals(one.balance for one in invoices).values()
    if amount == total:
        return [(one, one.balance) for one in invoices]
    if not company.part_payments and not following.is_next_part(session, invoices, amount):
        raise Refusal("{company} asks for whole invoices. Please choose those you can pay.", company=company.name)
    if amount.currency != total.currency or not 0 < amount.minor <= total.minor:
        raise Refusal("Please give an amount of at most {total}, what is open of the invoices chosen.", total=total)
    return attempts.spread(amount, invoices)


def _collected(rt: Runtime, session: Session, parts: Shares, way: Way) -> int | None:
    """The instalment with whose payment a mandate for the later ones is given; None where there is none to give."""
    if way.method is not Method.DEBIT or not rt.processors[way.kind].mandates:
        return None
    return following.instalment_of(session, [invoice.id for invoice, _ in parts])


def _way(rt: Runtime, session: Session, parts: Shares, kind: str, method: Method | None) -> Way:
    invoice = parts[0][0]
    offered = ways.offered(rt, session, invoice.company_id, invoice.currency)
    if not offered:
        raise Refusal("Paying online is not set up yet. Please pay by bank transfer, or reply to our e-mail.")
    fitting = [one for one in offered if kind in ("", one.kind) and method in (None, one.method)]
    if not fitting:
        raise Refusal("This way to pay is not offered any more. Please choose another one.")
    return fitting[0]
