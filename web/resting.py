"""What an account's page shows of why it is left alone: holds, reasons told, arrangements, addresses. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Reason
from core.money import Money
from models import Account, Arrangement, Company, Effect, EffectState, SentFile, ToldRow
from web import cadence_words, formats, presenters, queries, waiting, word_queries
from workflows import heard, holds
from workflows.following import coming
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
    files: list[SentFile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """An open reason. `answer` is how far the copy they asked for is, "" for any other."""

    uid: str
    reason: str
    about: str
    when: str
    text: str
    answer: str
    files: list[SentFile]


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
    found = [one for one in queries.disputes(session, account.id) if one.state == "open"]
    aside = waiting.aside(session, found, ())
    for one in found:
        ends = f"an answer was promised by {formats.day(one.answer_by, account.company)}"
        note = one.text + _in_order(aside, one.invoice_id, account.company)
        yield Held("Something is wrong", one.invoice.number, ends, note, "", True, aside.of_dispute(one))


def _in_order(aside: waiting.Aside, invoice_id: int, company: Company) -> str:
    """That they had called it in order, where they had."""
    if invoice_id not in aside.in_order:
        return ""
    day, changed = aside.in_order[invoice_id]
    since = "it has changed since" if changed else "it has not changed since"
    return f" (On {formats.day(day, company)} they said that it is in order; {since}.)"


def _said(session: Session, account: Account, company: Company) -> list[Said]:
    rows = [one for one in word_queries.told(session, account.id) if one.state == "open"]
    answers = word_queries.answers_sent(session, rows)
    aside = waiting.aside(session, (), rows)
    return [
        Said(
            one.uid,
            cadence_words.REASONS[Reason(one.reason)],
            ", ".join(invoice.number for invoice in one.invoices),
            formats.day(one.day, company),
            one.text,
            _answer(answers[one.uid]) if one.uid in answers else _detail(one, company),
            aside.of_told(one),
        )
        for one in rows
    ]


def _detail(row: ToldRow, company: Company) -> str:
    """What they said with the reason: when it was paid and under which reference, or the number they need."""
    paid_on = date.fromisoformat(row.detail["paid_on"]) if row.detail.get("paid_on") else None
    parts = {
        "Paid on": formats.day(paid_on, company) if paid_on else "",
        "Reference": row.detail.get("reference", ""),
        "Order number": row.detail.get("purchase_order", ""),
    }
    said = [f"{name}: {one}." for name, one in parts.items() if one]
    promised = [f"An answer was promised by {formats.day(row.answer_by, company)}."] if row.answer_by else []
    return " ".join([*said, *promised])


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
    return [
        (formats.day(one.day, company), formats.money(Money(one.whole, plan.currency), company), not one.missing)
        for one in coming(plan)
    ]
