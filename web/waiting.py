"""What waits for a person, over all companies of a practice: counted for every page, listed for the desk. Read-only.

Counting never fetches the rows, and the desk lists only so many of each kind: one bad export may leave thousands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from core.because import Cause
from core.cadence import BRANCHES, Reason
from integrations.ledgers.base import Feature
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
    Effect,
    EffectKind,
    EffectState,
    Extension,
    HoldRow,
    Invoice,
    MoneyRules,
    Posting,
    Reversal,
    Reward,
    SentFile,
    ToldRow,
    Touch,
    UnreadableRow,
    told_invoice,
)
from workflows import care, charged, grants, money_rules, renewals, rewards, unearned
from workflows.bank_holds import HOLDING
from workflows.reaching import Reach, of_reach
from workflows.returned import ON_THE_DESK
from workflows.runtime import Runtime

SHOWN = 100
# Reasons after which nothing is said until a person has done something.
_FOR_A_PERSON = [reason.value for reason, branch in BRANCHES.items() if branch.hold_days is None]

_Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Aside:
    """What stands beside what customers told us: `files` that came along, by (reason's id, dispute's id); and of a
    disputed invoice, by its id, the day on which they said that it is in order and whether it has changed since.
    """

    files: dict[tuple[int | None, int | None], list[SentFile]]
    in_order: dict[int, tuple[date, bool]]

    def of_dispute(self, dispute: Dispute) -> list[SentFile]:
        return self.files.get((None, dispute.id), [])

    def of_told(self, told: ToldRow) -> list[SentFile]:
        return self.files.get((told.id, None), [])


@dataclass(frozen=True, slots=True)
class Desk:
    """The first of everything that waits, each with its company and account. `counts` is by kind and company id;
    `on_account` are the ids of companies among them where money may be booked without an invoice. `cared` are all who
    are in a person's care; counted are those whose day to look again has come.
    """

    touches: list[tuple[Touch, Account, Company]]
    disputes: list[tuple[Dispute, Account, Company]]
    told: list[tuple[ToldRow, Account, Company]]
    contacts: list[tuple[Contact, Account, Company]]
    held: list[tuple[HoldRow, Account, Company, Invoice | None]]
    bookings: list[tuple[AttemptLine, Account, Company]]
    rewards: list[tuple[Reward, Account, Company]]
    unearned: list[tuple[Reward, Account, Company]]
    returned: list[tuple[Reversal, Account, Company, Attempt]]
    postings: list[tuple[Posting, Account | None, Company, Invoice | None]]
    bank_lines: list[tuple[BankLine, Company]]
    charges: list[tuple[Charge, Account, Company]]
    connections: list[tuple[Connection, Company]]
    ending: list[tuple[Company, datetime]]
    unreached: list[tuple[Account, Company]]
    unsent: list[tuple[Effect, Account, Company]]
    unreadable: list[tuple[UnreadableRow, Company]]
    plans: list[tuple[Arrangement, Account, Company]]
    times: list[tuple[Extension, Account, Company]]
    cared: Sequence[tuple[Account, Company]]
    counts: dict[str, Counter[int]]
    on_account: frozenset[int]
    aside: Aside

    @property
    def size(self) -> int:
        return sum(count.total() for count in self.counts.values())

    def unlisted(self, kind: str) -> int:
        """How many of a kind there is no room for."""
        return self.counts[kind].total() - len(getattr(self, kind))


def counts(session: Session, reach: Reach, now: datetime) -> dict[str, Counter[int]]:
    """How many things of each kind wait at each company, by its id."""
    mine = asked(reach, now)
    statements = _counted(reach.limited).items()
    found = {kind: Counter(dict(session.execute(counted, mine).all())) for kind, counted in statements}
    found["ending"] = Counter(company.id for company, _ in renewals.ending_soon(session, reach, now))
    due = (company.id for account, company in care.listed(session, reach) if care.is_due(account, company, now))
    found["cared"] = Counter(due)
    return found


def asked(reach: Reach, now: datetime) -> dict[str, Any]:
    """Of every statement here. A day is over for all where it is over in the zone where it ends last."""
    return {**reach.asked(), "day": (now - timedelta(hours=12)).date()}


def by_company(counted: dict[str, Counter[int]]) -> Counter[int]:
    return sum(counted.values(), Counter())


def desk(rt: Runtime, session: Session, reach: Reach) -> Desk:
    """What needs a person, over all companies of the practice."""
    now = rt.clock.now()
    details = {
        "disputes": (joinedload(Dispute.invoice),),
        "told": (selectinload(ToldRow.invoices),),
        "plans": (selectinload(Arrangement.invoices), selectinload(Arrangement.parts)),
        "times": (selectinload(Extension.invoices),),
        "bookings": (joinedload(AttemptLine.attempt), joinedload(AttemptLine.invoice)),
        "rewards": (joinedload(Reward.invoice),),
        "unearned": (joinedload(Reward.invoice),),
        "charges": (joinedload(Charge.invoice),),
    }
    rows: dict[str, list[Any]] = {
        kind: list(session.execute(wanted.options(*details.get(kind, ())).limit(SHOWN), asked(reach, now)))
        for kind, wanted in kinds(reach.limited).items()
    }
    ending, cared = renewals.ending_soon(session, reach, now), care.listed(session, reach)
    on_account = _allowing(rt, session, {company.id for _, _, company in rows["bookings"]}, Feature.ON_ACCOUNT)
    about = aside(session, [one for one, *_ in rows["disputes"]], [one for one, *_ in rows["told"]])
    counted = counts(session, reach, now)
    return Desk(**rows, ending=ending, cared=cared, counts=counted, on_account=on_account, aside=about)


def aside(session: Session, disputes: Collection[Dispute], told: Collection[ToldRow]) -> Aside:
    """What belongs beside these on a page."""
    theirs = SentFile.dispute_id.in_([one.id for one in disputes]) | SentFile.told_id.in_([one.id for one in told])
    files = Aside({}, {})
    for file in session.scalars(
        select(SentFile).where(theirs).options(defer(SentFile.body_sealed)).order_by(SentFile.id)
    ):
        files.files.setdefault((file.told_id, file.dispute_id), []).append(file)
    about = told_invoice.c.invoice_id.in_([one.invoice_id for one in disputes])
    said = session.execute(
        select(Invoice.id, Invoice.uid, Invoice.version, ToldRow.day, ToldRow.detail)
        .join(told_invoice, told_invoice.c.invoice_id == Invoice.id)
        .join(ToldRow, ToldRow.id == told_invoice.c.told_id)
        .where(about, ToldRow.reason == Reason.IN_ORDER.value)
        .order_by(ToldRow.id)
    )
    for id, uid, version, day, detail in said:
        files.in_order[id] = (day, detail.get("versions", {}).get(uid, version) != version)
    return files


def _allowing(rt: Runtime, session: Session, companies: Collection[int], feature: Feature) -> frozenset[int]:
    """Those of these companies whose connection allows this."""
    ties = select(Connection).where(Connection.company_id.in_(companies), Connection.state != "disconnected")
    found = session.scalars(ties.options(joinedload(Connection.grant)))
    return frozenset(one.company_id for one in found if feature in grants.allowed_by(rt, one.grant))


@cache
def _counted(limited: bool) -> dict[str, Select[int, int]]:
    """How many of each kind there are at each company of a practice; counted for every page, so made once."""
    by_company = (Company.id, func.count())
    return {
        kind: wanted.with_only_columns(*by_company).order_by(None).group_by(Company.id)
        for kind, wanted in kinds(limited).items()
    }


@cache
def kinds(limited: bool) -> dict[str, _Rows]:
    """What each kind of waiting thing is within a reach, the most pressing first. Each is joined to its company."""
    mine = of_reach(limited)
    by_hand = (Effect.kind == EffectKind.BY_HAND.value) & (Effect.state == EffectState.REJECTED.value)
    owned: dict[str, tuple[Any, ColumnElement[bool], tuple[Any, ...]]] = {
        "touches": (Touch, Touch.state == "in_doubt", (Touch.id,)),
        "disputes": (Dispute, Dispute.state == "open", (Dispute.answer_by, Dispute.id)),
        "told": (ToldRow, (ToldRow.state == "open") & _asks_a_person(), (ToldRow.answer_by, ToldRow.id)),
        "contacts": (Contact, Contact.state == "proposed", (Contact.id,)),
        "plans": (Arrangement, Arrangement.state == "proposed", (Arrangement.answer_by, Arrangement.id)),
        "times": (Extension, Extension.state == "asked", (Extension.answer_by, Extension.id)),
        "unsent": (Effect, by_hand, (Effect.id,)),
        "rewards": (Reward, Reward.state == rewards.DESK, (Reward.id,)),
        "unearned": (Reward, Reward.state == unearned.UNEARNED, (Reward.id,)),
    }
    found = {
        kind: select(row, Account, Company)
        .join(Account, Account.id == row.account_id)
        .join(Company, Company.id == row.company_id)
        .where(mine, waits)
        .order_by(*order)
        for kind, (row, waits, order) in owned.items()
    }
    return {
        **found,
        **_money(mine),
        "held": select(HoldRow, Account, Company, Invoice)
        .join(Account, Account.id == HoldRow.account_id)
        .join(Company, Company.id == HoldRow.company_id)
        .outerjoin(Invoice, Invoice.id == HoldRow.invoice_id)
        .where(mine, HoldRow.state == "open", HoldRow.until.is_(None), HoldRow.owner_id.is_(None))
        .order_by(HoldRow.id),
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
    stuck = [
        cast(Account.because, String).like(f'%"{cause.value}"%') for cause in (Cause.UNSENDABLE, Cause.UNPLANNABLE)
    ]
    refused = cast(Account.refused, String) != "[]"
    return select(Account, Company).join(Company, Company.id == Account.company_id).where(or_(refused, *stuck))


# One of them, when it is this practice's own


def dispute(session: Session, reach: Reach, uid: str) -> Dispute | None:
    return session.scalars(
        select(Dispute)
        .join(Company, Company.id == Dispute.company_id)
        .where(Dispute.uid == uid, reach.company())
        .options(joinedload(Dispute.invoice))
    ).first()


def contact(session: Session, reach: Reach, uid: str) -> Contact | None:
    return session.scalars(
        select(Contact).join(Company, Company.id == Contact.company_id).where(Contact.uid == uid, reach.company())
    ).first()


def booking(session: Session, reach: Reach, uid: str) -> AttemptLine | None:
    return session.scalars(
        select(AttemptLine)
        .join(AttemptLine.attempt)
        .join(Company, Company.id == Attempt.company_id)
        .where(AttemptLine.uid == uid, reach.company())
    ).first()


def reversal(session: Session, reach: Reach, uid: str) -> Reversal | None:
    return session.scalars(
        select(Reversal)
        .join(Attempt, Attempt.id == Reversal.attempt_id)
        .join(Company, Company.id == Attempt.company_id)
        .where(Reversal.uid == uid, reach.company())
    ).first()


def reward(session: Session, reach: Reach, uid: str) -> Reward | None:
    return session.scalars(
        select(Reward).join(Company, Company.id == Reward.company_id).where(Reward.uid == uid, reach.company())
    ).first()


def posting(session: Session, reach: Reach, uid: str) -> Posting | None:
    return session.scalars(
        select(Posting).join(Company, Company.id == Posting.company_id).where(Posting.uid == uid, reach.company())
    ).first()


def unreadable(session: Session, reach: Reach, uid: str) -> tuple[UnreadableRow, Company] | None:
    return session.execute(
        select(UnreadableRow, Company)
        .join(Company, Company.id == UnreadableRow.company_id)
        .where(UnreadableRow.uid == uid, reach.company())
    ).first()
