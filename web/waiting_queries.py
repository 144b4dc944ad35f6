"""What waits for a person, as questions to the tables: each kind as a list, and all kinds counted in one question.

The counts stand around every page of the console, so they are one statement, made once. Read-only; no words, no pages.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, bindparam, func, literal_column, select, text, union_all
from sqlalchemy.orm import Session

from core.cadence import BRANCHES, Reason
from models import (
    Account,
    Arrangement,
    Attempt,
    AttemptLine,
    BankLine,
    Charge,
    Company,
    Connection,
    Contact,
    Dispute,
    Draft,
    Effect,
    EffectKind,
    EffectState,
    Extension,
    Grant,
    HoldRow,
    Invoice,
    MoneyRules,
    Posting,
    Reversal,
    Reward,
    Task,
    ToldRow,
    Touch,
    UnreadableRow,
)
from models.ledger import UNREACHED
from workflows import care, charged, money_rules, renewals, rewards, unearned
from workflows.bank_holds import HOLDING
from workflows.reaching import Reach, of_reach
from workflows.returned import ON_THE_DESK

# Reasons after which nothing is said until a person has done something.
_FOR_A_PERSON = [reason.value for reason, branch in BRANCHES.items() if branch.hold_days is None]
# Counted with the rest for the frame around every page, and nothing of the desk.
BESIDE = ("drafts", "tasks", "stopped")

Counts = dict[str, Counter[int]]
_Rows = Select[*tuple[Any, ...]]


def counts(session: Session, reach: Reach, now: datetime) -> Counts:
    """How many things of each kind wait at each company, by its id; and what is BESIDE."""
    found: Counts = {kind: Counter() for kind in _parts(reach.limited)}
    for kind, company_id, number in session.execute(_counted(reach.limited), asked(reach, now)):
        found[kind][company_id] = number
    if found["cared"]:  # on the latest day that it is anywhere; which of them are due where they are
        due = (company.id for account, company in care.listed(session, reach) if care.is_due(account, company, now))
        found["cared"] = Counter(due)
    return found


def asked(reach: Reach, now: datetime) -> dict[str, Any]:
    """Of every statement here. A day is over for all where it is over in the zone where it ends last."""
    days = {"day": (now - timedelta(hours=12)).date(), "tomorrow": (now + timedelta(hours=14)).date()}
    return {**reach.asked(), **days, "now": now, "soon": now + renewals.AHEAD}


def by_company(counted: Counts) -> Counter[int]:
    """How many things wait at the desk."""
    return sum((count for kind, count in counted.items() if kind not in BESIDE), Counter())


@cache
def _counted(limited: bool) -> CompoundSelect[str, int, int]:
    """(kind, company, how many): all in one statement, for on a small machine each costs more to say than to answer."""
    parts = _parts(limited).items()
    return union_all(
        *(
            part.with_only_columns(literal_column(f"'{kind}'"), Company.id, func.count())
            .order_by(None)
            .group_by(Company.id)
            for kind, part in parts
        )
    )


@cache
def _parts(limited: bool) -> dict[str, _Rows]:
    """What is counted: every kind of the desk, and what the frame tells beside it."""
    mine = of_reach(limited)
    ending = renewals.is_ending(bindparam("now"), bindparam("soon"))
    # Everything waits at a customer who is there, so nobody looks whether they are.
    alone = {
        kind: select(row).join(Company, Company.id == row.company_id).where(mine, waits)
        for kind, (row, waits, _) in _owned().items()
    }
    return {
        **kinds(limited),
        **alone,
        "ending": select(Company).join(Connection).join(Grant).where(mine, *ending),
        "cared": select(Company).join(Account).where(mine, Account.care, Account.look_again <= bindparam("tomorrow")),
        "drafts": select(Company).join(Draft, Draft.company_id == Company.id).where(mine),
        "tasks": select(Company).join(Task, Task.company_id == Company.id).where(mine, Task.state == "open"),
        "stopped": select(Company).where(mine, Company.paused),
    }


@cache
def kinds(limited: bool) -> dict[str, _Rows]:
    """What each kind of waiting thing is within a reach, the most pressing first. Each is joined to its company."""
    mine = of_reach(limited)
    found = {
        kind: select(row, Account, Company)
        .join(Account, Account.id == row.account_id)
        .join(Company, Company.id == row.company_id)
        .where(mine, waits)
        .order_by(*order)
        for kind, (row, waits, order) in _owned().items()
    }
    return {
        **found,
        **_money(mine),
        "held": found["held"].add_columns(Invoice).outerjoin(Invoice, Invoice.id == HoldRow.invoice_id),
        "connections": select(Connection, Company)
        .join(Connection.company)
        .where(mine, Connection.state == "needs_reconnect")
        .order_by(Company.name),
        "unreached": _unreached().where(mine).order_by(Account.name),
        "unreadable": select(UnreadableRow, Company)
        .join(Company, Company.id == UnreadableRow.company_id)
        .where(mine)
        .order_by(UnreadableRow.seen_at, UnreadableRow.id),
    }


def _owned() -> dict[str, tuple[Any, ColumnElement[bool], tuple[Any, ...]]]:
    """What waits at a customer of a company: its row, when it waits, and in which order."""
    by_hand = (Effect.kind == EffectKind.BY_HAND.value) & (Effect.state == EffectState.REJECTED.value)
    nobodys = HoldRow.until.is_(None) & HoldRow.owner_id.is_(None)
    return {
        "touches": (Touch, Touch.state == literal_column("'in_doubt'"), (Touch.id,)),  # as its index says it
        "disputes": (Dispute, Dispute.state == "open", (Dispute.answer_by, Dispute.id)),
        "told": (ToldRow, (ToldRow.state == "open") & _asks_a_person(), (ToldRow.answer_by, ToldRow.id)),
        "contacts": (Contact, Contact.state == "proposed", (Contact.id,)),
        "plans": (Arrangement, Arrangement.state == "proposed", (Arrangement.answer_by, Arrangement.id)),
        "times": (Extension, Extension.state == "asked", (Extension.answer_by, Extension.id)),
        "held": (HoldRow, (HoldRow.state == "open") & nobodys, (HoldRow.id,)),
        "unsent": (Effect, by_hand, (Effect.id,)),
        "rewards": (Reward, Reward.state == rewards.DESK, (Reward.id,)),
        "unearned": (Reward, Reward.state == unearned.UNEARNED, (Reward.id,)),
    }


def _money(mine: ColumnElement[bool]) -> dict[str, _Rows]:
    """What stands in no ledger, or stands there wrongly."""
    return {
        "bookings": select(AttemptLine, Account, Company)
        .join(AttemptLine.attempt)
        .join(Account, Account.id == Attempt.account_id)
        .join(Company, Company.id == Attempt.company_id)
        .where(mine, AttemptLine.state == "desk")
        .order_by(AttemptLine.id),
        "returned": select(Reversal, Account, Company, Attempt)
        .join(Attempt, Attempt.id == Reversal.attempt_id)
        .join(Account, Account.id == Attempt.account_id)
        .join(Company, Company.id == Attempt.company_id)
        .where(mine, Reversal.state.in_(ON_THE_DESK))
        .order_by(Reversal.id),
        "postings": select(Posting, Account, Company, Invoice)
        .outerjoin(Account, Account.id == Posting.account_id)
        .join(Company, Company.id == Posting.company_id)
        .outerjoin(Invoice, Invoice.id == Posting.invoice_id)
        .where(mine, Posting.state == "desk")
        .order_by(Posting.id),
        # Its last day moves along until the customer was told, and where nothing is booked nothing is asked for.
        "charges": select(Charge, Account, Company)
        .join(Account, Account.id == Charge.account_id)
        .join(Company, Company.id == Charge.company_id)
        .join(MoneyRules, MoneyRules.company_id == Company.id)
        .where(mine, Charge.state == charged.SHOWN, Charge.asked_from < bindparam("day"))
        .where(MoneyRules.late_booking != money_rules.SHOW)
        .order_by(Charge.asked_from, Charge.id),
        "bank_lines": select(BankLine, Company)
        .join(Company, Company.id == BankLine.company_id)
        .where(mine, BankLine.state.in_(HOLDING), BankLine.holds_until <= bindparam("day"))
        .order_by(BankLine.day, BankLine.id),
    }


def _asks_a_person() -> ColumnElement[bool]:
    """Of a reason: nothing is said until somebody has acted, or who is short of cash was promised an answer."""
    promised = (ToldRow.reason == Reason.SHORT_OF_CASH.value) & ToldRow.answer_by.is_not(None)
    return ToldRow.reason.in_(_FOR_A_PERSON) | promised


def _unreached() -> _Rows:
    """Customers whose address was turned away, or whose message the mail server does not take."""
    return select(Account, Company).join(Company, Company.id == Account.company_id).where(text(f"({UNREACHED})"))
