"""The processor port: taking payments on a page hosted by somebody who may see cards and bank accounts.

A webhook is only a hint that something happened; what is true is what `look_up` says now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from core.money import Money


class Method(StrEnum):
    """How the money comes: a card or the wallet it is in, a bank debit, a bank payment that arrives at once."""

    CARD = "card"
    DEBIT = "debit"
    INSTANT = "instant"


class CheckoutState(StrEnum):
    """Pending: the customer has done their part, and the bank has not yet. Failed: it will never come."""

    OPEN = "open"
    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProcessorKeys:
    """What a company gives us of its own account: `secret` to ask with, `webhook` to know the processor's word by."""

    secret: str = field(repr=False)
    webhook: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """One payment of several lines in one currency. `reference` is our attempt's uid; `lines` are (label, amount).

    `language` is a tag such as en-GB. With `keep`, the page also asks for a mandate for later parts (debits only).
    """

    reference: str
    lines: tuple[tuple[str, Money], ...]
    success_url: str
    cancel_url: str
    method: Method = Method.CARD
    language: str = "en"
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """One payment to collect by a mandate: `reference` is our attempt's uid, `label` what the customer's bank shows."""

    reference: str
    mandate: str
    amount: Money
    label: str


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """Money of a payment that went back. `kind`: refund, chargeback or failure (the bank took a debit back).

    `undone`: it came to us again, such as a dispute that was won.
    """

    id: str
    kind: str
    amount: Money
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """What there is to know of one payment. `url` is the hosted page ("" once closed), `payment` the processor's id of
    the payment itself, `amount` what was or will be paid, `why` what it says of a failure, `mandate` the mandate that
    was given with it, `returned` what of it went back.
    """

    id: str
    reference: str
    state: CheckoutState
    amount: Money
    url: str = ""
    payment: str = ""
    why: str = ""
    mandate: str = ""
    returned: tuple[MoneyBack, ...] = ()


class MandateState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a webhook: what it is about, as far as it says: our reference, a checkout, a payment, a mandate."""

    id: str
    what: str
    reference: str = ""
    checkout: str = ""
    payment: str = ""
    mandate: str = ""


class PayoutState(StrEnum):
    COMING = "coming"
    PAID = "paid"
    FAILED = "failed"


class EntryKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    FAILURE = "failure"
    FEE = "fee"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PayoutEntry:
    """One thing a payout is made of. `payment` is the processor's id of the payment ("" where there is none), `amount`
    signed and gross, `fee` what was kept back of it (negative when given back). An entry that is only a fee has no
    amount, so that the sum of `fee` is all that was kept back.
    """

    id: str
    kind: EntryKind
    payment: str
    amount: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class Payout:
    """Money sent to the company's bank; negative where it was taken from there."""

    id: str
    amount: Money
    arrives: date
    state: PayoutState
    entries: tuple[PayoutEntry, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the entries explain the payout to the cent; nothing is invented where they do not."""
        there = {self.amount.currency} == {part.currency for one in self.entries for part in (one.amount, one.fee)}
        return there and sum(one.amount.minor - one.fee.minor for one in self.entries) == self.amount.minor


class Processor(Protocol):
    """One company's account at a processor. Every call may raise the errors of `integrations.errors`."""

    def account(self) -> str:
        """What the processor calls the account, with its id: anybody can take a name. Misconfigured: wrong keys."""
        ...

    def start(self, order: CheckoutOrder, key: str) -> Checkout:
        """Open a hosted page. The same key never opens a second one. InDoubt on a lost answer.

        Rejected when the currency, the method or an amount cannot be paid this way.
        """
        ...

    def look_up(self, checkout: str) -> Checkout:
        """The payment as the processor sees it now; Rejected when there is none."""
        ...

    def expire(self, checkout: str) -> Checkout:
        """Close an open page so that nobody can pay on it any more; Rejected when it is not open."""
        ...

    def collect(self, order: Collection, key: str) -> Checkout:
        """Collect by a mandate. The same key never collects twice. InDoubt on a lost answer, Rejected where there are
        no mandates or this one has ended.
        """
        ...

    def mandate(self, id: str) -> MandateState:
        """How a mandate stands."""
        ...

    def payouts(self, since: date) -> tuple[Payout, ...]:
        """All that were made on or after that day (UTC), oldest first, with their entries."""
        ...

    def events(self, raw: bytes, headers: Mapping[str, str]) -> tuple[Happening, ...]:
        """Verify and read a webhook. BadSignature when forged, Rejected when unreadable."""
        ...


@dataclass(frozen=True, slots=True)
class ProcessorKind:
    """One kind of processor. `open` reaches a company's account with its keys; `ways` says for each method in which
    currencies it can be paid (None: in any); `labels` what its two keys are called where people find them; `pages`
    the origin of the pages on which people pay, or authorize it; `paid_out_within` the days after which at the latest
    an ordinary payment is part of a payout (0: that is not known).
    """

    kind: str
    label: str
    ways: Mapping[Method, frozenset[str] | None]
    labels: tuple[str, str]
    open: Callable[[ProcessorKeys], Processor]
    mandates: bool = False
    pages: str = ""
    paid_out_within: int = 0

    def takes(self, method: Method, currency: str) -> bool:
        """Whether something in this currency can be paid so."""
        known = self.ways.get(method, frozenset())
        return known is None or currency in known
