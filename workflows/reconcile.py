"""Three-way agreement: what the processor took, what Dunlin wrote down, what the ledger shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.money import Money
from integrations.errors import OutsideError
from models import Attempt, AttemptLine, Company, Payment
from workflows.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree. `reference` is the attempt's or line's uid; `what` is a sentence."""

    company: str
    reference: str
    what: str


def differences(rt: Runtime) -> Iterator[Difference]:
    """Ask the processor about every payment taken, and compare it with the mirror of the ledger."""
    with rt.store.read() as session:
        attempts = session.scalars(
            select(Attempt)
            .where(Attempt.state == "paid")
            .order_by(Attempt.id)
            .options(selectinload(Attempt.lines).joinedload(AttemptLine.invoice))
        ).all()
        names = {company.id: company.name for company in session.scalars(select(Company))}
        booked = {
            (row.company_id, row.external_id): Money(row.amount_minor, row.currency)
            for row in session.scalars(select(Payment).where(Payment.gone_at.is_(None)))
        }
    for attempt in attempts:
        company = names[attempt.company_id]
        for what in _at_the_processor(rt, attempt):
            yield Difference(company, attempt.uid, what)
        for line in attempt.lines:
            shown = booked.get((attempt.company_id, line.ledger_payment))
            for what in _in_the_ledger(line, shown):
                yield Difference(company, line.uid, what)


def _at_the_processor(rt: Runtime, attempt: Attempt) -> Iterator[str]:
    processor = rt.processors.get(attempt.processor)
    if processor is None:
        yield "The payment's processor is not set up any more, so it cannot be asked."
        return
    try:
        checkout = processor.look_up(attempt.checkout_id)
    except OutsideError as error:
        yield f"The processor could not be asked: {error}"
        return
    if checkout.state != "paid":
        yield f"The processor says {checkout.state}; here it counts as paid."
    elif checkout.amount != attempt.amount:
        yield f"The processor took {checkout.amount}; here it is {attempt.amount}."


def _in_the_ledger(line: AttemptLine, shown: Money | None) -> Iterator[str]:
    if line.state == "desk":
        yield f"Invoice {line.invoice.number}: {line.amount} was taken and waits for a person. {line.note}"
    elif line.state in ("taken", "booked") and shown is None:
        yield f"Invoice {line.invoice.number}: {line.amount} was taken and is not yet seen in the ledger."
    elif line.ledger_payment and shown is None:
        yield f"Invoice {line.invoice.number}: the ledger no longer shows the payment of {line.amount}."
    elif shown is not None and shown != line.amount:
        yield f"Invoice {line.invoice.number}: the ledger shows {shown}; {line.amount} was taken."
