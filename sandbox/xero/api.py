"""Xero's accounting API over the pretend books: the lists, the single documents and payments.

Reading and writing only; who may come in is the gate's affair and what bookkeeping allows the ledger's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, Response, g, request

from sandbox.xero import choose, shapes
from sandbox.xero.ledger import Account, Invalid, Invoice, Organisation, Payment

if TYPE_CHECKING:
    from sandbox.xero.twin import XeroTwin

Answer = Callable[..., Response]
_JSON = msgspec.json.Encoder(decimal_format="number")
_BASE: dict[str, Callable[[Any], Any]] = {"status": lambda it: it.status, "updateddateutc": lambda it: it.updated}
_CONTACT: dict[str, Callable[[Any], Any]] = {
    "contact.contactid": lambda it: it.contact.id,
    "contact.name": lambda it: it.contact.name,
    "date": lambda it: getattr(it, "issued", None) or it.on,
}


@dataclass(frozen=True, slots=True)
class _List:
    """One of Xero's collections: its rows, how one is written, and the fields that filters and orders may name."""

    rows: Callable[[Organisation], Iterable[Any]]
    write: Callable[..., shapes.Json]
    fields: choose.Fields


def _credits(kind: str) -> _List:
    fields = {
        **_BASE,
        **_CONTACT,
        "type": lambda it: shapes.CREDIT_TYPES[it.kind],
        shapes.CREDIT_IDS[kind].lower(): lambda it: it.id,
    }
    return _List(lambda books: [one for one in books.credits.values() if one.kind == kind], shapes.credit, fields)


_INVOICE: choose.Fields = {
    **_BASE,
    **_CONTACT,
    "type": lambda _: "ACCREC",
    "invoiceid": lambda it: it.id,
    "invoicenumber": lambda it: it.number,
    "duedate": lambda it: it.due,
    "amountdue": lambda it: it.open,
    "amountpaid": lambda it: it.paid,
    "reference": lambda _: "",
}
_PAYMENT: choose.Fields = {
    **_BASE,
    "date": lambda it: it.on,
    "paymentid": lambda it: it.id,
    "paymenttype": lambda _: "ACCRECPAYMENT",
    "invoice.invoiceid": lambda it: it.invoice.id,
    "reference": lambda it: it.reference,
}
_PERSON: choose.Fields = {
    "contactid": lambda it: it.id,
    "contactstatus": lambda it: it.status,
    "name": lambda it: it.name,
    "emailaddress": lambda it: it.emails[0] if it.emails else "",
    "updateddateutc": lambda it: it.updated,
}
_ACCOUNT: choose.Fields = {
    "accountid": lambda it: it.id,
    "status": lambda it: it.status,
    "type": lambda it: it.type,
    "code": lambda it: it.code,
    "name": lambda it: it.name,
    "enablepaymentstoaccount": lambda it: it.takes_payments,
}
_LISTS = {
    "Accounts": _List(lambda books: books.accounts.values(), shapes.account, _ACCOUNT),
    "Contacts": _List(lambda books: books.contacts.values(), shapes.contact, _PERSON),
    "Invoices": _List(lambda books: books.invoices.values(), shapes.invoice, _INVOICE),
    "Payments": _List(lambda books: books.payments.values(), partial(shapes.payment, full=False), _PAYMENT),
    **{kind: _credits(kind) for kind in shapes.CREDIT_TYPES},
}


def mount(app: Flask, twin: XeroTwin) -> None:
    """Add the accounting routes to the twin's app."""
    root = "/api.xro/2.0"
    send = partial(_send, twin)
    app.add_url_rule(f"{root}/Organisation", "organisation", lambda: send(Organisations=[shapes.organisation(g.books)]))
    app.add_url_rule(f"{root}/<name>", "list", lambda name: _list(send, name))
    app.add_url_rule(f"{root}/<name>/<id>", "one", lambda name, id: _one(send, name, id))
    app.add_url_rule(f"{root}/Payments", "pay", lambda: _pay(send), methods=["PUT", "POST"])
    app.add_url_rule(f"{root}/Payments/<id>", "unpay", lambda id: _unpay(send, id), methods=["POST"])


def _send(twin: XeroTwin, status: int = 200, **body: Any) -> Response:
    envelope = {
        "Id": twin.new_uuid(),
        "Status": "OK",
        "ProviderName": "Dunlin",
        "DateTimeUTC": shapes.stamp(twin.clock(), offset=""),
    }
    raw = _JSON.encode(body if status == 400 else envelope | body)
    return Response(raw, status, mimetype="application/json")


def _refuse(
    send: Answer, error: Exception, number: int = 16, kind: str = "QueryParseException", **more: Any
) -> Response:
    return send(400, ErrorNumber=number, Type=kind, Message=str(error), **more)


def _list(send: Answer, name: str) -> Response:
    about = _LISTS.get(name)
    if about is None:
        return Response("The resource you're looking for cannot be found", 404)
    asked = request.args
    try:
        rows = choose.where(_narrowed(name, about), asked.get("where", ""), about.fields)
        order = asked.get("order") or ("" if name == "Accounts" else "UpdatedDateUTC ASC")
        rows = choose.ordered(rows, order, about.fields)
        paged = name != "Accounts" and (asked.get("page") or ("1" if "Statuses" in asked else None))
        shown = choose.page(rows, paged or None, asked.get("pageSize"))
    except choose.Unparsable as error:
        return _refuse(send, error)
    pages = {"pagination": shown.about} if shown.about else {}
    full = shown.about is not None and asked.get("summaryOnly") != "true"
    write = about.write if name == "Payments" else partial(about.write, full=full)
    return send(**pages, **{name: [write(row) for row in shown.rows]})


def _narrowed(name: str, about: _List) -> list[Any]:
    """Rows left by the parameters that are not `where`: ids, statuses, If-Modified-Since, includeArchived."""
    asked, rows = request.args, list(about.rows(g.books))
    since = choose.modified_since(request.headers.get("If-Modified-Since", "")) if name != "Accounts" else None
    if since is not None:
        rows = [row for row in rows if row.updated >= since]
    for parameter, read in (("IDs", "id"), ("Statuses", "status"), ("InvoiceNumbers", "number")):
        if asked.get(parameter):
            wanted = set(asked[parameter].split(","))
            rows = [row for row in rows if getattr(row, read) in wanted]
    if asked.get("ContactIDs"):
        wanted = set(asked["ContactIDs"].split(","))
        rows = [row for row in rows if row.contact.id in wanted]
    if name == "Contacts" and asked.get("includeArchived") != "true":
        rows = [row for row in rows if row.status != "ARCHIVED"]
    return rows


def _one(send: Answer, name: str, id: str) -> Response:
    about = _LISTS.get(name)
    row = next((one for one in about.rows(g.books) if one.id == id), None) if about else None
    if about is None or row is None:
        return Response("The resource you're looking for cannot be found", 404)
    return send(**{name: [about.write(row)]})


def _pay(send: Answer) -> Response:
    """PUT takes a list, POST one payment. One wrong element refuses the lot, unless `summarizeErrors=false`."""
    try:
        body = msgspec.json.decode(request.get_data(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        return _refuse(send, error, 17, "PostDataInvalidException")
    asked = body.get("Payments", [body])
    separately = request.args.get("summarizeErrors") == "false"
    done: list[shapes.Json] = []
    for one in asked:
        try:
            done.append(shapes.payment(_book(g.books, one)))
        except Invalid as error:
            wrong = {**one, "ValidationErrors": [{"Message": text} for text in error.messages]}
            if not separately:
                return _refuse(
                    send, Exception("A validation exception occurred"), 10, "ValidationException", Elements=[wrong]
                )
            done.append({**wrong, "StatusAttributeString": "ERROR", "HasValidationErrors": True})
    return send(Payments=done)


def _book(books: Organisation, asked: shapes.Json) -> Payment:
    invoice = _invoice(books, asked.get("Invoice") or {})
    account = _account(books, asked.get("Account") or {})
    try:
        on, amount = (
            date.fromisoformat(str(asked["Date"])[:10]),
            Decimal(str(asked["Amount"])).quantize(Decimal("0.01")),
        )
    except (KeyError, ValueError, ArithmeticError) as error:
        raise Invalid("A payment needs a valid Date and Amount") from error
    return books.pay(invoice, account, on, amount, str(asked.get("Reference") or ""))


def _invoice(books: Organisation, named: shapes.Json) -> Invoice:
    number = named.get("InvoiceNumber", "")
    found = books.invoices.get(named.get("InvoiceID", "")) or (books.invoice(number) if books.has(number) else None)
    if found is None:
        raise Invalid("Invoice could not be found")
    return found


def _account(books: Organisation, named: shapes.Json) -> Account | None:
    known = books.accounts.values()
    return next((one for one in known if one.id == named.get("AccountID") or one.code == named.get("Code")), None)


def _unpay(send: Answer, id: str) -> Response:
    payment = g.books.payments.get(id)
    if payment is None:
        return Response("The resource you're looking for cannot be found", 404)
    body = request.get_json(silent=True) or {}
    wanted = (body.get("Payments") or [body])[0].get("Status")
    if wanted != "DELETED":
        return _refuse(send, Exception("A payment can only be deleted"), 10, "ValidationException")
    try:
        g.books.unpay(payment)
    except Invalid as error:
        return _refuse(send, error, 10, "ValidationException")
    return send(Payments=[shapes.payment(payment)])
