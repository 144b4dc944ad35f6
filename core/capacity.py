"""How much a day of so many companies costs: ledger calls, jobs, messages, bytes and processor time; what breaks first.

Formulas only. What is read when follows the rules of `workflows/rounds.py` and `workflows/sync.py`; seconds and bytes
are what `python -m bench capacity` measured, and docs/capacity.md says on what. Vendors' limits are arguments: nothing
here knows a vendor but by the number of calls that a reading of its ledger takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, exp

# Rules
ROUNDS = 4  # a working day, workflows/rounds.py
SPREAD, STRIDE = 90, 7  # minutes over which the nightly readings are spread, and between two companies
ROUND_SECONDS = 15 * 60  # while a round lasts its messages may leave
PAGE = 1000  # open invoices in one page of a sweep
WORKING_DAYS, DAYS = 22, 365 / 12  # in a month

# Measured with `python -m bench capacity` (processor seconds without the ledgers' own) and `steady` (messages)
SECONDS = {"reading": 0.021, "message": 0.035, "change": 0.006}
IDLE_SECONDS = 0.4  # a day's ticks when nothing is due
MESSAGES = 0.32  # a working day and account: 63 of 200 accounts with 1,000 open invoices
MAIL_ROUNDS = 1.4  # of the four, those in which a company with much to say says it: nearly all leaves in the first
READINGS_A_SWEEP = 1  # rows of the table `reading` that a night writes beside its changes

EMPTY_BYTES = 1_500_000
# A row with its indexes, and for how many days it is kept (workflows/retention.py); None: for good.
BYTES: Mapping[str, tuple[int, int | None]] = {
    "company": (8_000, None),  # with its tie, grant, terms and windows of calls
    "account": (900, None),
    "invoice": (380, None),
    "payment": (280, None),
    "message": (11_500, None),  # touch, effect, lines, recipients, log; the words, 9,000 of it, go after seven years
    "decision": (300, 730),
    "delivery": (4_300, 30),  # a webhook as it came, sealed
    "reading": (230, 90),
    "call_count": (150, 366),
}


@dataclass(frozen=True, slots=True)
class Load:
    """So many companies, each with so many accounts, open invoices and changes a day; the share that keeps its books in
    Xero, the others in QuickBooks. `messages` a day and company are worked out unless given.
    """

    companies: int = 100
    accounts: int = 100
    invoices: int = 300
    changes: int = 20
    xero_share: float = 0.5
    messages: float | None = None

    @property
    def said(self) -> float:
        """Messages a working day and company: nobody has more accounts to write to than invoices."""
        return MESSAGES * min(self.accounts, self.invoices) if self.messages is None else self.messages

    @property
    def xero(self) -> int:
        return round(self.companies * self.xero_share)

    @property
    def quickbooks(self) -> int:
        return self.companies - self.xero


@dataclass(frozen=True, slots=True)
class Ledger:
    """Calls that one reading of a company takes. `night`: everything that changed; `round`: the invoices that did;
    `sweep`: all that is open, on one page; `door`: asking again for one round's messages.
    """

    night: int
    round: int
    sweep: int
    door: int


WEEKLY = 2  # calls about the company itself


# QuickBooks tells all that changed in one answer, which a round's door shares; Xero in one for each kind of thing.
LEDGERS: Mapping[str, Ledger] = {"quickbooks": Ledger(1, 1, 2, 0), "xero": Ledger(6, 1, 4, 5)}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the vendors and the machine allow. Xero's are calls of one organisation a day and of all a minute,
    QuickBooks' metered reads of all a month and calls of one company a minute.
    """

    xero_day: int
    xero_minute: int
    xero_app_minute: int
    quickbooks_minute: int
    quickbooks_month: int
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a limit is used: above 1 it does not fit."""

    what: str
    used: float
    limit: float

    @property
    def share(self) -> float:
        return self.used / self.limit


@dataclass(frozen=True, slots=True)
class Day:
    """A working day of everybody. `hour` is in ledger calls; `busy_seconds` the processor time that one round asks."""

    calls: Mapping[str, float]
    hour: float
    jobs: float
    messages: float
    seconds: float
    busy_seconds: float
    start_bytes: int
    year_bytes: int

    @property
    def workers(self) -> int:
        """Processes that get through a round while it lasts."""
        return ceil(self.busy_seconds / ROUND_SECONDS) or 1


def mail_rounds(messages: float) -> float:
    """In how many of a day's rounds a company says something, when its messages fall on them by chance."""
    return MAIL_ROUNDS * (1 - exp(-messages / MAIL_ROUNDS))


def calls_of(kind: str, load: Load, writes: float = 0.0) -> dict[str, float]:
    """One company's calls on a working day by the clock, by purpose. `writes` are the bookings of a day."""
    ledger, more_pages = LEDGERS[kind], (max(load.invoices, 1) - 1) // PAGE
    return {
        "nightly": float(ledger.night),
        "rounds": float(ROUNDS * ledger.round),
        "sweep": float(ledger.sweep + min(more_pages, 5)),  # a book of more is gone through more seldom
        "door": ledger.door * mail_rounds(load.said),
        "write": writes,
        "company": WEEKLY / 5,
    }


def in_one_hour(companies: int) -> int:
    """How many companies' nights fall into one hour."""
    return sum(number * STRIDE % SPREAD < 60 for number in range(1, companies + 1))


def a_day(load: Load, writes: float = 0.0) -> Day:
    """What a working day of everybody costs, when all are in one time zone: the worst case."""
    each = {kind: calls_of(kind, load, writes) for kind in LEDGERS}
    many = {"xero": load.xero, "quickbooks": load.quickbooks}
    calls = {purpose: sum(many[kind] * each[kind][purpose] for kind in each) for purpose in each["xero"]}
    messages = load.companies * load.said
    jobs = load.companies * (ROUNDS + 1 + READINGS_A_SWEEP) + load.xero * mail_rounds(load.said)
    said, changed = messages * SECONDS["message"], load.companies * load.changes * SECONDS["change"]
    return Day(
        calls=calls,
        hour=_busiest_hour(load, each, many),
        jobs=jobs,
        messages=messages,
        seconds=IDLE_SECONDS + jobs * SECONDS["reading"] + said + changed,
        busy_seconds=load.companies * SECONDS["reading"] + said,
        start_bytes=stored(load, 0),
        year_bytes=stored(load, 365),
    )


def _busiest_hour(load: Load, each: Mapping[str, Mapping[str, float]], many: Mapping[str, int]) -> float:
    """The hour of most nights, or that of a round in which everything is said that day."""
    share = in_one_hour(load.companies) / max(load.companies, 1)
    night = sum(many[kind] * (each[kind]["nightly"] + each[kind]["sweep"]) for kind in many) * share
    one_round = sum(many[kind] * (LEDGERS[kind].round + LEDGERS[kind].door * min(load.said, 1)) for kind in many)
    return max(night, one_round)


def rows(load: Load, days: int) -> dict[str, float]:
    """Rows after so many days, those that the nightly forgetting leaves."""
    working = days * WORKING_DAYS / DAYS
    a_day = {
        "invoice": load.changes / 2,
        "payment": load.changes / 2,
        "message": load.said,
        "decision": load.accounts / 2 + load.said,  # as measured: every second account is answered anew
        "delivery": float(load.changes),
        "reading": float(ROUNDS + 1 + READINGS_A_SWEEP) + mail_rounds(load.said),
        "call_count": 3.0,
    }
    begins = {"company": 1, "account": load.accounts, "invoice": load.invoices}
    grown = {name: per_day * min(working, _kept(name, working)) for name, per_day in a_day.items()}
    return {name: load.companies * (begins.get(name, 0) + grown.get(name, 0.0)) for name in BYTES}


def _kept(name: str, otherwise: float) -> float:
    days = BYTES[name][1]
    return otherwise if days is None else days * WORKING_DAYS / DAYS


def stored(load: Load, days: int) -> int:
    """Bytes of the database after so many days."""
    return EMPTY_BYTES + round(sum(number * BYTES[name][0] for name, number in rows(load, days).items()))


def uses(load: Load, limits: Limits, writes: float = 0.0) -> list[Use]:
    """What is used of each limit, the scarcest first: that is what breaks first as everything grows alike."""
    day, quickbooks = a_day(load, writes), calls_of("quickbooks", load, writes)
    xero, a_round = calls_of("xero", load, writes), LEDGERS["xero"].round + LEDGERS["xero"].door
    nights = DAYS * (quickbooks["nightly"] + quickbooks["sweep"])
    reads = nights + WORKING_DAYS * (quickbooks["rounds"] + quickbooks["door"] + quickbooks["company"])
    found = [
        Use("processor seconds in a round of 15 minutes", day.busy_seconds, limits.processes * ROUND_SECONDS),
        Use("QuickBooks: metered reads a month, whole app", load.quickbooks * reads, limits.quickbooks_month),
        Use("Xero: calls in a round, whole app", load.xero * a_round, limits.xero_app_minute * ROUND_SECONDS / 60),
    ]
    if load.xero:
        found.append(Use("Xero: calls a day, one organisation", sum(xero.values()), limits.xero_day))
        found.append(
            Use("Xero: calls in a minute, one organisation", xero["nightly"] + xero["sweep"], limits.xero_minute)
        )
    if load.quickbooks:
        a_night = quickbooks["nightly"] + quickbooks["sweep"]
        found.append(Use("QuickBooks: calls in a minute, one company", a_night, limits.quickbooks_minute))
    return sorted(found, key=lambda use: -use.share)
