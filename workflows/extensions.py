"""More time for some invoices: asked for by the customer or given by a person, until a day that then counts as due.

Within the days that the company gives, one is granted at once; every other waits for a person. At most one runs for an
invoice. Where the company chose so, the day is written to the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from core.cadence import Reason
from models import Account, Arrangement, Company, Extension, Invoice, ToldRow, extension_invoice
from workflows import audit, decided, orders, passing_on, planner
from workflows.answers import answer_by, open_invoices
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.following import STANDING
from workflows.pending import Kind
from workflows.reasons import overtake
from workflows.runtime import Runtime
from workflows.superseding import supersede

MOST_REFUSALS = 2
TARGETS = {"expected": Kind.EXPECTED_DATE, "due": Kind.DUE_DATE}
OPEN = ("asked", "granted")


def at_once_until(company: Company, invoices: Sequence[Invoice], today: date) -> date:
    """The last day to which more time is granted at once: so many days after today, and after each due day."""
    return min([today, *(one.due for one in invoices if one.due)]) + timedelta(days=company.extend_days)


def latest(company: Company, today: date) -> date:
    """The last day to which anybody is given time."""
    return today + timedelta(days=company.most_days)


def not_asked(session: Session, invoices: Sequence[Invoice]) -> list[Invoice]:
    """Those of these for which time was never asked or given before; about any other a person answers."""
    about = extension_invoice.c.invoice_id
    asked = set(session.scalars(select(about).where(about.in_([one.id for one in invoices]))))
    return [one for one in invoices if one.id not in asked]


def ask(rt: Runtime, account_id: int, invoice_uids: Sequence[str], day: date, text: str = "") -> Extension:
    """The customer asks for time until `day`: granted at once, or a person answers. Asking anew while a person has not
    answered takes the place of what was asked. Refusal for a day past or too far away.
    """
    with rt.store.write() as session:
        session.get_one(Account, account_id, with_for_update={"key_share": True})
        invoices = open_invoices(session, account_id, invoice_uids)
        company, today = _check(rt, session, invoices, day)
        before = _states(session, invoices)
        if before.count("refused") >= MOST_REFUSALS:
            raise Refusal("Let us find a way together: please reply to our e-mail, and a person will answer you.")
        if any(one.due is not None and day <= one.due for one in invoices):
            raise Refusal("Please choose a day after the one on which it is due.")
        supersede(session, Extension, ("asked",), invoices, over)
        made = _new(rt, company, invoices, day, text)
        session.add(made)
        if not before and day <= at_once_until(company, invoices, today):
            _grant(rt, session, made, company)
        else:
            made.answer_by = answer_by(rt, company)
        passing_on.say(rt, session, account_id, "more-time", made.uid, day)
        return _noted(rt, session, made)


def give(
    rt: Runtime, account_id: int, invoice_uids: Sequence[str], day: date, user_id: int, note: str = ""
) -> Extension:
    """A person gives more time, asked or not. Refusal beyond the days that the company gives at all."""
    with rt.store.write() as session:
        return note_given(rt, session, account_id, invoice_uids, day, user_id, note)


def note_given(
    rt: Runtime, session: Session, account_id: int, invoice_uids: Sequence[str], day: date, user_id: int, note: str
) -> Extension:
    """The same within somebody's transaction."""
    invoices = open_invoices(session, account_id, invoice_uids)
    company, _ = _check(rt, session, invoices, day)
    made = _new(rt, company, invoices, day, note)
    session.add(made)
    supersede(session, Extension, ("asked",), invoices, over)
    _grant(rt, session, made, company, user_id)
    return _noted(rt, session, made)


def grant(rt: Runtime, uid: str, user_id: int, words: str = "", day: date | None = None) -> None:
    """A person agrees to what was asked for, or to another `day`; the customer is told."""
    with rt.store.write() as session:
        found = _asked(session, uid)
        company, _ = _check(rt, session, found.invoices, day or found.day)
        found.day = day or found.day
        found.answer = decided.checked(rt, session, company, found.account_id, words)
        _grant(rt, session, found, company, user_id)
        decided.want(rt, session, "extension-granted", found, found.invoices, found.answer, found.day)
        _noted(rt, session, found)


def decline(rt: Runtime, uid: str, user_id: int, words: str) -> None:
    """A person does not agree, for a reason that the customer is told."""
    with rt.store.write() as session:
        found = _asked(session, uid)
        company = session.get_one(Company, found.company_id)
        needed = "Please tell them in a few words why, and what would be possible."
        found.answer = decided.checked(rt, session, company, found.account_id, words, needed)
        found.state, found.decided_at, found.decided_by_id = "refused", rt.clock.now(), user_id
        decided.want(rt, session, "extension-declined", found, found.invoices, found.answer, found.day)
        _noted(rt, session, found)


def end(rt: Runtime, uid: str, user_id: int) -> None:
    """A person takes back what was given; the ledger's own due day counts again."""
    with rt.store.write() as session:
        found = session.scalars(_whole().where(Extension.uid == uid)).first()
        if found is None or found.state != "granted":
            raise Refusal("This has already ended.")
        found.state, found.decided_by_id = "over", user_id
        _noted(rt, session, found)


def of_account(session: Session, account_id: int, states: Collection[str] = OPEN) -> list[Extension]:
    """What is asked for or granted (or in the given `states`), with its invoices; the newest first."""
    mine = _whole().where(Extension.account_id == account_id, Extension.state.in_(states))
    return list(session.scalars(mine.order_by(Extension.id.desc())))


def _whole() -> Select[Extension]:
    return select(Extension).options(selectinload(Extension.invoices))


def _asked(session: Session, uid: str) -> Extension:
    found = session.scalars(_whole().where(Extension.uid == uid).with_for_update(of=Extension)).one()
    if found.state != "asked":
        raise Refusal("Somebody has already answered this.")
    return found


def _check(rt: Runtime, session: Session, invoices: Sequence[Invoice], day: date) -> tuple[Company, date]:
    company, now = session.get_one(Company, invoices[0].company_id), rt.clock.now()
    today = today_of(company, now)
    if not today <= day <= latest(company, today):
        raise Refusal("{company} gives at most {most} days from today.", company=company.name, most=company.most_days)
    about = Arrangement.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    if session.scalars(select(Arrangement.id).where(Arrangement.state.in_(STANDING), about)).first() is not None:
        raise Refusal("There is an arrangement for one of these invoices; please speak with a person about its days.")
    return company, today


def _states(session: Session, invoices: Sequence[Invoice]) -> list[str]:
    """What became of everything that was asked or given for one of these invoices before."""
    about = Extension.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    return list(session.scalars(select(Extension.state).where(about)))


def _new(rt: Runtime, company: Company, invoices: Sequence[Invoice], day: date, text: str) -> Extension:
    return Extension(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=invoices[0].account_id,
        day=day,
        text=text.strip()[:5_000],
        state="asked",
        asked_at=rt.clock.now(),
        invoices=list(invoices),
    )


def _grant(rt: Runtime, session: Session, made: Extension, company: Company, user_id: int | None = None) -> None:
    """It takes the place of an earlier one, and is the answer to whoever said that money is short."""
    now = rt.clock.now()
    supersede(session, Extension, ("granted",), made.invoices, over)
    made.state, made.decided_at, made.decided_by_id = "granted", now, user_id
    supersede(
        session,
        ToldRow,
        ("open",),
        made.invoices,
        partial(overtake, now=now),
        ToldRow.reason == Reason.SHORT_OF_CASH.value,
    )
    kind = TARGETS.get(company.date_target)
    if kind is not None:
        account = session.get_one(Account, made.account_id)
        for invoice in made.invoices:
            orders.want(rt, session, kind, account, made.day, invoice=invoice, user_id=user_id)


def over(row: Extension) -> None:
    """Something else was agreed on, or another day."""
    row.state = "over"


def _noted(rt: Runtime, session: Session, row: Extension) -> Extension:
    """In the log, and whoever it is about is planned anew."""
    payload = {"day": row.day.isoformat(), "user": row.decided_by_id}
    audit.record(rt, session, f"more-time-{row.state}", row.company_id, row.account_id, row.uid, **payload)
    planner.wake_owners(rt, session, [one.id for one in row.invoices], row.account_id)
    return row
