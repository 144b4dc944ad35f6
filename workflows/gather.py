"""From rows to facts: everything `plan()` may know about an account, read in one session, and nothing else.

Decides nothing. What a hold is, and until when it counts, is read off the rows that made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import holidays
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, selectinload

from core.because import Cause
from core.cadence import Cadence
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, TouchFacts, TouchState
from core.money import Money, totals
from models import (
    Account,
    Attempt,
    AttemptLine,
    CadenceVersion,
    Company,
    Connection,
    Credit,
    Dispute,
    Effect,
    EffectKind,
    Invoice,
    Promise,
    Touch,
    TouchInvoice,
    TouchRecipient,
    UnreadableRow,
)
from workflows import billing, cadences
from workflows.pending import pending_invoices
from workflows.runtime import Runtime

# Closed invoices stay in the ledger; only these can still be spoken about or need a reason for silence.
_WATCHED = (InvoiceStatus.OPEN, InvoiceStatus.UNKNOWN, InvoiceStatus.DRAFT)
_MEMORY = timedelta(days=40)
_HOLDING = ("waiting", "taken", "booked", "desk")


@dataclass(frozen=True, slots=True)
class Gathered:
    """An account's facts with the version they were read at, and what else `plan()` takes."""

    facts: AccountFacts
    version: int
    cadence: Cadence
    calendar: Calendar


def calendar_of(company: Company, now: datetime) -> Calendar:
    """The company's working days and hours; UTC while nobody has said where it is."""
    return Calendar(zone=company.zone or "UTC", holidays=_public_holidays(company.country, now.year))


@lru_cache(maxsize=256)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    """Holidays of last, this and the next two years; none for a country the library does not know."""
    try:
        return frozenset(holidays.country_holidays(country, years=range(year - 1, year + 3)))
    except NotImplementedError:
        return frozenset()


def cadence_of(session: Session, company: Company) -> Cadence:
    return cadences.parsed(session.get_one(CadenceVersion, company.cadence_version_id).source)


def account(rt: Runtime, session: Session, account_id: int, now: datetime, without: int | None = None) -> Gathered:
    """Gather one account at `now`. `without` is an effect to leave out: the one being asked about at the door."""
    row = session.get_one(Account, account_id)
    company = session.get_one(Company, row.company_id)
    calendar = calendar_of(company, now)
    invoices = session.scalars(
        select(Invoice)
        .where(
            Invoice.account_id == account_id,
            Invoice.status.in_(_WATCHED) | Invoice.id.in_(_asked_about(session, without)),
        )
        .order_by(Invoice.due, Invoice.id)
    ).all()
    ids = [invoice.id for invoice in invoices]
    pending = _pending(session, account_id, without)
    said = _said(session, invoices, pending)
    holds = _invoice_holds(session, ids, calendar, now)
    facts = AccountFacts(
        id=row.id,
        live=company.live_at is not None and company.zone is not None,
        read_at=_read_at(session, row),
        invoices=tuple(_invoice(invoice, row, holds, said) for invoice in invoices),
        holds=tuple(_account_holds(session, row, company)),
        credits=_credits(session, row),
        touches=(*_touches(session, account_id, pending, now), *_to_others(rt, session, row, invoices, now)),
        refused=frozenset(row.refused),
    )
    return Gathered(facts, row.facts_version, cadence_of(session, company), calendar)


def _asked_about(session: Session, without: int | None) -> list[int]:
    """The invoices of the message at the door: one that is closed by now still needs its because."""
    effect = None if without is None else session.get(Effect, without)
    return [] if effect is None else [line[0] for line in effect.content["lines"]]


def recipients_of(invoice: Invoice, row: Account) -> tuple[str, ...]:
    """Who gets mail about an invoice: its own addresses, else the account's, without those that were turned away.

    When every one of them was turned away they all stay, so that the silence can say why.
    """
    everyone = {address.lower() for address in (invoice.emails or row.emails)}
    return tuple(sorted(everyone - set(row.refused) or everyone))


def _invoice(invoice: Invoice, row: Account, holds: dict[int, list[Hold]], said: dict[int, list[Said]]) -> InvoiceFacts:
    return InvoiceFacts(
        id=invoice.id,
        number=invoice.number,
        status=InvoiceStatus(invoice.status),
        issued=invoice.issued,
        due=invoice.due,
        total=invoice.total,
        balance=invoice.balance,
        recipients=recipients_of(invoice, row),
        holds=tuple(holds.get(invoice.id, ())),
        said=tuple(said.get(invoice.id, ())),
    )


def _read_at(session: Session, row: Account) -> datetime | None:
    """The later of the company's last whole reading and this account's own at the door."""
    company = session.scalars(
        select(Connection.read_at).where(Connection.company_id == row.company_id, Connection.state == "active")
    ).first()
    return max((moment for moment in (company, row.read_at) if moment is not None), default=None)


def _account_holds(session: Session, row: Account, company: Company) -> Iterable[Hold]:
    connected = session.scalars(
        select(Connection.id).where(Connection.company_id == company.id, Connection.state == "active")
    ).first()
    if connected is None:
        yield Hold(Cause.DISCONNECTED)
    if row.erased:
        yield Hold(Cause.ERASED)
    if not row.active:
        yield Hold(Cause.ARCHIVED)
    if company.paused:
        yield Hold(Cause.PAUSED)
    if row.paused_until is not None:
        yield Hold(Cause.PAUSED, until=row.paused_until)
    if _has_unreadable_money(session, row):
        yield Hold(Cause.UNREADABLE_CREDIT)


def _invoice_holds(session: Session, ids: Sequence[int], calendar: Calendar, now: datetime) -> dict[int, list[Hold]]:
    holds: dict[int, list[Hold]] = {}
    promises = select(Promise).where(Promise.state == "open", Promise.invoices.any(Invoice.id.in_(ids)))
    for promise in session.scalars(promises.options(selectinload(Promise.invoices))):
        for invoice in promise.invoices:
            detail = (("day", promise.day.isoformat()),)
            holds.setdefault(invoice.id, []).append(Hold(Cause.PROMISE, promise.until, detail))
    for dispute in session.scalars(select(Dispute).where(Dispute.state == "open", Dispute.invoice_id.in_(ids))):
        detail = (("answer_by", dispute.answer_by.isoformat()),)
        holds.setdefault(dispute.invoice_id, []).append(Hold(Cause.DISPUTE, None, detail))
    for invoice_id in pending_invoices(session, ids):
        holds.setdefault(invoice_id, []).append(Hold(Cause.BEING_CHANGED))
    for line, started in session.execute(
        select(AttemptLine, Attempt.created_at)
        .join(Attempt)
        .join(Invoice, Invoice.id == AttemptLine.invoice_id)
        .where(AttemptLine.invoice_id.in_(ids), AttemptLine.state.in_(_HOLDING) | is_open_all_the_same())
    ):
        hold = _payment_hold(line, started, calendar, now)
        if hold:
            holds.setdefault(line.invoice_id, []).append(hold)
    return holds


def is_open_all_the_same() -> ColumnElement[bool]:
    """Of a line and its invoice: the ledger has shown the booking, and now the balance is too high for it.

    The next night asks where it is; until then its payer has paid.
    """
    too_much = Invoice.balance_minor > Invoice.total_minor - AttemptLine.amount_minor
    return (AttemptLine.state == "confirmed") & (AttemptLine.ledger_payment != "") & too_much


def _payment_hold(line: AttemptLine, started: datetime, calendar: Calendar, now: datetime) -> Hold | None:
    """Money taken holds until it is booked and seen; an open payment page holds for the rest of its day."""
    if line.state != "waiting":
        return Hold(Cause.IN_FLIGHT)
    tomorrow = calendar.today(started) + timedelta(days=1)
    return Hold(Cause.IN_FLIGHT, tomorrow) if tomorrow > calendar.today(now) else None


def _has_unreadable_money(session: Session, row: Account) -> bool:
    """Whether a credit or payment of theirs cannot be read. One that does not show whose it is holds nobody: it might
    be anybody's, and to silence a whole company for it would hide more than it mends; it stands on the desk.
    """
    theirs = select(UnreadableRow.id).where(
        UnreadableRow.company_id == row.company_id, UnreadableRow.customer.in_(_family(row))
    )
    return session.scalars(theirs).first() is not None


def _family(row: Account) -> Select[tuple[str]]:
    """The vendor ids of the customer and of everyone it is billed for."""
    return billing.family(row.company_id, [row.external_id])


def _credits(session: Session, row: Account) -> tuple[Money, ...]:
    """Its own open credit and that of everyone it is billed for."""
    found = session.scalars(
        select(Credit).where(
            Credit.company_id == row.company_id,
            Credit.customer.in_(_family(row)),
            Credit.gone_at.is_(None),
            Credit.remaining_minor > 0,
        )
    )
    return tuple(totals(Money(credit.remaining_minor, credit.currency) for credit in found).values())


def _pending(session: Session, account_id: int, without: int | None) -> list[Effect]:
    """Messages planned or claimed that have no touch yet."""
    found = session.scalars(
        select(Effect).where(
            Effect.account_id == account_id,
            Effect.kind == EffectKind.MESSAGE,
            Effect.state.in_((TouchState.DUE, TouchState.CLAIMED)),
        )
    )
    return [effect for effect in found if effect.id != without]


def _said(session: Session, invoices: Sequence[Invoice], pending: Sequence[Effect]) -> dict[int, list[Said]]:
    anchors = {invoice.id: invoice.anchor for invoice in invoices}
    said: dict[int, list[Said]] = {}
    lines = (
        select(TouchInvoice, Touch.day, Touch.state)
        .join(Touch, TouchInvoice.touch_id == Touch.id)
        .where(TouchInvoice.invoice_id.in_(list(anchors)))
        .order_by(TouchInvoice.id)
    )
    for line, day, state in session.execute(lines):
        if line.anchor == anchors[line.invoice_id]:
            said.setdefault(line.invoice_id, []).append(Said(line.step, day, TouchState(state)))
    for effect in pending:
        day = date.fromisoformat(effect.content["day"])
        for invoice_id, step, _missed in effect.content["lines"]:
            said.setdefault(invoice_id, []).append(Said(step, day, TouchState(effect.state)))
    return said


def _touches(session: Session, account_id: int, pending: Sequence[Effect], now: datetime) -> tuple[TouchFacts, ...]:
    recent = session.execute(
        select(Touch.recipients, Touch.day, Touch.state).where(
            Touch.account_id == account_id, Touch.day >= (now - _MEMORY).date()
        )
    )
    touches = [TouchFacts(tuple(recipients), day, TouchState(state)) for recipients, day, state in recent]
    touches += [_pending_touch(effect.content, effect.state) for effect in pending]
    return tuple(touches)


def _to_others(
    rt: Runtime, session: Session, row: Account, invoices: Sequence[Invoice], now: datetime
) -> tuple[TouchFacts, ...]:
    """Messages that reached the same people about another account; they count for day, gap and budget."""
    addresses = {address for invoice in invoices for address in recipients_of(invoice, row)}
    hashes = {rt.vault.hash_address(address): address for address in addresses}
    elsewhere = session.execute(
        select(Touch.id, TouchRecipient.address_hash, TouchRecipient.day, Touch.state)
        .join(Touch, TouchRecipient.touch_id == Touch.id)
        .where(
            TouchRecipient.company_id == row.company_id,
            TouchRecipient.address_hash.in_(list(hashes)),
            TouchRecipient.day >= (now - _MEMORY).date(),
            Touch.account_id != row.id,
        )
    )
    heard: dict[int, TouchFacts] = {}
    for touch_id, hashed, day, state in elsewhere:
        others = heard[touch_id].recipients if touch_id in heard else ()
        heard[touch_id] = TouchFacts((*others, hashes[hashed]), day, TouchState(state))
    return tuple(heard.values())


def _pending_touch(content: dict[str, Any], state: str) -> TouchFacts:
    return TouchFacts(tuple(content["recipients"]), date.fromisoformat(content["day"]), TouchState(state))
