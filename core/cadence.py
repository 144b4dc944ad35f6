"""What a cadence is: named steps on ladders of firmness, conditions, and its budget. Read from TOML in `language`.

Types and what follows from them alone; what is said on which day is decided in `plan`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any


class Tone(StrEnum):
    """How a step sounds, from softest to firmest. Never a threat."""

    FRIENDLY = "friendly"
    KIND = "kind"
    CLEAR = "clear"
    FIRM = "firm"


class Channel(StrEnum):
    """How a step reaches the customer. A call and a letter are tasks for a person of the company."""

    EMAIL = "email"
    SMS = "sms"
    CALL = "call"
    LETTER = "letter"


class Anchor(StrEnum):
    """The day a step's offset counts from. MONTH counts days of the calendar month: the statement of account."""

    ISSUED = "issued"
    DUE = "due"
    PROMISE = "promise"
    INSTALMENT = "instalment"
    RESOLVED = "dispute-resolved"
    MONTH = "month"


class Payer(StrEnum):
    """How reliably an account pays, from its own history alone."""

    NEW = "new"  # fewer than three paid invoices
    STEADY = "steady"  # nearly always on its usual day, and that is at most a few days late
    SLOW = "slow"  # pays, and usually late
    UNSURE = "unsure"  # no habit, or a habit that broke


class Reason(StrEnum):
    """What the customer told us. REFUSES is set by a person only."""

    IN_ORDER = "in-order"
    FORGOT = "forgot"
    COPY = "copy"
    WRONG_PERSON = "wrong-person"
    PAID_ALREADY = "paid-already"
    DISPUTE = "dispute"
    SHORT_OF_CASH = "short-of-cash"
    WILL_PAY = "will-pay"
    REFUSES = "refuses"


class Readers(StrEnum):
    """Words for whom a step is written to, beside plain addresses."""

    INVOICE = "invoice"  # the addresses on the invoice, else the account's
    ACCOUNT = "account"  # the customer's own
    EVERYONE = "everyone"  # both, and the customer's people whom the ledger mails


USUAL: tuple[str, ...] = (Readers.INVOICE,)


class CadenceError(ValueError):
    """The cadence cannot be used; the message is one sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a step applies; an empty field asks nothing. Amounts are in the invoice's own currency.

    `amount` is the least open on the invoice, `account` the least open on the whole account in that currency;
    `open_least` and `open_most` count the account's open invoices.
    """

    amount: Decimal | None = None
    account: Decimal | None = None
    segments: frozenset[str] = frozenset()
    not_segments: frozenset[str] = frozenset()
    payers: frozenset[Payer] = frozenset()
    open_least: int | None = None
    open_most: int | None = None
    currencies: frozenset[str] = frozenset()
    reasons: frozenset[Reason] = frozenset()


ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class Step:
    """`offset` days from the anchor (negative: before); for MONTH the day of the month.

    Nudges stand on rung 0, follow-ups on 1, 2, 3 …: a place on the ladder of firmness. `attach` names documents
    ("invoice": its PDF, unless the ledger has mailed it); `signed_by` is a name, "" for the company's own; `to` holds
    `Readers` and lower-cased addresses in any mix, empty for the sender's; `escalated` uses the escalated signature,
    address, readers and copies.
    """

    name: str
    offset: int
    rung: int
    tone: Tone
    template: str
    anchor: Anchor = Anchor.DUE
    working: bool = False
    channel: Channel = Channel.EMAIL
    approve: bool = False
    escalated: bool = False
    signed_by: str = ""
    attach: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    when: Condition = ALWAYS

    @property
    def is_nudge(self) -> bool:
        """Said before the day has passed; its words are untrue afterwards."""
        if self.anchor in (Anchor.DUE, Anchor.INSTALMENT):
            return self.offset <= 0
        return self.anchor in (Anchor.ISSUED, Anchor.MONTH)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs, from which address, to whom; empty fields are the company's own, and the usual readers."""

    name: str = ""
    address: str = ""
    reply_to: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """What a reason does to the ladder: how long we are silent (working days; None: until a person acts), the firmest
    rung that may still be said by itself, the words used instead of the step's own, and whether a person approves.
    """

    hold_days: int | None = 0
    ceiling: int | None = None
    template: str = ""
    approve: bool = False


BRANCHES: Mapping[Reason, Branch] = {
    Reason.IN_ORDER: Branch(),
    Reason.FORGOT: Branch(hold_days=3),
    Reason.COPY: Branch(hold_days=3),
    Reason.WRONG_PERSON: Branch(hold_days=None),
    Reason.PAID_ALREADY: Branch(hold_days=7),
    Reason.SHORT_OF_CASH: Branch(hold_days=5, ceiling=1, template="short-of-cash"),
    Reason.WILL_PAY: Branch(),
    Reason.DISPUTE: Branch(),
    Reason.REFUSES: Branch(template="refuses", approve=True),
}


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` messages that ask for money in `days` days."""

    limit: int
    days: int


@dataclass(frozen=True)
class Cadence:
    """Ladders with their budget.

    `gap_hours`: fewest hours between two messages; `week_limit`: most messages in 7 days; `month_limit`: in 30 days;
    `oldest_days`: an invoice later than this is left to a person, and `start_oldest_days` one that was this late when
    the company was connected; `grace_days`: days after a promised date before it counts as broken; `stale_hours`: how
    old a reading may be; `settle_days`: no follow-up so soon after delivery, or after a dispute has ended;
    `wait_days`: how many days of a steady payer's usual delay are waited out; `soften`: a steady payer hears one tone
    softer; `approve_all`: a person approves every message.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    why: str = ""
    gap_hours: int = 48
    week_limit: int = 2
    month_limit: int = 6
    oldest_days: int = 180
    start_oldest_days: int = 90
    grace_days: int = 5
    stale_hours: int = 36
    settle_days: int = 3
    wait_days: int = 0
    soften: bool = True
    approve_all: bool = False
    normal: Sender = Sender()
    escalated: Sender = Sender()
    reasons: Mapping[Reason, Branch] = field(default_factory=dict)

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def branch(self, reason: Reason) -> Branch:
        return self.reasons.get(reason) or BRANCHES[reason]

    @cached_property
    def ladders(self) -> Mapping[Anchor, tuple[Step, ...]]:
        """Each ladder by the anchor it belongs to; steps anchored to ISSUED are the beginning of the DUE ladder."""
        kept: dict[Anchor, list[Step]] = {anchor: [] for anchor in Anchor if anchor is not Anchor.ISSUED}
        for step in self.steps:
            kept[Anchor.DUE if step.anchor is Anchor.ISSUED else step.anchor].append(step)
        return {anchor: tuple(steps) for anchor, steps in kept.items()}

    def voice(self, step: Step) -> Sender:
        """Who signs the step, from which address, to whom, with which copies; what is empty is the company's own.

        An escalated step uses the escalated sender field by field where it is given, and the normal one where not.
        """
        normal, firm = self.normal, self.escalated if step.escalated else Sender()
        return Sender(
            name=step.signed_by or firm.name or normal.name,
            address=firm.address or normal.address,
            reply_to=firm.reply_to or normal.reply_to,
            to=step.to or firm.to or normal.to or USUAL,
            cc=_each_once(step.cc, firm.cc or normal.cc),
            bcc=_each_once(step.bcc, firm.bcc or normal.bcc),
        )

    @cached_property
    def to_any(self) -> tuple[str, ...]:
        """All whom any of its steps is written to: `Readers` and addresses."""
        return tuple(sorted({str(one) for step in self.steps for one in self.voice(step).to}))

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        return Cap(self.week_limit, 7), Cap(self.month_limit, 30)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with anything that could change a decision or a word; the same in every process."""
        return hashlib.sha256(repr(_plain(self)).encode()).hexdigest()[:16]


def _each_once(*lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for each in lists for one in each))


def _plain(value: Any) -> Any:
    """The value with everything that has no order of its own put into one."""
    if is_dataclass(value):
        return [(field.name, _plain(getattr(value, field.name))) for field in fields(value)]
    if isinstance(value, Mapping):
        return sorted((key, _plain(one)) for key, one in value.items())
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
