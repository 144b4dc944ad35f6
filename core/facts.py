"""What `plan()` may know about one account: frozen, complete, gathered by `workflows/gather.py`.

Nothing here decides. A fact that is not in here cannot influence a decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from core.because import Cause
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
    """Why an invoice or account is left alone. `until` is the first local date on which the hold no longer counts."""

    cause: Cause
    until: date | None = None
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A step that was said (or is on its way) about an invoice on a local date."""

    step: str
    day: date
    state: TouchState = TouchState.SENT


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """One mirrored invoice. `recipients` are lower-cased addresses in sorted order; empty when there is none."""

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


@dataclass(frozen=True, slots=True)
class TouchFacts:
    """One cadence message to a recipient set on a local date, in any state from `due` on."""

    recipients: tuple[str, ...]
    day: date
    state: TouchState = TouchState.SENT


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One billing customer with every invoice that is open or was touched.

    `live` is whether the company switched sending on; `read_at` is when the ledger was last read for it;
    `credits` is the open credit per currency; `refused` are addresses a mail server turned away.
    """

    id: int
    live: bool
    read_at: datetime | None
    invoices: tuple[InvoiceFacts, ...] = ()
    holds: tuple[Hold, ...] = ()
    credits: tuple[Money, ...] = ()
    touches: tuple[TouchFacts, ...] = ()
    refused: frozenset[str] = frozenset()
