"""The ledger's own papers, fetched because somebody asked: an invoice as PDF, and the ledger's page to pay it.

Nothing is asked for that the permission does not cover. Only the page's address is kept, never a paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from integrations.channels.base import Attachment
from integrations.errors import OutsideError
from integrations.ledgers.base import Feature, Ledger
from models import Invoice
from workflows import grants, ties
from workflows.connections import with_ledger
from workflows.errors import Refusal
from workflows.runtime import Runtime

Paper = TypeVar("Paper")


def available(rt: Runtime, company_id: int) -> bool:
    """Whether it makes sense to ask: the ledger lets us in, and the permission covers it."""
    with rt.store.read() as session:
        connection = ties.standing(session, company_id)
    if connection is None or connection.state != "active":
        return False
    return Feature.DOCUMENTS in grants.allowed_by(rt, connection.grant)


def pdf(rt: Runtime, invoice_id: int) -> bytes:
    """The ledger's own picture of the invoice, read now; Refusal when it gives none."""
    return _asked(rt, _invoice(rt, invoice_id), lambda ledger, invoice: ledger.pdf(invoice))


def attachment(rt: Runtime, invoice: Invoice) -> Attachment:
    """The same as a file that can go along with a mail."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", invoice.number).strip("-.")[:80] or "invoice"
    return Attachment(f"{name}.pdf", "application/pdf", pdf(rt, invoice.id))


def pay_link(rt: Runtime, invoice_id: int) -> str:
    """The ledger's own page for the invoice, fetched once and kept; Refusal when there is none."""
    invoice = _invoice(rt, invoice_id)
    if invoice.pay_link:
        return invoice.pay_link
    found = _asked(rt, invoice, lambda ledger, external_id: ledger.pay_link(external_id))
    if urlsplit(found).scheme not in ("https", "http"):
        raise Refusal("The ledger has no page of its own for this invoice; online payment may be switched off there.")
    with rt.store.write() as session:
        session.get_one(Invoice, invoice_id).pay_link = found
    return found


def _invoice(rt: Runtime, invoice_id: int) -> Invoice:
    with rt.store.read() as session:
        return session.get_one(Invoice, invoice_id)


def _asked(rt: Runtime, invoice: Invoice, ask: Callable[[Ledger, str], Paper]) -> Paper:
    if invoice.gone_at is not None:
        raise Refusal("This invoice is no longer in the ledger.")
    if not grants.allows(rt, invoice.company_id, Feature.DOCUMENTS):
        raise Refusal("The permission does not cover the ledger's documents. Connect the company again and allow it.")
    try:
        return with_ledger(rt, invoice.company_id, lambda ledger: ask(ledger, invoice.external_id))
    except OutsideError as error:
        raise Refusal(f"The ledger did not give it just now. {error}") from error
