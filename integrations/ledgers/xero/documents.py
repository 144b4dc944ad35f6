"""The invoice as people see it: Xero's picture of it, its page for the customer, and where the accountant finds it.

One call a document, on demand only. Nothing is kept and no file is left behind.
"""

from __future__ import annotations

from urllib.parse import quote

from integrations.errors import Rejected, Transient
from integrations.ledgers.base import Purpose
from integrations.ledgers.xero import structs
from integrations.ledgers.xero.client import Client
from integrations.ledgers.xero.lists import decoded

_APP = "https://go.xero.com/app"
_PLACES = {"invoice": "invoicing/view", "customer": "contacts/contact"}


def pdf(client: Client, invoice: str) -> bytes:
    """Xero's own picture. Rejected when there is none."""
    # Without its models the client hands over the bytes; with them it would leave a temporary file.
    body = client.read(Purpose.DOCUMENT, "get_invoice_as_pdf", invoice).body
    if not body.startswith(b"%PDF"):
        raise Transient("Xero sent something that is no PDF; it will be asked again.", 60)
    return body


def pay_link(client: Client, invoice: str) -> str:
    """Xero's page on which the customer sees and may pay the invoice; "" where there is none, as for drafts."""
    try:
        answer = client.read(Purpose.DOCUMENT, "get_online_invoice", invoice)
    except Rejected as error:
        if error.code == "scope":
            raise
        return ""
    links = [structs.named(raw, "OnlineInvoiceUrl") for raw in decoded(answer).OnlineInvoices or []]
    return next((link for link in links if link.startswith("https://")), "")


def deep_link(entity: str, id: str, short_code: str) -> str:
    """Where the accountant sees it in Xero; "" where Xero has no known address for it. The code keeps its "!"."""
    if entity not in _PLACES or not id or not short_code:
        return ""
    return f"{_APP}/{quote(short_code, safe='!')}/{_PLACES[entity]}/{quote(id, safe='')}"
