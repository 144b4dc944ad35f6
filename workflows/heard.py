"""What some accounts have heard: steps said about their invoices, and messages that count for day, gap and budget.

Reads rows into facts, for many accounts at once; decides nothing. Thanks and answers ask for nothing and do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.because import Cause
from core.cadence import Anchor
from core.facts import Said, TouchFacts, TouchState
from models import AddressWord, Effect, EffectKind, Invoice, Touch, TouchInvoice, TouchRecipient
from workflows.rows import one_of
from workflows.runtime import Runtime

MEMORY = timedelta(days=40)
_MONTH = f"{Anchor.MONTH}/"  # how the anchor of every statement begins
# What asks for money: a word of the cadence, and a person's own.
ASKING = (EffectKind.MESSAGE.value, EffectKind.BY_HAND.value)
_ON_ITS_WAY = (TouchState.DUE.value, TouchState.CLAIMED.value)


# Asked with every answer about an account, so they are made once.
_PLANNED = select(Effect.id, Effect.account_id, Effect.state, Effect.not_before, Effect.content).where(
    one_of(Effect.account_id, "accounts"), Effect.kind.in_(ASKING), Effect.state.in_(_ON_ITS_WAY)
)
_SAID = (
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
    .where(one_of(Invoice.account_id, "accounts"), Invoice.status.in_(bindparam("statuses", expanding=True)))
    .order_by(TouchInvoice.id)
)
_TOUCHED = (
    select(
        Touch.account_id,
        Touch.recipients,
        Touch.day,
        Touch.state,
        Touch.sending_at,
        select(TouchInvoice.anchor)
        .where(TouchInvoice.touch_id == Touch.id, TouchInvoice.anchor.startswith(_MONTH))
        .limit(1)
        .scalar_subquery(),
    )
    .join(Effect, Touch.effect_id == Effect.id)
    .where(one_of(Touch.account_id, "accounts"), Touch.day >= bindparam("since"), Effect.kind.in_(ASKING))
    .order_by(Touch.id)
)
_ANY_WORD = select(AddressWord.id).where(AddressWord.company_id == bindparam("company")).limit(1)
_WORDS = select(AddressWord.address_hash, AddressWord.cause).where(
    AddressWord.company_id == bindparam("company"), one_of(AddressWord.address_hash, "hashes")
)
_ELSEWHERE = (
    select(Touch.id, Touch.account_id, TouchRecipient.address_hash, TouchRecipient.day, Touch.state, Touch.sending_at)
    .join(Touch, TouchRecipient.touch_id == Touch.id)
    .where(
        TouchRecipient.company_id == bindparam("company"),
        one_of(TouchRecipient.address_hash, "hashes"),
        TouchRecipient.day >= bindparam("since"),
    )
)


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
    return [
        Planned(id, account, TouchState(state), not_before, content)
        for id, account, state, not_before, content in session.execute(_PLANNED, {"accounts": accounts})
        if id != without
    ]


def said(
    session: Session, accounts: Collection[int], statuses: Sequence[str], pending: Iterable[Planned]
) -> Mapping[int, list[Said]]:
    """By invoice: every step that was said about the open ones, in order, and those on their way."""
    heard: dict[int, list[Said]] = defaultdict(list)
    lines = session.execute(_SAID, {"accounts": accounts, "statuses": statuses})
    for invoice, step, anchor, rung, balance, day, state in lines:
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
    recent = session.execute(_TOUCHED, {"accounts": accounts, "since": (now - MEMORY).date()})
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
    if session.scalars(_ANY_WORD, {"company": company}).first() is None:
        return {}
    hashes = {rt.vault.hash_address(address): address for address in addresses}
    words: dict[Cause, set[str]] = {Cause.BOUNCED: set(), Cause.OPTED_OUT: set()}
    for hashed, cause in session.execute(_WORDS, {"company": company, "hashes": hashes}):
        words[Cause(cause)].add(hashes[hashed])
    return {cause: frozenset(found) for cause, found in words.items()}


def elsewhere(
    rt: Runtime, session: Session, company: int, readers: Mapping[int, Collection[str]], now: datetime
) -> Mapping[int, list[TouchFacts]]:
    """By account: messages that reached its `readers` about another account of the company."""
    hashes = {rt.vault.hash_address(address): address for addresses in readers.values() for address in addresses}
    about = {"company": company, "hashes": hashes, "since": (now - MEMORY).date()}
    rows = session.execute(_ELSEWHERE, about)
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
