"""Rewards for prompt payment: offering a discount, seeing that it was earned, and having the credit written.

An offer stands as it was made, whatever the rules say later. It is earned by the payment alone, on the customer's own
day; the credit then leaves by itself, once. What cannot be told for sure waits on the desk, and meanwhile nobody is
asked for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core import rewards
from core.facts import InvoiceStatus
from core.money import Money
from models import Account, Attempt, AttemptLine, Company, Invoice, Payment, Posting, Reward, Term
from workflows import audit, charged, money_rules, offers, orders, planner
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.figures import language_of
from workflows.money_rules import Wanted
from workflows.owed import is_owed, owes
from workflows.pending import Kind
from workflows.runtime import Runtime
from workflows.templating import compiled, table_of

EARNED, GRANTED, LAPSED, DESK = "earned", "granted", "lapsed", "desk"
LATE = "It was paid {days} after the last day of the offer, less the discount. Give the discount, or ask for the rest."
WHOLE = "Paid in full, without the discount."
ENDED = "The last day has passed."
SETTLED = "The ledger does not have it as open any more."
NO_ACCOUNT = "It was earned; choose in the settings what credit notes are booked on, then give it."
NEWS_COMES_LATE = timedelta(days=14)  # a payment of the last day may be entered in the ledger days later
LEAST_OF_A_REFERENCE = 21  # a ledger may keep so much of ours
_LOOKED_BACK = timedelta(days=money_rules.LONGEST_EARLY)


def see(rt: Runtime, session: Session, company_id: int) -> None:
    """After a reading, in its transaction: offer what is new, and look what has become of every offer."""
    company = session.get_one(Company, company_id)
    rules = money_rules.of(session, company_id)
    if rules.early_points or rules.from_terms:
        _offer(rt, session, company, rules)
    for reward in _open(session, company_id):
        _look(rt, session, company, reward)


def _open(session: Session, company_id: int) -> Sequence[Reward]:
    wanted = select(Reward).where(
        Reward.company_id == company_id, Reward.kind == offers.EARLY, Reward.state.in_((offers.OPEN, EARNED))
    )
    return session.scalars(wanted.order_by(Reward.id)).all()


# Offering


def _offer(rt: Runtime, session: Session, company: Company, rules: Wanted) -> None:
    today = today_of(company, rt.clock.now())
    terms = _discounts(session, company.id) if rules.from_terms else {}
    for invoice in _unoffered(session, company.id, today):
        found = _best(invoice, rules, terms, today)
        if found is None:
            continue
        points, until, amount = found
        reward = Reward(
            uid=rt.new_id(),
            company_id=company.id,
            account_id=invoice.account_id,
            invoice_id=invoice.id,
            kind=offers.EARLY,
            points=points,
            currency=invoice.currency,
            amount_minor=amount.minor,
            until=until,
            made_at=rt.clock.now(),
        )
        session.add(reward)
        _note(rt, session, "discount-offered", reward, amount=str(amount), until=until.isoformat())


def _unoffered(session: Session, company_id: int, today: date) -> Sequence[Invoice]:
    """Open invoices young enough for an offer that have had none. What was charged for lateness earns nothing."""
    return session.scalars(
        select(Invoice).where(
            Invoice.company_id == company_id,
            is_owed(),
            Invoice.issued >= today - _LOOKED_BACK,
            ~exists().where(Reward.invoice_id == Invoice.id, Reward.kind == offers.EARLY),
            ~charged.came_of_one(company_id),
        )
    ).all()


def _discounts(session: Session, company_id: int) -> Mapping[str, Term]:
    """The ledger's own payment terms with a discount, by its name of them."""
    wanted = select(Term).where(Term.company_id == company_id, Term.discount_points > 0, Term.active)
    return {one.external_id: one for one in session.scalars(wanted)}


def _best(invoice: Invoice, rules: Wanted, terms: Mapping[str, Term], today: date) -> tuple[int, date, Money] | None:
    """(hundredths of a percent, last day, discount) of the better of the two that count today, never both."""
    term = terms.get(invoice.term)
    ways = [(rules.early_points, rules.early_days)] + ([(term.discount_points, term.discount_days)] if term else [])
    made = [
        (rewards.discount(invoice.balance, points), until, points)
        for points, days in ways
        if points and (until := invoice.issued + timedelta(days=days)) >= today
    ]
    found = max(made, key=lambda one: (one[0].minor, one[1]), default=None)
    if found is None or not 0 < found[0].minor < invoice.balance_minor:
        return None
    amount, until, points = found
    return points, until, amount


# Seeing what came of it


def _look(rt: Runtime, session: Session, company: Company, reward: Reward) -> None:
    if reward.state == EARNED:
        _see_granted(rt, session, reward)
        return
    invoice = session.get_one(Invoice, reward.invoice_id)
    row = session.get_one(Account, invoice.account_id)
    if not owes(invoice):
        _end(rt, session, reward, LAPSED, WHOLE if invoice.status == InvoiceStatus.PAID.value else SETTLED)
    elif invoice.balance_minor <= reward.amount_minor and (paid := last_payment(session, company, row, invoice)):
        late = (paid - reward.until).days if reward.until else 0
        if late <= 0:
            _earn(rt, session, company, row, invoice, reward)
        else:
            _end(rt, session, reward, DESK, LATE.format(days="a day" if late == 1 else f"{late} days"))
    elif reward.until and _today(company, row, rt.clock.now()) > reward.until + NEWS_COMES_LATE:
        _end(rt, session, reward, LAPSED, ENDED)


def last_payment(session: Session, company: Company, row: Account, invoice: Invoice) -> date | None:
    """The customer's day of the latest payment that was set against the invoice; None while none is known."""
    ours = session.execute(
        select(AttemptLine.uid, Attempt.paid_at)
        .join(Attempt, Attempt.id == AttemptLine.attempt_id)
        .where(AttemptLine.invoice_id == invoice.id, Attempt.paid_at.is_not(None))
    ).all()
    taken = {uid[:LEAST_OF_A_REFERENCE]: _today(company, row, moment) for uid, moment in ours if moment}
    theirs = session.scalars(
        select(Payment).where(
            Payment.company_id == company.id, Payment.customer == invoice.customer, Payment.gone_at.is_(None)
        )
    )
    days = [
        taken.get(one.reference[:LEAST_OF_A_REFERENCE], one.paid_on)
        for one in theirs
        if any(id == invoice.external_id for id, _ in one.applied)
    ]
    return max(days, default=None)


def _today(company: Company, row: Account, moment: datetime) -> date:
    """The day it is where the customer is, as far as that is known."""
    return moment.astimezone(ZoneInfo(row.zone or company.zone or "UTC")).date()


def _earn(rt: Runtime, session: Session, company: Company, row: Account, invoice: Invoice, reward: Reward) -> None:
    """The credit leaves for the ledger: what is left of the invoice, which is the discount or less."""
    if not company.income_choice:
        _end(rt, session, reward, DESK, NO_ACCOUNT)
        return
    amount = min(reward.amount, invoice.balance, key=lambda one: one.minor)
    words, _ = table_of(language_of(row, company), "ledger")
    posting = orders.want(
        rt,
        session,
        Kind.CREDIT,
        row,
        today_of(company, rt.clock.now()),
        invoice=invoice,
        amount=amount,
        words=compiled(words["discount"]).render(number=invoice.number),
    )
    reward.state, reward.posting_id = EARNED, posting.id
    _note(rt, session, "discount-earned", reward, amount=str(amount))


def _see_granted(rt: Runtime, session: Session, reward: Reward) -> None:
    posting = session.get_one(Posting, reward.posting_id)
    if posting.state == "written":
        _end(rt, session, reward, GRANTED, "")
    elif posting.state == "void":
        _end(rt, session, reward, LAPSED, posting.note)


def _end(rt: Runtime, session: Session, reward: Reward, state: str, note: str) -> None:
    reward.state, reward.note = state, note
    reward.settled_at = None if state == DESK else rt.clock.now()
    _note(rt, session, f"discount-{state}", reward, why=note)


def _note(rt: Runtime, session: Session, fact: str, reward: Reward, **said: object) -> None:
    audit.record(rt, session, fact, reward.company_id, reward.account_id, reward.uid, **said)
    planner.wake_owners(rt, session, [reward.invoice_id] if reward.invoice_id else [], reward.account_id)


# What a person decides


def decide(rt: Runtime, reward_id: int, user_id: int, *, give: bool) -> None:
    """The discount was taken too late: give it all the same, or ask for the rest. Refusal when that is settled."""
    with rt.store.write() as session:
        reward = session.get_one(Reward, reward_id, with_for_update={"key_share": True})
        invoice = session.get(Invoice, reward.invoice_id)
        if reward.state != DESK or invoice is None:
            raise Refusal("This discount is no longer on the desk.")
        said = {"user": user_id, "give": give}
        audit.record(rt, session, "discount-decided", reward.company_id, reward.account_id, reward.uid, **said)
        if give and owes(invoice):
            company, row = session.get_one(Company, reward.company_id), session.get_one(Account, reward.account_id)
            _earn(rt, session, company, row, invoice, reward)
        else:
            _end(rt, session, reward, LAPSED, "A person decided so.")
