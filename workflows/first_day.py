"""The first day of a company: what was found in its books, who should be left out, and which steps were gone through.

Each step is another room's work; here is kept only that somebody has been there. Nothing is sent before the last click,
which is made elsewhere (`companies.set_live`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Payer
from core.exclusions import Exclusion, Known, propose
from models import Account, Company, HoldRow, Invoice, Payment, User
from workflows import audit, holds, library
from workflows.errors import Refusal
from workflows.owed import is_owed
from workflows.runtime import Runtime


class Step(StrEnum):
    """In the order in which they are gone through; the last one, switching on, leaves the first day behind."""

    FOUND = "found"
    LEFT_OUT = "left-out"
    CADENCE = "cadence"
    BACKTEST = "backtest"
    REMINDERS = "reminders"
    SENDER = "sender"
    FIRST_WEEK = "first-week"


@dataclass(frozen=True, slots=True)
class Found:
    """What the first reading brought. `payers` counts those who owe by their habit; `since` is the oldest payment that
    the books know; `unreached` who owes and has no address, `undated` open invoices without a due day.
    """

    customers: int
    owing: int
    invoices: int
    payers: Mapping[Payer, int]
    since: date | None
    unreached: int
    undated: int


def found(session: Session, company: Company) -> Found:
    """Counted in the mirror, as it stands now."""
    mine = Account.company_id == company.id, Account.gone_at.is_(None)
    owed = Invoice.company_id == company.id, is_owed()
    owing = select(Invoice.account_id).where(*owed)
    rows = session.execute(select(Account.payer, Account.emails, Account.instead).where(*mine, Account.id.in_(owing)))
    payers: Counter[Payer] = Counter()
    unreached = 0
    for payer, emails, instead in rows:
        payers[Payer(payer)] += 1
        unreached += not (emails or instead)
    invoices, undated = session.execute(
        select(func.count(), func.count().filter(Invoice.due.is_(None))).select_from(Invoice).where(*owed)
    ).one()
    first = select(func.min(Payment.paid_on)).where(Payment.company_id == company.id, Payment.gone_at.is_(None))
    return Found(
        session.scalar(select(func.count(Account.id)).where(*mine)) or 0,
        payers.total(),
        invoices,
        payers,
        session.scalar(first),
        unreached,
        undated,
    )


def proposed(session: Session, company: Company) -> list[tuple[Account, Exclusion]]:
    """Who looks like nobody to write to and is not left alone yet, by name."""
    held = select(HoldRow.account_id).where(HoldRow.company_id == company.id, HoldRow.state == "open")
    mine = Account.company_id == company.id, Account.gone_at.is_(None), Account.id.not_in(held)
    rows = {one.uid: one for one in session.scalars(select(Account).where(*mine).order_by(func.lower(Account.name)))}
    people = session.scalars(select(User.email).where(User.practice_id == company.practice_id))
    known = [Known(uid, one.name, tuple(one.emails)) for uid, one in rows.items()]
    return [(rows[uid], why) for uid, why in propose(known, company.name, [company.email, *people])]


def leave_out(rt: Runtime, company_id: int, chosen: Mapping[int, str], user_id: int) -> None:
    """These accounts (with a note each) are left alone until whoever said so lets go; the step is gone through."""
    with rt.store.write() as session:
        for account_id, note in chosen.items():
            if session.get_one(Account, account_id).company_id != company_id:
                raise Refusal("Please choose among the customers on the page.")
            holds.note_hold(rt, session, account_id, Cause.PAUSED, owner_id=user_id, note=note)
        _mark(rt, session, company_id, Step.LEFT_OUT, user_id)


def choose(rt: Runtime, company_id: int, name: str, user_id: int) -> None:
    """A shipped cadence for this company, through a roll-out of its own, which can be rolled back."""
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        version = library.shipped_version(rt, session, company.practice_id, name)
    if version.id != company.cadence_version_id:
        _, moves = library.roll_out(rt, version.uid, company.practice_id, [company_id], user_id)
        refused = [one.exception for one in moves if one.exception]
        if refused:
            raise Refusal(refused[0])
    mark(rt, company_id, Step.CADENCE, user_id)


def mark(rt: Runtime, company_id: int, step: Step, user_id: int) -> None:
    """Somebody has been through it."""
    with rt.store.write() as session:
        _mark(rt, session, company_id, step, user_id)


def _mark(rt: Runtime, session: Session, company_id: int, step: Step, user_id: int) -> None:
    company = session.get_one(Company, company_id, with_for_update=True)
    company.first_day = {**company.first_day, step.value: rt.clock.now().isoformat()}
    audit.record(rt, session, "first-day-step", company_id, subject=company.uid, user=user_id, step=step.value)


def left(company: Company) -> Sequence[Step]:
    """The steps that nobody has gone through yet."""
    return [step for step in Step if step.value not in company.first_day]
