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
    BOUNCED = "bounced"
    OPTED_OUT = "opted-out"  # no automatic reminders; a person takes over
    ARCHIVED = "archived"
    ERASED = "erased"
    NOT_LIVE = "not-live"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"
    BREATHING_SPACE = "breathing-space"  # bereavement, or protection from creditors
    CARE = "care"  # they need a gentle hand: a person speaks with them
    AGENCY = "agency"  # handed over by a person's decision
    PROMISE = "promise"
    DISPUTE = "dispute"
    EXTENSION = "extension"
    ARRANGEMENT = "arrangement"
    REPLIED = "replied"  # they wrote to us; a person answers first
    FORGOT = "forgot"
    COPY = "copy"  # a copy or a PO number was asked for
    PAID_ALREADY = "paid-already"
    WRONG_PERSON = "wrong-person"
    SHORT_OF_CASH = "short-of-cash"
    IN_FLIGHT = "in-flight"
    BANK_LINE = "bank-line"  # a line of the bank probably pays it; the ledger does not show it yet
    BEING_CHANGED = "being-changed"  # a change of it is being written to the ledger
    UNREADABLE_CREDIT = "unreadable-credit"  # a credit or payment of theirs could not be read: it may cover it
    COVERED_BY_CREDIT = "covered-by-credit"
    TOO_OLD = "too-old"
    OLD_AT_START = "old-at-start"  # long late when the company was connected: a person begins
    PART_PAYMENTS = "part-payments"  # they pay in parts: a person agrees on a plan
    STALE = "stale"
    NOT_YET = "not-yet"
    CONDITION = "condition"  # the steps that are left do not apply to it
    NO_CHANNEL = "no-channel"  # the step's channel is not set up here
    LADDER_DONE = "ladder-done"
    OUTSIDE_HOURS = "outside-hours"
    GAP = "gap"
    ONE_A_DAY = "one-a-day"
    BUDGET = "budget"
    AWAITING_APPROVAL = "awaiting-approval"
    TAKE_BACK = "take-back"  # approved a moment ago; it can still be taken back
    SKIPPED = "skipped"  # a person decided against it
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
