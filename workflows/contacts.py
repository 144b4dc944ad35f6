"""Whom to write to instead, as the wrong person told us on the page: proposed, then accepted or refused by a person.

Until a person has accepted it, a proposed contact gets nothing and sees nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.addresses import is_address
from core.cadence import Reason
from models import Account, Contact, ToldRow
from workflows import audit, links, mirror, reasons, typed
from workflows.errors import Refusal
from workflows.runtime import Runtime


def wrong_person(
    rt: Runtime, account_id: int, invoice_uids: Sequence[str], text: str, name: str = "", email: str = ""
) -> ToldRow:
    """Keep that mail about these invoices reaches the wrong person, and whom they name as the right one, if anybody."""
    email = email.strip().lower()
    if email and not is_address(email):
        raise Refusal("This e-mail address does not look right. Please check it, or leave it empty.")
    with rt.store.write() as session:
        told = reasons.note(rt, session, account_id, invoice_uids, Reason.WRONG_PERSON, text)
        if email:
            _propose(rt, session, told, " ".join(name.split())[:200], email)
        return told


def _propose(rt: Runtime, session: Session, told: ToldRow, name: str, email: str) -> None:
    """One at a time for each account: a later word takes the place of an earlier one."""
    waiting = select(Contact).where(Contact.account_id == told.account_id, Contact.state == "proposed")
    found = session.scalars(waiting).first()
    if found is None:
        found = Contact(
            uid=rt.new_id(), company_id=told.company_id, account_id=told.account_id, state="proposed", email=email
        )
        session.add(found)
    found.told_id, found.name, found.email, found.made_at = told.id, name, email, rt.clock.now()


def accept(rt: Runtime, contact_id: int, user_id: int) -> Contact:
    """From now on mail about the account goes to them, and links made for others no longer open its page.

    What the wrong person told us is dealt with.
    """
    with rt.store.write() as session:
        found = _decide(rt, session, contact_id, user_id, "accepted")
        account = session.get_one(Account, found.account_id)
        account.instead = [found.email]
        links.next_generation(rt, session, account, user_id)
        told = session.scalars(
            select(ToldRow)
            .where(ToldRow.id == found.told_id, ToldRow.state == "open")
            .options(selectinload(ToldRow.invoices))
        ).first()
        if told is not None:
            reasons.end(rt, session, told, user_id, f"Accepted: {found.email}")
        mirror.wake(session, [account.id], rt.clock.now())
        return found


def write_to(rt: Runtime, account_id: int, email: str, user_id: int) -> str:
    """A person says whom mail about the account goes to, in place of the ledger's addresses; the address as it is kept.

    Links made for others no longer open its page.
    """
    email = typed.one_address(email)
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        account.instead = [email]
        links.next_generation(rt, session, account, user_id)
        audit.record(rt, session, "contact-given", account.company_id, account.id, account.uid, user=user_id)
        mirror.wake(session, [account.id], rt.clock.now())
    return email


def refuse(rt: Runtime, contact_id: int, user_id: int) -> Contact:
    """They are not written to. Who the right person is still has to be found."""
    with rt.store.write() as session:
        return _decide(rt, session, contact_id, user_id, "refused")


def forget(rt: Runtime, account_id: int, user_id: int) -> None:
    """Back to the ledger's own addresses, once the right one stands there."""
    with rt.store.write() as session:
        account = session.get_one(Account, account_id)
        if not account.instead:
            raise Refusal("Mail goes to the addresses in the ledger already.")
        account.instead = []
        links.next_generation(rt, session, account, user_id)
        audit.record(rt, session, "contact-forgotten", account.company_id, account.id, account.uid, user=user_id)
        mirror.wake(session, [account.id], rt.clock.now())


def _decide(rt: Runtime, session: Session, contact_id: int, user_id: int, state: str) -> Contact:
    found = session.get_one(Contact, contact_id)
    if found.state != "proposed":
        raise Refusal("Somebody has already decided about this contact.")
    found.state, found.decided_at, found.decided_by_id = state, rt.clock.now(), user_id
    audit.record(rt, session, f"contact-{state}", found.company_id, found.account_id, found.uid, user=user_id)
    return found
