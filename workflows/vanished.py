"""What no list shows any more: open invoices and open credit, asked for by name and believed gone.

A ledger's changes do not always tell of deletions, and a list of what is open says nothing of what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, Select, select

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
) -> int:
    """Ask for invoices that a reading of all open ones did not show; how many changed."""
    mine = Invoice.status.in_(_ASKED), Invoice.read_at < began_at
    return _invoices(rt, company, ledger, began_at, purpose, *mine)


def invoices_of(
    rt: Runtime,
    company: Company,
    ledger: Ledger,
    began_at: datetime,
    purpose: Purpose,
    accounts: Sequence[int],
    shown: Collection[str],
) -> int:
    """The same for a reading of these accounts' open invoices, which showed those of the vendor ids `shown`: what is
    known of the others may be from another reading of the very same minutes. How many changed.
    """
    mine = Invoice.account_id.in_(accounts), Invoice.external_id.not_in(sorted(shown))
    return _invoices(rt, company, ledger, began_at, purpose, Invoice.status.in_(_ASKED[:1]), *mine)


def _invoices(
    rt: Runtime, company: Company, ledger: Ledger, began_at: datetime, purpose: Purpose, *which: ColumnElement[bool]
) -> int:
    mine = Invoice.company_id == company.id, Invoice.gone_at.is_(None), *which
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
