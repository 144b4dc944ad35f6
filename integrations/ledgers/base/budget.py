"""What a ledger lets us do and how often: features and their scopes, limits and their windows, and the meter.

Shapes and one look-up; who counts is `workflows/budgets.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Feature(StrEnum):
    """What a company may have allowed us to do. Without READ nothing works at all."""

    READ = "read"
    DOCUMENTS = "documents"  # the invoice as PDF, and the ledger's own page to pay it
    PAYMENTS = "payments"
    ON_ACCOUNT = "on-account"  # money without an invoice
    CREDITS = "credits"  # credit notes for a discount or goodwill, and using them
    INVOICES = "invoices"  # an invoice of our own, for a late fee or interest
    EXPENSES = "expenses"  # what a processor kept back from a payout
    DATES = "dates"  # a new due date
    EXPECTED = "expected"  # the day on which the money is expected
    NOTES = "notes"  # a line in the invoice's history


Scopes = Mapping[Feature, tuple[frozenset[str], ...]]
"""For each feature the sets of scopes any one of which is enough. A feature that is not in it does not exist there."""


def features(scopes: Scopes, granted: Collection[str]) -> frozenset[Feature]:
    """What these scopes allow."""
    given = frozenset(granted)
    return frozenset(feature for feature, sets in scopes.items() if any(each <= given for each in sets))


class Purpose(StrEnum):
    """What a call is for; counted and shown under this name."""

    COMPANY = "company"  # the organisation, its accounts, terms and settings
    SNAPSHOT = "snapshot"  # the first reading, and every later whole one
    CHANGES = "changes"
    SWEEP = "sweep"  # all open invoices, to find what the changes did not tell
    DOOR = "door"  # just before a message leaves
    LOOK = "look"  # somebody looks at a page
    DOCUMENT = "document"  # somebody asked for a PDF or a payment link
    FIND = "find"  # has it been written already?
    WRITE = "write"

    @property
    def waits(self) -> bool:
        """Bulk reading: it leaves the last fifth of a budget to those who cannot wait."""
        return self in (Purpose.SNAPSHOT, Purpose.CHANGES, Purpose.SWEEP)

    @property
    def on_demand(self) -> bool:
        """Done because somebody clicked, not by the clock."""
        return self in (Purpose.COMPANY, Purpose.LOOK, Purpose.DOCUMENT)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in every `seconds`. `whole_app`: over all organisations together; `metered`: only reads that the
    vendor puts on the bill count. Names are the vendor's: minute, day, month.
    """

    name: str
    seconds: int
    calls: int
    whole_app: bool = False
    metered: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls one organisation stands at one time and in one second."""

    at_once: int
    per_second: int


class Answered(Protocol):
    """To be told of an answer: its size in bytes, and what the vendor says is left, by the limit's name."""

    def __call__(self, size: int, left: Mapping[str, int]) -> None: ...


class Meter(Protocol):
    """Stands before every call to one organisation."""

    def call(self, purpose: Purpose, *, read: bool = True) -> AbstractContextManager[Answered]:
        """Wait for a turn and count the call. RateLimited, and nothing is asked, when the budget has no room for it.

        A RateLimited that leaves the block tells it that the vendor's own count is further than ours.
        """
        ...


class Unmetered:
    """A meter for calls that are in nobody's budget, such as those at the moment of a consent."""

    def call(self, purpose: Purpose, *, read: bool = True) -> AbstractContextManager[Answered]:  # noqa: ARG002
        return nullcontext(_unheard)


def _unheard(size: int, left: Mapping[str, int]) -> None:
    """Nobody counts this answer."""
