"""Lines of a bank and what they may pay, as plain facts, and what a line is found to be. No decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.bank_words import folded
from core.money import Money


class State(StrEnum):
    """What a line is taken to be; see `models.bank`."""

    UNCLEAR = "unclear"
    PROBABLE = "probable"
    MATCHED = "matched"
    PAYOUT = "payout"
    SET_ASIDE = "set-aside"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` tells lines apart and is the same whenever and however the line is read."""

    key: str
    day: date
    amount: Money
    payer: str
    text: str

    @property
    def words(self) -> str:
        return folded(f"{self.text} {self.payer}")


@dataclass(frozen=True, slots=True)
class Open:
    """An invoice with what is open of it (nothing, where it is paid), whose it is, and the reference its customer is
    asked to quote. `discount` may be kept back by whoever pays through `discount_until`.
    """

    id: int
    number: str
    account: int
    name: str
    reference: str
    balance: Money
    discount: Money | None = None
    discount_until: date | None = None

    def asks(self, day: date) -> tuple[Money, ...]:
        """The sums that pay it on that day: all of it, or without an open discount."""
        if self.discount is None or self.discount_until is None or day > self.discount_until:
            return (self.balance,)
        return self.balance, self.balance - self.discount


@dataclass(frozen=True, slots=True)
class Shown:
    """A payment that stands in the ledger, with its account and what it was set against: (invoice, minor units)."""

    id: int
    day: date
    amount: Money
    account: int
    name: str
    applied: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A processor's payout; `names` are the words by which a bank line names the processor."""

    id: int
    day: date
    amount: Money
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line is for which invoice, and why it is thought so."""

    invoice: int
    amount: Money
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a line is taken to be, and why."""

    state: State
    parts: tuple[Part, ...] = ()
    account: int | None = None
    payout: int | None = None
    why: str = ""
