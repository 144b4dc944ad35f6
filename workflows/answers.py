"""What customers tell us on the portal: promises with their end, and disputes.

Each sets a hold that `plan()` reads, or ends one, and wakes the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from models import Company, Dispute, Invoice, Promise
from workflows import audit, cadences, holds, mirror, passing_on, planner, sent_files
from workflows.calendars import calendar_of
from workflows.errors import Refusal
from workflows.owed import is_owed, owes
from workflows.runtime import Runtime
from workflows.sent_files import Given
from workflows.superseding import supersede

LONGEST_PROMISE = 30
BROKEN_LIMIT = 2
ANSWER_DAYS = 5
_UNMET = "The second day that they named has passed as well. Call them: there may be something behind it."


def promise(rt: Runtime, account_id: int, invoice_uids: Sequence[str], day: date, by: int | None = None) -> Promise:
    """Keep quiet about these invoices until a little after `day`; `by` is who of us was told, None on the portal.

    Refusal for a day past or too far away, and on the portal after two days that passed unpaid.
    """
    with rt.store.write() as session:
        return note_promise(rt, session, account_id, invoice_uids, day, by)


def note_promise(
    rt: Runtime, session: Session, account_id: int, invoice_uids: Sequence[str], day: date, by: int | None = None
) -> Promise:
    """The same within somebody's transaction."""
    now = rt.clock.now()
    invoices = open_invoices(session, account_id, invoice_uids)
    company = session.get_one(Company, invoices[0].company_id)
    calendar, cadence = calendar_of(company, now), cadences.cadence_of(session, company)
    today = calendar.today(now)
    if not today <= day <= today + timedelta(days=LONGEST_PROMISE):
        raise Refusal("Please choose a day from today on, at most {days} days away.", days=LONGEST_PROMISE)
    if by is None:
        _refuse_another(session, invoices)
    supersede(session, Promise, ("open",), invoices, partial(withdraw, now=now))
    made = Promise(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account_id,
        day=day,
        until=day + timedelta(days=cadence.grace_days + 1),
        state="open",
        made_at=now,
        invoices=list(invoices),
    )
    session.add(made)
    audit.record(rt, session, "promise-made", company.id, account_id, made.uid, day=day.isoformat(), user=by)
    mirror.wake(session, [account_id], now)
    if by is None:
        passing_on.say(rt, session, account_id, "promise", made.uid, day)
    return made


def withdraw(row: Promise, now: datetime) -> None:
    """Something else was agreed on, or another day."""
    row.state, row.settled_at = "withdrawn", now


def open_invoices(session: Session, account_id: int, uids: Sequence[str]) -> Sequence[Invoice]:
    """These open invoices of the account; Refusal when one of them is not."""
    found = session.scalars(
        select(Invoice).where(
            Invoice.account_id == account_id,
            Invoice.uid.in_(list(uids)),
            is_owed(),
        )
    ).all()
    if not found or len(found) != len(set(uids)):
        raise Refusal("Please choose at least one open invoice.")
    return found


def _about(invoices: Sequence[Invoice]) -> list[int]:
    return [one.id for one in invoices]


def _refuse_another(session: Session, invoices: Sequence[Invoice]) -> None:
    """After two promises that were not kept a person takes over."""
    if _broken(session, _about(invoices)) >= BROKEN_LIMIT:
        raise Refusal("Let us find a way together: please reply to our e-mail, and a person will answer you.")


def _broken(session: Session, ids: Sequence[int]) -> int:
    """How many promises about any of these invoices were not kept."""
    about = Promise.state == "broken", Promise.invoices.any(Invoice.id.in_(ids))
    return session.scalar(select(func.count()).select_from(Promise).where(*about)) or 0


# Asked at every tick, so it is made once.
_RIPE = select(Promise.id).where(
    Promise.state == "open", (Promise.until <= bindparam("day")) | ~Promise.invoices.any(is_owed())
)


def settle_promises(rt: Runtime) -> int:
    """Mark promises kept when everything is paid, broken once their quiet time is over; how many."""
    somewhere_over = (rt.clock.now() + timedelta(hours=14)).date()  # the date where the day begins first
    with rt.store.read() as session:
        ripe = session.scalars(_RIPE, {"day": somewhere_over}).all()
    return sum(_settle(rt, promise_id) for promise_id in ripe)


def _settle(rt: Runtime, promise_id: int) -> bool:
    now = rt.clock.now()
    with rt.store.write() as session:
        made = session.scalars(
            select(Promise).where(Promise.id == promise_id).options(selectinload(Promise.invoices))
        ).one()
        calendar = calendar_of(session.get_one(Company, made.company_id), now)
        owed = [one for one in made.invoices if owes(one)]
        if owed and calendar.today(now) < made.until:
            return False
        made.state, made.settled_at = ("broken" if owed else "kept"), now
        session.flush()
        session.add_all(
            holds.for_a_person(rt, one, Cause.PROMISE, _UNMET)
            for one in owed
            if _broken(session, [one.id]) == BROKEN_LIMIT
        )
        audit.record(rt, session, f"promise-{made.state}", made.company_id, made.account_id, made.uid)
        planner.wake_owners(rt, session, _about(made.invoices), made.account_id)
        return True


def dispute(
    rt: Runtime,
    account_id: int,
    invoice_uid: str,
    text: str,
    line: str = "",
    files: Sequence[Given] = (),
    by: int | None = None,
) -> Dispute:
    """Something is wrong with an invoice, or with a `line` of it: be silent about it until a person has answered. `by`
    is who of us was told.
    """
    with rt.store.write() as session:
        return note_dispute(rt, session, account_id, invoice_uid, text, line, files, by)


def note_dispute(
    rt: Runtime,
    session: Session,
    account_id: int,
    invoice_uid: str,
    text: str,
    line: str = "",
    files: Sequence[Given] = (),
    by: int | None = None,
) -> Dispute:
    """The same within somebody's transaction. What they add to an open dispute stands below what they said before."""
    if not text.strip():
        raise Refusal("Please tell us in a few words what is wrong, so that the right person can answer.")
    (invoice,) = open_invoices(session, account_id, [invoice_uid])
    words = f"{line.strip()}: {text.strip()}" if line.strip() else text.strip()
    found = session.scalars(select(Dispute).where(Dispute.invoice_id == invoice.id, Dispute.state == "open")).first()
    if found is None:
        found = _open_dispute(rt, session, account_id, invoice, words, by)
    else:
        found.text = f"{found.text}\n\n{words}"[:10_000]
    sent_files.keep(rt, session, files, account_id, found)
    return found


def _open_dispute(
    rt: Runtime, session: Session, account_id: int, invoice: Invoice, words: str, by: int | None
) -> Dispute:
    company = session.get_one(Company, invoice.company_id)
    opened = Dispute(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account_id,
        invoice_id=invoice.id,
        text=words[:10_000],
        answer_by=answer_by(rt, company),
        state="open",
        opened_at=rt.clock.now(),
    )
    session.add(opened)
    session.flush()
    audit.record(rt, session, "dispute-opened", company.id, account_id, opened.uid, invoice=invoice.uid, user=by)
    mirror.wake(session, [account_id], rt.clock.now())
    if by is None:
        passing_on.say(rt, session, account_id, "dispute", opened.uid, opened.answer_by)
    return opened


def answer_by(rt: Runtime, company: Company) -> date:
    """The day by which we say that a person will have answered: five working days from today."""
    calendar = calendar_of(company, rt.clock.now())
    return calendar.shifted(calendar.today(rt.clock.now()), ANSWER_DAYS, working=True)
