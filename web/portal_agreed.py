"""What was agreed with a customer, for their page: parts that run or were proposed, and more time. Read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from core.money import Money
from integrations.processors.base import MandateState, Method
from models import Account, Arrangement, Extension, Invoice, Mandate
from web.guards import runtime
from workflows import extensions, links, ways
from workflows.following import STANDING, coming, whole
from workflows.links import LinkTarget
from workflows.ways import Way

# Asked at every look at a customer's page, so it is made once.
_PLANS = (
    whole()
    .where(Arrangement.account_id == bindparam("account"), Arrangement.state.in_(STANDING))
    .order_by(Arrangement.id)
)


@dataclass(frozen=True, slots=True)
class Part:
    """`missing` is what of `amount` is not there yet; `more` is what came onto it since it was agreed to."""

    day: date
    amount: Money
    missing: Money
    late: bool
    more: Money


@dataclass(frozen=True, slots=True)
class Plan:
    """Parts that run, or with `answer_by` wait for a person. `next` is the part to pay, `ways` how it can be paid;
    whether the parts after it are `collected` from the payer's bank, or can be from now on (`can_keep`).
    """

    uid: str
    numbers: list[str]
    parts: list[Part]
    answer_by: date | None
    words: list[str]
    next: Part | None
    ways: tuple[Way, ...]
    can_keep: bool
    collected: bool


@dataclass(frozen=True, slots=True)
class Time:
    """More time until `day`; with `answer_by` a person has not answered yet."""

    numbers: list[str]
    day: date
    answer_by: date | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that its readers may see."""

    plans: list[Plan]
    times: list[Time]


def plans(session: Session, account_id: int) -> Sequence[Arrangement]:
    """The account's arrangements that run or were proposed."""
    return session.scalars(_PLANS, {"account": account_id}).all()


def of(
    session: Session, account: Account, plans: Sequence[Arrangement], sees: Callable[[Invoice], bool], today: date
) -> Agreed:
    """What those may see of it who see these invoices."""
    times = extensions.of_account(session, account.id)
    return Agreed(
        [_plan(session, one, today) for one in plans if all(map(sees, one.invoices))],
        [_time(one) for one in times if all(map(sees, one.invoices)) and _counts(one, today)],
    )


def own(session: Session, target: LinkTarget, uid: str) -> Arrangement | None:
    """A running arrangement of the link's account, when its readers see all of it."""
    account = session.get_one(Account, target.account_id)
    mine = Arrangement.account_id == account.id, Arrangement.uid == uid, Arrangement.state == "running"
    found = session.scalars(whole().where(*mine)).first()
    sees = links.sight(runtime(), session, target, account).of
    return found if found is not None and all(map(sees, found.invoices)) else None


def _plan(session: Session, plan: Arrangement, today: date) -> Plan:
    def money(minor: int) -> Money:
        return Money(minor, plan.currency)

    agreed_to = {row.day: row.amount_minor for row in plan.parts}
    parts = [
        Part(
            one.day,
            money(one.whole),
            money(one.missing),
            bool(one.missing) and one.day < today,
            money(max(one.whole - agreed_to[one.day], 0)),
        )
        for one in coming(plan)
    ]
    waits = plan.state == "proposed"
    following = None if waits else next((one for one in parts if one.missing), None)
    offered = ways.offered(runtime(), session, plan.company_id, plan.currency) if following else ()
    words = [one for one in plan.agreed.split("\n\n")[2:] if one]
    mandate = session.get(Mandate, plan.mandate_id) if plan.mandate_id else None
    collected = mandate is not None and mandate.state != MandateState.ENDED
    debit = any(way.method is Method.DEBIT and runtime().processors[way.kind].mandates for way in offered)
    return Plan(
        plan.uid,
        _numbers(plan.invoices),
        parts,
        plan.answer_by if waits else None,
        words,
        following,
        offered,
        can_keep=debit and not collected and sum(bool(one.missing) for one in parts) > 1,
        collected=collected and following is not None,
    )


def _time(one: Extension) -> Time:
    return Time(_numbers(one.invoices), one.day, one.answer_by if one.state == "asked" else None)


def _counts(one: Extension, today: date) -> bool:
    open_still = any(invoice.status == "open" for invoice in one.invoices)
    return open_still and (one.state == "asked" or one.day >= today)


def _numbers(invoices: list[Invoice]) -> list[str]:
    return sorted(one.number for one in invoices if one.number)
