"""What a message template may name of an invoice, a part, an answer and a sum: every fact already in words.

Only shapes; `workflows.messages` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """A discount in words: `settles` ("£98") is enough until the day `until`, which is `less` ("£2")."""

    settles: str
    less: str
    until: str


@dataclass(frozen=True, slots=True)
class Late:
    """What has come on top for late payment, in words; it is left out of what is paid until the day `until`."""

    amount: str
    until: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line in words. `state` fits a table ("due today"), `says` and `worth` a sentence ("is due today", "for £10").

    `number` stands in for itself in a sentence: of an invoice without one it is "of 3 March", and `unnumbered`.
    `settled` is what is no longer open of it, `offer` a discount that counts today, `late` what has come on top.
    """

    number: str
    unnumbered: bool
    issued: str
    amount: str
    total: str
    settled: str
    part_paid: bool
    kind: str
    state: str
    says: str
    worth: str
    offer: Offer | None = None
    late: Late | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an arrangement in words: "£50", "5 March", and "is due on 5 March"."""

    amount: str
    day: str
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's answer in words. `about` are the invoices' numbers ("" where they have none), `one` whether it is
    about a single one.
    """

    about: str
    one: bool
    words: str
    day: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What is open in one currency, and how much of it is late ("" where that needs no telling)."""

    open: str
    late: str
