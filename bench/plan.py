"""`python -m bench plan`: how long `plan()` takes to answer for an account with six open invoices."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bench.clock import timed
from core.calendars import Calendar
from core.facts import AccountFacts, InvoiceFacts, InvoiceStatus
from core.money import Money
from core.plan import plan
from workflows import cadences

ANSWERS = 1000


def main() -> None:
    cadence, calendar = cadences.parsed(cadences.shipped("default")), Calendar("Europe/London")
    now, some = datetime(2026, 3, 2, 10, tzinfo=UTC), Money(10_000, "GBP")
    invoices = tuple(
        InvoiceFacts(
            number,
            f"INV-{number}",
            InvoiceStatus.OPEN,
            date(2026, 1, 1),
            date(2026, 1, 31) + timedelta(days=9 * number),
            some,
            some,
            ("someone@customers.example",),
        )
        for number in range(6)
    )
    account = AccountFacts(1, live=True, read_at=now, invoices=invoices)
    spent = timed(lambda: [plan(account, cadence, calendar, now) for _ in range(ANSWERS)])
    print(f"plan() for an account with six open invoices: {1e6 * spent / ANSWERS:.0f} microseconds.")
