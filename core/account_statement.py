"""The statement of one account: what moved between two days, what is open now, and for how long, per currency.

Pure. The ledger's own balances are the truth: the closing figure is theirs, and the opening one is worked out backwards
from it, so no sum of ours can drift away from the books. It words nothing and never adds up two currencies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import chain

from core.because import Cause
from core.money import Money, totals

MONTHS_BACK = 3


class Kind(StrEnum):
    """What a movement is. The last three stand at their invoice, since the books name no day of their own for them."""

    INVOICE = "invoice"
    RECEIVED = "received"
    ON_ACCOUNT = "on-account"  # money that came in without an invoice
    CREDIT = "credit"
    UNUSED = "unused"  # a credit note, or what is left of one where the ledger tells no more
    USED = "used"  # credit set against invoices
    SETTLED = "settled"  # of an invoice: settled in a way that no mirrored payment or credit explains
    REOPENED = "reopened"  # the other way round: more was set against it than its balance shows
    HELD = "held"  # an invoice whose state is not sure: only what was paid for it counts


class Age(StrEnum):
    """How long what is open has been due."""

    NOT_DUE = "not-due"
    TO_30 = "to-30"
    TO_60 = "to-60"
    TO_90 = "to-90"
    OVER_90 = "over-90"


_LAST_DAYS = ((0, Age.NOT_DUE), (30, Age.TO_30), (60, Age.TO_60), (90, Age.TO_90))
Applied = tuple[tuple[str, Money], ...]  # vendor ids of invoices, and how much was set against each


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of the account. `left` is what counts as open; `unsure` that its state in the ledger is not known.

    `known` is what was told or agreed about it (a dispute, a promise …), with its day where it has one.
    """

    id: str
    number: str
    issued: date
    due: date | None
    total: Money
    left: Money
    unsure: bool = False
    known: tuple[Cause, date | None] | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received. What of it is not `applied` to invoices is open credit."""

    id: str
    day: date
    amount: Money
    applied: Applied = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note, or money `received` without an invoice. One with the id of a payment is what is left of it."""

    id: str
    number: str
    day: date | None
    remaining: Money
    applied: Applied = ()
    received: bool = False


@dataclass(frozen=True, slots=True)
class Books:
    """All that the mirror holds of one account.

    `elsewhere` are the ids of invoices of other accounts: what was paid for them is no movement of this one.
    `on_its_way` was paid, and the ledger does not show it yet.
    """

    invoices: Sequence[Invoice] = ()
    payments: Sequence[Payment] = ()
    credits: Sequence[Credit] = ()
    elsewhere: frozenset[str] = frozenset()
    on_its_way: Sequence[Money] = ()


@dataclass(frozen=True, slots=True)
class Movement:
    """One line. `amount` is what it adds to what is open, `balance` what is open after it; below zero is in favour of
    the customer. `number` is the invoice's or credit's, `about` the numbers of the invoices it was set against.
    """

    kind: Kind
    day: date
    amount: Money
    balance: Money
    number: str = ""
    due: date | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outstanding:
    """The open invoices of one currency, the oldest due day first, and their sums by age; every age is there."""

    currency: str
    invoices: tuple[Invoice, ...]
    ageing: Mapping[Age, Money]

    @property
    def total(self) -> Money:
        return sum((one.left for one in self.invoices), Money.zero(self.currency))


@dataclass(frozen=True, slots=True)
class Part:
    """The statement in one currency: `closing` = `opening` + the movements. What is `outstanding` is so today.

    `credit` is open and not set against anything; in a statement up to today `closing` is what is open less it.
    """

    currency: str
    opening: Money
    movements: tuple[Movement, ...]
    closing: Money
    credit: Money
    on_its_way: Money
    outstanding: Outstanding


@dataclass(frozen=True, slots=True)
class Statement:
    """`since` and `until` are its first and last local day; a part for each currency in which there is something."""

    since: date
    until: date
    today: date
    parts: tuple[Part, ...]


def usual_start(today: date) -> date:
    """The first of the month three months back."""
    month = today.year * 12 + today.month - 1 - MONTHS_BACK
    return date(month // 12, month % 12 + 1, 1)


def statement(books: Books, today: date, since: date, until: date | None = None, first: str = "") -> Statement:
    """The account from `since` to `until` (None: today), its `first` currency first.

    Up to today takes in what the books already hold with a later day, so that it closes with the ledger's own figure.
    """
    last = min(until or today, today)
    moves = [move for _, _, move in sorted(_movements(books), key=_place)]
    open_now = {one.currency: one for one in outstanding(books.invoices, today, first)}
    credit = totals(one.remaining for one in books.credits)
    coming = totals(books.on_its_way)
    parts = []
    for currency in _in_order({*open_now, *credit, *coming, *(move.amount.currency for move in moves)}, first):
        none, mine = Money.zero(currency), [move for move in moves if move.amount.currency == currency]
        now = open_now.get(currency) or _outstanding(currency, (), today)
        later = [move for move in mine if move.day > last < today]
        closing = now.total - credit.get(currency, none) - _sum(later, none)
        period = [move for move in mine if move.day >= since and (move.day <= last or last == today)]
        opening = closing - _sum(period, none)
        lines = tuple(_running(period, opening))
        part = Part(currency, opening, lines, closing, credit.get(currency, none), coming.get(currency, none), now)
        if any((lines, opening, closing, now.invoices, part.credit, part.on_its_way)):
            parts.append(part)
    return Statement(since, last, today, tuple(parts))


def outstanding(invoices: Iterable[Invoice], today: date, first: str = "") -> tuple[Outstanding, ...]:
    """What is open of these invoices, per currency, its `first` currency first."""
    found: dict[str, list[Invoice]] = defaultdict(list)
    for one in sorted(invoices, key=lambda one: (one.due or one.issued, one.number, one.id)):
        if one.left:
            found[one.left.currency].append(one)
    return tuple(_outstanding(currency, found[currency], today) for currency in _in_order(found, first))


def days_late(invoice: Invoice, today: date) -> int:
    """Days since its due day; 0 where it is not over or there is none."""
    return max(0, (today - invoice.due).days) if invoice.due else 0


def _outstanding(currency: str, invoices: Sequence[Invoice], today: date) -> Outstanding:
    ageing = dict.fromkeys(Age, Money.zero(currency))
    for one in invoices:
        days = days_late(one, today)
        age = next((age for last, age in _LAST_DAYS if days <= last), Age.OVER_90)
        ageing[age] += one.left
    return Outstanding(currency, tuple(invoices), ageing)


def _in_order(currencies: Iterable[str], first: str) -> list[str]:
    return sorted(currencies, key=lambda one: (one != first, one))


def _sum(moves: Iterable[Movement], none: Money) -> Money:
    return sum((move.amount for move in moves), none)


def _running(moves: Iterable[Movement], balance: Money) -> Iterator[Movement]:
    for move in moves:
        balance += move.amount
        yield replace(move, balance=balance)


# An invoice, with what stands at it, comes before what was paid on the same day.
_AT_INVOICES = frozenset({Kind.INVOICE, Kind.SETTLED, Kind.REOPENED, Kind.HELD})
_Found = tuple[str, int, Movement]  # the vendor id, its place among the lines of that id, the movement


def _place(found: _Found) -> tuple[date, bool, str, str, int]:
    id, place, move = found
    return move.day, move.kind not in _AT_INVOICES, move.number, id, place


def _movements(books: Books) -> Iterator[_Found]:
    """Every movement that has a day, in no order; balances are not known yet."""
    numbers = {one.id: one.number for one in books.invoices}
    explained: dict[str, list[Money]] = defaultdict(list)
    for id, amount in chain(*(one.applied for one in books.payments), *(one.applied for one in books.credits)):
        explained[id].append(amount)
    for one in books.invoices:
        yield from _of_invoice(one, explained[one.id])
    for payment in books.payments:
        yield from _of_payment(payment, books.elsewhere, numbers)
    paid = {one.id for one in books.payments}
    for credit in books.credits:
        if credit.id not in paid and credit.day is not None:
            yield from _of_credit(credit, credit.day, numbers)


def _move(kind: Kind, day: date, amount: Money, number: str, about: Iterable[str] = ()) -> Movement:
    return Movement(kind, day, amount, amount, number, about=tuple(dict.fromkeys(one for one in about if one)))


def _less(amount: Money) -> Money:
    return Money.zero(amount.currency) - amount


def _of_invoice(one: Invoice, applied: Iterable[Money]) -> Iterator[_Found]:
    """The invoice, and what of it is gone without a payment or credit that says so: of that the day is not known, so
    it counts from the first, and nobody is shown as having had more open than the books can tell.
    """
    explained = totals(applied).get(one.total.currency, Money.zero(one.total.currency))
    if one.unsure:
        yield one.id, 0, replace(_move(Kind.HELD, one.issued, explained + one.left, one.number), due=one.due)
        return
    yield one.id, 0, replace(_move(Kind.INVOICE, one.issued, one.total, one.number), due=one.due)
    rest = one.total - one.left - explained
    if rest:
        kind = Kind.SETTLED if rest.minor > 0 else Kind.REOPENED
        yield one.id, 1, _move(kind, one.issued, _less(rest), one.number)


def _of_payment(one: Payment, elsewhere: frozenset[str], numbers: Mapping[str, str]) -> Iterator[_Found]:
    """What it did to this account: the money, and credit that was set against invoices together with it."""
    none = Money.zero(one.amount.currency)
    parts = [(id, amount) for id, amount in one.applied if amount.currency == one.amount.currency]
    ours = sum((amount for id, amount in parts if id not in elsewhere), none)
    others = sum((amount for id, amount in parts if id in elsewhere), none)
    spare = max(none, one.amount - ours - others)
    money = min(one.amount, ours + spare)
    used = ours + spare - money
    about = [numbers.get(id, "") for id, _ in parts]
    if money:
        kind = Kind.RECEIVED if ours or others else Kind.ON_ACCOUNT
        yield one.id, 0, _move(kind, one.day, _less(money), "", about)
    if used:
        yield one.id, 1, _move(Kind.USED, one.day, _less(used), "", about)


def _of_credit(one: Credit, day: date, numbers: Mapping[str, str]) -> Iterator[_Found]:
    parts = [amount for _, amount in one.applied if amount.currency == one.remaining.currency]
    worth = sum(parts, one.remaining)
    if worth:
        kind = Kind.ON_ACCOUNT if one.received else Kind.CREDIT if one.applied else Kind.UNUSED
        yield one.id, 0, _move(kind, day, _less(worth), one.number, [numbers.get(id, "") for id, _ in one.applied])
