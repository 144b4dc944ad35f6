"""What customers, their banks and the processors do with money: pay, pay late or too little, take it back, disagree."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.money import Money
from integrations.processors.base import Method
from sandbox.books import BookPayment
from sandbox.gocardless import BOUNCING_NUMBER, GOOD_NUMBER
from tests.property.life import Life, one_of
from tests.town import last_part

CENT = 1


def pays(life: Life, which: int, how: int) -> str:
    """By card: what settles it, a third, a cent less than what settles it, or all of the customer's invoices."""
    page, told = _page(life, which, how)
    life.town.stripe.pay(page)
    return told


def opens_a_page(life: Life, which: int, how: int) -> str:
    page, told = _page(life, which, how)
    life.pages.append(page)
    return f"{told} stands on a page"


def pays_on_a_page(life: Life, which: int, _how: int) -> str:
    """On a page that was opened earlier, maybe days ago."""
    page = one_of(life.pages, which)
    life.pages.remove(page)
    life.town.stripe.pay(page)
    return "what was opened earlier"


def _page(life: Life, which: int, how: int) -> tuple[str, str]:
    number = life.number(which)
    numbers, part = [number], None
    if how % 4 == 3:
        mine = life.town.account(number).id
        every = [one.key for one in life.town.books[life.kind].invoices]
        numbers = [one for one in every if life.town.invoice(one).account_id == mine]
    elif how % 4:
        minor = life.town.invoice(number).balance_minor
        part = minor // 3 if how % 4 == 1 else _settles(life, number) - CENT
    amount = None if part is None else Money(part, life.town.invoice(number).currency)
    page = last_part(life.town.checkout(*numbers, amount=amount))
    return page, f"{' and '.join(numbers)}, {amount or 'what settles it'}"


def _settles(life: Life, number: str) -> int:
    """What settles the invoice for whoever takes the discount that was offered."""
    offer, balance = life.offer(number), life.town.invoice(number).balance_minor
    return balance - (offer.amount_minor if offer else 0)


def debits(life: Life, which: int, how: int) -> str:
    number = life.number(which)
    method = Method.INSTANT if how % 4 == 3 else Method.DEBIT
    bad = how % 4 == 2
    life.town.debit(number, method=method, number=BOUNCING_NUMBER if bad else GOOD_NUMBER)
    return f"{number} by {method.value}, which the bank {'refuses' if bad else 'lets through'}"


def transfers(life: Life, which: int, how: int) -> str:
    """As a person enters it in the ledger: whole, a third, less the discount, or that on the last day of the offer."""
    number, offer = life.number(which), life.offer(life.number(which))
    balance = life.twin.balance(life.tenant, number)
    amount, day = balance, life.today
    if how % 4 == 1:
        amount = (balance / 3).quantize(balance)
    elif how % 4 > 1 and offer is not None:
        amount = balance - offer.amount.decimal
        day = min(day, offer.until) if how % 4 == 3 and offer.until else day
    life.entries += 1
    life.twin.receive(life.tenant, BookPayment(number, amount, day, f"bank {life.entries}"))
    return f"{amount} for {number}, dated {day}"


def refunded(life: Life, which: int, how: int) -> str:
    """At the processor, by the seller: all that is left, a third of it, or the sum of one of its invoices."""
    cards = [(life.town.stripe, one) for one in life.town.stripe.paid_sessions() if one.left.minor and not one.disputed]
    banked = [(life.town.gocardless, one) for one in life.town.gocardless.collected() if one.left.minor]
    twin, one = one_of(cards + banked, which)
    amount = one.left
    if how % 3 == 1:
        amount = Money(max(1, amount.minor // 3), amount.currency)
    elif how % 3 == 2 and twin is life.town.stripe:
        amount = min(one.lines[0][1], amount, key=lambda it: it.minor)
    life.refunds.append((twin.kind, twin.refund(one.payment, amount)))
    return f"{amount} of {one.amount}"


def refund_comes_back(life: Life, which: int, _how: int) -> str:
    """The payer's bank does not take it."""
    kind, refund = one_of(life.refunds, which)
    life.refunds.remove((kind, refund))
    if kind == "stripe":
        life.town.stripe.fail_refund(refund)
    else:
        life.town.gocardless.return_refund(refund)
    return kind


def bank_takes_back(life: Life, which: int, how: int) -> str:
    """A debit after it had come; or what was charged back comes again."""
    twin = life.town.gocardless
    there = [one for one in twin.collected() if one.status in ("confirmed", "paid_out") and not one.refunded.minor]
    gone = [one for one in twin.collected() if one.status == "charged_back"]
    if how % 3 == 2:
        twin.cancel_chargeback(one_of(gone, which).payment)
        return "a chargeback was a mistake"
    one = one_of(there, which)
    (twin.fail if how % 3 else twin.charge_back)(one.payment)
    return f"{one.amount}, {'a late failure' if how % 3 else 'a chargeback'}"


def disputes(life: Life, which: int, _how: int) -> str:
    """With the bank of their card."""
    one = one_of([it for it in life.town.stripe.paid_sessions() if it.left == it.amount], which)
    life.disputed.append(life.town.stripe.dispute(one.payment))
    return f"{one.amount}"


def dispute_ends(life: Life, which: int, how: int) -> str:
    case = one_of(life.disputed, which)
    life.disputed.remove(case)
    life.town.stripe.close_dispute(case, won=bool(how % 2))
    return "won" if how % 2 else "lost"


# Time and trouble


def nights(life: Life, _which: int, how: int) -> str:
    life.nights((1,) * (1 + how % 3))
    return f"{1 + how % 3} passed"


def weeks(life: Life, _which: int, _how: int) -> str:
    """In which little is done, so that what is open is late."""
    life.nights((7, 1))
    return "eight days passed"


def offer_ends(life: Life, which: int, how: int) -> str:
    """On to the evening of the last day of an offer, in New York and London, or of the day after."""
    offer = life.offer(life.number(which))
    if offer is None or offer.until is None:
        return "there is none"
    last = offer.until + timedelta(days=how % 2)
    life.nights((1,) * (last - life.today).days)
    evening = datetime(last.year, last.month, last.day, 22, tzinfo=life.town.now.tzinfo)
    life.town.clock.move(max(evening, life.town.now))
    life.town.settle()
    return f"it is {last}"


BOOKS = {"quickbooks": "/v3/company", "xero": "/api.xro"}
ONCE = ("drop", "503", "lost", "500")


def ledger_fails(life: Life, _which: int, how: int) -> str:
    """One answer of the ledger is lost or bad, or none comes for two days."""
    if how % 5 == 4:
        life.twin.plan_fault(BOOKS[life.kind], "503", seconds=2 * 86_400)
        return "for two days"
    life.twin.plan_fault(BOOKS[life.kind], ONCE[how % 5])
    return ONCE[how % 5]


def processor_fails(life: Life, which: int, how: int) -> str:
    twin = (life.town.stripe, life.town.gocardless)[which % 2]
    twin.plan_fault("", ONCE[how % 4])
    return f"{twin.kind}: {ONCE[how % 4]}"


def webhooks_are_lost(life: Life, _which: int, _how: int) -> str:
    """What waits to be told is never told."""
    twins = (life.twin, life.town.stripe, life.town.gocardless)
    return f"{sum(len(twin.webhooks()) for twin in twins)} of them"


def quiet(life: Life, _which: int, _how: int) -> str:
    """Everything that was told is heard and done."""
    life.town.settle()
    return "settled"
