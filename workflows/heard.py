"""What some accounts have heard: steps said about their invoices, and messages that count for day, gap and budget.

Reads rows into facts, for many accounts at once; decides nothing. Thanks and answers ask for nothing and do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Anchor
from core.facts import Said, TouchFacts, TouchState
from models import AddressWord, Effect, EffectKind, Invoice, Touch, TouchInvoice, TouchRecipient
from workflows.rows import among
from workflows.runtime import Runtime

MEMORY = timedelta(days=40)
_MONTH = f"{Anchor.MONTH}/"  # how the anchor of every statement begins
# What asks for money: a word of the cadence, and a person's own.
ASKING = (EffectKind.MESSAGE.value, EffectKind.BY_HAND.value)
_ON_ITS_WAY = (TouchState.DUE.value, TouchState.CLAIMED.value)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that is planned or claimed and has no touch yet."""

    effect: int
    account: int
    state: TouchState
    not_before: datetime
    content: Mapping[str, Any]


def planned(session: Session, accounts: Collection[int], without: int | None) -> list[Planned]:
    """Messages on their way of these accounts, but for one effect: the one being asked about at the door."""
    found = session.execute(
        select(Effect.id, Effect.account_id, Effect.state, Effect.not_before, Effect.content).where(
            among(session, Effect.account_id, accounts),
            Effect.kind.in_(ASKING),
            Effect.state.in_(_ON_ITS_WAY),
        )
    )
    return [
        Planned(id, account, TouchState(state), not_before, content)
        for id, account, state, not_before, content in found
        if id != without
    ]


def said(
    session: Session, accounts: Collection[int], statuses: Sequence[str], pending: Iterable[Planned]
) -> Mapping[int, list[Said]]:
    """By invoice: every step that was said about the open ones, in order, and those on their way."""
    heard: dict[int, list[Said]] = defaultdict(list)
    lines = (
        select(
            TouchInvoice.invoice_id,
            TouchInvoice.step,
            TouchInvoice.anchor,
            TouchInvoice.rung,
            TouchInvoice.balance_minor,
            Touch.day,
            Touch.state,
        )
        .join(Touch, TouchInvoice.touch_id == Touch.id)
        .join(Invoice, TouchInvoice.invoice_id == Invoice.id)
        .where(among(session, Invoice.account_id, accounts), Invoice.status.in_(statuses))
        .order_by(TouchInvoice.id)
    )
    for invoice, step, anchor, rung, balance, day, state in session.execute(lines):
        heard[invoice].append(Said(step, day, TouchState(state), anchor, rung, balance))
    for one in pending:
        day = date.fromisoformat(one.content["day"])
        for invoice, step, _missed, *rest in one.content["lines"]:
            anchor, rung = rest or ("", None)
            heard[invoice].append(Said(step, day, one.state, anchor, rung))
    return heard


def touches(
    session: Session, accounts: Collection[int], pending: Iterable[Planned], now: datetime
) -> Mapping[int, list[TouchFacts]]:
    """By account: what asked for money in the last weeks, and what is on its way."""
    heard: dict[int, list[TouchFacts]] = defaultdict(list)
    month = select(TouchInvoice.anchor).where(TouchInvoice.touch_id == Touch.id, TouchInvoice.anchor.startswith(_MONTH))
    recent = session.execute(
        select(
            Touch.account_id,
            Touch.recipients,
            Touch.day,
            Touch.state,
            Touch.sending_at,
            month.limit(1).scalar_subquery(),
        )
        .join(Effect, Touch.effect_id == Effect.id)
        .where(
            among(session, Touch.account_id, accounts),
            Touch.day >= (now - MEMORY).date(),
            Effect.kind.in_(ASKING),
        )
        .order_by(Touch.id)
    )
    for account, recipients, day, state, at, statement in recent:
        heard[account].append(TouchFacts(tuple(recipients), day, TouchState(state), at, statement=statement or ""))
    for one in pending:
        day, to = date.fromisoformat(one.content["day"]), tuple(one.content["recipients"])
        anchors = (anchor for line in one.content["lines"] for anchor in line[3:4])
        statement = next((anchor for anchor in anchors if anchor.startswith(_MONTH)), "")
        heard[one.account].append(TouchFacts(to, day, one.state, one.not_before, statement=statement))
    return heard


def address_words(
    rt: Runtime, session: Session, company: int, addresses: Iterable[str]
) -> Mapping[Cause, frozenset[str]]:
    """The addresses that bounced, and those whose readers want no reminders."""
    theirs = AddressWord.company_id == company
    if session.scalars(select(AddressWord.id).where(theirs).limit(1)).first() is None:
        return {}
    hashes = {rt.vault.hash_address(address): address for address in addresses}
    words: dict[Cause, set[str]] = {Cause.BOUNCED: set(), Cause.OPTED_OUT: set()}
    for hashed, cause in session.execute(
        select(AddressWord.address_hash, AddressWord.cause).where(
            theirs, among(session, AddressWord.address_hash, hashes)
        )
    ):
        words[Cause(cause)].add(hashes[hashed])
    return {cause: frozenset(found) for cause, found in words.items()}


def elsewhere(
    rt: Runtime, session: Session, company: int, readers: Mapping[int, Collection[str]], now: datetime
) -> Mapping[int, list[TouchFacts]]:
    """By account: messages that reached its `readers` about another account of the company."""
    hashes = {rt.vault.hash_address(address): address for addresses in readers.values() for address in addresses}
    rows = session.execute(
        select(
            Touch.id, Touch.account_id, TouchRecipient.address_hash, TouchRecipient.day, Touch.state, Touch.sending_at
        )
        .join(Touch, TouchRecipient.touch_id == Touch.id)
        .where(
            TouchRecipient.company_id == company,
            among(session, TouchRecipient.address_hash, hashes),
            TouchRecipient.day >= (now - MEMORY).date(),
        )
    )
    messages: dict[int, tuple[int, TouchFacts]] = {}
    for id, account, hashed, day, state, at in rows:
        others = messages[id][1].recipients if id in messages else ()
        messages[id] = account, TouchFacts((*others, hashes[hashed]), day, TouchState(state), at, own=False)
    by_address: dict[str, list[tuple[int, TouchFacts]]] = defaultdict(list)
    for account, touch in messages.values():
        for address in touch.recipients:
            by_address[address].append((account, touch))
    return {
        account: list(dict.fromkeys(touch for one in addresses for other, touch in by_address[one] if other != account))
        for account, addresses in readers.items()
        if by_address.keys() & set(addresses)
    }
