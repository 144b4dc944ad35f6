"""A company's own settings and its one switch: whether anything may be sent at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from integrations.errors import OutsideError
from integrations.ledgers.base import DepositAccount, Ledger
from models import Company, GuardedChange
from workflows import audit, doubts, guarding, library, people, planner, restored, senders, stopping, ties
from workflows.calendars import zones
from workflows.connections import with_ledger
from workflows.errors import Refusal
from workflows.guarding import Deed, Kind, Wanted
from workflows.runtime import Runtime


def not_ready(rt: Runtime, session: Session, company: Company) -> list[str]:
    """What is missing before the company may speak, one sentence each; empty when it may."""
    connection = ties.active(session, company.id)
    checks = {
        "Connect it to its ledger.": connection is not None,
        "Wait until the first reading of the ledger is complete.": connection is not None
        and connection.read_at is not None,
        "Wait until the ledger has been read again: a backup was restored.": not restored.waits(
            session, company, connection
        ),
        "Say which time zone it works in.": company.zone is not None,
        "Choose the account in which card payments are booked.": bool(company.deposit_account),
        "Give the address that receives customers' replies.": "@" in company.email,
        "Set up the mail server of this installation (DUNLIN_SMTP_URL).": rt.channel is not None
        or senders.of(session, company.id) is not None,
        "Set DUNLIN_PUBLIC_URL to the https address under which customers reach Dunlin.": _reachable(rt),
    }
    missing = [sentence for sentence, holds in checks.items() if not holds]
    return missing + senders.not_ready(session, company)


def _reachable(rt: Runtime) -> bool:
    """Outside the demo, links must lead to an https address that is not this machine only."""
    if rt.is_demo:
        return True
    address = urlsplit(rt.public_url)
    host = address.hostname or ""
    if address.scheme != "https" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not (ip_address(host).is_loopback or ip_address(host).is_unspecified)
    except ValueError:
        return bool(host)


def set_live(rt: Runtime, company_id: int, on: bool) -> None:
    """Switch sending on or off. Refusal names the first thing missing, or how its cadence could break a promise."""
    if on:
        _check(rt, company_id)
        doubts.go_on(rt, company_id)
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        company.live_at = rt.clock.now() if on else None
        audit.record(rt, session, "live" if on else "not-live", company_id, subject=company.uid)
        planner.wake_company(rt, session, company_id)


def _check(rt: Runtime, company_id: int) -> None:
    """Nothing is missing, and what would be said is proved where it would be said: seconds of thinking."""
    with rt.store.read() as session:
        company = session.get_one(Company, company_id)
        missing = not_ready(rt, session, company)
        every = [] if missing else library.in_force(session, company)
    no = missing[0] if missing else library.objection(rt, company, every)
    if no:
        raise Refusal(f"{company.name} cannot speak yet. {no}")


def set_paused(rt: Runtime, company_id: int, on: bool) -> None:
    """Stop all sending of a company for now, or go on."""
    (stopping.stop_company if on else stopping.resume_company)(rt, company_id)


def change_settings(
    rt: Runtime,
    company_id: int,
    zone: str,
    deposit_account: str,
    email: str,
    income_choice: str | None = None,
    user_id: int = 0,
) -> bool:
    """Where the company is, where its card payments and its credit notes are booked, and who gets the replies.

    Without `income_choice` what credit notes are booked on stays as it is. Whether another address for replies, which
    only an owner may ask for, waits for its day; Refusal for others.
    """
    if zone and zone not in zones():
        raise Refusal(f"{zone} is not a time zone Dunlin knows; choose one such as Europe/Dublin.")
    if email and "@" not in email:
        raise Refusal("Please give a whole e-mail address for replies.")
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        waits = _replies(rt, session, company, email.strip(), user_id)
        company.zone, company.deposit_account = zone or None, deposit_account
        company.income_choice = company.income_choice if income_choice is None else income_choice
        audit.record(
            rt,
            session,
            "settings",
            company_id,
            subject=company.uid,
            zone=zone,
            deposit_account=deposit_account,
            email=email,
            income_choice=company.income_choice,
        )
        planner.wake_company(rt, session, company_id)
        return waits


def _replies(rt: Runtime, session: Session, company: Company, email: str, user_id: int) -> bool:
    """Have replies go there: at once, or where customers already answer to another address, in a day."""
    if email == company.email:
        return False
    if not guarding.must_wait(session, company, used_before=False):
        company.email = email
        return False
    by = people.owner(session, company.practice_id, user_id)
    summary = f"Replies to {company.name} go\nNow: to {company.email or 'nobody'}\nThen: to {email or 'nobody'}"
    guarding.ask(rt, session, company, Wanted(Kind.REPLIES, "email", summary, {"email": email}), by)
    return True


def replies_deed(rt: Runtime, change: GuardedChange, content: Mapping[str, Any]) -> Deed:
    """What lets another address get the replies."""

    def begin(session: Session) -> None:
        company = session.get_one(Company, change.company_id)
        company.email = content["email"]
        audit.record(rt, session, "replies-changed", company.id, subject=company.uid, change=change.uid)

    return begin


def deposit_accounts(rt: Runtime, company_id: int) -> tuple[DepositAccount, ...]:
    """The accounts the bookkeeper can choose from, read now; Refusal when the ledger cannot be asked."""
    return _listed(rt, company_id, lambda ledger: ledger.deposit_accounts())


def income_choices(rt: Runtime, company_id: int) -> tuple[DepositAccount, ...]:
    """What credit notes can be booked on, read now; Refusal when the ledger cannot be asked."""
    return _listed(rt, company_id, lambda ledger: ledger.income_choices())


def expense_choices(rt: Runtime, company_id: int) -> tuple[DepositAccount, ...]:
    """What a processor's fees can be booked on, read now; Refusal when the ledger cannot be asked."""
    return _listed(rt, company_id, lambda ledger: ledger.expense_choices())


def listed(
    choices: Callable[[Runtime, int], tuple[DepositAccount, ...]], rt: Runtime, company_id: int
) -> tuple[tuple[DepositAccount, ...], str]:
    """What the ledger offers to choose from, or why it cannot be listed."""
    try:
        return choices(rt, company_id), ""
    except Refusal as refusal:
        return (), str(refusal)


def _listed(
    rt: Runtime, company_id: int, work: Callable[[Ledger], tuple[DepositAccount, ...]]
) -> tuple[DepositAccount, ...]:
    try:
        return with_ledger(rt, company_id, work)
    except OutsideError as error:
        raise Refusal(f"The accounts of the ledger cannot be listed just now. {error}") from error
