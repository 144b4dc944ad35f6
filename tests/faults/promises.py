"""What must be true after every run, however badly it went. Looks from outside first, then at what was written down."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.facts import InvoiceStatus
from core.money import Money
from models import (
    Account,
    Attempt,
    Base,
    Charge,
    Effect,
    EffectKind,
    EffectState,
    Invoice,
    Posting,
    Reversal,
    Reward,
    Touch,
)
from sandbox.mailbox import Mail
from tests.faults.witness import is_reminder
from tests.town import SHOPS, Town, numbers_of
from workflows import audit, doctor

# These columns hold what is sealed with fresh randomness, and what is worked out from that.
SEALED = ("sealed", "hash", "link", "previous", "proof")
GAP = timedelta(hours=48 - 1)  # machines' clocks are minutes off, and a message may hang for minutes
WEEK = timedelta(days=6)  # in seven days of the calendar; the first and the last may be short


@dataclass(slots=True)
class Outcome:
    """What one run did, and every broken promise in words, by kind: twice, lost, unexplained or other."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    meanwhile: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    payments: int = 0
    bookings: int = 0
    money: Decimal = Decimal(0)
    in_doubt: int = 0
    rewards: int = 0
    charges: int = 0
    reconnected: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    digest: str = ""

    def broke(self, kind: str, words: str) -> None:
        self.broken.append((kind, words))


def check(town: Town, outcome: Outcome, wrong: Sequence[str], moved: Collection[str] = ()) -> None:
    """Put every broken promise into the outcome, and what the world came to. `wrong` was seen while it happened.

    `moved` are invoices whose day to count from was changed: their steps may be said anew.
    """
    found = {
        "other": [*wrong, *mirror(town), *audit.verify(town.rt)],
        "twice": [*said_twice(town, outcome, moved), *performed_twice(town)],
        "lost": [one for every in _LOST for one in every(town, outcome)],
        "unexplained": [f"Invoice {one}: silence without a because." for one in doctor.unexplained(town.rt)],
    }
    outcome.broken += [(kind, words) for kind, every in found.items() for words in every]
    outcome.digest = digest(town)


def said_twice(town: Town, outcome: Outcome, moved: Collection[str]) -> Iterator[str]:
    mails = town.mails()
    outcome.messages = len(mails)
    ids = Counter(mail.header("Message-ID") for mail in mails)
    yield from (f"{one} arrived {count} times." for one, count in ids.items() if count > 1)
    days: Counter[tuple[str, str, str]] = Counter()
    reminders = [mail for mail in mails if is_reminder(mail)]
    for mail in reminders:
        shop = next(one for one in SHOPS.values() if one.name == mail.header("X-Dunlin-Company"))
        local = str(mail.received_at.astimezone(ZoneInfo(shop.zone)).date())
        days.update((shop.key, address, local) for address in mail.recipients)
    yield from (f"{one} heard {count} messages in a day." for one, count in days.items() if count > 1)
    steps = Counter((one, mail.header("X-Dunlin-Step")) for mail in reminders for one in _alone(mail, moved))
    yield from (f"{one} was said {count} times." for one, count in steps.items() if count > 1)
    yield from _too_often(reminders)


def _alone(mail: Mail, moved: Collection[str]) -> list[str]:
    """The one invoice that a message is about; among several only the firmest has the step that leads."""
    numbers = numbers_of(mail)
    return numbers if len(numbers) == 1 and numbers[0] not in moved else []


def _too_often(reminders: Sequence[Mail]) -> Iterator[str]:
    """Two days between two messages to an address, and at most two in seven days, whatever cadence it was."""
    heard: dict[tuple[str, str], list[datetime]] = {}
    for mail in reminders:
        for address in mail.recipients:
            heard.setdefault((mail.header("X-Dunlin-Company"), address), []).append(mail.received_at)
    for one, moments in heard.items():
        for first, second in pairwise(sorted(moments)):
            if second - first < GAP:
                yield f"{one} heard messages at {first} and {second}."
        for first, third in zip(sorted(moments), sorted(moments)[2:], strict=False):
            if third - first < WEEK:
                yield f"{one} heard three messages from {first} to {third}."


def performed_twice(town: Town) -> Iterator[str]:
    """No step twice about the same invoice and day it is counted from; no touch without evidence."""
    with town.rt.store.read() as session:
        for touch in session.scalars(select(Touch).join(Effect).where(Effect.kind == EffectKind.MESSAGE.value)):
            if touch.channel == "email" and not (touch.evidence.get("read_at") and touch.evidence.get("balances")):
                yield f"{touch.message_id} has no evidence."
        known = {touch.message_id for touch in session.scalars(select(Touch))}
    for mail in town.mails():
        if is_reminder(mail) and mail.header("Message-ID") not in known:
            yield f"{mail.header('Message-ID')} was sent and no touch knows of it."


def left_unfinished(town: Town, outcome: Outcome) -> Iterator[str]:
    with town.rt.store.read() as session:
        for effect in session.scalars(select(Effect)):
            if effect.state in (EffectState.CLAIMED.value, EffectState.SENDING.value):
                yield f"{effect.key} stays {effect.state}."
            outcome.in_doubt += effect.state == EffectState.IN_DOUBT.value
            outcome.bookings += (effect.kind, effect.state) == (EffectKind.BOOKING.value, EffectState.SENT.value)
            if effect.state == EffectState.DUE.value and effect.not_before <= town.now:
                yield f"{effect.key} is due and was not done: {effect.note}"
        for touch in session.scalars(select(Touch).where(Touch.state == EffectState.SENDING.value)):
            yield f"The message {touch.message_id} stays sending."
        for attempt in session.scalars(select(Attempt).where(Attempt.state == "created")):
            if attempt.created_at < town.now - timedelta(hours=1):
                yield f"Attempt {attempt.uid} was never looked up."
        for account in session.scalars(select(Account).where(Account.wake_at <= town.now - timedelta(hours=1))):
            yield f"Account {account.name} was not woken."


def _money(town: Town, outcome: Outcome) -> Iterator[str]:
    """Every cent that the processors keep stands in the ledger exactly once, or something about it is on the desk."""
    kept = {one.reference: one.left for one in (*town.stripe.paid_sessions(), *town.gocardless.collected())}
    outcome.payments, outcome.money = len(kept), sum((one.decimal for one in kept.values()), Decimal(0))
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
    for reference in kept.keys() - {one.uid for one in attempts}:
        yield f"{reference} was paid and no attempt knows of it."


def rewards(town: Town, outcome: Outcome) -> Iterator[str]:
    """What was earned is given once, on the desk or on its way there; no more than was offered."""
    with town.rt.store.read() as session:
        postings = {one.id: one for one in session.scalars(select(Posting))}
        for reward in session.scalars(select(Reward)):
            posting = postings.get(reward.posting_id or 0)
            outcome.rewards += reward.state == "granted"
            was_given = reward.state in ("earned", "granted", "unearned", "kept", "taken")
            if (posting is not None) != was_given and reward.state != "lapsed":
                yield f"{reward.uid} is {reward.state}, and its credit is {posting and posting.state}."
            if posting is not None and posting.amount > reward.amount:
                yield f"{reward.uid}: {posting.amount} was given, {reward.amount} offered."
            if reward.state == "earned" and posting is not None and posting.state != "desk":
                yield f"{reward.uid} was earned and never given."
        given = Counter(one.posting_id for one in session.scalars(select(Reward)) if one.posting_id)
    yield from (f"The credit {one} was given {count} times." for one, count in given.items() if count > 1)


def charges(town: Town, outcome: Outcome) -> Iterator[str]:
    """What was asked for stands in the ledger as one invoice, or on the desk; and no other invoice of ours does."""
    known = {one.key for books in town.books.values() for one in books.invoices}
    with town.rt.store.read() as session:
        made = {one.external_id: one for one in session.scalars(select(Invoice)) if one.number not in known}
        for charge in session.scalars(select(Charge)):
            posting = session.get(Posting, charge.posting_id) if charge.posting_id else None
            outcome.charges += charge.state == "booked"
            if charge.state == "asked" and (posting is None or posting.state != "desk"):
                yield f"{charge.uid} was asked for and never booked."
            row = made.pop(charge.ledger_invoice, None)
            if charge.state == "booked" and (row is None or row.total != charge.amount):
                yield f"{charge.uid} over {charge.amount} stands in the ledger as {row and row.total}."
    yield from (f"{one.number} over {one.total} was written and belongs to nothing." for one in made.values())


_LOST = (left_unfinished, _money, rewards, charges)


def mirror(town: Town) -> Iterator[str]:
    with town.rt.store.read() as session:
        rows = {row.number: row for row in session.scalars(select(Invoice))}
    for kind, tenant in town.tenants.items():
        for invoice in town.books[kind].invoices:
            real, row = town.twin(kind).balance(tenant, invoice.key), rows.get(invoice.key)
            if row is None:
                yield f"{invoice.key} is not in the mirror."
            elif row.balance.decimal != real:
                yield f"{invoice.key}: the mirror says {row.balance}, the ledger {real}."
            elif real > 0 and row.status != InvoiceStatus.OPEN.value:
                yield f"{invoice.key}: {row.status} in the mirror, open in the ledger."


def digest(town: Town) -> str:
    """Everything that stands in the world in the end, in 64 letters; the same for the same seed."""
    made = hashlib.sha256()
    for mail in town.mails():
        made.update(repr((mail.received_at, mail.recipients, mail.header("Message-ID"), mail.text)).encode())
    for kind, tenant in sorted(town.tenants.items()):
        made.update(repr(sorted(map(repr, town.twin(kind).payments(tenant)))).encode())
    with town.rt.store.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [one for one in table.columns if not any(word in one.name for word in SEALED)]
            made.update(repr(sorted(map(repr, session.execute(select(*columns))))).encode())
    return made.hexdigest()
