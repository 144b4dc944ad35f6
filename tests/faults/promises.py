"""What must be true after every run, however badly it went. Looks from outside first, then at what was written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.facts import InvoiceStatus
from core.money import Money
from models import Attempt, Effect, EffectState, Invoice, Posting, Reversal, Touch
from tests.town import SHOPS, Town, numbers_of
from workflows import audit, doctor


@dataclass(slots=True)
class Outcome:
    """What one run did, and every broken promise in words."""

    seed: int
    kills: int = 0
    faults: int = 0
    messages: int = 0
    payments: int = 0
    in_doubt: int = 0
    reconnected: int = 0
    broken: list[str] = field(default_factory=list)


def check(town: Town, outcome: Outcome, balances: list[tuple[str, str]]) -> None:
    """Put every broken promise into the outcome, in words."""
    broken = outcome.broken
    broken += [f"{number}: {step} was said although nothing was owed." for number, step in balances]
    broken += list(_said_twice(town, outcome))
    broken += list(_left_unfinished(town, outcome))
    broken += list(_money(town, outcome))
    broken += list(_mirror(town))
    broken += list(audit.verify(town.rt))
    broken += [f"Invoice {one}: silence without a because." for one in doctor.unexplained(town.rt)]


def _said_twice(town: Town, outcome: Outcome) -> Iterator[str]:
    mails = town.mails()
    outcome.messages = len(mails)
    ids = Counter(mail.header("Message-ID") for mail in mails)
    yield from (f"{one} arrived {count} times." for one, count in ids.items() if count > 1)
    days: Counter[tuple[str, str, str]] = Counter()
    for mail in mails:
        if mail.header("X-Dunlin-Step") == "thanks":
            continue
        zone = next(one for one in SHOPS.values() if one.name == mail.header("X-Dunlin-Company"))
        local = _local(mail.received_at, zone.zone)
        days.update((zone.key, address, local) for address in mail.recipients)
    yield from (f"{one} heard {count} messages in a day." for one, count in days.items() if count > 1)
    steps = Counter(
        (number, mail.header("X-Dunlin-Step"))
        for mail in mails
        if len(numbers_of(mail)) == 1
        for number in numbers_of(mail)
        if mail.header("X-Dunlin-Step") != "thanks"
    )
    yield from (f"{one} was said {count} times." for one, count in steps.items() if count > 1)


def _local(moment: datetime, zone: str) -> str:
    return str(moment.astimezone(ZoneInfo(zone)).date())


def _left_unfinished(town: Town, outcome: Outcome) -> Iterator[str]:
    with town.rt.store.read() as session:
        for effect in session.scalars(select(Effect)):
            if effect.state in (EffectState.CLAIMED.value, EffectState.SENDING.value):
                yield f"{effect.key} stays {effect.state}."
            if effect.state == EffectState.IN_DOUBT.value:
                outcome.in_doubt += 1
            if effect.state == EffectState.DUE.value and effect.not_before <= town.now:
                yield f"{effect.key} is due and was not done: {effect.note}"
        for touch in session.scalars(select(Touch).where(Touch.state == EffectState.SENDING.value)):
            yield f"The message {touch.message_id} stays sending."
        for attempt in session.scalars(select(Attempt).where(Attempt.state == "created")):
            if attempt.created_at < town.now - timedelta(hours=1):
                yield f"Attempt {attempt.uid} was never looked up."


def _money(town: Town, outcome: Outcome) -> Iterator[str]:
    """Every cent that the processors keep stands in the ledger exactly once, or something about it is on the desk."""
    kept = {one.reference: one.left for one in (*town.stripe.paid_sessions(), *town.gocardless.collected())}
    outcome.payments = len(kept)
    booked: dict[str, list[Decimal]] = {}
    for kind, tenant in town.tenants.items():
        for payment in town.twin(kind).payments(tenant):
            booked.setdefault(payment.reference[:21], []).append(payment.amount)
    with town.rt.store.read() as session:
        attempts = session.scalars(select(Attempt).options(selectinload(Attempt.lines))).all()
        reversals = session.scalars(select(Reversal)).all()
        waiting = session.scalars(select(Posting).where(Posting.state == "desk", Posting.kind == "undo-payment"))
        stuck = {one.content["payment"] for one in waiting}
    for attempt in attempts:
        found = [amount for line in attempt.lines for amount in booked.get(line.uid[:21], [])]
        if any(len(booked.get(line.uid[:21], [])) > 1 for line in attempt.lines):
            yield f"A line of {attempt.uid} is booked more than once."
        on_desk = any(line.state == "desk" or line.ledger_payment in stuck for line in attempt.lines)
        on_desk = on_desk or any(one.attempt_id == attempt.id and one.state in ("desk", "again") for one in reversals)
        left = kept.get(attempt.uid, Money.zero(attempt.currency))
        if sum(found, Decimal(0)) != left.decimal and not on_desk:
            states = [line.state for line in attempt.lines]
            yield f"{attempt.uid} ({attempt.state}, {states}): kept {left}, in the ledger {found}, on the desk nothing."


def _mirror(town: Town) -> Iterator[str]:
    with town.rt.store.read() as session:
        rows = {row.number: row for row in session.scalars(select(Invoice))}
    for kind, tenant in town.tenants.items():
        for invoice in town.books[kind].invoices:
            real = town.twin(kind).balance(tenant, invoice.key)
            row = rows[invoice.key]
            if row.balance.decimal != real:
                yield f"{invoice.key}: the mirror says {row.balance}, the ledger {real}."
            if real > 0 and row.status != InvoiceStatus.OPEN.value:
                yield f"{invoice.key}: {row.status} in the mirror, open in the ledger."
