"""Interest and costs for late payment: shown first, left out where the invoice is paid soon, and asked for by a person
alone.

Nothing is shown while anything stands against speaking about the invoice, and nothing is charged twice: an invoice has
one charge at the most, and one that came of a charge has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from core.cadence import Channel
from core.facts import InvoiceStatus
from core.interest import Interest, Terms
from models import Account, Charge, Company, EffectState, Invoice, MoneyRules, Posting, Touch, TouchInvoice
from workflows import audit, charged, late_sums, money_rules, notices, orders, owing, rewards, standing, terms
from workflows.agreed import agreed_days, agreed_due
from workflows.calendars import calendar_of, today_of
from workflows.charged import ASKED, BOOKED, SHOWN, WAIVED
from workflows.errors import Refusal
from workflows.figures import language_of
from workflows.money_rules import DRAFT, SHOW, Wanted
from workflows.owed import is_owed, owes
from workflows.pending import Kind
from workflows.runtime import Runtime
from workflows.templating import compiled, table_of
from workflows.told import Topic

log = structlog.get_logger()
PAID_IN_TIME = "Paid in time after it was shown."
TAKEN_BACK = "The ledger does not have the invoice any more."
SWITCHED_OFF = "The company charges nothing for lateness any more."
_OFF = (InvoiceStatus.VOIDED.value, InvoiceStatus.DELETED.value)


# Every night


def show_all(rt: Runtime) -> int:
    """Work out anew what is shown, and show what is new; how many are new."""
    shown = select(Charge.company_id).where(Charge.state == SHOWN)
    with rt.store.read() as session:
        found = session.scalars(select(MoneyRules.company_id).where(MoneyRules.late != "").union(shown)).all()
    return sum(_night(rt, company_id) for company_id in sorted(found))


def _night(rt: Runtime, company_id: int) -> int:
    with rt.store.write() as session:
        company = session.get_one(Company, company_id, with_for_update={"key_share": True})
        rules, today = money_rules.of(session, company_id), today_of(company, rt.clock.now())
        if not rules.late:
            for charge in _shown(session, company_id):
                _leave_out(rt, session, charge, SWITCHED_OFF)
            return 0
        try:
            night = _Night(rt, session, company, rules, today, late_sums.terms_of(rt, company, rules))
            night.refresh()
            return night.show()
        except Refusal as refusal:
            log.warning("lateness could not be worked out", company=company.uid)
            key = f"charges/{company.uid}/{today:%Y-%m}"
            subject = f"{company.name}: what lateness comes to cannot be worked out"
            page, why = _page(company), str(refusal)
            notices.want(rt, session, company.practice_id, company_id, key, subject, why, page, topic=Topic.MONEY)
            return 0


def _page(company: Company) -> str:
    return f"/companies/{company.uid}/charges"


def _shown(session: Session, company_id: int) -> Sequence[Charge]:
    wanted = select(Charge).where(Charge.company_id == company_id, Charge.state == SHOWN)
    return session.scalars(wanted.options(joinedload(Charge.invoice)).order_by(Charge.id)).all()


class _Night:
    """One company's charges as they stand today, worked out from the same reading of its payments."""

    def __init__(
        self, rt: Runtime, session: Session, company: Company, rules: Wanted, today: date, terms: Terms
    ) -> None:
        self.rt, self.session, self.company, self.rules = rt, session, company, rules
        self.today, self.terms = today, terms
        self.applied = owing.applied(session, company.id)

    def interest(self, invoice: Invoice, due: date) -> Interest | None:
        """Up to yesterday: today may still bring the money."""
        return late_sums.interest_of(invoice, due, self.today - timedelta(days=1), self.applied, self.terms)

    def refresh(self) -> None:
        charges = _shown(self.session, self.company.id)
        agreed = agreed_days(self.session, [one.invoice_id for one in charges])
        for charge in charges:
            ended = _ended(self.session, self.company, charge)
            due = agreed_due(charge.invoice.due, agreed.get(charge.invoice_id))
            if ended or due is None:
                _leave_out(self.rt, self.session, charge, ended or TAKEN_BACK)
            else:
                self.work_out(charge, due)

    def work_out(self, charge: Charge, due: date) -> None:
        """As of today, where it can be told. Until the customer has heard of it, its last day moves along."""
        found = self.interest(charge.invoice, due)
        if found is None:
            return
        charge.until = found.lines[-1].last if found.lines else due
        charge.interest_minor, charge.lines = found.total.minor, late_sums.packed(found.lines)
        charge.sum_minor = late_sums.fixed_sum(found, self.company, self.rules).minor
        charge.note = found.note
        if not told(self.session, charge):
            charge.asked_from = self.today + timedelta(days=self.rules.notice_days)

    def show(self) -> int:
        count = 0
        for invoice, due in self._late():
            charge = Charge(
                uid=self.rt.new_id(),
                company_id=self.company.id,
                account_id=invoice.account_id,
                invoice_id=invoice.id,
                invoice=invoice,
                rule=self.rules.late,
                currency=invoice.currency,
                interest_minor=0,
                sum_minor=0,
                shown_at=self.rt.clock.now(),
            )
            self.work_out(charge, due)
            if charge.amount.minor > 0:
                self.session.add(charge)
                _note(self.rt, self.session, "charge-shown", charge, amount=str(charge.amount))
                count += 1
        return count

    def _late(self) -> Iterator[tuple[Invoice, date]]:
        """Invoices late enough that have no charge yet, and against which nothing stands; each with its due day."""
        session, last = self.session, self.today - timedelta(days=self.rules.grace_days)
        candidates = select(Invoice).join(Account, Account.id == Invoice.account_id)
        found = session.scalars(
            candidates.where(
                Invoice.company_id == self.company.id,
                is_owed(),
                Invoice.due <= last,
                Account.care.is_(False),
                Account.erased_at.is_(None),
                *([Account.segment == self.rules.late_segment] if self.rules.late_segment else []),
                ~exists().where(Charge.invoice_id == Invoice.id),
                ~charged.came_of_one(self.company.id),
            ).order_by(Invoice.id)
        ).all()
        agreed = agreed_days(session, [one.id for one in found])
        against = _against(self.rt, session, self.company, found)
        for one in found:
            due = agreed_due(one.due, agreed.get(one.id))
            if due is not None and due <= last and not against[one.id] and _has_terms(session, one, self.today):
                yield one, due


def _has_terms(session: Session, invoice: Invoice, today: date) -> bool:
    return terms.in_force(session, invoice.company_id, invoice.account_id, today) is not None


def _against(rt: Runtime, session: Session, company: Company, invoices: Sequence[Invoice]) -> Mapping[int, bool]:
    """By invoice id: whether a promise, a dispute, an arrangement, hardship or a person stands against it now."""
    accounts = {one.account_id for one in invoices}
    ids = [one.id for one in invoices]
    now = rt.clock.now()
    found = standing.standing(session, accounts, ids, calendar_of(company, now), now)
    return {
        one.id: bool(found.holds.get(one.id) or found.accounts.get(one.account_id) or one.id in found.told)
        for one in invoices
    }


def told(session: Session, charge: Charge) -> bool:
    """Whether an e-mail about its invoice has left since it is shown: it says what has come to it, and until when that
    is left out. Of a call or a letter nobody knows what was said of it.
    """
    if charge.id is None:
        return False
    mailed = Touch.channel == Channel.EMAIL.value, Touch.state == EffectState.SENT.value
    sent = *mailed, Touch.sent_at >= charge.shown_at
    left = select(TouchInvoice.id).join(Touch).where(TouchInvoice.invoice_id == charge.invoice_id, *sent)
    return session.scalars(left.limit(1)).first() is not None


def _ended(session: Session, company: Company, charge: Charge) -> str:
    """Why nothing is asked for any more; "" where something may be."""
    invoice = charge.invoice
    if invoice.status in _OFF or invoice.gone_at is not None:
        return TAKEN_BACK
    if owes(invoice):
        return ""
    paid = rewards.last_payment(session, company, session.get_one(Account, charge.account_id), invoice)
    in_time = paid is None or paid <= charge.asked_from or not told(session, charge)
    return PAID_IN_TIME if in_time else ""


# After a reading of the ledger


def see(rt: Runtime, session: Session, company_id: int) -> None:
    """What became of those that are being booked."""
    asked = select(Charge).where(Charge.company_id == company_id, Charge.state == ASKED)
    for charge in session.scalars(asked.order_by(Charge.id)).all():
        posting = session.get_one(Posting, charge.posting_id)
        if posting.state == "written":
            charge.state, charge.ledger_invoice = BOOKED, posting.external_id
            _note(rt, session, "charge-booked", charge, id=posting.external_id)
        elif posting.state == "void":
            charge.state, charge.note = SHOWN, posting.note


# What a person decides


def ask(rt: Runtime, charge_id: int, user_id: int) -> None:
    """Have it written as the company chose. Refusal before its day, where something stands against it, or without
    terms.
    """
    with rt.store.write() as session:
        charge, company = _locked(session, charge_id)
        rules, today = money_rules.of(session, charge.company_id), today_of(company, rt.clock.now())
        _may_ask(rt, session, charge, company, rules, today)
        row = session.get_one(Account, charge.account_id)
        words, _ = table_of(language_of(row, company), "ledger")
        posting = orders.want(
            rt,
            session,
            Kind.INVOICE,
            row,
            today,
            invoice=charge.invoice,
            amount=charge.amount,
            user_id=user_id,
            words=compiled(words["late"]).render(number=charge.invoice.number),
            income=rules.late_income,
            due=(today + timedelta(days=rules.notice_days)).isoformat(),
            about=charge.invoice.number,
            draft=rules.late_booking == DRAFT,
        )
        charge.state, charge.posting_id = ASKED, posting.id
        charge.decided_by_id, charge.decided_at = user_id, rt.clock.now()
        _note(rt, session, "charge-asked", charge, user=user_id, amount=str(charge.amount))


def _locked(session: Session, charge_id: int) -> tuple[Charge, Company]:
    charge = session.get_one(Charge, charge_id, options=[joinedload(Charge.invoice)])
    company = session.get_one(Company, charge.company_id, with_for_update={"key_share": True})
    session.refresh(charge, ["state"])
    if charge.state != SHOWN:
        raise Refusal("This was decided about already.")
    return charge, company


def _may_ask(rt: Runtime, session: Session, charge: Charge, company: Company, rules: Wanted, today: date) -> None:
    if not rules.late or rules.late_booking == SHOW:
        raise Refusal("Choose on the page Prompt and late payment how it is booked; until then it is only shown.")
    if not told(session, charge):
        raise Refusal("The customer has not been told of it yet: the next message about the invoice says so.")
    if today <= charge.asked_from:
        raise Refusal(f"The customer was told that it is left out until {charge.asked_from}; wait for that day to end.")
    if owes(charge.invoice) and _against(rt, session, company, [charge.invoice])[charge.invoice_id]:
        raise Refusal("Something stands against it on the customer's page. Settle that first, or leave the charge out.")
    terms.required(session, company.id, charge.account_id, today)


def waive(rt: Runtime, charge_id: int, user_id: int) -> None:
    """It is left out, for good."""
    with rt.store.write() as session:
        charge, _ = _locked(session, charge_id)
        charge.decided_by_id, charge.decided_at = user_id, rt.clock.now()
        _leave_out(rt, session, charge, "A person left it out.", user_id)


def _leave_out(rt: Runtime, session: Session, charge: Charge, why: str, user_id: int | None = None) -> None:
    charge.state, charge.note = WAIVED, why
    _note(rt, session, "charge-waived", charge, amount=str(charge.amount), why=why, user=user_id)


def _note(rt: Runtime, session: Session, fact: str, charge: Charge, **said: object) -> None:
    audit.record(rt, session, fact, charge.company_id, charge.account_id, charge.uid, **said)


# For its page


def one(session: Session, charge_id: int) -> Charge:
    """With its invoice, the invoice's account and its company."""
    whole = joinedload(Charge.invoice).joinedload(Invoice.account).joinedload(Account.company)
    return session.get_one(Charge, charge_id, options=[whole], populate_existing=True)


def of_company(session: Session, company_id: int) -> Sequence[Charge]:
    """The latest of a company's charges, with their invoices and accounts; what is shown first."""
    wanted = select(Charge).where(Charge.company_id == company_id)
    order = wanted.options(joinedload(Charge.invoice).joinedload(Invoice.account))
    return session.scalars(order.order_by(Charge.state != SHOWN, Charge.id.desc()).limit(_MOST)).all()


_MOST = 200
