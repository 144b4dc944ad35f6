"""Codes turned into words for people: causes, states, steps and whole cadences.

The tables are complete over their enums (a test says so). Nothing here reads the database or decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.because import Because, Cause
from core.cadence import Cadence, Step, Tone
from core.calendars import Calendar
from models import Company, Connection, EffectState
from web import formats


@dataclass(frozen=True, slots=True)
class Words:
    """A `label`, a `sentence`, a `fuller` one used when its details are known; `asks`: a person should look."""

    label: str
    sentence: str
    asks: bool = False
    fuller: str = ""


CAUSES: Mapping[Cause, Words] = {
    Cause.PAID: Words("Paid", "It is paid."),
    Cause.GONE: Words("Voided", "It was voided or deleted in the ledger."),
    Cause.DRAFT: Words("Draft", "It is still a draft in the ledger."),
    Cause.UNKNOWN_STATUS: Words("Unknown status", "The ledger gives it a status we do not know, so we wait.", True),
    Cause.NO_DUE_DATE: Words("No due date", "It has no due date in the ledger.", True),
    Cause.NO_ADDRESS: Words("No e-mail address", "The ledger has no e-mail address for this customer.", True),
    Cause.ADDRESS_REFUSED: Words("Address refused", "A mail server refused this address; mend it in the ledger.", True),
    Cause.ARCHIVED: Words("Archived", "The customer is archived in the ledger."),
    Cause.ERASED: Words("Erased", "The customer's details were erased."),
    Cause.NOT_LIVE: Words("Not switched on", "The company is not switched on yet."),
    Cause.PAUSED: Words("Paused", "Messages are paused."),
    Cause.DISCONNECTED: Words("Not connected", "The ledger is not connected; connect it again.", True),
    Cause.PROMISE: Words(
        "Promised", "They promised to pay; we wait for that day.", fuller="They promised to pay by {day}; we wait."
    ),
    Cause.DISPUTE: Words("Something is wrong", "They said something is wrong; a person must answer first.", True),
    Cause.EXTENSION: Words(
        "More time given", "They were given more time.", fuller="They were given more time until {day}."
    ),
    Cause.ARRANGEMENT: Words("Paying in parts", "They are paying in agreed parts."),
    Cause.IN_FLIGHT: Words("Payment on its way", "A payment for it is on its way to the ledger."),
    Cause.BEING_CHANGED: Words("Being changed", "A change of it is being written to the ledger."),
    Cause.UNREADABLE_CREDIT: Words(
        "Unreadable credit",
        "A credit or payment of theirs could not be read and may cover it; mend it in the ledger.",
        True,
    ),
    Cause.COVERED_BY_CREDIT: Words("Covered by credit", "Their open credit pays it in full."),
    Cause.TOO_OLD: Words(
        "Too old for a message",
        "It is so old that a person should talk to them.",
        True,
        "It is {days} days late; a person should talk to them.",
    ),
    Cause.STALE: Words("Not read lately", "The ledger has not been read lately, so we do not know what is owed."),
    Cause.NOT_YET: Words("Not yet", "The next word comes later.", fuller="The next word, {step}, comes on {day}."),
    Cause.LADDER_DONE: Words("All said", "Everything was said; the next word is a person's.", True),
    Cause.OUTSIDE_HOURS: Words("Outside hours", "It is outside the company's sending hours."),
    Cause.GAP: Words("A few days' rest", "They heard from the company a few days ago."),
    Cause.ONE_A_DAY: Words("One a day", "They already got a message today."),
    Cause.BUDGET: Words(
        "Enough for now",
        "They got enough messages for now.",
        fuller="They got {limit} messages in {days} days: enough.",
    ),
    Cause.SENDING: Words("Being sent", "A message about it is on its way."),
    Cause.UNSENDABLE: Words(
        "Cannot be sent", "The mail server does not take this message; it is tried again tomorrow."
    ),
    Cause.UNPLANNABLE: Words(
        "Cannot be planned", "Something went wrong here; it is tried again, and the log says more."
    ),
}

TONES: Mapping[Tone, str] = {
    Tone.FRIENDLY: "friendly",
    Tone.KIND: "kind",
    Tone.CLEAR: "clear",
    Tone.FIRM: "firm",
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
LEDGERS: Mapping[str, str] = {"quickbooks": "QuickBooks", "xero": "Xero"}


def ledger_name(kind: str) -> str:
    return LEDGERS.get(kind, kind.capitalize())


def step_title(name: str) -> str:
    """`due-today` as `Due today`, `late-4` as `Day 4 note`: the name as its author wrote it, readable."""
    late = re.fullmatch(r"late-(\d{1,3})", name)
    return f"Day {late[1]} note" if late else name.replace("-", " ").capitalize()


def because_words(because: Because, company: Company | None = None) -> str:
    """One sentence: the cause with its details, and until when at the most."""
    words = CAUSES[because.cause]
    detail = {name: _detail(name, value, company) for name, value in because.detail}
    if words.fuller:
        try:
            return words.fuller.format_map(detail)
        except KeyError:
            pass  # A hold without its details still has its plain sentence.
    if because.until is None:
        return words.sentence
    return f"{words.sentence} Until {formats.moment(because.until, company)} at the latest."


def _detail(name: str, value: str, company: Company | None) -> str:
    if name == "step":
        return f"“{step_title(value)}”"
    try:
        return formats.day(date.fromisoformat(value), company)
    except ValueError:
        return value


def read_because(rows: Iterable[Sequence[Any]]) -> list[Because]:
    """The silences kept with an account when it was planned: (cause, invoice id, until, details) each."""
    return [
        Because(
            Cause(cause),
            invoice,
            datetime.fromisoformat(until) if until else None,
            tuple((str(name), str(value)) for name, value in detail),
        )
        for cause, invoice, until, detail in rows
    ]


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


def step_when(step: Step) -> str:
    """When a step is said, such as `5 days before the due date`."""
    if step.offset == 0:
        return "on the due date"
    side = "before" if step.offset < 0 else "after"
    return f"{formats.count(abs(step.offset), 'day')} {side} the due date"


def cadence_rules(cadence: Cadence, calendar: Calendar) -> list[str]:
    """The budget and the manners of a cadence, one plain sentence each."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    working = ", ".join(days[place] for place in sorted(calendar.weekdays))
    return [
        f"Messages leave between {calendar.opens:%H:%M} and {calendar.closes:%H:%M} on working days ({working}), "
        "never on a public holiday.",
        "Nobody gets more than one message a day. All of a customer's invoices share that one message.",
        f"Between two messages to one person there are at least {formats.count(cadence.gap_days, 'day')}, "
        f"and a customer gets at most {formats.count(cadence.week_limit, 'message')} in 7 days "
        f"and {cadence.month_limit} in 30.",
        "What was missed is not owed: after a pause at most one message goes out, and it is at most one step firmer "
        "than the last one. The first word is always gentle.",
        f"After a promised date we wait {formats.count(cadence.grace_days, 'more day')} before saying anything.",
        f"An invoice more than {cadence.oldest_days} days late is left to a person.",
        "Right before sending, the ledger is read again. Whoever has paid hears nothing.",
    ]


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
