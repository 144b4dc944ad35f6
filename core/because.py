"""Why something is not said: a closed list of codes with arguments.

Words for people are made on display (`web/presenters`); here are only codes, so that they can be counted and proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """The closed list. Every silence names one."""

    PAID = "paid"
    GONE = "gone"  # voided or deleted in the ledger
    DRAFT = "draft"
    UNKNOWN_STATUS = "unknown-status"
    NO_DUE_DATE = "no-due-date"
    NO_ADDRESS = "no-address"
    ADDRESS_REFUSED = "address-refused"
    ARCHIVED = "archived"
    ERASED = "erased"
    NOT_LIVE = "not-live"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"
    PROMISE = "promise"
    DISPUTE = "dispute"
    EXTENSION = "extension"
    ARRANGEMENT = "arrangement"
    IN_FLIGHT = "in-flight"
    BEING_CHANGED = "being-changed"  # a change of it is being written to the ledger
    UNREADABLE_CREDIT = "unreadable-credit"  # a credit or payment of theirs could not be read: it may cover it
    COVERED_BY_CREDIT = "covered-by-credit"
    TOO_OLD = "too-old"
    STALE = "stale"
    NOT_YET = "not-yet"
    LADDER_DONE = "ladder-done"
    OUTSIDE_HOURS = "outside-hours"
    GAP = "gap"
    ONE_A_DAY = "one-a-day"
    BUDGET = "budget"
    SENDING = "sending"  # a message about it is already on its way
    UNSENDABLE = "unsendable"  # it was tried today and the mail server does not take it; never an answer of plan()
    UNPLANNABLE = "unplannable"  # asking failed; never an answer of plan() itself


@dataclass(frozen=True, slots=True)
class Because:
    """Why `invoice` (an id; None for the whole account) is left alone, and `until` when at the most.

    `until` None means: until a fact changes. `detail` holds short plain values for display (a date, a step's name).
    """

    cause: Cause
    invoice: int | None = None
    until: datetime | None = None
    detail: tuple[tuple[str, str], ...] = ()
