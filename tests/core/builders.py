"""Small makers of facts for the tests of the core: an invoice, an account, a moment, with everything else filled in.

Plain values only. What is not named in a test does not matter to it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from core.because import Cause
from core.cadence import Cadence, Reason
from core.calendars import Calendar
from core.facts import AccountFacts, Hold, InvoiceFacts, InvoiceStatus, Said, Told, TouchFacts, TouchState
from core.language import parse_cadence
from core.money import Money

# The ladder that is shipped: heads-up -5, due-today 0, late-4, late-12, late-21, late-35.
DEFAULT = parse_cadence((Path(__file__).parents[2] / "templates/cadences/default.toml").read_text())
# Nine to five UTC, Monday to Friday. The second of March 2026 is a Monday.
OFFICE = Calendar()
ANN, BOB = "ann@customer.test", "bob@customer.test"


def moment(text: str) -> datetime:
    """A UTC moment: `moment("2026-03-02 09:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    """A day of 2026: `day("03-02")`."""
    return date.fromisoformat(f"2026-{text}")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def invoice(due: date | None, id: int = 1, **more: Any) -> InvoiceFacts:
    """An open invoice over 100 euros to Ann, issued long before it is due."""
    facts: dict[str, Any] = {
        "number": f"N-{id}",
        "status": InvoiceStatus.OPEN,
        "issued": date(2024, 1, 1),
        "total": eur(10_000),
        "balance": eur(10_000),
        "recipients": (ANN,),
    }
    return InvoiceFacts(id=id, due=due, **facts | more)


def account(*invoices: InvoiceFacts, **more: Any) -> AccountFacts:
    """A live account; `read_at` must be given where freshness matters, else it was read just now and for ever."""
    facts: dict[str, Any] = {"live": True, "read_at": datetime(2100, 1, 1, tzinfo=UTC)}
    return AccountFacts(id=7, invoices=invoices, **facts | more)


def said(step: str, on: date, state: TouchState = TouchState.SENT, **more: Any) -> Said:
    return Said(step, on, state, **more)


def touched(on: date, *recipients: str, at: str = "09:00", **more: Any) -> TouchFacts:
    """A message of that day, UTC; to Ann where nobody is named."""
    return TouchFacts(recipients or (ANN,), on, at=moment(f"{on} {at}"), **more)


def told(reason: Reason, on: date) -> Told:
    return Told(reason, on)


def held(cause: Cause, until: date | None = None) -> Hold:
    return Hold(cause, until)


def parsed(*lines: str, **limits: int) -> Cadence:
    """A cadence called test from the lines of its steps."""
    numbers = (f"{name} = {value}" for name, value in limits.items())
    return parse_cadence("\n".join(["name = 'test'", "title = 'Test'", *numbers, *lines]))


def step(name: str, offset: int, tone: str = "kind", **more: Any) -> str:
    """One step as it is written; `when` and lists are given as they stand in the file."""
    fields = "".join(f"{field} = {value}\n" for field, value in more.items())
    return f"[[step]]\nname = '{name}'\noffset = {offset}\ntone = '{tone}'\n{fields}"


def ladder(*offsets: int, **limits: int) -> Cadence:
    """A cadence whose steps are called after their days: `ladder(-3, 4, 12)` has `d-3`, `d4` and `d12`, all kind."""
    return parsed(*(step(f"d{offset}", offset) for offset in offsets), **limits)
