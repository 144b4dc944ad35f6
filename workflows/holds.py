"""A person's word that somebody is to be left alone, and what is known of an address. Each wakes whom it concerns.

A hold has an end or an owner; nothing is held for ever by nobody.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from models import Account, AddressWord, Company, Handover, HoldRow, Invoice, ToldRow
from workflows import audit, mirror
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.runtime import Runtime

CAUSES = frozenset(
    {Cause.PAUSED, Cause.REPLIED, Cause.BREATHING_SPACE, Cause.EXTENSION, Cause.AGENCY, Cause.PAID_ALREADY}
)
LONGEST = timedelta(days=366)
ADDRESS_CAUSES = frozenset({Cause.OPTED_OUT, Cause.BOUNCED})


def hold(
    rt: Runtime,
    account_id: int,
    cause: Cause,
    *,
    until: date | None = None,
    owner_id: int | None = None,
    invoice_uid: str = "",
    note: str = "",
) -> HoldRow:
    """Leave an account, or one invoice of it, alone until a local date (exclusive), or until its owner lets go.

    Refusal when it has neither end nor owner, ends in the past or in more than a year, or its cause is not a person's
    to give.
    """
    with rt.store.write() as session:
        return note_hold(
            rt, session, account_id, cause, until=until, owner_id=owner_id, invoice_uid=invoice_uid, note=note
        )


def note_hold(
    rt: Runtime,
    session: Session,
    account_id: int,
    cause: Cause,
    *,
    until: date | None = None,
    owner_id: int | None = None,
    invoice_uid: str = "",
    note: str = "",
) -> HoldRow:
    """The same within somebody's transaction."""
    if cause not in CAUSES:
        raise Refusal(f"Nobody can be held for the reason {cause.value!r}.")
    if until is None and owner_id is None:
        raise Refusal("Please say until when, or who looks after it.")
    row = session.get_one(Account, account_id)
    _check(rt, session.get_one(Company, row.company_id), until)
    made = HoldRow(
        uid=rt.new_id(),
        company_id=row.company_id,
        account_id=account_id,
        invoice_id=_invoice(session, account_id, invoice_uid) if invoice_uid else None,
        cause=cause.value,
        until=until,
        owner_id=owner_id,
        note=note.strip()[:10_000],
        state="open",
        made_at=rt.clock.now(),
    )
    session.add(made)
    audit.record(
        rt, session, "held", row.company_id, account_id, made.uid, cause=cause, until=str(until), owner=owner_id
    )
    mirror.wake(session, [account_id], rt.clock.now())
    return made


def _check(rt: Runtime, company: Company, until: date | None) -> None:
    now = rt.clock.now()
    today = today_of(company, now)
    if until is not None and not today < until <= today + LONGEST:
        raise Refusal("Please choose a day from today on, at most a year away.")


def for_a_person(rt: Runtime, invoice: Invoice, cause: Cause, note: str) -> HoldRow:
    """A hold that the workflow itself sets on an invoice, not yet in the session: it waits on the desk for a person."""
    return HoldRow(
        uid=rt.new_id(),
        company_id=invoice.company_id,
        account_id=invoice.account_id,
        invoice_id=invoice.id,
        cause=cause.value,
        note=note,
        state="open",
        made_at=rt.clock.now(),
    )


def release(rt: Runtime, hold_uid: str, user_id: int) -> None:
    """End a hold now. Refusal when it has ended, or ends only with the hand-over that it belongs to."""
    with rt.store.write() as session:
        found = session.scalars(select(HoldRow).where(HoldRow.uid == hold_uid, HoldRow.state == "open")).first()
        if found is None:
            raise Refusal("This hold has already ended.")
        if of_a_handover(session, found):
            raise Refusal("It is with an agency. Call it back on the page of the hand-over.")
        end(rt, session, found, user_id)


def of_a_handover(session: Session, row: HoldRow) -> bool:
    """Whether it stands for as long as the account is with an agency."""
    released = Handover.hold_id == row.id, Handover.state == "released"
    return session.scalars(select(Handover.id).where(*released)).first() is not None


def end(rt: Runtime, session: Session, row: HoldRow, user_id: int) -> None:
    """End an open hold in the caller's transaction; what was told us and made a person wait is answered with it."""
    row.state, row.ended_at = "ended", rt.clock.now()
    told = select(ToldRow).where(
        ToldRow.state == "open",
        ToldRow.reason == row.cause,
        ToldRow.answer_by.is_not(None),
        ToldRow.invoices.any(Invoice.id == row.invoice_id),
    )
    for one in session.scalars(told.options(selectinload(ToldRow.invoices))):
        left = [invoice for invoice in one.invoices if invoice.id != row.invoice_id]
        if left:
            one.invoices = left
        else:
            one.state, one.closed_at = "closed", rt.clock.now()
    audit.record(rt, session, "released", row.company_id, row.account_id, row.uid, user=user_id)
    mirror.wake(session, [row.account_id], rt.clock.now())


def note_address(rt: Runtime, company_id: int, address: str, cause: Cause, note: str = "") -> None:
    """Remember that an address bounced, or that its reader wants no automatic reminders; saying it twice is once."""
    if cause not in ADDRESS_CAUSES:
        raise Refusal(f"{cause.value!r} is not said of an address.")
    with rt.store.write() as session:
        say_of_address(rt, session, company_id, address, cause, note)


def say_of_address(rt: Runtime, session: Session, company_id: int, address: str, cause: Cause, note: str = "") -> bool:
    """The same within somebody's transaction; whether it was news."""
    hashed = rt.vault.hash_address(address)
    news = _address_word(session, company_id, hashed, cause) is None
    if news:
        word = AddressWord(
            uid=rt.new_id(),
            company_id=company_id,
            address_hash=hashed,
            cause=cause.value,
            note=note.strip()[:1000],
            at=rt.clock.now(),
        )
        session.add(word)
        audit.record(rt, session, f"address-{cause.value}", company_id, subject=word.uid)
    _wake_readers(rt, session, company_id, address)
    return news


def is_known(rt: Runtime, session: Session, company_id: int, address: str, cause: Cause) -> bool:
    """Whether this was said of the address."""
    return _address_word(session, company_id, rt.vault.hash_address(address), cause) is not None


def forget_address(rt: Runtime, company_id: int, address: str, cause: Cause) -> None:
    """The way back: the address is good again, or its reader wants to hear."""
    hashed = rt.vault.hash_address(address)
    with rt.store.write() as session:
        found = _address_word(session, company_id, hashed, cause)
        if found is not None:
            session.execute(delete(AddressWord).where(AddressWord.id == found.id))
            audit.record(rt, session, f"address-not-{cause.value}", company_id, subject=found.uid)
        _wake_readers(rt, session, company_id, address)


def _address_word(session: Session, company_id: int, hashed: str, cause: Cause) -> AddressWord | None:
    return session.scalars(
        select(AddressWord).where(
            AddressWord.company_id == company_id, AddressWord.address_hash == hashed, AddressWord.cause == cause.value
        )
    ).first()


def _wake_readers(rt: Runtime, session: Session, company_id: int, address: str) -> None:
    """Everyone of the company who may be written to there; asked in Python, for addresses are kept in lists."""
    wanted = address.strip().lower()
    theirs = Account.company_id == company_id
    accounts = session.execute(select(Account.id, Account.emails).where(theirs))
    others = session.execute(select(Account.id, Account.instead).where(theirs))
    invoices = session.execute(
        select(Invoice.account_id, Invoice.emails).where(Invoice.company_id == company_id, Invoice.status == "open")
    )
    ids = {
        id for rows in (accounts, others, invoices) for id, emails in rows if wanted in {one.lower() for one in emails}
    }
    mirror.wake(session, ids, rt.clock.now())


def _invoice(session: Session, account_id: int, uid: str) -> int:
    found = session.scalars(select(Invoice.id).where(Invoice.account_id == account_id, Invoice.uid == uid)).first()
    if found is None:
        raise Refusal("This invoice is not one of that customer's.")
    return found
