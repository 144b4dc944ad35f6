"""What the portal shows of one account: open invoices by currency, what is on its way, credit and what was paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.money import Money, totals
from models import Account, Attempt, Company, Invoice, Payment
from web import queries
from workflows import links
from workflows.links import LinkTarget
from workflows.owed import ON_ITS_WAY, owes
from workflows.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Line:
    """One open invoice. `days` is how late it is; what we already know: `dispute_by`, `promised`, `paid`, and
    `in_order`, the day on which they told us that all is.
    """

    invoice: Invoice
    days: int
    promised: date | None
    dispute_by: date | None
    paid: bool
    in_order: date | None = None

    @property
    def chosen(self) -> bool:
        """Whether it starts out ticked."""
        return not self.paid and self.dispute_by is None


@dataclass(frozen=True, slots=True)
class Group:
    """The open invoices of one currency; one payment is always in one currency."""

    currency: str
    lines: list[Line]
    credit: Money

    @property
    def left(self) -> Money:
        """What is still to pay once the open credit is used."""
        return self.total - self.credit if self.credit < self.total else Money.zero(self.currency)

    @property
    def payable(self) -> list[Line]:
        return [line for line in self.lines if not line.paid]

    @property
    def total(self) -> Money:
        """All that is still to pay; what is on its way no longer counts."""
        return _sum(self.currency, self.payable)

    @property
    def chosen(self) -> Money:
        return _sum(self.currency, [line for line in self.lines if line.chosen])


@dataclass(frozen=True, slots=True)
class View:
    """`everything` says whether its readers see the whole account; else they see only some invoices."""

    account: Account
    company: Company
    today: date
    groups: list[Group]
    credit: list[Money]
    payments: list[Payment]
    waiting: list[Attempt]
    read_at: datetime | None
    everything: bool


def _sum(currency: str, lines: list[Line]) -> Money:
    return totals(line.invoice.balance for line in lines).get(currency, Money.zero(currency))


def company_of(session: Session, account_id: int) -> Company:
    return session.scalars(select(Company).join(Account).where(Account.id == account_id)).one()


def view(rt: Runtime, session: Session, target: LinkTarget) -> View:
    """What the readers of this link may see: the whole account, or only the invoices that are sent to them."""
    account = session.scalars(
        select(Account).where(Account.id == target.account_id).options(joinedload(Account.company))
    ).one()
    today = queries.today(account.company, rt.clock.now())
    attempts = queries.attempts(session, account.id)
    seen = links.sight(rt, session, target, account)
    everything = seen.everything
    credit = queries.open_credit(session, account) if everything else []
    return View(
        account,
        account.company,
        today,
        _groups(session, account, attempts, today, credit, seen.of),
        credit,
        queries.payments(session, account, limit=10) if everything else [],
        [one for one in attempts if _is_on_its_way(one) and (everything or one.link == target.said)],
        queries.read_at(session, account),
        everything,
    )


def _is_on_its_way(attempt: Attempt) -> bool:
    return attempt.state == "paid" and any(_on_its_way(line.state) for line in attempt.lines)


def _on_its_way(state: str) -> bool:
    return state in ON_ITS_WAY


def _groups(
    session: Session,
    account: Account,
    attempts: list[Attempt],
    today: date,
    credit: list[Money],
    may_see: Callable[[Invoice], bool],
) -> list[Group]:
    promised = {
        invoice.id: promise.day
        for promise in queries.promises(session, account.id)
        if promise.state == "open"
        for invoice in promise.invoices
    }
    told = queries.told_in_order(session, account.id)
    disputed = {one.invoice_id: one.answer_by for one in queries.disputes(session, account.id) if one.state == "open"}
    paid = {line.invoice_id for one in attempts for line in one.lines if _on_its_way(line.state)}
    found: dict[str, list[Line]] = {}
    owed = [invoice for invoice in queries.invoices(session, account.id) if owes(invoice) and may_see(invoice)]
    for invoice in sorted(owed, key=lambda one: (one.due or one.issued, one.number)):
        days = (today - invoice.due).days if invoice.due else 0
        paying = invoice.id in paid
        line = Line(invoice, days, promised.get(invoice.id), disputed.get(invoice.id), paying, told.get(invoice.id))
        found.setdefault(invoice.currency, []).append(line)
    in_hand = {one.currency: one for one in credit}
    return [Group(currency, lines, in_hand.get(currency, Money.zero(currency))) for currency, lines in found.items()]


def paper(rt: Runtime, session: Session, target: LinkTarget, uid: str) -> Invoice | None:
    """The invoice of that uid, when it is one that this link's page shows."""
    account = session.get_one(Account, target.account_id)
    found = session.scalars(select(Invoice).where(Invoice.uid == uid, Invoice.account_id == account.id)).first()
    shown = found is not None and owes(found) and links.sight(rt, session, target, account).of(found)
    return found if shown else None
