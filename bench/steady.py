"""`python -m bench steady`: what a company costs a day once it is read: ledger calls by purpose over a simulated week.

A thousand open invoices, fifty changes a day, webhooks on, messages going out. Calls by purpose are the product's own
count, their sum is held against what the twin counted at its door; clicks of people are on a line apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from integrations.ledgers.base import Purpose
from models import Touch
from sandbox.books import BookInvoice, BookPayment
from tests.town import MONDAY, Town
from workflows import clock, door, inbox

FREE_READS_A_MONTH = 500_000
OPEN, CUSTOMERS, CHANGES, CLICKS = 1000, 200, 50, 10
AIMS = {"quickbooks": 10, "xero": 30}


@dataclass(slots=True)
class Week:
    """One ledger's week. `calls` are by purpose; `oldest` is the age of the oldest figure that was said."""

    kind: str
    days: int = 7
    messages: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    metered: Counter[str] = field(default_factory=Counter)
    oldest: timedelta = timedelta()
    asked: int = 0

    def a_day(self, counted: Counter[str], clicks: bool) -> float:
        chosen = (number for purpose, number in counted.items() if Purpose(purpose).on_demand is clicks)
        return sum(chosen) / self.days


class Firm:
    """One company in one ledger, and the people who keep its books busy."""

    def __init__(self, kind: str, seed: int = 1) -> None:
        self.kind, self.chance, self.town = kind, Random(f"steady/{seed}"), Town(seed=seed)
        self.keys: list[str] = []
        for number in range(CUSTOMERS):
            self.town.customer(kind, f"c{number}")
        for number in range(OPEN):
            due = MONDAY.date() + timedelta(days=self.chance.randint(-45, 45))
            self.keys.append(f"S-{number}")
            self.town.open(kind, f"S-{number}", f"c{self.chance.randrange(CUSTOMERS)}", due)
        self.town.begin(kinds=[kind])
        self.number = OPEN

    def week(self, warm_up: int = 14) -> Week:
        """Live through the warm-up, in which the backlog is said, and then a week that is counted."""
        for _ in range(warm_up):
            self._day()
        found = Week(self.kind)
        with self.town.rt.store.read() as session:
            said = set(session.scalars(select(Touch.id)))
        before, asked = self._counted(), self.town.twin(self.kind).calls.total()
        for _ in range(found.days):
            self._day()
        after, found.asked = self._counted(), self.town.twin(self.kind).calls.total() - asked
        found.calls, found.metered = (late - early for late, early in zip(after, before, strict=True))
        with self.town.rt.store.read() as session:
            for touch in session.scalars(select(Touch).where(Touch.step != "thanks")):
                if touch.id not in said:
                    found.messages += 1
                    age = touch.sending_at - datetime.fromisoformat(touch.evidence["read_at"])
                    found.oldest = max(found.oldest, age)
        self.town.close()
        return found

    def _counted(self) -> tuple[Counter[str], Counter[str]]:
        """Calls and metered calls by purpose, as the product's own page shows them."""
        calls: Counter[str] = Counter()
        metered: Counter[str] = Counter()
        for (_, purpose), number in self.town.calls.items():
            calls[purpose] += number
            metered[purpose] += 0 if purpose == Purpose.WRITE.value else number
        return calls, metered

    def _day(self) -> None:
        end = self.town.now + timedelta(days=1)
        changes = sorted(self.town.now + timedelta(hours=24 * self.chance.random()) for _ in range(CHANGES))
        clicks = sorted(self.town.now + timedelta(hours=24 * self.chance.random()) for _ in range(CLICKS))
        while self.town.now < end:
            upcoming = clock.next_moment(self.town.rt) or end
            moment = min(end, max(upcoming, self.town.now + timedelta(seconds=30)), *changes[:1], *clicks[:1])
            self.town.clock.move(moment)
            while changes and changes[0] <= moment:
                self._change()
                changes.pop(0)
            while clicks and clicks[0] <= moment:
                door.look(self.town.rt, self.town.account(self.chance.choice(self.keys)).id)
                clicks.pop(0)
            for hook in self.town.twin(self.kind).webhooks():
                inbox.accept(self.town.rt, hook.kind, hook.raw, hook.headers)
            clock.settle(self.town.rt)

    def _change(self) -> None:
        """Half of all changes are payments, half new invoices: the book stays as big as it is."""
        twin, tenant = self.town.twin(self.kind), self.town.tenants[self.kind]
        today, about = self.town.now.date(), self.town.books[self.kind].about
        if self.chance.random() < 0.5:
            self.number += 1
            key = f"S-{self.number}"
            due = today + timedelta(days=self.chance.choice((7, 14, 30)))
            customer = f"c{self.chance.randrange(CUSTOMERS)}"
            twin.add_invoice(tenant, BookInvoice(key, customer, today, due, Decimal("100.00"), about.currency))
            self.keys.append(key)
            return
        key = self.keys.pop(self.chance.randrange(len(self.keys)))
        left = twin.balance(tenant, key)
        if left > 0:
            twin.receive(tenant, BookPayment(key, left, today, "bank"))


def main() -> None:
    for kind in AIMS:
        week = Firm(kind).week()
        everything, clicked = week.a_day(week.calls, clicks=False), week.a_day(week.calls, clicks=True)
        shares = ", ".join(f"{purpose} {number / week.days:.1f}" for purpose, number in week.calls.most_common())
        print(
            f"{kind}: {everything:.1f} calls a day by the clock (aim: at most {AIMS[kind]}), {clicked:.1f} on clicks;"
        )
        print(f"  by purpose: {shares};")
        print(
            f"  {week.messages / week.days:.0f} messages a day; the world's clock stands while a round lasts, and no "
            f"figure said was older than {week.oldest.total_seconds() / 60:.0f} minutes by it;"
        )
        print(f"  the ledger itself counted {week.asked / week.days:.1f} calls a day.")
        if kind == "quickbooks":
            reads = week.a_day(week.metered, clicks=False) + week.a_day(week.metered, clicks=True)
            fit = FREE_READS_A_MONTH / (reads * 365 / 12)
            print(f"  {reads:.1f} metered reads a day in all: {fit:,.0f} companies in the free 500,000 a month.")


if __name__ == "__main__":
    main()
