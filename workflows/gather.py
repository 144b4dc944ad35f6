"""From rows to facts: everything `plan()` may know about some accounts, read in one session, and nothing else.

Decides nothing. Many accounts are gathered with as many queries as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Cadence, Channel, Payer, Readers
from core.calendars import Calendar
from core.delivery import delivery
from core.facts import AccountFacts, Approval, Hold, InvoiceFacts, InvoiceStatus, Said, TouchFacts
from core.money import Money
from models import (
    Account,
    ApprovalRow,
    Company,
    Connection,
    Effect,
    Invoice,
)
from workflows import cadences, heard, owing, stopping, ties
from workflows.agreed import agreed_due
from workflows.calendars import calendar_for, calendar_of, caps_of, drafts_until
from workflows.rows import one_of
from workflows.runtime import Runtime
from workflows.standing import Standing, standing

# Closed invoices stay in the ledger; only these can still be spoken about or need a reason for silence.
_WATCHED = (InvoiceStatus.OPEN.value, InvoiceStatus.UNKNOWN.value, InvoiceStatus.DRAFT.value)
_COLUMNS = (
    Invoice.id,
    Invoice.account_id,
    Invoice.number,
    Invoice.status,
    Invoice.issued,
    Invoice.due,
    Invoice.currency,
    Invoice.total_minor,
    Invoice.balance_minor,
    Invoice.emails,
    Invoice.shipped,
    Invoice.seen_at,
)
# Asked with every answer about an account, so they are made once.
_ACCOUNTS = select(Account).where(one_of(Account.id, "ids")).order_by(Account.id)
_CONNECTED = select(Connection.created_at).where(Connection.company_id == bindparam("company")).order_by(Connection.id)
_INVOICES = select(*_COLUMNS).where(one_of(Invoice.account_id, "ids")).order_by(Invoice.due, Invoice.id)
_SPOKEN_OF = _INVOICES.where(Invoice.status.in_(_WATCHED))
_ASKED_ABOUT = _INVOICES.where(Invoice.status.in_(_WATCHED) | Invoice.id.in_(bindparam("about", expanding=True)))
_APPROVED = (
    select(ApprovalRow.account_id, ApprovalRow.fingerprint, ApprovalRow.at, ApprovalRow.approved, ApprovalRow.until)
    .where(one_of(ApprovalRow.account_id, "ids"), ApprovalRow.withdrawn_at.is_(None))
    .order_by(ApprovalRow.id)
)
# What can be carried out here: a step on another channel says so instead of being passed over.
CHANNELS = frozenset({Channel.EMAIL, Channel.CALL, Channel.LETTER})
_NOBODY: frozenset[str] = frozenset()
_NO_WORD: Mapping[str, Approval] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Gathered:
    """An account's facts with the version they were read at, what else `plan()` takes, and the rows they are from."""

    facts: AccountFacts
    version: int
    cadence: Cadence
    calendar: Calendar
    row: Account
    company: Company


def account(rt: Runtime, session: Session, account_id: int, now: datetime, without: int | None = None) -> Gathered:
    """Gather one account at `now`. `without` is an effect to leave out: the one being asked about at the door."""
    return accounts(rt, session, [account_id], now, without)[account_id]


def accounts(
    rt: Runtime, session: Session, ids: Collection[int], now: datetime, without: int | None = None
) -> Mapping[int, Gathered]:
    """Gather accounts of any companies at `now`, by id."""
    rows: dict[int, list[Account]] = defaultdict(list)
    for row in session.scalars(_ACCOUNTS, {"ids": ids}):
        rows[row.company_id].append(row)
    found: dict[int, Gathered] = {}
    for company_id, members in rows.items():
        found |= _Company(rt, session, session.get_one(Company, company_id), now).gather(members, without)
    return found


def recipients_of(invoice: Invoice, row: Account) -> tuple[str, ...]:
    """Who gets mail about an invoice: whom a person accepted instead, its own addresses, else the account's; without
    those that were turned away. When every one of them was turned away they all stay, so that the silence can say why.
    """
    everyone = _addresses(row.instead or invoice.emails or row.emails)
    return tuple(one for one in everyone if one not in row.refused) or everyone


def _addresses(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({address.lower() for address in written}))


def _people(row: Account) -> tuple[str, ...]:
    """Those of the customer's people whom the ledger mails, unless somebody was accepted in their place."""
    mailed = (address for _name, address, mailed in row.people if mailed and address)
    return () if row.instead else _addresses(mailed)


def _everybody(row: Account, cadence: Cadence, invoices: Iterable[InvoiceFacts]) -> frozenset[str]:
    """All to whom something may be written: their own addresses, and those that stand in the cadence."""
    named = frozenset(cadence.to_any) - frozenset[str](Readers)
    return named.union(_addresses(row.instead or row.emails), _people(row), *(one.recipients for one in invoices))


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read for some accounts of one company, by account or by invoice."""

    invoices: Mapping[int, list[Any]]
    said: Mapping[int, list[Said]]
    touches: Mapping[int, list[TouchFacts]]
    standing: Standing
    credits: Mapping[int, tuple[Money, ...]]
    unreadable: frozenset[int]
    approvals: Mapping[int, Mapping[str, Approval]]
    calendar: Calendar
    connected: date | None

    def of(self, row: Account) -> tuple[InvoiceFacts, ...]:
        instead, usual = _addresses(row.instead), _addresses(row.emails)
        return tuple(
            self._invoice(one, instead or (_addresses(one.emails) if one.emails else usual))
            for one in self.invoices.get(row.id, ())
        )

    def _invoice(self, one: Any, recipients: tuple[str, ...]) -> InvoiceFacts:
        known, id = self.standing, one.id
        return InvoiceFacts(
            id=id,
            number=one.number,
            status=InvoiceStatus(one.status),
            issued=one.issued,
            due=agreed_due(one.due, known.agreed.get(id)),
            total=Money(one.total_minor, one.currency),
            balance=Money(one.balance_minor, one.currency),
            recipients=recipients,
            holds=tuple(known.holds.get(id, ())),
            said=tuple(self.said.get(id, ())),
            delivered=delivery(one.issued, one.shipped, self.calendar.today(one.seen_at), self.connected),
            told=known.told.get(id),
            arranged=id in known.instalments,
            instalment=known.instalments.get(id),
            broken=known.broken.get(id),
            resolved=known.resolved.get(id),
        )


class _Company:
    """One company's part of a gathering: what its accounts share is read once."""

    def __init__(self, rt: Runtime, session: Session, company: Company, now: datetime) -> None:
        self.rt, self.session, self.company, self.now = rt, session, company, now
        self.calendar = calendar_of(company, now)
        self.connection = ties.active(session, company.id)
        first = session.scalars(_CONNECTED, {"company": company.id}).first()
        self.connected = None if first is None else self.calendar.today(first)
        self.pauses = stopping.pauses(session, company)
        self.live = company.live_at is not None and company.zone is not None
        fresh = company.live_at is not None and self.calendar.today(now) < drafts_until(company, now)
        self.drafts = company.approve_all or fresh

    def gather(self, rows: Sequence[Account], without: int | None) -> Mapping[int, Gathered]:
        session, now, ids = self.session, self.now, [row.id for row in rows]
        known = cadences.Known(session, self.company)
        cadence = {row.id: known.of(row.id, row.segment) for row in rows}
        invoices = self._invoices(ids, without)
        every = [one for members in invoices.values() for one in members]
        pending = heard.planned(session, ids, without)
        batch = _Batch(
            invoices=invoices,
            said=heard.said(session, ids, _WATCHED, pending),
            touches=heard.touches(session, ids, pending, now),
            standing=standing(session, ids, [one.id for one in every], self.calendar, now),
            credits=owing.open_credit(session, self.company.id, rows),
            unreadable=owing.unreadable(session, self.company.id, rows),
            approvals=self._approvals(ids),
            calendar=self.calendar,
            connected=self.connected,
        )
        facts = {row.id: batch.of(row) for row in rows}
        arranged = [id for id, invoices_of in facts.items() if any(one.arranged for one in invoices_of)]
        cadence |= {id: cadences.with_parts(cadence[id]) for id in arranged}
        readers = {row.id: _everybody(row, cadence[row.id], facts[row.id]) for row in rows}
        others = heard.elsewhere(self.rt, session, self.company.id, readers, now)
        words = heard.address_words(self.rt, session, self.company.id, frozenset().union(*readers.values()))
        return {
            row.id: Gathered(
                self._facts(row, facts[row.id], batch, others.get(row.id, ()), words),
                row.facts_version,
                cadence[row.id],
                calendar_for(self.company, row, now),
                row,
                self.company,
            )
            for row in rows
        }

    def _facts(
        self,
        row: Account,
        invoices: tuple[InvoiceFacts, ...],
        batch: _Batch,
        others: Iterable[TouchFacts],
        words: Mapping[Cause, frozenset[str]],
    ) -> AccountFacts:
        return AccountFacts(
            id=row.id,
            live=self.live,
            read_at=self._read_at(row),
            invoices=invoices,
            emails=_addresses(row.instead or row.emails),
            people=_people(row),
            holds=(*self._holds(row, row.id in batch.unreadable), *batch.standing.accounts.get(row.id, ())),
            credits=batch.credits.get(row.id, ()),
            touches=(*batch.touches.get(row.id, ()), *others),
            refused=frozenset(row.refused),
            bounced=words.get(Cause.BOUNCED, _NOBODY),
            opted_out=words.get(Cause.OPTED_OUT, _NOBODY),
            segment=row.segment,
            payer=Payer(row.payer),
            usual_delay=row.usual_delay,
            connected=self.connected,
            caps=caps_of(self.company, row.country),
            drafts=self.drafts,
            approvals=batch.approvals.get(row.id, _NO_WORD),
            channels=CHANNELS,
        )

    def _read_at(self, row: Account) -> datetime | None:
        """The later of the company's last whole reading and this account's own at the door."""
        whole = self.connection.read_at if self.connection else None
        return max((moment for moment in (whole, row.read_at) if moment is not None), default=None)

    def _holds(self, row: Account, unreadable: bool) -> Iterable[Hold]:
        if self.connection is None:
            yield Hold(Cause.DISCONNECTED)
        if row.erased:
            yield Hold(Cause.ERASED)
        if row.care:
            yield Hold(Cause.CARE)
        if not row.active:
            yield Hold(Cause.ARCHIVED)
        for end in self.pauses:
            yield Hold(Cause.PAUSED, end)
        if unreadable:
            yield Hold(Cause.UNREADABLE_CREDIT)

    def _invoices(self, ids: Sequence[int], without: int | None) -> Mapping[int, list[Any]]:
        """By account: the columns of what may be spoken about. At the door what is closed still needs its because."""
        asked = self.session.get(Effect, without) if without is not None else None
        about = [] if asked is None else [line[0] for line in asked.content["lines"]]
        found: dict[int, list[Any]] = defaultdict(list)
        wanted = {"ids": ids, "about": about} if about else {"ids": ids}
        for row in self.session.execute(_ASKED_ABOUT if about else _SPOKEN_OF, wanted):
            found[row.account_id].append(row)
        return found

    def _approvals(self, ids: Sequence[int]) -> Mapping[int, Mapping[str, Approval]]:
        found: dict[int, dict[str, Approval]] = defaultdict(dict)
        for account_id, fingerprint, at, approved, until in self.session.execute(_APPROVED, {"ids": ids}):
            found[account_id][fingerprint] = Approval(at, approved, until)
        return found
