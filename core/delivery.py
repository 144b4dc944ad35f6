"""When an invoice was delivered, as far as the books and our own reading can tell: follow-ups count from then."""

from __future__ import annotations

from datetime import date, timedelta

from core.facts import InvoiceFacts

_DAY = timedelta(days=1)


def delivery(issued: date, shipped: date | None, seen: date, connected: date | None) -> date | None:
    """The ledger's ship date; None: nothing but the issue date is known.

    What was written later than it is dated cannot have been delivered before it was written: at the earliest on the day
    before it was first `seen`. What stood in the books when the company was `connected` is taken at its word.
    """
    if connected is None or seen - _DAY <= connected:
        return shipped
    return max(shipped or issued, seen - _DAY)


def delivered(invoice: InvoiceFacts) -> date:
    """The day of delivery; what was shipped before its invoice was written counts from the invoice."""
    return invoice.issued if invoice.delivered is None else max(invoice.delivered, invoice.issued)
