"""What customers, their banks and sellers do with money in a hostile fortnight: pay somehow, take it back somehow."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sqlalchemy import select

from core.money import Money
from integrations.processors.base import Method
from models import Arrangement, InstalmentRow, Invoice
from sandbox.gocardless import BOUNCING_NUMBER, GOOD_NUMBER
from tests.town import Town, last_part
from workflows import checkouts, links


def pay(town: Town, chance: Random, numbers: Sequence[str]) -> None:
    """By card: one invoice or two of the same customer, in full or a part of it."""
    chosen = [chance.choice(numbers)]
    account = town.invoice(chosen[0]).account_id
    if chance.random() < 0.3:
        chosen += [one for one in numbers if town.invoice(one).account_id == account and one not in chosen][:1]
    whole = sum(town.invoice(one).balance_minor for one in chosen)
    some = chance.random() < 0.3 and whole > 0
    amount = Money(chance.randint(1, whole), town.invoice(chosen[0]).currency) if some else None
    town.stripe.pay(last_part(town.checkout(*chosen, amount=amount)))


def debit(town: Town, chance: Random, numbers: Sequence[str]) -> None:
    """By bank, which may say no days later."""
    method = chance.choice((Method.DEBIT, Method.INSTANT))
    number = chance.choice((GOOD_NUMBER, GOOD_NUMBER, BOUNCING_NUMBER))
    town.debit(chance.choice(numbers), method=method, number=number)


def goes_back(town: Town, chance: Random) -> None:
    """A payment of before is refunded, in full or in part, or its payer's bank takes it back."""
    cards = [one for one in town.stripe.paid_sessions() if one.left.minor > 0]
    banked = [one for one in town.gocardless.collected() if one.status in ("confirmed", "paid_out")]
    if cards and chance.random() < 0.7:
        one, what = chance.choice(cards), chance.randrange(3)
        if what == 0:
            town.stripe.refund(one.payment)
        elif what == 1:
            town.stripe.refund(one.payment, Money(chance.randint(1, one.left.minor), one.left.currency))
        elif one.left == one.amount:
            dispute = town.stripe.dispute(one.payment)
            if chance.random() < 0.5:
                town.stripe.close_dispute(dispute, won=chance.random() < 0.5)
    elif banked:
        chance.choice((town.gocardless.charge_back, town.gocardless.fail))(chance.choice(banked).payment)


def first_part(town: Town, invoice: Invoice) -> None:
    """The customer pays the first part of what was agreed by debit, and lets the later ones be collected."""
    account = town.account(invoice.number)
    target = links.read(town.rt, links.make(town.rt, account, account.emails))
    with town.rt.store.read() as session:
        part = session.scalars(
            select(InstalmentRow)
            .join(Arrangement)
            .where(Arrangement.invoices.any(Invoice.id == invoice.id))
            .order_by(InstalmentRow.id.desc())
        ).all()[-1]
    amount = Money(part.amount_minor, invoice.currency)
    page = checkouts.start(town.rt, target, [invoice.uid], "gocardless", Method.DEBIT, amount, keep=True)
    town.gocardless.agree(last_part(page))
