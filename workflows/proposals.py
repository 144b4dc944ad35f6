"""Arrangements that customers propose: within what the company allows they run at once, beyond it a person answers.

What was asked for is worked out anew when they agree, never taken from the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from core import instalments
from core.instalments import Every
from core.money import Money
from models import Account, Arrangement, Company, Dispute, Invoice
from workflows import arrangements, audit, decided, passing_on, planner
from workflows.answers import answer_by, open_invoices
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.following import STANDING, coming, fit, in_order, left_of, whole, worth
from workflows.owed import is_owed, on_its_way, owes
from workflows.runtime import Runtime

LEAST_PARTS = 2
LEAST_PART = 500  # minor units of any currency: five pounds, five hundred yen
MOST_REFUSALS = 2
_WRITE = "Let us find a way together: please reply to our e-mail, and a person will answer you."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asks for: so many parts of these invoices (uids), so far apart, from `first` on."""

    invoices: tuple[str, ...]
    count: int
    every: Every
    first: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """What would be agreed on. With `answer_by` a person has to agree, by that day."""

    invoices: Sequence[Invoice]
    total: Money
    parts: instalments.Parts
    answer_by: date | None


def intervals(company: Company) -> tuple[Every, ...]:
    """How far apart parts may be here, the closest first."""
    return tuple(one for one in Every if one.value in company.intervals)


def first_until(today: date, every: Every) -> date:
    """The last day on which the first part may be: as far away as the parts are from each other."""
    return instalments.day_of(today, 1, every)


def offered(session: Session, account_id: int, sees: Callable[[Invoice], bool]) -> list[Invoice]:
    """The open invoices that its readers see and may propose parts for: none of an arrangement, none that is being paid
    or that something is wrong with.
    """
    found = session.scalars(
        select(Invoice).where(Invoice.account_id == account_id, is_owed()).order_by(Invoice.due, Invoice.id)
    )
    free = [one for one in found if sees(one)]
    taken = _taken(session, free)
    return [one for one in free if one.id not in taken]


def _taken(session: Session, invoices: Sequence[Invoice]) -> frozenset[int]:
    ids = [one.id for one in invoices]
    standing = select(Arrangement).where(Arrangement.state.in_(STANDING), Arrangement.invoices.any(Invoice.id.in_(ids)))
    arranged = session.scalars(standing.options(selectinload(Arrangement.invoices)))
    wrong = session.scalars(select(Dispute.invoice_id).where(Dispute.invoice_id.in_(ids), Dispute.state == "open"))
    return frozenset({one.id for plan in arranged for one in plan.invoices}.union(on_its_way(session, ids), wrong))


def schedule(rt: Runtime, session: Session, account_id: int, wish: Wish) -> Schedule:
    """Every day and amount of what they ask for. Refusal, with what to do, for what nobody would agree to."""
    invoices = open_invoices(session, account_id, wish.invoices)
    company = session.get_one(Company, invoices[0].company_id)
    arrangements.refuse_another(session, invoices)
    if _taken(session, invoices):
        raise Refusal("One of these invoices is being paid or looked into; please leave it out.")
    if _refused_before(session, invoices) >= MOST_REFUSALS:
        raise Refusal(_WRITE)
    today, total = today_of(company, rt.clock.now()), arrangements.total_of(invoices)
    parts = _parts(company, today, total, wish)
    return Schedule(
        invoices, total, parts, None if _alone(session, company, invoices, total) else answer_by(rt, company)
    )


def _parts(company: Company, today: date, total: Money, wish: Wish) -> instalments.Parts:
    if wish.every not in intervals(company):
        raise Refusal("Please choose how far apart the parts are.")
    if wish.count < LEAST_PARTS:
        raise Refusal("Please choose at least two parts.")
    if not today <= wish.first <= first_until(today, wish.every):
        raise Refusal("Please choose a first day from today on, at most one such step away.")
    parts = arrangements.within(
        company, today, total, wish.count, wish.first, wish.every, deposit=company.least_deposit
    )
    if min(amount.minor for _, amount in parts) < LEAST_PART:
        raise Refusal("The parts would be very small. Please choose fewer of them.")
    return parts


def _alone(session: Session, company: Company, invoices: Sequence[Invoice], total: Money) -> bool:
    """Whether the company lets them agree on it without a person: together with all that is arranged already, and only
    who has kept what was arranged before.
    """
    if company.arrange_up_to_minor is None or total.currency != company.currency:
        return False
    theirs = Arrangement.account_id == invoices[0].account_id
    over = select(func.count(Arrangement.id)).where(theirs, Arrangement.state.in_(("broken", "ended")))
    if session.scalar(over) or _refused_before(session, invoices):
        return False
    running = session.scalars(whole().where(theirs, Arrangement.state.in_(STANDING))).all()
    arranged = sum(left_of(one) for one in running if one.currency == total.currency)
    return total.minor + arranged <= company.arrange_up_to_minor


def _refused_before(session: Session, invoices: Sequence[Invoice]) -> int:
    about = Arrangement.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    return session.scalar(select(func.count(Arrangement.id)).where(Arrangement.state == "refused", about)) or 0


def agree(rt: Runtime, account_id: int, wish: Wish, agreed: str, link: str) -> Arrangement:
    """The customer agrees to the words they saw, through `link`: it runs at once or waits for a person.

    Refusal as for `schedule`, also when somebody has agreed on parts of one of these invoices meanwhile.
    """
    with rt.store.write() as session:
        session.get_one(Account, account_id, with_for_update={"key_share": True})
        asked = schedule(rt, session, account_id, wish)
        note = f"Agreed to on the customer's page, with the link {link}."
        made = arrangements.keep(
            rt, session, asked.invoices, asked.parts, note=note, agreed=agreed, answer_by=asked.answer_by
        )
        passing_on.say(rt, session, account_id, "parts", made.uid)
        return made


# What a person answers


def accept(rt: Runtime, uid: str, user_id: int, words: str = "", other: Wish | None = None) -> None:
    """A person agrees to what was proposed, or to `other` parts of the same invoices; the customer is told."""
    with rt.store.write() as session:
        found, company = _proposed(session, uid)
        invoices = [one for one in found.invoices if owes(one)]
        if not invoices:
            raise Refusal("Nothing of it is open any more.")
        if other is not None:
            _change(rt, session, found, company, invoices, other)
        fit(found)
        parts = [(one.day, Money(one.missing, found.currency)) for one in coming(found) if one.missing]
        if parts[0][0] < today_of(company, rt.clock.now()):
            raise Refusal("The first day has gone by. Please choose other parts with them.")
        _decide(rt, session, found, company, "running", user_id, words)
        arrangements.answers_all(rt, session, invoices)
        decided.want(rt, session, "arrangement-agreed", found, invoices, found.answer, parts=parts)


def decline(rt: Runtime, uid: str, user_id: int, words: str) -> None:
    """A person does not agree, for a reason that the customer is told."""
    with rt.store.write() as session:
        found, company = _proposed(session, uid)
        _decide(rt, session, found, company, "refused", user_id, words)
        decided.want(rt, session, "arrangement-declined", found, found.invoices, found.answer)


def _proposed(session: Session, uid: str) -> tuple[Arrangement, Company]:
    locked = whole().where(Arrangement.uid == uid).with_for_update(of=Arrangement)
    found = session.scalars(locked).one()
    if found.state != "proposed":
        raise Refusal("Somebody has already answered this.")
    return found, session.get_one(Company, found.company_id)


def _change(
    rt: Runtime, session: Session, found: Arrangement, company: Company, invoices: Sequence[Invoice], other: Wish
) -> None:
    """Other parts, as they were talked about with the customer."""
    total, today = arrangements.total_of(invoices), today_of(company, rt.clock.now())
    parts = arrangements.within(company, today, total, other.count, other.first, other.every)
    arrangements.check(parts, total, today)
    for row in in_order(found):
        session.delete(row)
    session.flush()
    found.parts = arrangements.rows(rt, parts, total)
    found.total_minor, found.invoices = worth(invoices), list(invoices)


def _decide(
    rt: Runtime, session: Session, found: Arrangement, company: Company, state: str, user_id: int, words: str
) -> None:
    needed = "Please tell them in a few words why, and what would be possible." if state == "refused" else ""
    found.answer = decided.checked(rt, session, company, found.account_id, words, needed)
    found.state, found.by_user_id = state, user_id
    if state == "refused":
        found.ended_at = rt.clock.now()
    audit.record(rt, session, f"proposal-{state}", company.id, found.account_id, found.uid, user=user_id)
    planner.wake_owners(rt, session, [one.id for one in found.invoices], found.account_id)
