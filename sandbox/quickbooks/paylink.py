"""The pretend QuickBooks' own payment page of an invoice: when an invoice has one, its address, and a page to look at.

Nothing can be paid there: a customer who pays through QuickBooks is played by the driver, who books the payment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Flask, Response, render_template_string, request

from sandbox.quickbooks.faults import Body
from sandbox.quickbooks.realm import Realm

if TYPE_CHECKING:
    from sandbox.quickbooks import QuickBooksTwin

WANTED = "invoiceLink"
_ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Invoice – pretend QuickBooks</title></head><body><main>
<h1>Invoice {{ number }}</h1><p>{{ open }} {{ currency }} are open.</p>
<p>This is a pretend QuickBooks for trying things out. Nothing can be paid here.</p></main></body></html>"""


def added(realm: Realm, row: Body) -> Body:
    """The row with its InvoiceLink, where online payment is on for company and invoice and the address is good."""
    on = realm.get("Preferences", "1")["SalesFormsPrefs"]["ETransactionPaymentEnabled"]
    asked = row.get("AllowOnlineCreditCardPayment") or row.get("AllowOnlineACHPayment")
    addresses = ((row.get("BillEmail") or {}).get("Address") or "").split(",")
    if not (on and asked and all(_ADDRESS.fullmatch(one.strip()) for one in addresses)):
        return row
    return row | {"InvoiceLink": f"{request.host_url}t/scs-v1-{realm.id}-{row['Id']}"}


def add_routes(app: Flask, twin: QuickBooksTwin) -> None:
    app.add_url_rule("/t/scs-v1-<realm>-<id>", "paylink", lambda realm, id: _page(twin, realm, id))


def _page(twin: QuickBooksTwin, realm: str, id: str) -> Response:
    row = twin.realms[realm].rows["Invoice"].get(id) if realm in twin.realms else None
    if row is None:
        return Response("There is no such invoice.", 404)
    facts = {"number": row.get("DocNumber", ""), "open": row["Balance"], "currency": row["CurrencyRef"]["value"]}
    return Response(render_template_string(_PAGE, **facts))
