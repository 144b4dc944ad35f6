"""How a story is told: a town with one ledger, and a diary of what was said each day, or why nothing was.

It only looks and lets time pass; what happens in between is the story's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
def town_of(kind: str, *invoices: tuple[str, str, date]) -> Iterator[Town]:
    """A town with one ledger, live on Monday 2 March. Each invoice is (number, customer, due), over 100.00."""
    town = Town()
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
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    lines = []
    for answer, group in groupby(days, key=_living(town, number)):
        same = list(group)
        span = f"{same[0]:%d %b}" if len(same) == 1 else f"{same[0]:%d %b} to {same[-1]:%d %b}"
        lines.append(f"{span}: {answer}")
    return lines


def _living(town: Town, number: str) -> Callable[[date], str]:
    def live(day: date) -> str:
        before = len(town.mails(number))
        town.at(day, EVENING)
        said = [mail.header("X-Dunlin-Step").upper() for mail in town.mails(number)[before:]]
        status = town.invoice(number).status
        why = sorted(town.causes(number)) if status == InvoiceStatus.OPEN.value else [status]
        return " and ".join(said or why or ["silence without a because"])

    return live


def effects_of(town: Town, kind: EffectKind = EffectKind.MESSAGE) -> list[Effect]:
    """The effects of one kind, oldest first."""
    with town.rt.store.read() as session:
        return list(session.scalars(select(Effect).where(Effect.kind == kind.value).order_by(Effect.id)))


def message_about(town: Town, number: str) -> Effect:
    """The one message that was ever planned about an invoice."""
    invoice = town.invoice(number)
    (found,) = (one for one in effects_of(town) if invoice.id in [line[0] for line in one.content["lines"]])
    return found
