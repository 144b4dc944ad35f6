"""What an account's page shows of why it is left alone: holds, reasons told, arrangements, addresses. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Reason
from models import Account, Arrangement, Company, Effect, EffectState, InstalmentRow
from web import cadence_words, formats, presenters, queries, word_queries
from workflows import heard, holds
from workflows.runtime import Runtime

# What is known of an address, with the words for its button.
ADDRESSES: Mapping[Cause, str] = {Cause.OPTED_OUT: "wants no reminders", Cause.BOUNCED: "mail comes back"}


@dataclass(frozen=True, slots=True)
class Held:
    """Something that keeps us silent. `about` are numbers ("" for everything), `ends` says until when or who looks
    after it; `release` is the uid to let go of it with, "" where that is done elsewhere.
    """

    label: str
    about: str
    ends: str
    note: str
    release: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Said:
    """An open reason. `answer` is how far the copy they asked for is, "" for any other."""

    uid: str
    reason: str
    about: str
    when: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A running arrangement: (day, amount, paid) of each part."""

    uid: str
    about: str
    parts: list[tuple[str, str, bool]]
    note: str


@dataclass(frozen=True, slots=True)
class Resting:
    """`addresses` are those that mail about something open goes to, each with what is known of it."""

    held: list[Held]
    said: list[Said]
    arrangements: list[Parts]
    addresses: list[tuple[str, frozenset[Cause]]]


def resting(rt: Runtime, session: Session, account: Account, numbers: Mapping[int, str], today: date) -> Resting:
    """Everything that is open now."""
    company = account.company
    return Resting(
        [*_holds(session, account, numbers, today), *_promises(session, account), *_disputes(session, account)],
        _said(session, account, company),
        _arrangements(session, account, company),
        addresses(rt, session, account),
    )


def addresses(rt: Runtime, session: Session, account: Account) -> list[tuple[str, frozenset[Cause]]]:
    """Whom mail about the account and its open invoices goes to, and which of them bounced or want no reminders."""
    known = word_queries.addresses(session, account)
    words = heard.address_words(rt, session, account.company_id, known)
    return [(one, frozenset(cause for cause, theirs in words.items() if one in theirs)) for one in known]


def _holds(session: Session, account: Account, numbers: Mapping[int, str], today: date) -> Iterable[Held]:
    for row, owner in word_queries.holds(session, account.id):
        if row.state != "open" or (row.until is not None and row.until <= today):
            continue  # Somebody let go of it, or its days are over.
        whose = f"{owner} looks after it" if owner else "a person must look after it"
        ends = whose if row.until is None else _last_day(row.until, account.company)
        about = "" if row.invoice_id is None else numbers.get(row.invoice_id, "?")
        nobody = row.until is None and owner is None
        release = "" if holds.of_a_handover(session, row) else row.uid
        yield Held(presenters.CAUSES[Cause(row.cause)].label, about, ends, row.note, release, nobody)


def _last_day(until: date, company: Company) -> str:
    return f"until {formats.day(until - timedelta(days=1), company)}, that day included"


def _promises(session: Session, account: Account) -> Iterable[Held]:
    for one in queries.promises(session, account.id):
        if one.state == "open":
            about = ", ".join(invoice.number for invoice in one.invoices)
            day = formats.day(one.day, account.company)
            yield Held("Promised", about, f"they pay by {day}; we wait some days more", "", "", asks=False)


def _disputes(session: Session, account: Account) -> Iterable[Held]:
    for one in queries.disputes(session, account.id):
        if one.state == "open":
            day = formats.day(one.answer_by, account.company)
            yield Held("Something is wrong", one.invoice.number, f"an answer was promised by {day}", one.text, "", True)


def _said(session: Session, account: Account, company: Company) -> list[Said]:
    rows = [one for one in word_queries.told(session, account.id) if one.state == "open"]
    answers = word_queries.answers_sent(session, rows)
    return [
        Said(
            one.uid,
            cadence_words.REASONS[Reason(one.reason)],
            ", ".join(invoice.number for invoice in one.invoices),
            formats.day(one.day, company),
            one.text,
            _answer(answers[one.uid]) if one.uid in answers else "",
        )
        for one in rows
    ]


def _answer(effect: Effect) -> str:
    state = presenters.TOUCH_STATES[EffectState(effect.state)].lower()
    note = f" {effect.note}" if effect.note and effect.state != EffectState.SENT else ""
    return f"The copy: {state}.{note}"


def _arrangements(session: Session, account: Account, company: Company) -> list[Parts]:
    return [
        Parts(one.uid, ", ".join(invoice.number for invoice in one.invoices), _parts(one, company), one.note)
        for one in word_queries.arrangements(session, account.id)
        if one.state == "running"
    ]


def _parts(plan: Arrangement, company: Company) -> list[tuple[str, str, bool]]:
    """A part is paid when the open sum has come down to what was to be left after it."""
    left = sum(one.balance_minor for one in plan.invoices if one.status == "open")
    ordered: list[InstalmentRow] = sorted(plan.parts, key=lambda part: part.day)
    return [
        (formats.day(one.day, company), formats.money(one.amount, company), left <= one.left_minor) for one in ordered
    ]
