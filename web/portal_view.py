"""What the portal shows of one account: open invoices by currency and how to pay them, what is known, what was paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from core.cadence import Reason
from core.money import Money, totals
from models import Account, Attempt, BankDetails, Brand, Charge, Company, Invoice, Payment, Reward, ToldRow
from web import portal_agreed, queries, word_queries
from web.portal_agreed import Agreed
from workflows import brands, charged, links, offers, terms, ways
from workflows.agreed import agreed_days, agreed_due
from workflows.calendars import today_of
from workflows.links import LinkTarget, Sight
from workflows.owed import ON_ITS_WAY, owes
from workflows.runtime import Runtime
from workflows.ways import Way

# Of an attempt: the money came, or the bank will still move it.
_COMING = ("paid", "pending")
# Asked at every look at a page, so it is made once.
_ACCOUNT = select(Account).where(Account.id == bindparam("account")).options(joinedload(Account.company))


@dataclass(frozen=True, slots=True)
class Line:
    """One open invoice. `days` is how late it is; what we already know: `dispute_by`, `promised`, `paid`, `told` (what
    they last told us about it), `in_order`, the day on which they told us that all is, `agreed`, the later day that we
    agreed on, whether it is `arranged` to be paid in parts, and what has come on top for being `late`.
    """

    invoice: Invoice
    days: int
    promised: date | None
    dispute_by: date | None
    paid: bool
    told: ToldRow | None = None
    in_order: date | None = None
    agreed: date | None = None
    arranged: bool = False
    offer: Reward | None = None
    late: Charge | None = None

    @property
    def to_pay(self) -> Money:
        """What settles it today."""
        return offers.to_pay(self.invoice, self.offer)

    @property
    def chosen(self) -> bool:
        """Whether it starts out ticked."""
        return not self.paid and not self.arranged and self.dispute_by is None and not self.says("paid-already")

    def says(self, reason: str) -> bool:
        return self.told is not None and self.told.reason == reason


@dataclass(frozen=True, slots=True)
class Group:
    """The open invoices of one currency; one payment is always in one currency. `bank` is where a transfer goes, with
    the `reference` to quote.
    """

    currency: str
    lines: list[Line]
    credit: Money
    ways: tuple[Way, ...] = ()
    bank: BankDetails | None = None
    reference: str = ""

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
    def to_pay(self) -> Money:
        """What settles all of it today."""
        return _settling(self.currency, self.payable)

    @property
    def until(self) -> date | None:
        """The last day on which that is so; None where nothing is offered."""
        return min((line.offer.until for line in self.payable if line.offer and line.offer.until), default=None)

    @property
    def chosen(self) -> Money:
        return _settling(self.currency, [line for line in self.lines if line.chosen])


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came in, or is coming. `receipt` is the uid of a payment made on the page once it came, else ""."""

    day: date
    amount: Money
    on_its_way: bool
    receipt: str


@dataclass(frozen=True, slots=True)
class View:
    """`everything` says whether its readers see the whole account; else they see only some invoices. `has_terms`: some
    are in force for it.
    """

    account: Account
    company: Company
    today: date
    groups: list[Group]
    credit: list[Money]
    paid: list[Paid]
    waiting: list[Attempt]
    read_at: datetime | None
    everything: bool
    agreed: Agreed
    brand: Brand | None
    has_terms: bool

    @property
    def payable(self) -> list[Line]:
        return [line for group in self.groups for line in group.payable]


def _sum(currency: str, lines: list[Line]) -> Money:
    return totals(line.invoice.balance for line in lines).get(currency, Money.zero(currency))


def _settling(currency: str, lines: list[Line]) -> Money:
    return totals(line.to_pay for line in lines).get(currency, Money.zero(currency))


def company_of(session: Session, account_id: int) -> Company:
    return session.scalars(select(Company).join(Account).where(Account.id == account_id)).one()


def account_of(session: Session, target: LinkTarget) -> Account:
    """With its company."""
    return session.scalars(_ACCOUNT, {"account": target.account_id}).one()


def view(rt: Runtime, session: Session, target: LinkTarget) -> View:
    """What the readers of this link may see: the whole account, or only the invoices that are sent to them."""
    account = account_of(session, target)
    today = today_of(account.company, rt.clock.now())
    attempts = queries.attempts(session, account.id)
    seen = links.sight(rt, session, target, account)
    credit = queries.open_credit(session, account) if seen.everything else []
    mine = [one for one in attempts if one.state in _COMING and (seen.everything or one.link == target.said)]
    plans = portal_agreed.plans(session, account.id)
    arranged = {invoice.id for plan in plans if plan.state == "running" for invoice in plan.invoices}
    lines = _lines(session, account, attempts, today, seen.of, arranged)
    return View(
        account,
        account.company,
        today,
        _groups(rt, session, account, lines, credit),
        credit,
        _paid(account.company, mine, queries.payments(session, account, limit=10) if seen.everything else []),
        [one for one in mine if one.state == "paid" and any(_on_its_way(line.state) for line in one.lines)],
        queries.read_at(session, account),
        seen.everything,
        portal_agreed.of(session, account, plans, seen.of, today),
        brands.of(session, account.company_id),
        terms.in_force(session, account.company_id, account.id, today) is not None,
    )


def _on_its_way(state: str) -> bool:
    return state in ON_ITS_WAY


def _paid(company: Company, attempts: Sequence[Attempt], payments: Sequence[Payment]) -> list[Paid]:
    """The newest first; what the ledger shows of a payment made on the page is that payment."""
    here = [
        Paid(
            today_of(company, one.paid_at or one.created_at),
            one.amount,
            any(_on_its_way(line.state) for line in one.lines),
            one.uid if one.state == "paid" else "",
        )
        for one in attempts
    ]
    booked = {line.ledger_payment for one in attempts for line in one.lines if line.ledger_payment}
    ours = {line.uid for one in attempts for line in one.lines}
    elsewhere = [
        Paid(one.paid_on, Money(one.amount_minor, one.currency), on_its_way=False, receipt="")
        for one in payments
        if one.external_id not in booked and one.reference not in ours
    ]
    return sorted([*here, *elsewhere], key=lambda one: one.day, reverse=True)


def _lines(
    session: Session,
    account: Account,
    attempts: list[Attempt],
    today: date,
    may_see: Callable[[Invoice], bool],
    arranged: set[int],
) -> list[Line]:
    promised = {
        invoice.id: promise.day
        for promise in queries.promises(session, account.id)
        if promise.state == "open"
        for invoice in promise.invoices
    }
    said = [(invoice.id, one) for one in reversed(word_queries.told(session, account.id)) for invoice in one.invoices]
    in_order = {invoice: one.day for invoice, one in said if one.reason == Reason.IN_ORDER}
    told = {invoice: one for invoice, one in said if one.state == "open"}
    disputed = {one.invoice_id: one.answer_by for one in queries.disputes(session, account.id) if one.state == "open"}
    owed = [one for one in queries.invoices(session, account.id) if owes(one) and may_see(one)]
    ids = [one.id for one in owed]
    paid = {line.invoice_id for one in attempts for line in one.lines if _on_its_way(line.state)}
    paid |= offers.covered(session, ids)
    agreed, offered = agreed_days(session, ids), offers.standing(session, ids, today)
    late = charged.of(session, ids)
    due = {one.id: agreed_due(one.due, agreed.get(one.id)) for one in owed}
    return [
        Line(
            one,
            (today - day).days if (day := due[one.id]) else 0,
            promised.get(one.id),
            disputed.get(one.id),
            one.id in paid,
            told.get(one.id),
            in_order.get(one.id),
            agreed.get(one.id) if agreed.get(one.id) == due[one.id] else None,
            one.id in arranged,
            offered.get(one.id),
            late.get(one.id),
        )
        for one in sorted(owed, key=lambda one: (due[one.id] or one.issued, one.number))
    ]


def _groups(rt: Runtime, session: Session, account: Account, lines: list[Line], credit: list[Money]) -> list[Group]:
    in_hand = {one.currency: one for one in credit}
    accounts, banks = ways.accounts(session, account.company_id), ways.transfers(session, account.company_id)
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.invoice.currency, []).append(line)
    return [
        Group(
            currency,
            members,
            in_hand.get(currency, Money.zero(currency)),
            ways.through(rt, accounts, currency),
            banks.get(currency),
            ways.reference(account, [one.invoice for one in members if not one.paid]),
        )
        for currency, members in found.items()
    ]


def paper(rt: Runtime, session: Session, target: LinkTarget, uid: str) -> Invoice | None:
    """The invoice of that uid, when it is one that this link's page shows."""
    account = session.get_one(Account, target.account_id)
    found = session.scalars(select(Invoice).where(Invoice.uid == uid, Invoice.account_id == account.id)).first()
    return found if found is not None and owes(found) and _sight(rt, session, target).of(found) else None


def charge(rt: Runtime, session: Session, target: LinkTarget, uid: str) -> Charge | None:
    """The charge of that uid with its invoice, when the customer can see it behind this link."""
    mine = Charge.uid == uid, Charge.account_id == target.account_id, Charge.state != charged.WAIVED
    found = session.scalars(select(Charge).where(*mine).options(joinedload(Charge.invoice))).first()
    return found if found is not None and _sight(rt, session, target).of(found.invoice) else None


def paid_here(rt: Runtime, session: Session, target: LinkTarget, uid: str) -> Attempt | None:
    """The payment of that uid, when this link's page shows it."""
    mine = _sight(rt, session, target)
    attempts = queries.attempts(session, target.account_id)
    return next(
        (
            one
            for one in attempts
            if one.uid == uid and one.state == "paid" and (mine.everything or one.link == target.said)
        ),
        None,
    )


def _sight(rt: Runtime, session: Session, target: LinkTarget) -> Sight:
    return links.sight(rt, session, target, session.get_one(Account, target.account_id))
