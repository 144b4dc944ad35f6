"""The judge: counts what happened from outside, in the mailbox, the card processor's and the ledgers' books alone.

It never asks Dunlin. Balances are noted at the very moment a message arrives, so `on_message` must be called then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from core.money import Money
from sandbox.browser import names
from sandbox.letters import Letter, company_of, lines_of, numbers_of, step_of
from sandbox.people import Books, Key, People
from sandbox.world import World

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{21,22}")
"""Dunlin's payment references: 22 URL-safe characters, of which QuickBooks keeps 21. The bank's contain a space."""


class Paid(Protocol):
    """A paid checkout; `lines` are (label, amount) and a label names its invoice."""

    @property
    def lines(self) -> tuple[tuple[str, Money], ...]: ...


class Till(Protocol):
    def paid_sessions(self) -> Sequence[Paid]: ...


@dataclass(slots=True)
class _Counts:
    steps: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    days: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    duplicates: int = 0
    about_paid: int = 0
    about_unbooked: int = 0
    about_card: int = 0
    strange: int = 0


class Judge:
    """`steps` are the names of the cadence's steps: only messages led by one of them are touches."""

    def __init__(self, world: World, books: Books, people: People, till: Till, steps: Collection[str]) -> None:
        self.world, self.books, self.people, self.till, self.steps = world, books, people, till, frozenset(steps)
        self._zones = {one.about.name: ZoneInfo(one.about.zone) for one in world.companies}
        self._keys = {one.about.name: one.about.key for one in world.companies}
        self._counts = _Counts()

    def on_message(self, letter: Letter) -> None:
        """Note one message as it arrives. One that is wrong in several ways counts once in each."""
        if step_of(letter) not in self.steps:
            return
        counts, company = self._counts, company_of(letter)
        counts.steps[step_of(letter)] += 1
        keys = [(self._keys.get(company, ""), number) for number in numbers_of(letter)]
        if not keys or any(key not in self.world.stories for key in keys):
            counts.strange += 1
            return
        counts.duplicates += self._is_duplicate(letter, company)
        paid = [key for key in keys if self._balance(key) <= 0]
        counts.about_paid += bool(paid)
        counts.about_unbooked += any(self.people.paid_unbooked(key) for key in keys)
        counts.about_card += any(key in self.people.paid_by_card and key not in paid for key in keys)

    def _is_duplicate(self, letter: Letter, company: str) -> bool:
        """The same step about the same invoice, or a second message on one day, to somebody who had it already."""
        counts, day = self._counts, letter.received_at.astimezone(self._zones[company]).date()
        again = False
        for recipient in {one.lower() for one in letter.recipients}:
            said = [(company, recipient, what, step) for what, step in lines_of(letter)]
            again |= any(counts.said[one] for one in said) or bool(counts.days[company, recipient, day])
            counts.said.update(said)
            counts.days[company, recipient, day] += 1
        return again

    def _balance(self, key: Key) -> Decimal:
        twin, tenant = self.books[key[0]]
        return twin.balance(tenant, key[1])

    def figures(self) -> dict[str, object]:
        """The counted part of the headless demo's JSON object; keys are stable."""
        counts, people = self._counts, self.people
        taken, matched, loose = self._reconciled()
        return {
            "touches_sent": sum(counts.steps.values()),
            "touches_by_step": dict(sorted(counts.steps.items())),
            "duplicate_touches": counts.duplicates,
            "touches_about_paid_invoices": counts.about_paid,
            "touches_about_paid_unbooked": counts.about_unbooked,
            "touches_about_card_paid": counts.about_card,
            "touches_about_unknown_invoices": counts.strange,
            "payments_taken": taken,
            "payments_written_back": matched,
            "payments_unreconciled": loose,
            "promises_kept": sum(map(people.kept, people.promises)),
            "promises_broken": sum(map(people.broken, people.promises)),
            "disputes": len(people.disputes),
            "visits_failed": len(people.troubles),
        }

    def _reconciled(self) -> tuple[int, int, int]:
        """(lines paid by card, lines found in a ledger, whatever stands on one side only)."""
        booked = [
            (payment.invoice, payment.amount, self.world.stories[company, payment.invoice].invoice.currency)
            for company, (twin, tenant) in self.books.items()
            for payment in twin.payments(tenant)
            if _REFERENCE.fullmatch(payment.reference)
        ]
        lines = [line for session in self.till.paid_sessions() for line in session.lines]
        taken, matched = len(lines), 0
        for label, amount in lines:
            found = next(
                (one for one in booked if names(label, one[0]) and one[1:] == (amount.decimal, amount.currency)), None
            )
            if found is not None:
                booked.remove(found)
                matched += 1
        return taken, matched, taken - matched + len(booked)
