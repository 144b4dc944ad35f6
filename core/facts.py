"""What `plan()` may know about one account: frozen, complete, gathered by `workflows/gather.py`.

Nothing here decides. A fact that is not in here cannot influence a decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from core.because import Cause
from core.cadence import Cap, Channel, Payer, Reason
from core.money import Money


class InvoiceStatus(StrEnum):
    """Our reading of the ledger's own status; anything we do not know is UNKNOWN and holds."""

    OPEN = "open"
    PAID = "paid"
    VOIDED = "voided"
    DELETED = "deleted"
    DRAFT = "draft"
    UNKNOWN = "unknown"


class TouchState(StrEnum):
    """`due` … `sending` are messages on their way; `sent` and `in_doubt` count as touches."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an invoice or account is left alone. `until` is the first local date on which the hold no longer counts.

    Without an end it has an owner: a person who must act, named in `detail` where one is known.
    """

    cause: Cause
    until: date | None = None
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was said (or is on its way) about an invoice on a local date.

    `anchor` is the instance of the anchor it stood on ("": the present one); `rung` how firm it was then and `balance`
    what was open (minor units), None where that was not kept.
    """

    step: str
    day: date
    state: TouchState = TouchState.SENT
    anchor: str = ""
    rung: int | None = None
    balance: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the customer said about an invoice, on a local date."""

    reason: Reason
    day: date

    @property
    def cause(self) -> Cause:
        """What a silence that follows from it is called."""
        return _TOLD.get(self.reason, Cause.REPLIED)


_TOLD = {
    Reason.FORGOT: Cause.FORGOT,
    Reason.COPY: Cause.COPY,
    Reason.WRONG_PERSON: Cause.WRONG_PERSON,
    Reason.PAID_ALREADY: Cause.PAID_ALREADY,
    Reason.SHORT_OF_CASH: Cause.SHORT_OF_CASH,
}


@dataclass(frozen=True, slots=True)
class Instalment:
    """The earliest part of an arrangement that is not paid yet."""

    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One mirrored invoice. `recipients` are lower-cased addresses in sorted order; empty when there is none.

    `delivered` is the ledger's ship date (None: the issue date); `arranged` whether it belongs to a running
    arrangement, whose next part is `instalment`; `broken` is the day of the last promise that was not kept, `resolved`
    the day on which its last dispute ended.
    """

    id: int
    number: str
    status: InvoiceStatus
    issued: date
    due: date | None
    total: Money
    balance: Money
    recipients: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()
    said: tuple[Said, ...] = ()
    delivered: date | None = None
    told: Told | None = None
    arranged: bool = False
    instalment: Instalment | None = None
    broken: date | None = None
    resolved: date | None = None


@dataclass(frozen=True, slots=True)
class TouchFacts:
    """One message (or call) that asked for money, in any state from `due` on: also one written by hand.

    `at` is its moment; `own` whether it was about this account, else it reached the same people about another;
    `statement` is the instance of the month whose statement it was ("": it was none).
    """

    recipients: tuple[str, ...]
    day: date
    state: TouchState = TouchState.SENT
    at: datetime | None = None
    own: bool = True
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word on exactly these lines, balances and readers: approved (None: skipped until `until`)."""

    at: datetime
    approved: bool = True
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One billing customer with every invoice that is open or was touched.

    `live` is whether the company switched sending on; `read_at` is when the ledger was last read for it; `emails` are
    the customer's own addresses, `people` those of its people whom the ledger mails (both lower-cased);
    `credits` is the open credit per currency; `refused`, `bounced` and `opted_out` are addresses not to be written to;
    `usual_delay` is in days; `connected` is the day on which the company was; `caps` are limits from outside the
    cadence (law, practice); `drafts` whether a person approves everything for now; `approvals` are by fingerprint;
    `channels` are those set up here.
    """

    id: int
    live: bool
    read_at: datetime | None
    invoices: tuple[InvoiceFacts, ...] = ()
    emails: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()
    credits: tuple[Money, ...] = ()
    touches: tuple[TouchFacts, ...] = ()
    refused: frozenset[str] = frozenset()
    bounced: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    segment: str = ""
    payer: Payer = Payer.NEW
    usual_delay: int = 0
    connected: date | None = None
    caps: tuple[Cap, ...] = ()
    drafts: bool = False
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    channels: frozenset[Channel] = frozenset({Channel.EMAIL, Channel.CALL, Channel.LETTER})
