"""`python -m bench plan`: how many accounts of five invoices `plan()` answers for in a second, on one core.

The accounts have lived with the cadence for weeks: what was said to them is what it would have said. The floor walks
the same facts once and does nothing but read their fields. Only the ratio counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from random import Random
from statistics import median
from time import process_time
from typing import Any

from bench.clock import ROUNDS
from core.because import Cause
from core.cadence import Cadence, Payer, Reason
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, Told, TouchFacts
from core.money import Money
from core.plan import done, plan
from workflows import cadences

ACCOUNTS, INVOICES, DUE_DATES, WEEKS = 2000, 5, 200, 6
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)  # a Tuesday
HOLIDAYS = frozenset({date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6)})
LONDON = Calendar("Europe/London", HOLIDAYS)
TO_NEW_YORK = Calendar("Europe/London", HOLIDAYS, hours_zone="America/New_York")
PAYERS = (Payer.NEW, Payer.STEADY, Payer.SLOW, Payer.UNSURE)
Asked = tuple[AccountFacts, Calendar]
HOLDS = (Cause.PROMISE, Cause.DISPUTE, Cause.EXTENSION, Cause.IN_FLIGHT)


def main() -> None:
    cadence = cadences.shipped("early-intervention")
    asked = aged_accounts(ACCOUNTS, cadence)
    answers = [plan(account, cadence, calendar, NOW) for account, calendar in asked]
    silences = Counter(because.cause.value for answer in answers for because in answer.because)
    speaking = sum(bool(answer.actions) for answer in answers)
    print(f"{ACCOUNTS} accounts of {INVOICES} invoices, {DUE_DATES} due dates; {speaking} accounts hear something now.")
    print("Silent: " + ", ".join(f"{count} {cause}" for cause, count in silences.most_common()) + ".")
    spent = _timed(lambda account, calendar: plan(account, cadence, calendar, NOW), asked)
    floor = _timed(lambda account, _: _read(account), asked)
    print(f"plan(): {_rate(spent)}. Floor, reading every field once: {_rate(floor)}. Ratio {spent / floor:.1f}.")


def aged_accounts(count: int, cadence: Cadence) -> list[Asked]:
    """Accounts as they stand after some weeks of this cadence, most on the company's clock, some on their own."""
    chance = Random(7)
    return [
        _aged(_account(id, chance), cadence, TO_NEW_YORK if chance.random() < 0.2 else LONDON) for id in range(count)
    ]


def _timed(act: Callable[[AccountFacts, Calendar], object], asked: Sequence[Asked]) -> float:
    """Seconds of this process alone, so that what else the machine does counts little: the median of several rounds."""
    spent = []
    for _ in range(ROUNDS):
        start = process_time()
        for account, calendar in asked:
            act(account, calendar)
        spent.append(process_time() - start)
    return median(spent)


def _rate(spent: float) -> str:
    return f"{ACCOUNTS / spent:,.0f} accounts a second, {1e6 * spent / ACCOUNTS:.0f} microseconds each"


def _account(id: int, chance: Random) -> AccountFacts:
    """Some write to two people, some have credit; most of their invoices are not due yet or between two steps."""
    readers: tuple[str, ...] = (f"one{id}@customers.example", f"two{id}@customers.example")
    readers = readers if chance.random() < 0.2 else readers[:1]
    invoices = tuple(_invoice(INVOICES * id + place, readers, chance) for place in range(INVOICES))
    credits = (Money(5_000, "GBP"),) if chance.random() < 0.05 else ()
    return AccountFacts(
        id, live=True, read_at=NOW, invoices=invoices, credits=credits, payer=chance.choice(PAYERS), usual_delay=4
    )


def _invoice(id: int, readers: tuple[str, ...], chance: Random) -> InvoiceFacts:
    due = NOW.date() + timedelta(days=chance.randrange(-DUE_DATES * 2 // 5, DUE_DATES * 3 // 5))
    some = Money(chance.randrange(1_000, 500_000), "GBP")
    is_paid, is_held, has_told = (chance.random() < share for share in (0.2, 0.08, 0.05))
    return InvoiceFacts(
        id,
        f"INV-{id}",
        InvoiceStatus.PAID if is_paid else InvoiceStatus.OPEN,
        due - timedelta(days=chance.choice((14, 30))),
        due,
        some,
        Money(0, "GBP") if is_paid else some,
        readers,
        (Hold(chance.choice(HOLDS), NOW.date() + timedelta(days=chance.randrange(-5, 15))),) if is_held else (),
        told=Told(chance.choice(list(Reason)), NOW.date() - timedelta(days=chance.randrange(20))) if has_told else None,
    )


def _aged(account: AccountFacts, cadence: Cadence, calendar: Calendar) -> Asked:
    """The account as it stands on the evening before."""
    now: datetime | None = NOW - timedelta(weeks=WEEKS)
    while now is not None and now < NOW - timedelta(hours=12):
        answer = plan(replace(account, read_at=now), cadence, calendar, now)
        account, now = done(account, answer.actions, now), answer.wake_at
    return account, calendar


def _read(account: AccountFacts) -> None:
    """Every field of the facts, and of what they hold, looked at once: straight lines, nothing else."""
    _ACCOUNT(account)
    for touch in account.touches:
        _TOUCH(touch)
    for invoice in account.invoices:
        _INVOICE(invoice)
        _MONEY(invoice.balance)
        for hold in invoice.holds:
            _HOLD(hold)
        for said in invoice.said:
            _SAID(said)


def _reader(kind: type[Any]) -> attrgetter[Any]:
    return attrgetter(*(one.name for one in fields(kind)))


_ACCOUNT, _TOUCH, _INVOICE = _reader(AccountFacts), _reader(TouchFacts), _reader(InvoiceFacts)
_MONEY, _HOLD, _SAID = _reader(Money), _reader(Hold), _reader(Said)


if __name__ == "__main__":
    main()
