"""What would go out in the coming days, to whom, and why nothing goes to the others. Sends and stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from core.because import Because
from core.facts import InvoiceStatus
from core.replay import replay
from models import Account, Invoice
from workflows import gather
from workflows.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """One message that would be sent at `moment` (UTC) if nothing changed until then."""

    moment: datetime
    account_id: int
    account_name: str
    account_uid: str
    recipients: tuple[str, ...]
    step: str
    invoice_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """An account that would hear nothing, and why: one Because for each of its open invoices."""

    account_id: int
    account_name: str
    account_uid: str
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Messages in order of time, and every account with something open that would hear nothing."""

    messages: tuple[PreviewMessage, ...]
    silences: tuple[Silence, ...]


def preview(rt: Runtime, company_id: int, days: int) -> Preview:
    """Replay the company's cadence over the next `days` days as if it were live and nobody paid."""
    start = rt.clock.now()
    messages: list[PreviewMessage] = []
    silences: list[Silence] = []
    with rt.store.read() as session:
        accounts = session.scalars(
            select(Account)
            .where(
                Account.company_id == company_id,
                Account.invoices.any(Invoice.status != InvoiceStatus.PAID.value),
            )
            .order_by(Account.name)
        ).all()
        for row in accounts:
            gathered = gather.account(rt, session, row.id, start)
            if not gathered.facts.invoices:
                continue
            story = replay(gathered.facts, gathered.cadence, gathered.calendar, start, start + timedelta(days=days))
            numbers = {one.id: one.number for one in gathered.facts.invoices}
            messages += [
                PreviewMessage(
                    moment,
                    row.id,
                    row.name,
                    row.uid,
                    action.recipients,
                    action.lead,
                    tuple(numbers[line.invoice] for line in action.lines),
                )
                for moment, action in story.sent
            ]
            if not story.sent:
                silences.append(Silence(row.id, row.name, row.uid, story.because))
    return Preview(tuple(sorted(messages, key=lambda one: (one.moment, one.account_id))), tuple(silences))
