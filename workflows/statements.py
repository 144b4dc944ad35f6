"""The statement of one account, put together from the mirror; as a PDF, and as a file that goes along with a mail.

Reads rows and asks no ledger; what counts how is decided in `core.account_statement`, and worded in
`statement_words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import account_statement as core
from core.account_statement import Books, Outstanding, Statement, usual_start
from core.because import Cause
from core.cadence import Reason
from core.facts import Hold, InvoiceStatus
from core.money import Money
from integrations.channels.base import Attachment
from models import Account, Attempt, AttemptLine, Company, Credit, Invoice, Payment
from workflows import billing, links, owing, statement_words, typesetting
from workflows.agreed import agreed_due
from workflows.calendars import calendar_of, today_of
from workflows.errors import Refusal
from workflows.links import LinkTarget
from workflows.owed import ON_ITS_WAY, owes
from workflows.rows import among
from workflows.runtime import Runtime
from workflows.standing import Standing, standing

# Voided invoices, deleted ones and drafts never counted for the customer.
_COUNTED = (InvoiceStatus.OPEN.value, InvoiceStatus.PAID.value, InvoiceStatus.UNKNOWN.value)
_RECEIVED = frozenset({"overpayment", "prepayment", "unapplied payment"})
# What may stand beside an invoice, the weightiest first: they told us so, or we agreed on it.
BESIDE = (
    Cause.IN_FLIGHT,
    Cause.DISPUTE,
    Cause.PAID_ALREADY,
    Cause.ARRANGEMENT,
    Cause.PROMISE,
    Cause.EXTENSION,
)


def statement_of(
    rt: Runtime, session: Session, account_id: int, today: date, since: date | None = None, until: date | None = None
) -> Statement:
    """What moved on the account from `since` (the first of the month three months back) to `until` (`today`, the
    company's local date), and what is open now. Refusal where these days are no period.
    """
    since = since or usual_start(today)
    if until is not None and until > today:
        raise Refusal("The last day of a statement can be today at the latest.")
    if since > (until or today):
        raise Refusal("The first day of a statement cannot be after its last.")
    row = session.get_one(Account, account_id)
    company = session.get_one(Company, row.company_id)
    return core.statement(_books(rt, session, row, company), today, since, until, company.currency)


def open_invoices(
    rt: Runtime, session: Session, account_id: int, today: date, target: LinkTarget
) -> tuple[Outstanding, ...]:
    """What of the open invoices those readers of a link may see who do not see the whole account."""
    row = session.get_one(Account, account_id)
    company = session.get_one(Company, row.company_id)
    seen = links.sight(rt, session, target, row)
    rows = [one for one in _invoices(session, row) if seen.of(one)]
    return core.outstanding(_known(session, row, company, rows, rt.clock.now()), today, company.currency)


def unreadable(session: Session, account_id: int) -> bool:
    """Whether the ledger holds a payment or credit of the account that could not be read."""
    row = session.get_one(Account, account_id)
    return row.id in owing.unreadable(session, row.company_id, [row])


def pdf(
    rt: Runtime,
    account_id: int,
    since: date | None = None,
    until: date | None = None,
    target: LinkTarget | None = None,
) -> bytes:
    """The statement as a paper in the customer's language, with the link to their page. Reads a session of its own.

    With the `target` of a link it shows what its readers may see, and leads to that same link. Refusal as in
    `statement_of`.
    """
    with rt.store.read() as session:
        words = written(rt, session, account_id, since, until, target)
    return typesetting.pdf("statement", words)


def written(
    rt: Runtime,
    session: Session,
    account_id: int,
    since: date | None = None,
    until: date | None = None,
    target: LinkTarget | None = None,
) -> statement_words.Written:
    """The same in words, for a page; Refusal as in `statement_of`."""
    row = session.get_one(Account, account_id)
    company = session.get_one(Company, row.company_id)
    today = today_of(company, rt.clock.now())
    if target is not None and not links.sight(rt, session, target, row).everything:
        page = links.url_again(rt, target.said)
        shown = open_invoices(rt, session, account_id, today, target)
        return statement_words.of_open_invoices(shown, row, company, page, today)
    usual = row.instead or row.emails
    page = links.url_again(rt, target.said) if target else links.url(rt, row, usual) if usual else ""
    found = statement_of(rt, session, account_id, today, since, until)
    return statement_words.of_statement(found, row, company, page, unreadable(session, account_id))


def attachment(rt: Runtime, account_id: int) -> Attachment:
    """The whole account's statement as a file for a mail to the account's own addresses."""
    with rt.store.read() as session:
        company = session.get_one(Company, session.get_one(Account, account_id).company_id)
    today = today_of(company, rt.clock.now())
    return Attachment(file_name(today), "application/pdf", pdf(rt, account_id))


def file_name(day: date) -> str:
    return f"statement-{day.isoformat()}.pdf"


def _books(rt: Runtime, session: Session, row: Account, company: Company) -> Books:
    invoices = _invoices(session, row)
    payments, credits = _money(session, row, {one.external_id for one in invoices})
    named = {id for one in payments for id, _ in one.applied} - {one.external_id for one in invoices}
    elsewhere = session.scalars(
        select(Invoice.external_id).where(
            Invoice.company_id == row.company_id,
            among(session, Invoice.external_id, named),
            Invoice.account_id != row.id,
        )
    )
    return Books(
        _known(session, row, company, invoices, rt.clock.now()),
        [core.Payment(one.external_id, one.paid_on, _minor(one.amount_minor, one), _applied(one)) for one in payments],
        [_credit(one) for one in credits],
        frozenset(elsewhere),
        _on_its_way(session, row.id),
    )


def _invoices(session: Session, row: Account) -> Sequence[Invoice]:
    return session.scalars(
        select(Invoice).where(Invoice.account_id == row.id, Invoice.gone_at.is_(None), Invoice.status.in_(_COUNTED))
    ).all()


def _money(session: Session, row: Account, ours: set[str]) -> tuple[list[Payment], list[Credit]]:
    """Payments and credits of everyone this account is billed for, and payments that name nobody but its invoices.

    Who is billed through another account has no statement of its own: its money counts there.
    """
    payers = billing.Payers(session, row.company_id)
    payers.fetch([row.external_id])
    if payers.of(row.external_id) != row.id:
        return [], []
    family = billing.family(row.company_id, [row.external_id])
    payments = session.scalars(
        select(Payment)
        .where(
            Payment.company_id == row.company_id,
            Payment.customer.in_(family) | (Payment.customer == ""),
            Payment.gone_at.is_(None),
        )
        .order_by(Payment.id)
    )
    credits = session.scalars(
        select(Credit)
        .where(Credit.company_id == row.company_id, Credit.customer.in_(family), Credit.gone_at.is_(None))
        .order_by(Credit.id)
    )
    return [one for one in payments if one.customer or ours & {id for id, _ in one.applied}], list(credits)


def _minor(minor: int, row: Payment | Credit) -> Money:
    return Money(minor, row.currency)


def _applied(row: Payment | Credit) -> core.Applied:
    return tuple((id, Money(minor, row.currency)) for id, minor in row.applied)


def _credit(row: Credit) -> core.Credit:
    left = Money(max(0, row.remaining_minor), row.currency)
    return core.Credit(row.external_id, row.number, row.issued, left, _applied(row), row.kind in _RECEIVED)


def _known(
    session: Session, row: Account, company: Company, rows: Iterable[Invoice], now: datetime
) -> list[core.Invoice]:
    """The invoices with what stands beside them: the first of what was told or agreed, and its day."""
    today, invoices = today_of(company, now), list(rows)
    stands = standing(session, [row.id], [one.id for one in invoices if owes(one)], calendar_of(company, now), now)
    return [
        core.Invoice(
            one.external_id,
            one.number,
            one.issued,
            agreed_due(one.due, stands.agreed.get(one.id)),
            one.total,
            _left(one),
            one.status == InvoiceStatus.UNKNOWN.value,
            _note(stands, one.id, today),
        )
        for one in invoices
    ]


def _left(one: Invoice) -> Money:
    """What the ledger says is open, where it is sure that it is owed."""
    return one.balance if owes(one) else Money.zero(one.currency)


def _note(stands: Standing, invoice: int, today: date) -> tuple[Cause, date | None] | None:
    """What stands beside an invoice: the first of what was told or agreed. A payment page that is open pays nothing."""
    found = {hold.cause: _day(hold, today) for hold in stands.holds.get(invoice, ()) if _counts(hold, today)}
    if invoice in stands.instalments:
        found[Cause.ARRANGEMENT] = None
    told = stands.told.get(invoice)
    if told is not None and told.reason is Reason.PAID_ALREADY:
        found[Cause.PAID_ALREADY] = told.day
    return next(((cause, found[cause]) for cause in BESIDE if cause in found), None)


def _counts(hold: Hold, today: date) -> bool:
    return hold.until is None or (hold.until > today and hold.cause is not Cause.IN_FLIGHT)


def _day(hold: Hold, today: date) -> date | None:
    """The day that was named or by which we answer, while it is to come; else the last one of the hold."""
    named = dict(hold.detail)
    if named.get("answer_by", "9999-12-31") < today.isoformat():
        return None
    if day := named.get("day", named.get("answer_by")):
        return date.fromisoformat(day)
    return hold.until - timedelta(days=1) if hold.until else None


def _on_its_way(session: Session, account_id: int) -> list[Money]:
    """Paid on the customer's page, and not seen in the ledger yet."""
    lines = session.scalars(
        select(AttemptLine)
        .join(Attempt)
        .where(
            Attempt.account_id == account_id, Attempt.state.in_(("pending", "paid")), AttemptLine.state.in_(ON_ITS_WAY)
        )
    )
    return [line.amount for line in lines]
