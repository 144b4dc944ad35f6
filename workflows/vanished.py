"""What no list shows any more: open invoices and open credit, asked for by name and believed gone.

A ledger's changes do not always tell of deletions, and a list of what is open says nothing of what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Select, select

from core.facts import InvoiceStatus
from integrations.ledgers.base import Ledger, Page, Purpose
from models import Company, Credit, Invoice
from workflows import mirror
from workflows.runtime import Runtime

AT_ONCE = 400
_ASKED = (InvoiceStatus.OPEN.value, InvoiceStatus.UNKNOWN.value)


def invoices(
    rt: Runtime,
    company: Company,
    ledger: Ledger,
    began_at: datetime,
    purpose: Purpose,
    accounts: Sequence[int] | None = None,
) -> int:
    """Ask for invoices that a reading of all open ones (or of these accounts') did not show; how many changed."""
    mine = (
        Invoice.company_id == company.id,
        Invoice.status.in_(_ASKED if accounts is None else _ASKED[:1]),
        Invoice.read_at < began_at,
        Invoice.gone_at.is_(None),
        *([] if accounts is None else [Invoice.account_id.in_(accounts)]),
    )
    named = partial(ledger.named, "invoice", purpose=purpose)
    return _ask(rt, company, select(Invoice.external_id).where(*mine), named, began_at)


def credits(rt: Runtime, company: Company, ledger: Ledger, began_at: datetime) -> int:
    """Ask for open credit that a reading of all open credit did not show; how much of it changed."""
    mine = (
        Credit.company_id == company.id,
        Credit.gone_at.is_(None),
        Credit.remaining_minor > 0,
        (Credit.read_at < began_at) | Credit.read_at.is_(None),
    )
    named = partial(ledger.named, "credit", purpose=Purpose.SWEEP)
    return _ask(rt, company, select(Credit.external_id).where(*mine), named, began_at)


def _ask(
    rt: Runtime,
    company: Company,
    wanted: Select[str],
    named: Callable[[Sequence[str]], Iterable[Page]],
    began_at: datetime,
) -> int:
    """Ask for the wanted vendor ids by name, a few hundred at once, until none is left; how many rows changed.

    One that was not told of is wanted again: when the same come back, there is no more to learn.
    """
    changed, before = 0, list[str]()
    while (ids := _some(rt, wanted)) and ids != before:
        pages = list(named(ids))
        changed, before = changed + sum(mirror.store(rt, company, page, began_at).changed for page in pages), ids
    return changed


def _some(rt: Runtime, wanted: Select[str]) -> list[str]:
    with rt.store.read() as session:
        return list(session.scalars(wanted.order_by(*wanted.selected_columns).limit(AT_ONCE)))
