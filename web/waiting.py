"""What waits for a person, over all companies of a practice, listed for the desk. Read-only.

The desk lists only so many of each kind: one bad export may leave thousands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from core.cadence import Reason
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
    Extension,
    HoldRow,
    Invoice,
    Posting,
    Reversal,
    Reward,
    SentFile,
    ToldRow,
    Touch,
    UnreadableRow,
    told_invoice,
)
from web.waiting_queries import Counts, asked, by_company, counts, kinds
from workflows import care, grants, renewals
from workflows.reaching import Reach
from workflows.runtime import Runtime

SHOWN = 100


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
        return by_company(self.counts).total()

    def unlisted(self, kind: str) -> int:
        """How many of a kind there is no room for."""
        return self.counts[kind].total() - len(getattr(self, kind))


def desk(rt: Runtime, session: Session, reach: Reach, counted: Counts | None = None, limit: int = SHOWN) -> Desk:
    """What needs a person, over all companies of the practice; `counted` where somebody has counted already.

    Of which there is none, nobody asks: on most days that is most kinds.
    """
    now = rt.clock.now()
    counted = counted or counts(session, reach, now)
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
        kind: list(session.execute(wanted.options(*details.get(kind, ())).limit(limit), asked(reach, now)))
        if counted[kind]
        else []
        for kind, wanted in kinds(reach.limited).items()
    }
    ending = renewals.ending_soon(session, reach, now) if counted["ending"] else []
    cared = care.listed(session, reach)
    on_account = _allowing(rt, session, {company.id for _, _, company in rows["bookings"]}, Feature.ON_ACCOUNT)
    about = aside(session, [one for one, *_ in rows["disputes"]], [one for one, *_ in rows["told"]])
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
