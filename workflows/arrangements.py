"""Arrangements: agreed on by a person with the customer, followed part by part, kept or broken.

The ledger decides whether a part has come: the open sum of the invoices has come down to what was to be left. What a
customer may agree on alone is said in `workflows.proposals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import instalments
from core.cadence import Anchor, Reason
from core.instalments import Every
from core.money import Money
from models import Account, Arrangement, Company, Extension, InstalmentRow, Invoice, Promise, ToldRow
from workflows import audit, cadences, mirror, planner
from workflows.answers import open_invoices, withdraw
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.extensions import over
from workflows.following import STANDING, coming, fit, whole, worth
from workflows.owed import on_its_way
from workflows.reasons import overtake
from workflows.runtime import Runtime
from workflows.superseding import supersede

_ANSWERED = (Reason.SHORT_OF_CASH, Reason.REFUSES, Reason.FORGOT)
_ROOM = 4  # a weekend and a gap may lie before the last word
Parts = Sequence[tuple[date, Money]]


def arrange(
    rt: Runtime, account_id: int, invoice_uids: Sequence[str], parts: Parts, user_id: int | None = None, note: str = ""
) -> Arrangement:
    """Agree that these invoices are paid in `parts` (day, amount), which make up what is open on them today.

    Refusal when the days do not follow each other from today on, or the amounts do not make up the sum.
    """
    with rt.store.write() as session:
        invoices = open_invoices(session, account_id, invoice_uids)
        return keep(rt, session, invoices, parts, user_id=user_id, note=note)


def keep(
    rt: Runtime,
    session: Session,
    invoices: Sequence[Invoice],
    parts: Parts,
    *,
    user_id: int | None = None,
    note: str = "",
    agreed: str = "",
    answer_by: date | None = None,
) -> Arrangement:
    """The same within somebody's transaction. With `answer_by` it is only proposed: a person answers by that day."""
    now, total = rt.clock.now(), total_of(invoices)
    company = session.get_one(Company, invoices[0].company_id)
    account = session.get_one(Account, invoices[0].account_id, with_for_update={"key_share": True})
    check(parts, total, today_of(company, rt.clock.now()))
    refuse_another(session, invoices)
    made = Arrangement(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account.id,
        currency=total.currency,
        state="proposed" if answer_by else "running",
        until=parts[0][0] + _patience(session, company),
        note=note.strip()[:10_000],
        agreed=agreed[:10_000],
        answer_by=answer_by,
        total_minor=worth(invoices),
        by_user_id=user_id,
        made_at=now,
        invoices=list(invoices),
        parts=rows(rt, parts, total),
    )
    session.add(made)
    if answer_by is None:
        answers_all(rt, session, invoices)
    fact = "arrangement-proposed" if answer_by else "arranged"
    audit.record(rt, session, fact, company.id, account.id, made.uid, user=user_id, parts=len(parts), note=made.note)
    mirror.wake(session, [account.id], now)
    return made


def arrange_equally(
    rt: Runtime,
    account_id: int,
    invoice_uids: Sequence[str],
    count: int,
    first: date,
    every: Every,
    user_id: int,
    note: str = "",
) -> Arrangement:
    """The same in equal parts from `first` on. Refusal beyond what the company agrees to, too."""
    with rt.store.write() as session:
        return note_equal_parts(rt, session, account_id, invoice_uids, count, first, every, user_id, note)


def note_equal_parts(
    rt: Runtime,
    session: Session,
    account_id: int,
    invoice_uids: Sequence[str],
    count: int,
    first: date,
    every: Every,
    user_id: int,
    note: str,
) -> Arrangement:
    """The same within somebody's transaction."""
    invoices = open_invoices(session, account_id, invoice_uids)
    company = session.get_one(Company, invoices[0].company_id)
    parts = within(company, today_of(company, rt.clock.now()), total_of(invoices), count, first, every)
    return keep(rt, session, invoices, parts, user_id=user_id, note=note)


def within(
    company: Company, today: date, total: Money, count: int, first: date, every: Every, deposit: int = 0
) -> instalments.Parts:
    """The parts, as far apart as asked, the first of at least `deposit` percent. Refusal beyond what the company agrees
    to at all.
    """
    if not 1 <= count <= company.most_parts:
        raise Refusal("{company} agrees on at most {most} parts.", company=company.name, most=company.most_parts)
    latest = today + timedelta(days=company.most_days)
    try:
        parts = instalments.split(total, count, min(first, latest + timedelta(days=1)), every, deposit)
    except ValueError:
        raise Refusal("This sum is too small for so many parts.") from None
    if parts[-1][0] > latest:
        raise Refusal("{company} gives at most {most} days from today.", company=company.name, most=company.most_days)
    return parts


# Asked at every tick, so it is made once.
_STANDING = select(Arrangement.id).where(Arrangement.state.in_(STANDING))


def settle(rt: Runtime) -> int:
    """Follow the ledger: kept when everything is paid, broken when a part and its days of grace have passed without
    it; how many ended.
    """
    with rt.store.read() as session:
        standing = session.scalars(_STANDING).all()
    return sum(_settle(rt, arrangement_id) for arrangement_id in standing)


def end(rt: Runtime, arrangement_uid: str, user_id: int) -> None:
    """A person calls it off; the invoices are spoken about again as the cadence says."""
    with rt.store.write() as session:
        found = session.scalars(whole().where(Arrangement.uid == arrangement_uid)).first()
        if found is None or found.state != "running":
            raise Refusal("This arrangement has already ended.")
        _finish(rt, session, found, "ended", user=user_id)


def _patience(session: Session, company: Company) -> timedelta:
    """How long after its day a part may still come: the days of grace, and until the ladder about it has been said."""
    cadence = cadences.with_parts(cadences.cadence_of(session, company))
    last = max((step.offset + _ROOM for step in cadence.ladders[Anchor.INSTALMENT]), default=0)
    return timedelta(days=max(cadence.grace_days, last) + 1)


def _settle(rt: Runtime, arrangement_id: int) -> bool:
    with rt.store.write() as session:
        found = session.scalars(whole().where(Arrangement.id == arrangement_id)).one()
        if fit(found):
            audit.record(rt, session, "arrangement-grown", found.company_id, found.account_id, found.uid)
        missing = next((part for part in coming(found) if part.missing), None)
        if missing is None:
            return _finish(rt, session, found, "kept")
        if found.state != "running":
            return False
        company = session.get_one(Company, found.company_id)
        until = missing.day + _patience(session, company)
        today = today_of(company, rt.clock.now())
        if today >= until and not on_its_way(session, [one.id for one in found.invoices]):
            return _finish(rt, session, found, "broken")
        until = max(until, today + timedelta(days=1))  # what is on its way is waited for, from day to day
        if until != found.until:  # a part has come: the next one is spoken of from now on
            found.until = until
            _wake(rt, session, found)
        return False


def _finish(rt: Runtime, session: Session, found: Arrangement, state: str, **payload: object) -> bool:
    found.state, found.ended_at = state, rt.clock.now()
    audit.record(rt, session, f"arrangement-{state}", found.company_id, found.account_id, found.uid, **payload)
    _wake(rt, session, found)
    return True


def _wake(rt: Runtime, session: Session, found: Arrangement) -> None:
    planner.wake_owners(rt, session, [one.id for one in found.invoices], found.account_id)


def total_of(invoices: Sequence[Invoice]) -> Money:
    currencies = {one.currency for one in invoices}
    if len(currencies) != 1:
        raise Refusal("Please make one arrangement for each currency.")
    return sum((one.balance for one in invoices), Money.zero(currencies.pop()))


def check(parts: Parts, total: Money, today: date) -> None:
    """Refusal when the days do not follow each other from `today` on, or the amounts do not make up `total`."""
    days = [day for day, _ in parts]
    if not days or days[0] < today or any(after <= before for before, after in pairwise(days)):
        raise Refusal("Please give each part a later day than the one before it, from today on.")
    if any(amount.currency != total.currency or amount.minor <= 0 for _, amount in parts):
        raise Refusal("Please give each part an amount in {currency}.", currency=total.currency)
    if sum(amount.minor for _, amount in parts) != total.minor:
        raise Refusal("The parts must make up exactly what is open: {total}.", total=total)


def refuse_another(session: Session, invoices: Sequence[Invoice]) -> None:
    about = Arrangement.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    known = session.scalars(select(Arrangement.state).where(Arrangement.state.in_(STANDING), about)).first()
    if known == "running":
        raise Refusal("There is already an arrangement for one of these invoices.")
    if known == "proposed":
        raise Refusal("Parts were already proposed for one of these invoices; a person answers first.")


def answers_all(rt: Runtime, session: Session, invoices: Sequence[Invoice]) -> None:
    """An arrangement is the answer to a promise, to a question for time and to being short of cash about the same
    invoices. Who said that they have paid, or are the wrong person, is answered by a person.
    """
    now = rt.clock.now()

    supersede(session, Promise, ("open",), invoices, partial(withdraw, now=now))
    supersede(session, ToldRow, ("open",), invoices, partial(overtake, now=now), ToldRow.reason.in_(_ANSWERED))
    supersede(session, Extension, ("asked", "granted"), invoices, over)


def rows(rt: Runtime, parts: Parts, total: Money) -> list[InstalmentRow]:
    """The parts as rows, each with what is to be left after it."""
    found, left = [], total.minor
    for day, amount in parts:
        left -= amount.minor
        found.append(
            InstalmentRow(uid=rt.new_id(), day=day, amount_minor=amount.minor, left_minor=left, currency=total.currency)
        )
    return found
