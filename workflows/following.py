"""Where an arrangement stands: what each of its parts lacks as the ledger shows its invoices today.

It reads rows and does the sums of `core.instalments`; `fit` alone changes something, in the caller's transaction. It
stands below `gather`, which asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, selectinload

from core import instalments
from core.facts import InvoiceStatus
from core.instalments import Coming, Part
from core.money import Money
from models import Arrangement, InstalmentRow, Invoice, arrangement_invoice

STANDING = ("running", "proposed")
_GONE = (InvoiceStatus.VOIDED.value, InvoiceStatus.DELETED.value)
_SETTLED = (*_GONE, InvoiceStatus.PAID.value)


@dataclass(frozen=True, slots=True)
class DuePart:
    """A part of a running arrangement whose day has come, and what of it is not there yet."""

    arrangement: Arrangement
    row: InstalmentRow
    missing: Money


def whole() -> Select[Arrangement]:
    return select(Arrangement).options(selectinload(Arrangement.invoices), selectinload(Arrangement.parts))


# Asked at every tick, so it is made once.
_RIPE = (
    whole()
    .where(Arrangement.state == "running", Arrangement.parts.any(InstalmentRow.day <= bindparam("day")))
    .order_by(Arrangement.id)
)


def due_parts(session: Session, day: date) -> tuple[DuePart, ...]:
    """Every part of a running arrangement that is due on `day` or was before it, with what is still missing of it."""
    found = session.scalars(_RIPE, {"day": day})
    return tuple(
        DuePart(plan, row, Money(one.missing, plan.currency))
        for plan in found
        for row, one in zip(in_order(plan), coming(plan), strict=True)
        if one.missing and one.day <= day
    )


def next_part(plan: Arrangement) -> tuple[list[str], Money]:
    """The uids of its invoices that are still open, and what is missing of the part to pay next (zero: of none)."""
    missing = next((one.missing for one in coming(plan) if one.missing), 0)
    owed = [one.uid for one in plan.invoices if one.status not in _SETTLED and one.balance_minor > 0]
    return owed, Money(missing, plan.currency)


def is_next_part(session: Session, invoices: Sequence[Invoice], amount: Money) -> bool:
    """Whether `amount` is what is missing of the next part of an arrangement about exactly these open invoices."""
    about = Arrangement.state == "running", Arrangement.invoices.any(Invoice.id.in_([one.id for one in invoices]))
    uids = {one.uid for one in invoices}
    plans = (next_part(plan) for plan in session.scalars(whole().where(*about)))
    return any(set(owed) == uids and part == amount for owed, part in plans)


def instalment_of(session: Session, invoices: Sequence[int]) -> int | None:
    """The next part (a row's id) of the running arrangement that all these invoices (ids) belong to."""
    about = [Arrangement.invoices.any(Invoice.id == one) for one in invoices]
    plan = session.scalars(whole().where(Arrangement.state == "running", *about)).first()
    rows = zip(in_order(plan), coming(plan), strict=True) if plan is not None else ()
    return next((row.id for row, one in rows if one.missing), None)


def arranged_invoices(session: Session, account_id: int) -> frozenset[int]:
    """The ids of the account's invoices that are being paid in parts."""
    running = Arrangement.account_id == account_id, Arrangement.state == "running"
    found = select(arrangement_invoice.c.invoice_id).join(Arrangement).where(*running)
    return frozenset(session.scalars(found))


def in_order(plan: Arrangement) -> list[InstalmentRow]:
    return sorted(plan.parts, key=lambda part: part.day)


def coming(plan: Arrangement) -> tuple[Coming, ...]:
    """Its parts as they stand now, in the order of their days; it needs its invoices and parts loaded."""
    return instalments.coming(_agreed(plan), _grown(plan), left_of(plan))


def left_of(plan: Arrangement) -> int:
    """What is open of all its invoices; what the ledger has taken away is owed no more."""
    live = (one for one in plan.invoices if one.status not in _SETTLED and one.gone_at is None)
    return sum(one.balance_minor for one in live)


def worth(invoices: Sequence[Invoice]) -> int:
    """What the invoices were written over, whatever was paid of it."""
    return sum(one.total_minor for one in invoices if one.status not in _GONE and one.gone_at is None)


def _agreed(plan: Arrangement) -> list[Part]:
    return [Part(row.day, row.amount_minor, row.left_minor) for row in in_order(plan)]


def _grown(plan: Arrangement) -> int:
    """How much more the invoices were written over since the parts were fitted; not known of the oldest plans."""
    return max(worth(plan.invoices) - plan.total_minor, 0) if plan.total_minor else 0


def fit(plan: Arrangement) -> int:
    """Put what the invoices have grown by onto the last part, for good; how much that was."""
    before = sum(row.left_minor for row in plan.parts)
    afters = instalments.raised(_agreed(plan), _grown(plan), left_of(plan))
    for row, after in zip(in_order(plan), afters, strict=True):
        row.left_minor = after
    plan.total_minor = worth(plan.invoices)
    return sum(afters) - before
