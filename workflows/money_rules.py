"""A company's rules for prompt and late payment, and for what its processors keep back: asked for, checked, kept.

Everything is off until somebody switches it on. What follows from them is in `rewards`, `loyalty`, `charges` and
`payouts`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.ledgers.base import Feature
from models import Company, MoneyRules
from workflows import audit, permissions, rates, terms
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.grants import allows
from workflows.runtime import Runtime

MOST_POINTS = 2_000  # a fifth: more is a slip of the finger
MOST_YEARLY = 3_000
LONGEST_EARLY, MOST_LOYAL = 120, 100
LONGEST_GRACE, SHORTEST_NOTICE, LONGEST_NOTICE = 365, 7, 90
EXPENSE = "expense"
STATUTORY, CONTRACT = "statutory", "contract"
SHOW, DRAFT, INVOICE = "show", "draft", "invoice"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rules as somebody wants them; the fields are those of the row, all off by default."""

    early_points: int = 0
    early_days: int = 0
    from_terms: bool = False
    loyal_points: int = 0
    loyal_after: int = 0
    late: str = ""
    late_points: int = 0
    late_sum_minor: int = 0
    late_segment: str = ""
    grace_days: int = 14
    notice_days: int = 14
    late_booking: str = SHOW
    late_income: str = ""
    payout_fees: str = ""
    payout_expense: str = ""

    @property
    def rewards(self) -> bool:
        return bool(self.early_points or self.from_terms or self.loyal_points)


def of(session: Session, company_id: int) -> Wanted:
    """The rules in force."""
    row = session.scalars(select(MoneyRules).where(MoneyRules.company_id == company_id)).first()
    if row is None:
        return Wanted()
    return Wanted(**{name: getattr(row, name) for name in Wanted.__dataclass_fields__})


def keep(rt: Runtime, company_id: int, wanted: Wanted, user_id: int) -> None:
    """From now on these rules are in force; what was offered or shown before stands. Refusal where one cannot be."""
    missing = [feature for feature in _needs(wanted) if not allows(rt, company_id, feature)]
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        for feature in missing:
            raise Refusal(permissions.missing(rt.ledgers[company.ledger_kind], feature))
        _check(company, wanted)
        if wanted.late:
            _check_late(rt, session, company, wanted)
        before = of(session, company_id)
        row = session.scalars(select(MoneyRules).where(MoneyRules.company_id == company_id)).first()
        if row is None:
            row = MoneyRules(company_id=company_id, changed_at=rt.clock.now())
            session.add(row)
        for name, value in asdict(wanted).items():
            setattr(row, name, value)
        row.changed_at = rt.clock.now()
        today = today_of(company, rt.clock.now())
        row.loyal_since = (row.loyal_since or today) if wanted.loyal_points else None
        row.fees_since = (row.fees_since or today) if wanted.payout_fees else None
        changed = {
            name: [str(old), str(asdict(wanted)[name])]
            for name, old in asdict(before).items()
            if old != asdict(wanted)[name]
        }
        audit.record(rt, session, "money-rules-changed", company_id, None, company.uid, user=user_id, changed=changed)


def _needs(wanted: Wanted) -> list[Feature]:
    found = [Feature.EXPENSES] if wanted.payout_fees else []
    return found + ([Feature.INVOICES] if wanted.late and wanted.late_booking != SHOW else [])


def _check_late(rt: Runtime, session: Session, company: Company, wanted: Wanted) -> None:
    terms.required(session, company.id, None, today_of(company, rt.clock.now()))
    if wanted.late == STATUTORY:
        rates.terms_of(rt, company.country)
    elif wanted.late != CONTRACT:
        raise Refusal("Please choose by what right something is charged for lateness.")
    elif not (0 <= wanted.late_points <= MOST_YEARLY and (wanted.late_points or wanted.late_sum_minor > 0)):
        raise Refusal("A contract names a yearly rate from 0.01 to 30 percent, a fixed sum, or both.")
    if not (0 <= wanted.grace_days <= LONGEST_GRACE and SHORTEST_NOTICE <= wanted.notice_days <= LONGEST_NOTICE):
        raise Refusal(f"Wait up to {LONGEST_GRACE} days, and give {SHORTEST_NOTICE} to {LONGEST_NOTICE} days' notice.")
    if wanted.late_booking not in (SHOW, INVOICE, *([DRAFT] if rt.ledgers[company.ledger_kind].drafts else [])):
        raise Refusal("Please choose how it is booked.")
    if wanted.late_booking != SHOW and not wanted.late_income:
        raise Refusal("Please choose what such invoices are booked on.")


def _check(company: Company, wanted: Wanted) -> None:
    if wanted.payout_fees not in ("", EXPENSE):
        raise Refusal("Please choose whether what a processor keeps back is booked as an expense.")
    if wanted.payout_fees and not (wanted.payout_expense and company.deposit_account):
        raise Refusal("Please choose the account for the processors' fees, and the one that payments are booked to.")
    _check_rewards(company, wanted)


def _check_rewards(company: Company, wanted: Wanted) -> None:
    points = (wanted.early_points, wanted.loyal_points)
    if not all(0 <= one <= MOST_POINTS for one in points):
        raise Refusal("A discount or credit can be from 0.01 to 20 percent.")
    if bool(wanted.early_points) != bool(wanted.early_days) or not 0 <= wanted.early_days <= LONGEST_EARLY:
        raise Refusal(f"A discount needs both a percentage and a number of days, from 1 to {LONGEST_EARLY}.")
    if bool(wanted.loyal_points) != bool(wanted.loyal_after) or not 0 <= wanted.loyal_after <= MOST_LOYAL:
        raise Refusal(f"A thank-you credit needs a percentage and after how many invoices, from 1 to {MOST_LOYAL}.")
    if wanted.rewards and not company.income_choice:
        raise Refusal("Choose first what credit notes are booked on: in the company's settings, under credit notes.")
