"""Read-only questions to the tables, for display. Thin: no words, no decisions, never a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.because import Cause
from core.calendars import Calendar
from core.facts import InvoiceStatus
from core.money import Money, totals
from models import (
    Account,
    Attempt,
    AttemptLine,
    Company,
    Connection,
    Credit,
    Dispute,
    Effect,
    EffectKind,
    EffectState,
    Invoice,
    Payment,
    Promise,
    Touch,
    UnreadableRow,
)

PAGE = 50
# Money in flight: the customer paid on the portal, the ledger may not show it yet.
IN_FLIGHT = ("taken", "booked", "desk")


@dataclass(slots=True)
class Owed:
    """Open and overdue amounts per currency; never summed over currencies."""

    open: dict[str, Money] = field(default_factory=dict)
    overdue: dict[str, Money] = field(default_factory=dict)


def is_open() -> tuple[ColumnElement[bool], ...]:
    """What makes an invoice open."""
    return (Invoice.status == InvoiceStatus.OPEN, Invoice.balance_minor > 0, Invoice.gone_at.is_(None))


def today(company: Company, now: datetime) -> date:
    """The company's own date; UTC's where nobody said where it is."""
    return Calendar(zone=company.zone or "UTC").today(now)


def _owed(
    session: Session, key: object, where: Iterable[ColumnElement[bool]], day: date, first: str
) -> dict[int, Owed]:
    """Per owner; the `first` currency, a company's own, comes first."""
    overdue = func.sum(case((Invoice.due < day, Invoice.balance_minor), else_=0))
    rows = session.execute(
        select(key, Invoice.currency, func.sum(Invoice.balance_minor), overdue)  # type: ignore[call-overload]
        .where(*is_open(), *where)
        .group_by(key, Invoice.currency)
        .order_by(Invoice.currency != first, Invoice.currency)
    )
    found: dict[int, Owed] = {}
    for owner, currency, balance, late in rows:
        owed = found.setdefault(owner, Owed())
        owed.open[currency] = Money(int(balance), currency)
        if late:
            owed.overdue[currency] = Money(int(late), currency)
    return found


def owed_by_company(session: Session, company: Company, day: date) -> Owed:
    where = [Invoice.company_id == company.id]
    return _owed(session, Invoice.company_id, where, day, company.currency).get(company.id, Owed())


def owed_by_account(session: Session, company: Company, accounts: Sequence[Account], day: date) -> dict[int, Owed]:
    where = [Invoice.account_id.in_([one.id for one in accounts])]
    return _owed(session, Invoice.account_id, where, day, company.currency)


def companies(session: Session, practice_id: int) -> list[Company]:
    return list(session.scalars(select(Company).where(Company.practice_id == practice_id).order_by(Company.name)))


def company(session: Session, practice_id: int, uid: str) -> Company | None:
    return session.scalars(select(Company).where(Company.practice_id == practice_id, Company.uid == uid)).first()


def connection(session: Session, company_id: int) -> Connection | None:
    """The company's newest connection, whatever its state."""
    return session.scalars(
        select(Connection).where(Connection.company_id == company_id).order_by(Connection.id.desc())
    ).first()


def _listed(company_id: int, search: str, everyone: bool) -> Select[Account]:
    wanted = select(Account).where(Account.company_id == company_id, Account.gone_at.is_(None))
    if search:
        pattern = f"%{search.lower().replace('%', '').replace('_', '')}%"
        numbered = select(Invoice.account_id).where(
            Invoice.company_id == company_id, func.lower(Invoice.number).like(pattern)
        )
        wanted = wanted.where(or_(func.lower(Account.name).like(pattern), Account.id.in_(numbered)))
    if not everyone and not search:
        wanted = wanted.where(
            Account.id.in_(select(Invoice.account_id).where(Invoice.company_id == company_id, *is_open()))
        )
    return wanted


def accounts(session: Session, company_id: int, search: str, everyone: bool, page: int) -> tuple[list[Account], int]:
    """One page of accounts by name (those who owe, unless asked for everyone), and how many there are."""
    wanted = _listed(company_id, search, everyone)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = session.scalars(wanted.order_by(func.lower(Account.name), Account.id).offset((page - 1) * PAGE).limit(PAGE))
    return list(rows), total


def account(session: Session, practice_id: int, uid: str) -> Account | None:
    return session.scalars(
        select(Account)
        .join(Account.company)
        .where(Account.uid == uid, Company.practice_id == practice_id)
        .options(joinedload(Account.company))
    ).first()


def invoices(session: Session, account_id: int) -> list[Invoice]:
    """Every invoice of the account, open ones first, then the newest."""
    found = session.scalars(select(Invoice).where(Invoice.account_id == account_id))
    return sorted(found, key=lambda one: (not owes(one), -(one.due or one.issued).toordinal()))


def owes(invoice: Invoice) -> bool:
    return invoice.status == InvoiceStatus.OPEN and invoice.balance_minor > 0 and invoice.gone_at is None


def customers(session: Session, account: Account) -> list[str]:
    """The vendor ids of everybody whose bills this account gets."""
    mine = [account.external_id]
    for _ in range(6):  # as deep as a ledger nests customers
        below = session.scalars(
            select(Account.external_id).where(
                Account.company_id == account.company_id,
                or_(Account.bills_to.in_(mine), Account.merged_into.in_(mine)),
                Account.external_id.not_in(mine),
            )
        ).all()
        if not below:
            break
        mine += below
    return mine


def open_credit(session: Session, account: Account) -> list[Money]:
    """What the account has in hand, one amount per currency."""
    found = session.scalars(
        select(Credit).where(
            Credit.company_id == account.company_id,
            Credit.customer.in_(customers(session, account)),
            Credit.gone_at.is_(None),
            Credit.remaining_minor > 0,
        )
    )
    return list(totals(Money(one.remaining_minor, one.currency) for one in found).values())


def payments(session: Session, account: Account, limit: int = 200) -> list[Payment]:
    return list(
        session.scalars(
            select(Payment)
            .where(
                Payment.company_id == account.company_id,
                Payment.customer.in_(customers(session, account)),
                Payment.gone_at.is_(None),
                Payment.amount_minor > 0,
            )
            .order_by(Payment.paid_on.desc(), Payment.id.desc())
            .limit(limit)
        )
    )


def touches(session: Session, account_id: int) -> list[Touch]:
    return list(
        session.scalars(
            select(Touch).where(Touch.account_id == account_id).options(selectinload(Touch.lines)).order_by(Touch.id)
        )
    )


def leaving(session: Session, account_id: int) -> list[Effect]:
    """Messages planned for the account that have not left yet."""
    waiting = (EffectState.DUE, EffectState.CLAIMED, EffectState.SENDING)
    return list(
        session.scalars(
            select(Effect).where(
                Effect.account_id == account_id,
                Effect.kind == EffectKind.MESSAGE.value,
                Effect.state.in_([state.value for state in waiting]),
            )
        )
    )


def touch(session: Session, practice_id: int, uid: str) -> Touch | None:
    return session.scalars(
        select(Touch)
        .join(Company, Company.id == Touch.company_id)
        .where(Touch.uid == uid, Company.practice_id == practice_id)
        .options(selectinload(Touch.lines), joinedload(Touch.effect))
    ).first()


def promises(session: Session, account_id: int) -> list[Promise]:
    return list(
        session.scalars(select(Promise).where(Promise.account_id == account_id).options(selectinload(Promise.invoices)))
    )


def disputes(session: Session, account_id: int) -> list[Dispute]:
    return list(
        session.scalars(select(Dispute).where(Dispute.account_id == account_id).options(joinedload(Dispute.invoice)))
    )


def attempts(session: Session, account_id: int) -> list[Attempt]:
    return list(
        session.scalars(
            select(Attempt)
            .where(Attempt.account_id == account_id)
            .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
        )
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that waits for a person, each with its company and account."""

    touches: list[tuple[Touch, Account, Company]]
    disputes: list[tuple[Dispute, Account, Company]]
    bookings: list[tuple[AttemptLine, Account, Company]]
    unreadable: list[tuple[UnreadableRow, Company]]
    connections: list[tuple[Connection, Company]]
    unreached: list[tuple[Account, Company]]

    @property
    def size(self) -> int:
        return len(self._rows())

    def of(self, company_id: int) -> int:
        """How many things wait at one company."""
        return sum(company.id == company_id for company in self._rows())

    def _rows(self) -> list[Company]:
        """The company of each thing that waits."""
        with_account = [row[2] for row in (*self.touches, *self.disputes, *self.bookings)]
        return with_account + [row[1] for row in (*self.unreadable, *self.connections, *self.unreached)]


def desk(session: Session, practice_id: int) -> Desk:
    """What needs a person, over all companies of the practice."""
    mine = Company.practice_id == practice_id
    in_doubt = (
        select(Touch, Account, Company)
        .join(Account, Account.id == Touch.account_id)
        .join(Company, Company.id == Touch.company_id)
        .where(mine, Touch.state == "in_doubt")
    )
    open_disputes = (
        select(Dispute, Account, Company)
        .join(Account, Account.id == Dispute.account_id)
        .join(Company, Company.id == Dispute.company_id)
        .where(mine, Dispute.state == "open")
        .options(joinedload(Dispute.invoice))
        .order_by(Dispute.answer_by, Dispute.id)
    )
    bookings = (
        select(AttemptLine, Account, Company)
        .join(AttemptLine.attempt)
        .join(Account, Account.id == Attempt.account_id)
        .join(Company, Company.id == Attempt.company_id)
        .where(mine, AttemptLine.state == "desk")
        .options(joinedload(AttemptLine.attempt), joinedload(AttemptLine.invoice))
    )
    rows = select(UnreadableRow, Company).join(Company, Company.id == UnreadableRow.company_id).where(mine)
    ended = and_(mine, Connection.state == "needs_reconnect")
    connections = select(Connection, Company).join(Connection.company).where(ended)
    return Desk(
        list(session.execute(in_doubt)),
        list(session.execute(open_disputes)),
        list(session.execute(bookings)),
        list(session.execute(rows)),
        list(session.execute(connections)),
        list(session.execute(_unreached().where(mine).order_by(Account.name))),
    )


def _unreached() -> Select[Account, Company]:
    """Customers whose address was turned away, or whose message the mail server does not take."""
    stuck = [
        cast(Account.because, String).like(f'%"{cause.value}"%') for cause in (Cause.UNSENDABLE, Cause.UNPLANNABLE)
    ]
    refused = cast(Account.refused, String) != "[]"
    return select(Account, Company).join(Company, Company.id == Account.company_id).where(or_(refused, *stuck))


def dispute(session: Session, practice_id: int, uid: str) -> Dispute | None:
    return session.scalars(
        select(Dispute)
        .join(Company, Company.id == Dispute.company_id)
        .where(Dispute.uid == uid, Company.practice_id == practice_id)
    ).first()


def booking(session: Session, practice_id: int, uid: str) -> AttemptLine | None:
    return session.scalars(
        select(AttemptLine)
        .join(AttemptLine.attempt)
        .join(Company, Company.id == Attempt.company_id)
        .where(AttemptLine.uid == uid, Company.practice_id == practice_id)
    ).first()
