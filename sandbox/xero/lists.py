"""Xero's collections: their rows, the parameters and filters each understands, and the lists and single documents.

Reading only. A parameter that a collection does not have here is refused, so that nobody relies on it by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request

from sandbox.xero import choose, shapes
from sandbox.xero.answers import missing, refuse, send
from sandbox.xero.ledger import Organisation
from sandbox.xero.records import DELETED, Credit, Expense

IDS_IN_AN_ADDRESS = 52  # more make the address too long (Xero-OpenAPI#534)
Read = Callable[[Any], Any]
_PAGED = {"page", "pageSize", "where", "order"}
_BASE: dict[str, Read] = {"status": lambda it: it.status, "updateddateutc": lambda it: it.updated}
_DOCUMENT: dict[str, Read] = {
    **_BASE,
    "contact.contactid": lambda it: it.contact.id,
    "contact.name": lambda it: it.contact.name,
    "reference": lambda it: it.reference,
}


@dataclass(frozen=True, slots=True)
class Collection:
    """Its rows and ids, how one is written, the fields that filters and orders may name, and its parameters."""

    rows: Callable[[Organisation], Iterable[Any]]
    write: Callable[..., shapes.Json]
    fields: choose.Fields
    takes: frozenset[str] | set[str]
    id: Read = lambda it: it.id


def _transaction(it: Credit | Expense) -> str:
    return it.id if isinstance(it, Expense) else it.transaction


def _credits(kind: str, **more: Any) -> Collection:
    fields: dict[str, Read] = {
        **_DOCUMENT,
        "date": lambda it: it.on,
        "type": lambda it: shapes.CREDIT_TYPES[it.kind],
        shapes.CREDIT_IDS[kind].lower(): lambda it: it.id,
    }
    if kind == "CreditNotes":
        fields["creditnotenumber"] = lambda it: it.key
    takes = _PAGED | {"unitdp"} | more.pop("takes", set())
    return Collection(
        lambda books: [one for one in books.credits.values() if one.kind == kind], shapes.credit, fields, takes
    )


_INVOICE: choose.Fields = {
    **_DOCUMENT,
    "date": lambda it: it.issued,
    "type": lambda _: "ACCREC",
    "invoiceid": lambda it: it.id,
    "invoicenumber": lambda it: it.number,
    "duedate": lambda it: it.due,
    "amountdue": lambda it: it.open,
    "amountpaid": lambda it: it.paid,
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
    "class": lambda it: shapes.CLASSES[it.type],
    "code": lambda it: it.code,
    "name": lambda it: it.name,
    "enablepaymentstoaccount": lambda it: it.takes_payments,
}
_BANK: choose.Fields = {
    **_DOCUMENT,
    "date": lambda it: it.on,
    "type": shapes.bank_type,
    "banktransactionid": _transaction,
}
_JOURNAL: choose.Fields = {**_BASE, "date": lambda it: it.on, "manualjournalid": lambda it: it.id}
_LISTED = {"IDs", "InvoiceNumbers", "ContactIDs", "Statuses", "includeArchived", "summaryOnly", "unitdp"}
COLLECTIONS = {
    "Accounts": Collection(lambda books: books.accounts.values(), shapes.account, _ACCOUNT, {"where", "order"}),
    "BankTransactions": Collection(
        lambda books: [
            *(one for one in books.credits.values() if one.transaction),
            *(one for one in books.expenses.values() if one.contact),
        ],
        shapes.bank_transaction,
        _BANK,
        _PAGED | {"unitdp"},
        _transaction,
    ),
    "Contacts": Collection(
        lambda books: books.contacts.values(),
        shapes.contact,
        _PERSON,
        _PAGED | {"IDs", "includeArchived", "summaryOnly"},
    ),
    "CreditNotes": _credits("CreditNotes"),
    "Invoices": Collection(lambda books: books.invoices.values(), shapes.invoice, _INVOICE, _PAGED | _LISTED),
    "ManualJournals": Collection(
        lambda books: [one for one in books.expenses.values() if not one.contact],
        shapes.manual_journal,
        _JOURNAL,
        _PAGED,
    ),
    "Overpayments": _credits("Overpayments", takes={"References"}),
    "Payments": Collection(lambda books: books.payments.values(), shapes.payment, _PAYMENT, _PAGED),
    "Prepayments": _credits("Prepayments", takes={"References"}),
}


def find(name: str, id: str) -> Any:
    """The record of that id, or None."""
    about = COLLECTIONS.get(name)
    return next((one for one in about.rows(g.books) if about.id(one) == id), None) if about else None


def shown(name: str, row: Any, full: bool = True) -> shapes.Json:
    """The row as the collection writes it, with whatever has been spoiled in it."""
    about = COLLECTIONS[name]
    written = about.write(g.books, row, full=full and name != "Payments")
    return {**written, **g.books.spoiled.get(about.id(row), {})}


def listed(name: str) -> Response:
    about, given = COLLECTIONS.get(name), request.args
    if about is None:
        return missing()
    if unknown := set(given) - about.takes:
        return refuse(choose.Unparsable(f"{name} has no parameter {', '.join(sorted(unknown))}"))
    if len(given.get("IDs", "").split(",")) > IDS_IN_AN_ADDRESS:
        return Response("<html><body>Request-URI Too Long</body></html>", 414, mimetype="text/html")
    try:
        rows = choose.where(_narrowed(name, about), given.get("where", ""), about.fields)
        order = given.get("order") or ("" if name == "Accounts" else "UpdatedDateUTC ASC")
        part = choose.page(choose.ordered(rows, order, about.fields), _page(name), given.get("pageSize"))
    except choose.Unparsable as error:
        return refuse(error)
    written = [shown(name, row, full=part.about is not None) for row in part.rows]
    if given.get("summaryOnly") == "true":
        written = [shapes.light(name, row) for row in written]
    return send(**({"pagination": part.about} if part.about else {}), **{name: written})


def _page(name: str) -> str | None:
    """Which page was asked for; `Statuses` and `summaryOnly` switch paging on by themselves."""
    given = request.args
    if name == "Accounts":
        return None
    return given.get("page") or ("1" if given.get("Statuses") or given.get("summaryOnly") == "true" else None)


def _narrowed(name: str, about: Collection) -> list[Any]:
    """Rows left by the parameters that are not `where`: ids, statuses, If-Modified-Since, includeArchived."""
    given, rows = request.args, list(about.rows(g.books))
    since = choose.modified_since(request.headers.get("If-Modified-Since", "")) if name != "Accounts" else None
    if since is not None:
        rows = [row for row in rows if row.updated >= since]
    for parameter, read in _PARAMETERS.items():
        if given.get(parameter):
            wanted = set(given[parameter].split(","))
            rows = [row for row in rows if read(row) in wanted]
    if name == "Contacts" and given.get("includeArchived") != "true":
        rows = [row for row in rows if row.status != "ARCHIVED"]
    if not given.get("Statuses") and "status" not in given.get("where", "").lower():
        # Whether Xero shows deleted documents to those who do not ask is not documented; here it does not.
        rows = [row for row in rows if name == "Payments" or row.status != DELETED]
    return rows


_PARAMETERS: dict[str, Read] = {
    "IDs": lambda it: it.id,
    "Statuses": lambda it: it.status,
    "InvoiceNumbers": lambda it: it.number,
    "ContactIDs": lambda it: it.contact.id,
    "References": lambda it: it.reference,
}
