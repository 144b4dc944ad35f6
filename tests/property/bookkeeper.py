"""What people in the office do: change the ledger behind Dunlin's back, decide at the desk, bring bank statements.

Whoever says at the desk that they saw to it themselves has really done so, as far as the pretend world lets them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.money import Money
from models import Attempt, AttemptLine, BankLine, Charge, Posting, Reversal, Reward
from sandbox.books import BookPayment
from tests.property.life import BY_US, Life, one_of
from workflows import bank_lines, charges, companies, desk, returned, rewards, terms, unearned
from workflows.bank_files import Entry, Statement
from workflows.pending import Kind

# In the ledger


def voids(life: Life, which: int, _how: int) -> str:
    number = life.number(which)
    life.twin.void(life.tenant, number)
    return number


def reissues(life: Life, which: int, how: int) -> str:
    """A higher or lower sum, or another date."""
    number = life.number(which)
    place, old = next((at, it) for at, it in enumerate(life.town.books[life.kind].invoices) if it.key == number)
    factor, days = (("1.5", 0), ("0.6", 0), ("1", -5), ("1", 4))[how % 4]
    amount, issued = (old.amount * Decimal(factor)).quantize(old.amount), old.issued + timedelta(days=days)
    life.twin.reissue(life.tenant, number, issued, amount)
    life.town.books[life.kind].invoices[place] = replace(old, amount=amount, issued=issued)
    life.witness.moved.add(number)
    return f"{number} over {amount}, of {issued}"


def unreceives(life: Life, which: int, how: int) -> str:
    """Deletes a payment: one of ours, or one that a person entered."""
    wanted = life.ours()
    mine = [one for one in life.twin.received(life.tenant) if (one.reference[:BY_US] in wanted) == (how % 3 < 2)]
    one = one_of([it for it in mine if it.id in {row.id for row in life.twin.payments(life.tenant)}], which)
    life.twin.unreceive(life.tenant, one.id)
    return f"{one.amount} ({one.reference})"


def withdraws_credit(life: Life, which: int, _how: int) -> str:
    one = one_of(life.twin.credit_notes(life.tenant), which)
    life.twin.withdraw_credit(life.tenant, one.id)
    return f"{one.amount}"


def withdraws_fee(life: Life, which: int, _how: int) -> str:
    one = one_of(life.twin.expenses(life.tenant), which)
    life.twin.withdraw_expense(life.tenant, one.id)
    return f"{one.amount}"


# At the desk


def at_the_desk(life: Life, which: int, how: int) -> str:
    """One of all the things that wait there."""
    with life.rt.store.read() as session:
        attempt = joinedload(AttemptLine.attempt), joinedload(AttemptLine.invoice)
        lines = session.scalars(select(AttemptLine).where(AttemptLine.state == "desk").options(*attempt)).all()
        postings = session.scalars(select(Posting).where(Posting.state == "desk")).all()
        offers = session.scalars(select(Reward).where(Reward.state == "desk")).all()
        gone = session.scalars(select(Reward).where(Reward.state == unearned.UNEARNED)).all()
        reversals = session.scalars(select(Reversal).where(Reversal.state.in_(returned.ON_THE_DESK))).all()
    waiting: list[Callable[[], str]] = [
        *(partial(_line, life, one, desk.BOOKING_ANSWERS[how % 4]) for one in lines),
        *(partial(_posting, life, one, desk.POSTING_ANSWERS[how % 3]) for one in postings),
        *(partial(_offer, life, one, give=bool(how % 2)) for one in offers),
        *(partial(_discount, life, one, take=how % 3 < 2) for one in gone),
        *(partial(_reversal, life, one) for one in reversals),
    ]
    told: str = one_of(waiting, which)()
    return told


def _line(life: Life, line: AttemptLine, how: str) -> str:
    desk.settle_booking(life.rt, line.id, how, life.me)
    if how == "booked":
        _enters(life, line.invoice.number, line.amount)
    elif how == "paid-back":
        _pays_back(life, line)
    return f"{line.amount} for {line.invoice.number}: {how}"


def _enters(life: Life, number: str, amount: Money) -> None:
    """For the invoice where so much of it is open, else on account."""
    life.entries += 1
    words, today = f"hand {life.entries}", life.today
    if amount.decimal <= life.twin.balance(life.tenant, number):
        life.twin.receive(life.tenant, BookPayment(number, amount.decimal, today, words))
        return
    customer = next(one.customer for one in life.town.books[life.kind].invoices if one.key == number)
    life.twin.receive_on_account(life.tenant, words, customer, today, amount.decimal)


def _pays_back(life: Life, line: AttemptLine) -> None:
    """At the processor, as far as it is still there; what stands in the ledger of it is taken out."""
    for twin in (life.town.stripe, life.town.gocardless):
        taken = twin.paid_sessions() if twin is life.town.stripe else twin.collected()  # type: ignore[union-attr]
        for one in taken:
            if one.reference == line.attempt.uid and one.left.minor:
                twin.refund(one.payment, min(one.left, line.amount, key=lambda it: it.minor))
    for payment in life.twin.received(life.tenant):
        if payment.reference[:BY_US] == line.uid[:BY_US]:
            life.twin.unreceive(life.tenant, payment.id)


def _posting(life: Life, posting: Posting, how: str) -> str:
    desk.settle_posting(life.rt, posting.id, how, life.me)
    if posting.kind == Kind.UNDO_PAYMENT and how == "drop":
        _leaves(life, posting.content["payment"])
    elif posting.kind == Kind.UNDO_PAYMENT and how == "done":
        life.twin.unreceive(life.tenant, posting.content["payment"])
    return f"{posting.kind} of {posting.amount if posting.currency else 'a payment'}: {how}"


def _leaves(life: Life, payment: str) -> None:
    """It went back at the processor and stays in the ledger, as a person wants it."""
    with life.rt.store.read() as session:
        mine = select(AttemptLine).where(AttemptLine.ledger_payment == payment)
        for line in session.scalars(mine.options(joinedload(AttemptLine.attempt))):
            life.said[line.attempt.uid] -= line.amount_minor


def _offer(life: Life, reward: Reward, *, give: bool) -> str:
    rewards.decide(life.rt, reward.id, life.me, give=give)
    return f"the discount of {reward.amount} is {'given' if give else 'not given'}"


def _discount(life: Life, reward: Reward, *, take: bool) -> str:
    unearned.decide(life.rt, reward.id, life.me, take=take)
    return f"the discount of {reward.amount} is {'taken back' if take else 'left'}"


def _reversal(life: Life, row: Reversal) -> str:
    returned.done_by_hand(life.rt, row.id, life.me)
    with life.rt.store.read() as session:
        uid = session.get_one(Attempt, row.attempt_id).uid
    life.said[uid] += row.amount_minor if row.state == "again" else -row.amount_minor
    return f"{row.amount} was put right ({row.state})"


# Rules and statements


def fees_are_booked(life: Life, _which: int, how: int) -> str:
    """As expenses, or from now on not at all."""
    if how % 3 == 0:
        life.rule(payout_fees="", payout_expense="")
        return "no more"
    expense = companies.expense_choices(life.rt, life.company)[0].id
    life.rule(payout_fees="expense", payout_expense=expense)
    return "from now on"


def lateness_costs(life: Life, _which: int, how: int) -> str:
    """By contract, from the first late day on: booked as an invoice, only shown, or from now on nothing at all."""
    if how % 6 == 5:
        life.rule(late="")
        return "no more"
    income = companies.income_choices(life.rt, life.company)[0].id
    if not life.has_terms:
        terms.give(life.rt, life.company, None, date(2026, 1, 1), "Terms", "36.5 % a year.", b"", life.me)
        life.has_terms = True
    booking = "show" if how % 6 == 4 else "invoice"
    usual = {"late_points": 3_000, "late_sum_minor": 500, "grace_days": 0, "notice_days": 7, "late_income": income}
    life.rule(late="contract", late_booking=booking, **usual)
    return "from now on" if booking == "invoice" else "is shown from now on"


def about_lateness(life: Life, which: int, how: int) -> str:
    """What lateness has come to is asked for, or left out."""
    with life.rt.store.read() as session:
        charge = one_of(session.scalars(select(Charge).where(Charge.state == "shown")).all(), which)
    (charges.waive if how % 4 == 3 else charges.ask)(life.rt, charge.id, life.me)
    return f"{charge.amount} is {'left out' if how % 4 == 3 else 'asked for'}"


def statement(life: Life, which: int, how: int) -> str:
    """A bank statement with a line for an invoice: its sum, another sum, or a line that was brought before."""
    number = life.number(which)
    line = (number, life.today, life.town.invoice(number).balance_minor + (111 if how % 4 == 1 else 0))
    again = how % 4 > 1 and bool(life.brought)
    if again:
        line = one_of(life.brought, which)
    raw = f"{line}" if how % 4 == 3 else f"{line} {len(life.diary)}"
    number, day, minor = line
    amount = Money(minor, life.town.invoice(number).currency)
    entry = Entry(1, "1", day, amount, life.town.account(number).name, f"Invoice {number}")
    read = Statement("csv", (entry,))
    bank_lines.bring(life.rt, life.company, "bank.csv", raw.encode(), read, life.me, despite=False)
    life.brought += [] if line in life.brought else [line]
    return f"{amount} for {number}{', once more' if again else ''}"


def looks_at_a_line(life: Life, which: int, how: int) -> str:
    with life.rt.store.read() as session:
        line = one_of(session.scalars(select(BankLine).order_by(BankLine.id)).all(), which)
    match how % 4:
        case 0:
            bank_lines.confirm(life.rt, line.uid, life.me)
        case 1:
            bank_lines.confirm(life.rt, line.uid, life.me, life.town.invoice(life.number(which)).uid)
        case 2:
            bank_lines.refuse(life.rt, line.uid, life.me)
        case _:
            bank_lines.undo(life.rt, line.uid, life.me)
    return f"{line.amount}: {('yes', 'it is for another', 'no', 'as before')[how % 4]}"
