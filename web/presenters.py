"""Codes turned into words for people: causes, and the states of messages, companies and readings.

The tables are complete over their enums (a test says so). Nothing here reads the database or decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.because import Because, Cause
from core.cadence import Channel
from models import Company, Connection, EffectState
from web import cadence_words, formats
from workflows.why import decoded


@dataclass(frozen=True, slots=True)
class Words:
    """A `label`, a `sentence`, what `ends` it ("" where nothing does), a `fuller` sentence used when its details are
    known; `asks`: a person should look.
    """

    label: str
    sentence: str
    ends: str = ""
    asks: bool = False
    fuller: str = ""


_BY_ITSELF = "It goes on by itself."
_BANK_LINE = "A bank line of {day} over {amount} probably pays it."
_IN_LEDGER = "It goes on once the ledger shows otherwise."
_BY_PERSON = "It goes on when a person has dealt with it."
_LET_GO = "It ends on its day, or when somebody lets go of it on the customer's page."

CAUSES: Mapping[Cause, Words] = {
    Cause.PAID: Words("Paid", "It is paid."),
    Cause.GONE: Words("Voided", "It was voided or deleted in the ledger."),
    Cause.DRAFT: Words("Draft", "It is still a draft in the ledger.", "It begins when the invoice is approved there."),
    Cause.UNKNOWN_STATUS: Words(
        "Unknown status", "The ledger gives it a status we do not know, so we wait.", _IN_LEDGER, True
    ),
    Cause.NO_DUE_DATE: Words(
        "No due date", "It has no due date in the ledger.", "It begins once the ledger gives it one.", True
    ),
    Cause.NO_ADDRESS: Words(
        "No e-mail address",
        "The ledger has no e-mail address for this customer.",
        "It goes on once the ledger has one.",
        True,
    ),
    Cause.ADDRESS_REFUSED: Words(
        "Address refused",
        "A mail server refused this address; mend it in the ledger.",
        "It goes on with a new address, or when the old one is tried again from the desk.",
        True,
    ),
    Cause.BOUNCED: Words(
        "Address bounced",
        "Mail to this address came back; mend it in the ledger.",
        "It goes on with a new address, or when somebody says on the customer's page that this one is good again.",
        True,
    ),
    Cause.OPTED_OUT: Words(
        "Wants no reminders",
        "They asked for no automatic reminders; a person takes over.",
        "It goes on when they say that they want to hear again.",
        True,
    ),
    Cause.ARCHIVED: Words("Archived", "The customer is archived in the ledger.", _IN_LEDGER),
    Cause.ERASED: Words("Erased", "The customer's details were erased."),
    Cause.NOT_LIVE: Words(
        "Not switched on", "The company is not switched on yet.", "It begins when somebody switches it on."
    ),
    Cause.PAUSED: Words("Paused", "Messages are paused.", "It ends on its day, or when somebody resumes."),
    Cause.DISCONNECTED: Words(
        "Not connected",
        "The ledger is not connected; connect it again.",
        "It goes on when it is connected again and has been read.",
        True,
    ),
    Cause.BREATHING_SPACE: Words(
        "Breathing space", "They need quiet for now: a bereavement, or protection from creditors.", _LET_GO
    ),
    Cause.CARE: Words(
        "In a person's care",
        "They need a gentle hand, so a person speaks with them and nothing is sent by itself.",
        "It ends when a person switches it off on the customer's page.",
    ),
    Cause.AGENCY: Words(
        "With the agency",
        "It was handed over by a person's decision, so no automatic message leaves.",
        "It goes on when it is called back.",
    ),
    Cause.PROMISE: Words(
        "Promised",
        "They promised to pay; we wait for that day.",
        "It ends when they pay, or some days of grace after the promised day.",
        fuller="They promised to pay by {day}; we wait.",
    ),
    Cause.DISPUTE: Words(
        "Something is wrong",
        "They said something is wrong; a person must answer first.",
        "It ends when a person settles it on the desk; then the gentlest word comes first.",
        True,
        "They said something is wrong; they were told that a person answers by {answer_by}.",
    ),
    Cause.EXTENSION: Words(
        "More time given", "They were given more time.", _LET_GO, fuller="They were given more time until {day}."
    ),
    Cause.ARRANGEMENT: Words(
        "Paying in parts",
        "They are paying in agreed parts.",
        "It ends when all parts are paid, when one is missed, or when somebody calls it off.",
    ),
    Cause.REPLIED: Words("They wrote to us", "They wrote to us; a person answers first.", _LET_GO, True),
    Cause.FORGOT: Words("Had forgotten", "They said they had forgotten; we give them some days to pay.", _BY_ITSELF),
    Cause.COPY: Words(
        "Asked for a copy",
        "They asked for a copy or a PO number; we give them some days to pay.",
        "It goes on by itself, or earlier when somebody notes that it is dealt with.",
    ),
    Cause.PAID_ALREADY: Words(
        "Paid, they say",
        "They say it is paid; we look for the payment first.",
        "It ends when the payment is found, after some days, or when a person has looked.",
    ),
    Cause.WRONG_PERSON: Words(
        "Wrong person",
        "They say they are not the right person; find out who is.",
        "It goes on when somebody notes on the customer's page that it is dealt with.",
        True,
    ),
    Cause.SHORT_OF_CASH: Words(
        "Short of cash",
        "They said that money is short; agree on parts with them before anything firmer is said.",
        "It goes on gently after some days; an arrangement or a person's note ends it.",
        True,
    ),
    Cause.IN_FLIGHT: Words(
        "Payment on its way", "A payment for it is on its way to the ledger.", "It ends when the ledger shows it."
    ),
    Cause.BANK_LINE: Words("Probably paid", "A bank line probably pays it.", _BY_ITSELF, fuller=_BANK_LINE),
    Cause.BEING_CHANGED: Words(
        "Being changed", "A change of it is being written to the ledger.", "It ends when the ledger shows it."
    ),
    Cause.UNREADABLE_CREDIT: Words(
        "Unreadable credit",
        "A credit or payment of theirs could not be read and may cover it; mend it in the ledger.",
        "It goes on once it can be read.",
        True,
    ),
    Cause.COVERED_BY_CREDIT: Words(
        "Covered by credit",
        "Their open credit pays it in full.",
        "It ends when the credit is used up for something else.",
    ),
    Cause.TOO_OLD: Words(
        "Too old for a message",
        "It is so old that a person should talk to them.",
        _BY_PERSON,
        True,
        "It is {days} days late; a person should talk to them.",
    ),
    Cause.OLD_AT_START: Words(
        "Late before we began",
        "It was long late when the company was connected; a person should talk to them first.",
        _BY_PERSON,
        True,
        "It is {days} days late, and was long late when the company was connected; a person should talk to them first.",
    ),
    Cause.PART_PAYMENTS: Words(
        "Paying bit by bit",
        "They are paying bit by bit, so nothing firmer is said; a person can agree on parts with them.",
        "It ends when the rest is paid, or with an arrangement.",
        True,
    ),
    Cause.STALE: Words(
        "Not read lately",
        "The ledger has not been read lately, so we do not know what is owed.",
        "It goes on after the next reading.",
    ),
    Cause.NOT_YET: Words(
        "Not yet", "The next word comes later.", _BY_ITSELF, fuller="The next word, {step}, comes on {day}."
    ),
    Cause.CONDITION: Words(
        "Does not apply",
        "The words that are left in the cadence do not apply to it.",
        "It goes on when what they ask for comes true, such as a larger sum.",
    ),
    Cause.NO_CHANNEL: Words(
        "Cannot be done here",
        "The next word takes a way that is not set up here.",
        "It goes on when that way is set up, or with another cadence.",
        True,
        "The next word, {step}, is to go by {channel}, which is not set up here.",
    ),
    Cause.LADDER_DONE: Words("All said", "Everything was said; the next word is a person's.", _BY_PERSON, True),
    Cause.OUTSIDE_HOURS: Words("Outside hours", "It is outside the company's sending hours.", _BY_ITSELF),
    Cause.GAP: Words("A few days' rest", "They heard from the company a few days ago.", _BY_ITSELF),
    Cause.ONE_A_DAY: Words("One a day", "They already got a message today.", _BY_ITSELF),
    Cause.BUDGET: Words(
        "Enough for now",
        "They got enough messages for now.",
        _BY_ITSELF,
        fuller="They got {limit} messages in {days} days: enough.",
    ),
    Cause.AWAITING_APPROVAL: Words(
        "Waits for approval",
        "A message is ready and waits for a person's word.",
        "It leaves when somebody approves it.",
        True,
    ),
    Cause.TAKE_BACK: Words(
        "Just approved",
        "A message was approved a moment ago and can still be taken back.",
        "It leaves within a minute.",
    ),
    Cause.SKIPPED: Words(
        "Skipped",
        "A person decided against this message.",
        "It ends when something changes, or on the day the person named.",
        fuller="A person decided against this message until {until}.",
    ),
    Cause.SENDING: Words("Being sent", "A message about it is on its way.", _BY_ITSELF),
    Cause.UNSENDABLE: Words(
        "Cannot be delivered", "It could not be delivered today; it is tried again tomorrow.", _BY_ITSELF
    ),
    Cause.UNPLANNABLE: Words(
        "Cannot be planned", "Something went wrong here; it is tried again, and the log says more.", _BY_ITSELF
    ),
}

TOUCH_STATES: Mapping[EffectState, str] = {
    EffectState.DUE: "Waiting",
    EffectState.CLAIMED: "Being prepared",
    EffectState.SENDING: "Being sent",
    EffectState.SENT: "Sent",
    EffectState.IN_DOUBT: "In doubt",
    EffectState.REJECTED: "Refused",
    EffectState.DROPPED: "Not needed any more",
}

PROMISES: Mapping[str, str] = {"open": "Open", "kept": "Kept", "broken": "Broken", "withdrawn": "Withdrawn"}
BOOKINGS: Mapping[str, str] = {
    "waiting": "Not paid yet",
    "taken": "Paid, being booked",
    "booked": "Booked, to be confirmed",
    "confirmed": "Booked and confirmed",
    "desk": "Paid, a person must book it",
    "void": "Not paid",
}


def step_title(name: str) -> str:
    """`due-today` as `Due today`, `late-4` as `Day 4 note`: the name as its author wrote it, readable."""
    late = re.fullmatch(r"late-(\d{1,3})", name)
    return f"Day {late[1]} note" if late else name.replace("-", " ").capitalize()


def because_words(because: Because, company: Company | None = None) -> str:
    """One sentence: the cause with its details, who looks after it, and until when at the most."""
    words = CAUSES[because.cause]
    detail = {name: _detail(name, value, company) for name, value in because.detail}
    if because.cause is Cause.NOT_YET and because.until is not None:
        detail["day"] = formats.local_day(because.until, company)  # a step's day may fall on a weekend
    owner = f" {detail['owner']} looks after it." if detail.get("owner") else ""
    if words.fuller:
        try:
            return words.fuller.format_map(detail) + owner
        except KeyError:
            pass  # A hold without its details still has its plain sentence.
    if because.until is None:
        return words.sentence + owner
    return f"{words.sentence}{owner} Until {formats.moment(because.until, company)} at the latest."


def _detail(name: str, value: str, company: Company | None) -> str:
    if name == "step":
        return f"“{step_title(value)}”"
    if name == "channel":
        return cadence_words.CHANNELS[Channel(value)]
    try:
        return formats.day(date.fromisoformat(value), company)
    except ValueError:
        return value


def read_because(rows: Iterable[Sequence[Any]]) -> list[Because]:
    """The silences kept with an account when it was planned: (cause, invoice id, until, details) each."""
    return list(decoded(rows))


def telling(silences: Iterable[Because]) -> list[Because]:
    """One of each cause that says something about what is still owed, those that ask for a person first."""
    seen: dict[Cause, Because] = {}
    for silence in silences:
        known = seen.get(silence.cause)
        if known is None or (silence.until and known.until and silence.until < known.until):
            seen[silence.cause] = silence
    closed = (Cause.PAID, Cause.GONE, Cause.DRAFT)
    owed = [silence for silence in seen.values() if silence.cause not in closed]
    return sorted(owed or seen.values(), key=lambda one: (not CAUSES[one.cause].asks, one.cause))


@dataclass(frozen=True, slots=True)
class State:
    """A company's state in one word, its colour (`good`, `calm`, `warn`), and a sentence."""

    word: str
    colour: str
    sentence: str


def company_state(company: Company, connection: Connection | None) -> State:
    """What to know first about a company."""
    if connection is None or connection.state == "disconnected":
        return State("Not connected", "warn", "Nothing is read or sent until it is connected again.")
    if connection.state == "needs_reconnect":
        return State("Connect again", "warn", "The ledger withdrew its permission; connect it again.")
    if company.sync_state == "failed":
        return State("Reading failed", "warn", company.sync_note or "The last reading of the ledger failed.")
    if connection.read_at is None or company.sync_state == "running":
        return State("Reading", "calm", "The ledger is being read.")
    if company.paused:
        return State("Paused", "calm", "Nothing is sent until you resume.")
    if company.live_at is None:
        return State("Not switched on", "calm", "Nothing is sent until you switch it on.")
    return State("Live", "good", "Messages go out by its cadence.")


def is_reading(company: Company, connection: Connection | None, now: datetime) -> bool:
    """A reading runs or waits for the next tick: the page keeps itself up to date."""
    if connection is None or connection.state != "active":
        return False
    due = company.next_sync_at is not None and company.next_sync_at <= now
    return company.sync_state == "running" or due or (connection.read_at is None and company.sync_state != "failed")


def progress(company: Company) -> str:
    """How far a first reading is, such as `12,000 of about 40,000 rows`; "" before the first page came."""
    if not company.sync_rows:
        return ""
    if company.sync_total is None or company.sync_total < company.sync_rows:
        return f"{formats.thousands(company.sync_rows)} rows so far"
    return f"{formats.thousands(company.sync_rows)} of about {formats.thousands(company.sync_total)} rows"
