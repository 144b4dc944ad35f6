"""How a story is told: a town with one ledger, and a diary of what was said each day, or why nothing was.

It only looks and lets time pass; what happens in between is the story's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import groupby

import pytest
from sqlalchemy import select

from core.facts import InvoiceStatus
from models import Effect, EffectKind
from tests.town import Town

BOTH = pytest.mark.parametrize("kind", ["quickbooks", "xero"])
EVENING = 22  # UTC: after hours in London and in New York, on the same day in both
OPENING = {"quickbooks": 14, "xero": 9}  # UTC, while New York keeps winter time


@contextmanager
def town_of(kind: str, *invoices: tuple[str, str, date], cadence: str = "default") -> Iterator[Town]:
    """A town with one ledger, live on Monday 2 March. Each invoice is (number, customer, due), over 100.00."""
    town = Town(cadence=cadence)
    for customer in dict.fromkeys(customer for _, customer, _ in invoices):
        town.customer(kind, customer)
    for number, customer, due in invoices:
        town.open(kind, number, customer, due)
    try:
        yield town.begin(kinds=[kind])
    finally:
        town.close()


def diary(town: Town, number: str, first: date, last: date) -> list[str]:
    """Live through these days; what was said about the invoice, else why not. Equal days stand in one line."""
    return diaries(town, [number], first, last)[number]


def diaries(town: Town, numbers: Sequence[str], first: date, last: date) -> dict[str, list[str]]:
    """The same for several invoices, living through the days once."""
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    told = [_lived(town, numbers, day) for day in days]
    return {
        number: [
            _line([day for day, _ in same], answer)
            for answer, group in groupby(zip(days, told, strict=True), key=lambda one: one[1][number])
            for same in (list(group),)
        ]
        for number in numbers
    }


def _line(days: Sequence[date], answer: str) -> str:
    span = f"{days[0]:%d %b}" if len(days) == 1 else f"{days[0]:%d %b} to {days[-1]:%d %b}"
    return f"{span}: {answer}"


def _lived(town: Town, numbers: Sequence[str], day: date) -> dict[str, str]:
    """Live until the evening; what is to be told of each invoice then."""
    before = {number: len(town.mails(number)) for number in numbers}
    town.at(day, EVENING)
    return {number: _answer(town, number, before[number]) for number in numbers}


def _answer(town: Town, number: str, before: int) -> str:
    said = [mail.header("X-Dunlin-Step").upper() for mail in town.mails(number)[before:]]
    status = town.invoice(number).status
    why = sorted(town.causes(number)) if status == InvoiceStatus.OPEN.value else [status]
    return " and ".join(said or why or ["silence without a because"])


def effects_of(town: Town, kind: EffectKind = EffectKind.MESSAGE) -> list[Effect]:
    """The effects of one kind, oldest first."""
    with town.rt.store.read() as session:
        return list(session.scalars(select(Effect).where(Effect.kind == kind.value).order_by(Effect.id)))


def message_about(town: Town, number: str) -> Effect:
    """The one message that was ever planned about an invoice."""
    invoice = town.invoice(number)
    (found,) = (one for one in effects_of(town) if invoice.id in [line[0] for line in one.content["lines"]])
    return found
