"""What stands against speaking about some invoices: promises, disputes, arrangements, payments, reasons, holds.

Reads rows into facts, for many accounts at once; decides nothing. What a hold is, and until when it counts, is read
off the rows that made it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Reason
from core.calendars import Calendar
from core.facts import Hold, Instalment, Told
from core.money import Money
from models import (
    Arrangement,
    Attempt,
    AttemptLine,
    Dispute,
    Extension,
    HoldRow,
    Invoice,
    Promise,
    ToldRow,
    User,
    arrangement_invoice,
    extension_invoice,
    promise_invoice,
    told_invoice,
)
from workflows import bank_holds
from workflows.following import STANDING, coming, whole
from workflows.owed import ON_ITS_WAY
from workflows.pending import pending_invoices
from workflows.rows import one_of

_HOLDING = ("waiting", *ON_ITS_WAY)


@dataclass(slots=True)
class Standing:
    """What is known of each invoice, by its id; `accounts` are holds on whole accounts, `agreed` the days to which
    invoices were given more time.
    """

    holds: dict[int, list[Hold]] = field(default_factory=lambda: defaultdict(list))
    told: dict[int, Told] = field(default_factory=dict)
    broken: dict[int, date] = field(default_factory=dict)
    resolved: dict[int, date] = field(default_factory=dict)
    instalments: dict[int, Instalment | None] = field(default_factory=dict)
    agreed: dict[int, date] = field(default_factory=dict)
    accounts: dict[int, list[Hold]] = field(default_factory=lambda: defaultdict(list))


def is_open_all_the_same() -> ColumnElement[bool]:
    """Of a line and its invoice: the ledger has shown the booking, and now the balance is too high for it.

    The next night asks where it is; until then its payer has paid.
    """
    too_much = Invoice.balance_minor > Invoice.total_minor - AttemptLine.amount_minor
    return (AttemptLine.state == "confirmed") & (AttemptLine.ledger_payment != "") & too_much


# Asked with every answer about an account, so they are made once.
_PROMISED = (
    select(promise_invoice.c.invoice_id, Promise.day, Promise.until, Promise.state)
    .join(Promise, Promise.id == promise_invoice.c.promise_id)
    .where(one_of(promise_invoice.c.invoice_id, "ids"), Promise.state.in_(("open", "broken")))
    .order_by(Promise.id)
)
_DISPUTED = (
    select(Dispute.invoice_id, Dispute.state, Dispute.answer_by, Dispute.resolved_at)
    .where(one_of(Dispute.invoice_id, "ids"))
    .order_by(Dispute.id)
)
_ARRANGED = whole().where(
    Arrangement.state.in_(STANDING),
    Arrangement.id.in_(
        select(arrangement_invoice.c.arrangement_id).where(one_of(arrangement_invoice.c.invoice_id, "ids"))
    ),
)
_EXTENDED = (
    select(extension_invoice.c.invoice_id, Extension.state, Extension.day, Extension.answer_by)
    .join(Extension, Extension.id == extension_invoice.c.extension_id)
    .where(one_of(extension_invoice.c.invoice_id, "ids"), Extension.state.in_(("asked", "granted")))
    .order_by(Extension.id)
)
_TOLD = (
    select(told_invoice.c.invoice_id, ToldRow.reason, ToldRow.day)
    .join(ToldRow, ToldRow.id == told_invoice.c.told_id)
    .where(one_of(told_invoice.c.invoice_id, "ids"), ToldRow.state == "open")
    .order_by(ToldRow.id)
)
_PAID = (
    select(AttemptLine.invoice_id, AttemptLine.state, Attempt.created_at)
    .join(Attempt)
    .join(Invoice, Invoice.id == AttemptLine.invoice_id)
    .where(one_of(AttemptLine.invoice_id, "ids"), AttemptLine.state.in_(_HOLDING) | is_open_all_the_same())
)
_HELD = (
    select(HoldRow.account_id, HoldRow.invoice_id, HoldRow.cause, HoldRow.until, User.name)
    .outerjoin(User, User.id == HoldRow.owner_id)
    .where(
        (HoldRow.invoice_id.is_(None) & one_of(HoldRow.account_id, "accounts")) | one_of(HoldRow.invoice_id, "ids"),
        HoldRow.state == "open",
    )
    .order_by(HoldRow.id)
)


def standing(
    session: Session, accounts: Collection[int], ids: Sequence[int], calendar: Calendar, now: datetime
) -> Standing:
    """Everything that stands against speaking about these invoices of one company's accounts, at `now`."""
    found = Standing()
    _promises(session, ids, found)
    _disputes(session, ids, calendar, found)
    _arrangements(session, ids, found)
    _extensions(session, ids, found)
    _reasons(session, ids, found)
    for invoice in pending_invoices(session, ids):
        found.holds[invoice].append(Hold(Cause.BEING_CHANGED))
    _payments(session, ids, calendar, now, found)
    for invoice, hold in bank_holds.holds(session, ids):
        found.holds[invoice].append(hold)
    _by_hand(session, accounts, ids, found)
    return found


def _promises(session: Session, ids: Sequence[int], found: Standing) -> None:
    for invoice, day, until, state in session.execute(_PROMISED, {"ids": ids}):
        if state == "open":
            found.holds[invoice].append(Hold(Cause.PROMISE, until, (("day", day.isoformat()),)))
        else:
            found.broken[invoice] = max(day, found.broken.get(invoice, day))


def _disputes(session: Session, ids: Sequence[int], calendar: Calendar, found: Standing) -> None:
    for invoice, state, answer_by, resolved_at in session.execute(_DISPUTED, {"ids": ids}):
        if state == "open":
            found.holds[invoice].append(Hold(Cause.DISPUTE, None, (("answer_by", answer_by.isoformat()),)))
        elif resolved_at is not None:
            found.resolved[invoice] = calendar.today(resolved_at)


def _arrangements(session: Session, ids: Sequence[int], found: Standing) -> None:
    """The next part is the first that lacks something; None when all are paid. What is only proposed waits for a
    person.
    """
    for plan in session.scalars(_ARRANGED, {"ids": ids}):
        if plan.state == "proposed":
            for one in plan.invoices:
                found.holds[one.id].append(_asked(plan.answer_by))
            continue
        part = next((one for one in coming(plan) if one.missing), None)
        due = None if part is None else Instalment(part.day, Money(part.missing, plan.currency))
        found.instalments |= {one.id: due for one in plan.invoices}


def _extensions(session: Session, ids: Sequence[int], found: Standing) -> None:
    """What was granted holds through its day, which counts as the due day; what is asked for waits for a person."""
    for invoice, state, day, answer_by in session.execute(_EXTENDED, {"ids": ids}):
        if state == "asked":
            found.holds[invoice].append(_asked(answer_by))
        else:
            found.holds[invoice].append(Hold(Cause.EXTENSION, day + timedelta(days=1), (("day", day.isoformat()),)))
            found.agreed[invoice] = day


def _asked(answer_by: date | None) -> Hold:
    """They asked us something, and a person answers first."""
    return Hold(Cause.REPLIED, None, () if answer_by is None else (("answer_by", answer_by.isoformat()),))


def _reasons(session: Session, ids: Sequence[int], found: Standing) -> None:
    for invoice, reason, day in session.execute(_TOLD, {"ids": ids}):
        found.told[invoice] = Told(Reason(reason), day)


def _payments(session: Session, ids: Sequence[int], calendar: Calendar, now: datetime, found: Standing) -> None:
    for invoice, state, started in session.execute(_PAID, {"ids": ids}):
        hold = _payment_hold(state, started, calendar, now)
        if hold:
            found.holds[invoice].append(hold)


def _payment_hold(state: str, started: datetime, calendar: Calendar, now: datetime) -> Hold | None:
    """Money taken holds until it is booked and seen; an open payment page holds for the rest of its day."""
    if state != "waiting":
        return Hold(Cause.IN_FLIGHT)
    tomorrow = calendar.today(started) + timedelta(days=1)
    return Hold(Cause.IN_FLIGHT, tomorrow) if tomorrow > calendar.today(now) else None


def _by_hand(session: Session, accounts: Collection[int], ids: Sequence[int], found: Standing) -> None:
    """A person's holds, on an account or on one of these invoices, whoever it was billed to when it was made."""
    for account, invoice, cause, until, owner in session.execute(_HELD, {"accounts": accounts, "ids": ids}):
        held = found.accounts[account] if invoice is None else found.holds[invoice]
        held.append(Hold(Cause(cause), until, (("owner", owner),) if owner and until is None else ()))
