"""Payment plans: made by a person with the customer, followed part by part, kept or broken.

The ledger decides whether a part has come: the open sum of the invoices has come down to what was to be left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from core.cadence import Anchor, Cadence
from core.instalments import Every, equal_parts
from core.money import Money
from models import Arrangement, Company, InstalmentRow, Invoice
from workflows import audit, cadences, mirror, planner
from workflows.answers import open_invoices
from workflows.calendars import calendar_of
from workflows.errors import Refusal
from workflows.runtime import Runtime

_ROOM = 4  # a weekend and a gap may lie before the last word
Parts = Sequence[tuple[date, Money]]


def arrange(
    rt: Runtime, account_id: int, invoice_uids: Sequence[str], parts: Parts, user_id: int | None = None, note: str = ""
) -> Arrangement:
    """Agree that these invoices are paid in `parts` (day, amount), which make up what is open on them today.

    Refusal when the days do not follow each other from today on, or the amounts do not make up the sum.
    """
    with rt.store.write() as session:
        return _arrange(rt, session, account_id, invoice_uids, parts, user_id, note)


def _arrange(
    rt: Runtime,
    session: Session,
    account_id: int,
    invoice_uids: Sequence[str],
    parts: Parts,
    user_id: int | None,
    note: str,
) -> Arrangement:
    now = rt.clock.now()
    invoices = open_invoices(session, account_id, invoice_uids)
    company = session.get_one(Company, invoices[0].company_id)
    total = _total(invoices)
    _check(parts, total, calendar_of(company, now).today(now))
    _refuse_another(session, invoices)
    patience = _patience(cadences.cadence_of(session, company))
    made = Arrangement(
        uid=rt.new_id(),
        company_id=company.id,
        account_id=account_id,
        currency=total.currency,
        until=parts[0][0] + patience,
        note=note.strip()[:10_000],
        by_user_id=user_id,
        made_at=now,
        invoices=list(invoices),
        parts=_rows(rt, parts, total),
    )
    session.add(made)
    audit.record(rt, session, "arranged", company.id, account_id, made.uid, user=user_id, parts=len(parts))
    mirror.wake(session, [account_id], now)
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
    company, total = session.get_one(Company, invoices[0].company_id), _total(invoices)
    if not 1 <= count <= company.most_parts:
        raise Refusal(f"{company.name} agrees on at most {company.most_parts} parts.")
    today = calendar_of(company, rt.clock.now()).today(rt.clock.now())
    latest = today + timedelta(days=company.most_days)
    try:
        parts = equal_parts(total, count, min(first, latest + timedelta(days=1)), every)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if parts[-1][0] > latest:
        raise Refusal(f"{company.name} gives at most {company.most_days} days from today.")
    return _arrange(rt, session, account_id, invoice_uids, parts, user_id, note)


def settle(rt: Runtime) -> int:
    """Mark arrangements kept when everything is paid, broken when a part and its days of grace have passed without
    it; how many ended.
    """
    with rt.store.read() as session:
        running = session.scalars(select(Arrangement.id).where(Arrangement.state == "running")).all()
    return sum(_settle(rt, arrangement_id) for arrangement_id in running)


def _patience(cadence: Cadence) -> timedelta:
    """How long after its day a part may still come: the days of grace, and until the ladder about it has been said."""
    last = max((step.offset + _ROOM for step in cadence.ladders[Anchor.INSTALMENT]), default=0)
    return timedelta(days=max(cadence.grace_days, last) + 1)


def end(rt: Runtime, arrangement_uid: str, user_id: int) -> None:
    """A person calls it off; the invoices are spoken about again as the cadence says."""
    with rt.store.write() as session:
        found = session.scalars(_whole().where(Arrangement.uid == arrangement_uid)).first()
        if found is None or found.state != "running":
            raise Refusal("This arrangement has already ended.")
        _finish(rt, session, found, "ended", user=user_id)


def _settle(rt: Runtime, arrangement_id: int) -> bool:
    now = rt.clock.now()
    with rt.store.write() as session:
        found = session.scalars(_whole().where(Arrangement.id == arrangement_id)).one()
        company = session.get_one(Company, found.company_id)
        left = sum(one.balance_minor for one in found.invoices if one.status == "open")
        parts = sorted(found.parts, key=lambda part: part.day)
        missing = next((part for part in parts if left > part.left_minor), None)
        if missing is None:
            return _finish(rt, session, found, "kept")
        until = missing.day + _patience(cadences.cadence_of(session, company))
        if calendar_of(company, now).today(now) >= until:
            return _finish(rt, session, found, "broken")
        if until != found.until:  # a part has come: the next one is spoken of from now on
            found.until = until
            planner.wake_owners(rt, session, [one.id for one in found.invoices], found.account_id)
        return False


def _finish(rt: Runtime, session: Session, found: Arrangement, state: str, **payload: object) -> bool:
    found.state, found.ended_at = state, rt.clock.now()
    audit.record(rt, session, f"arrangement-{state}", found.company_id, found.account_id, found.uid, **payload)
    planner.wake_owners(rt, session, [one.id for one in found.invoices], found.account_id)
    return True


def _whole() -> Select[Arrangement]:
    return select(Arrangement).options(selectinload(Arrangement.invoices), selectinload(Arrangement.parts))


def _total(invoices: Sequence[Invoice]) -> Money:
    currencies = {one.currency for one in invoices}
    if len(currencies) != 1:
        raise Refusal("Please make one arrangement for each currency.")
    return sum((one.balance for one in invoices), Money.zero(currencies.pop()))


def _check(parts: Parts, total: Money, today: date) -> None:
    days = [day for day, _ in parts]
    if not days or days[0] < today or any(after <= before for before, after in pairwise(days)):
        raise Refusal("Please give each part a later day than the one before it, from today on.")
    if any(amount.currency != total.currency or amount.minor <= 0 for _, amount in parts):
        raise Refusal(f"Please give each part an amount in {total.currency}.")
    if sum(amount.minor for _, amount in parts) != total.minor:
        raise Refusal(f"The parts must make up exactly what is open: {total}.")


def _refuse_another(session: Session, invoices: Sequence[Invoice]) -> None:
    about = Arrangement.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    if session.scalars(select(Arrangement.id).where(Arrangement.state == "running", about)).first() is not None:
        raise Refusal("There is already an arrangement for one of these invoices; end it first.")


def _rows(rt: Runtime, parts: Parts, total: Money) -> list[InstalmentRow]:
    rows, left = [], total.minor
    for day, amount in parts:
        left -= amount.minor
        row = InstalmentRow(
            uid=rt.new_id(), day=day, amount_minor=amount.minor, left_minor=left, currency=total.currency
        )
        rows.append(row)
    return rows
