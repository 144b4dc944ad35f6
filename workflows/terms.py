"""Terms: what a company agreed to with its customers, from a day on; who was given them, and whether there are any.

They are kept, found and set as a paper here. Whether something is said never depends on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session, defer

from core.wording import plain
from integrations.channels.base import Attachment
from models import Account, Company, Terms, TermsGiven, Touch
from workflows import audit, figures, typesetting
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime
from workflows.templating import locale_of

LONGEST_TITLE, LONGEST_TEXT, LARGEST_PDF = 200, 50_000, 2_000_000
LARGEST_WORDS = "2 MB"
_EARLIEST, _LATEST = timedelta(days=30 * 366), timedelta(days=2 * 366)


class State(StrEnum):
    IN_FORCE = "in-force"
    COMING = "coming"
    PAST = "past"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Known:
    """Terms without their file, as they stand among those of the same company or account; `given` to so many."""

    terms: Terms
    state: State
    given: int


def give(
    rt: Runtime,
    company_id: int,
    account_id: int | None,
    valid_from: date,
    title: str,
    text: str,
    pdf: bytes,
    user_id: int,
) -> Terms:
    """Terms from a day on, for all customers of a company or for the one account that agreed on others.

    They are either a `text`, paragraphs apart by an empty line, or a `pdf`. Refusal when they cannot be taken.
    """
    name, words = plain(title, LONGEST_TITLE), _cleaned(text)
    if not name:
        raise Refusal("Please give the terms a title, such as Terms of payment.")
    _check(words, pdf)
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        if account_id is not None and session.get_one(Account, account_id).company_id != company_id:
            raise Refusal("This customer is not one of that company's.")
        today = today_of(company, rt.clock.now())
        if not today - _EARLIEST <= valid_from <= today + _LATEST:
            raise Refusal("Please choose a day within the last 30 years or the next 2.")
        row = Terms(
            uid=rt.new_id(),
            company_id=company_id,
            account_id=account_id,
            valid_from=valid_from,
            title=name,
            text=words,
            pdf=pdf or None,
            by_user_id=user_id,
            made_at=rt.clock.now(),
        )
        session.add(row)
        audit.record(
            rt, session, "terms-added", company_id, account_id, row.uid, user=user_id, since=valid_from, title=name
        )
    return row


def _cleaned(text: str) -> str:
    """Only ever words: lines stay, and paragraphs are apart by one empty line."""
    lines = [plain(line, LONGEST_TEXT + 1) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _check(words: str, pdf: bytes) -> None:
    if bool(words) == bool(pdf):
        raise Refusal("Please give the terms either as a text or as a PDF file.")
    if len(words) > LONGEST_TEXT:
        raise Refusal(f"Please keep the text to {LONGEST_TEXT:,} characters, or give it as a PDF file.")
    if len(pdf) > LARGEST_PDF:
        raise Refusal(f"The file is larger than {LARGEST_WORDS}; please give a smaller one.")
    if pdf and not (pdf.startswith(b"%PDF-") and b"%%EOF" in pdf[-2048:]):
        raise Refusal("That file is no PDF, or not a whole one; please save the terms as a PDF and choose it again.")


def withdraw(rt: Runtime, terms_id: int, user_id: int) -> None:
    """From now on they count no more, and those before them do again. Refusal when somebody has done so already."""
    with rt.store.write() as session:
        row = session.get_one(Terms, terms_id, with_for_update={"key_share": True}, options=[defer(Terms.pdf)])
        if row.withdrawn_at is not None:
            raise Refusal("These terms are withdrawn already.")
        row.withdrawn_at = rt.clock.now()
        audit.record(rt, session, "terms-withdrawn", row.company_id, row.account_id, row.uid, user=user_id)


def in_force(session: Session, company_id: int, account_id: int | None, day: date) -> Terms | None:
    """The terms that count for an account on a local day, its own before the company's; without their file.

    Without an account those of the company.
    """
    mine = Terms.account_id.is_(None) if account_id is None else _of_either(account_id)
    wanted = _without_file().where(Terms.company_id == company_id, mine)
    counts = wanted.where(Terms.valid_from <= day, Terms.withdrawn_at.is_(None))
    return session.scalars(counts.order_by(Terms.account_id.is_(None), *_NEWEST).limit(1)).first()


def required(session: Session, company_id: int, account_id: int | None, day: date) -> Terms:
    """The terms on which fees or interest can stand; Refusal where there are none in force."""
    found = in_force(session, company_id, account_id, day)
    if found is None:
        raise Refusal(
            "Fees and interest need terms that the customer can read; please add them on the page Terms first."
        )
    return found


def known(session: Session, company_id: int, account_id: int | None, day: date) -> list[Known]:
    """All terms of a company, or all that were agreed with one account, the newest first."""
    mine = Terms.account_id.is_(None) if account_id is None else Terms.account_id == account_id
    rows = session.scalars(_without_file().where(Terms.company_id == company_id, mine).order_by(*_NEWEST)).all()
    counts = (
        select(TermsGiven.terms_id, func.count())
        .where(TermsGiven.terms_id.in_([row.id for row in rows]))
        .group_by(TermsGiven.terms_id)
    )
    given = {row[0]: row[1] for row in session.execute(counts)}
    now = next((row for row in rows if row.withdrawn_at is None and row.valid_from <= day), None)
    return [Known(row, _state(row, now, day), given.get(row.id, 0)) for row in rows]


def _state(row: Terms, now: Terms | None, day: date) -> State:
    if row.withdrawn_at is not None:
        return State.WITHDRAWN
    if row.valid_from > day:
        return State.COMING
    return State.IN_FORCE if row is now else State.PAST


def to_give(session: Session, company_id: int, account_id: int, day: date) -> Terms | None:
    """The terms in force for an account that it was never given; None where there is nothing to give."""
    found = in_force(session, company_id, account_id, day)
    if found is None:
        return None
    given = select(TermsGiven.id).where(TermsGiven.terms_id == found.id, TermsGiven.account_id == account_id)
    return None if session.scalars(given).first() else found


def given_with(session: Session, terms_id: int, touch: Touch) -> None:
    """They go along with this message, and never again. The database refuses a second time with IntegrityError."""
    session.add(TermsGiven(terms_id=terms_id, account_id=touch.account_id, touch_id=touch.id))


def went_with(session: Session, touch_id: int) -> Terms | None:
    """The terms that went along with a message or letter, without their file."""
    wanted = _without_file().join(TermsGiven, TermsGiven.terms_id == Terms.id)
    return session.scalars(wanted.where(TermsGiven.touch_id == touch_id)).first()


def not_given(session: Session, touch_id: int) -> None:
    """This message did not leave after all: what was to go along was not given."""
    session.execute(delete(TermsGiven).where(TermsGiven.touch_id == touch_id))


def attachment(rt: Runtime, terms: Terms) -> Attachment:
    """The terms as a file that can go along with a mail: the PDF that was given, or their text set as one."""
    return Attachment(f"terms-{terms.valid_from.isoformat()}.pdf", "application/pdf", _file(rt, terms))


def _file(rt: Runtime, terms: Terms) -> bytes:
    with rt.store.read() as session:
        company = session.get_one(Company, terms.company_id)
        as_given = session.scalar(select(Terms.pdf).where(Terms.id == terms.id))
    if as_given is not None:
        return as_given
    locale = locale_of(f"{company.language.partition('-')[0]}-{company.country}")
    facts = {
        "title": terms.title,
        "language": locale.language,
        "company": company.name,
        "day": figures.day(terms.valid_from, locale),
        "page": "",
        "paragraphs": paragraphs(terms),
    }
    return typesetting.pdf("terms", facts)


def paragraphs(terms: Terms) -> list[str]:
    """Of terms that are a text; their lines stay."""
    return terms.text.split("\n\n")


_NEWEST = (Terms.valid_from.desc(), Terms.id.desc())


def _without_file() -> Select[Terms]:
    """A file may be large; only who asks for it reads it."""
    return select(Terms).options(defer(Terms.pdf, raiseload=True))


def _of_either(account_id: int) -> ColumnElement[bool]:
    return Terms.account_id.is_(None) | (Terms.account_id == account_id)
