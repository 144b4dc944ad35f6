"""What a company lets its customers agree on by themselves: parts, more time, and where an agreed day is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from core.instalments import Every
from integrations.ledgers.base import Feature
from models import Company
from workflows import audit, grants, ties
from workflows.errors import Refusal
from workflows.runtime import Runtime

_PLACES = {"expected": Feature.EXPECTED, "due": Feature.DATES}


@dataclass(frozen=True, slots=True)
class Limits:
    """As on `models.Company`, where each is explained."""

    most_parts: int
    most_days: int
    least_deposit: int
    intervals: tuple[str, ...]
    arrange_up_to_minor: int | None
    extend_days: int
    date_target: str


def change(rt: Runtime, company_id: int, wanted: Limits, user_id: int) -> None:
    """From now on; what is agreed already stays. Refusal, with what to do, for what makes no sense."""
    _check(wanted)
    with rt.store.write() as session:
        company = session.get_one(Company, company_id)
        if wanted.date_target and wanted.date_target not in places(rt, session, company):
            raise Refusal("The ledger has no place for such a day, or the permission does not cover it.")
        for name, value in asdict(wanted).items():
            setattr(company, name, list(value) if isinstance(value, tuple) else value)
        audit.record(rt, session, "limits-changed", company.id, subject=company.uid, user=user_id, **asdict(wanted))


def places(rt: Runtime, session: Session, company: Company) -> Collection[str]:
    """Where the company's ledger can keep an agreed day: of "expected" and "due"."""
    connection = ties.standing(session, company.id)
    if connection is None:
        return ()
    allowed = grants.allowed_by(rt, connection.grant)
    return tuple(name for name, feature in _PLACES.items() if feature in allowed)


def _check(wanted: Limits) -> None:
    if not (1 <= wanted.most_parts <= 36 and 1 <= wanted.most_days <= 1100):
        raise Refusal("Please give 1 to 36 parts, and 1 to 1,100 days.")
    if not 0 <= wanted.least_deposit <= 90:
        raise Refusal("Please give a first part of 0 to 90 percent.")
    if not wanted.intervals or set(wanted.intervals) - set(Every):
        raise Refusal("Please choose at least one distance between the parts.")
    if wanted.arrange_up_to_minor is not None and wanted.arrange_up_to_minor <= 0:
        raise Refusal("Please give a sum above zero, or none at all.")
    if not 0 <= wanted.extend_days <= 90:
        raise Refusal("Please give 0 to 90 days of more time.")
