"""Invoices that a line of the bank probably pays: they wait until the ledger shows the payment, and not for ever.

Reads the lines only; it stands below `gather`, which asks it through `standing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.because import Cause
from core.facts import Hold
from core.money import Money
from models import BankLine, BankMatch
from workflows.rows import one_of

HOLDING = ("probable", "matched")
_HELD = (
    select(BankMatch.invoice_id, BankLine.day, BankLine.amount_minor, BankLine.currency, BankLine.holds_until)
    .join(BankLine, BankLine.id == BankMatch.line_id)
    .where(one_of(BankMatch.invoice_id, "ids"), BankLine.state.in_(HOLDING), BankLine.holds_until.is_not(None))
    .order_by(BankLine.id)
)


def holds(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, Hold]]:
    """Each of these invoices that a line holds, with its hold."""
    for invoice, day, minor, currency, until in session.execute(_HELD, {"ids": ids}):
        detail = (("day", day.isoformat()), ("amount", str(Money(minor, currency))))
        yield invoice, Hold(Cause.BANK_LINE, until, detail)
