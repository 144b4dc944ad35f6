"""Xero's accounting API over the pretend books: its addresses, and the few answers that are no list and no writing.

Who may come in is the gate's affair, what bookkeeping allows the ledger's.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from sandbox.xero import lists, paper, shapes, spending, writes
from sandbox.xero.answers import missing, refuse, send
from sandbox.xero.records import DRAFT

if TYPE_CHECKING:
    from sandbox.xero.place import Place


def mount(app: Flask, twin: Place) -> None:
    """Add the accounting routes to the twin's app."""
    root, at = "/api.xro/2.0", app.add_url_rule
    at(f"{root}/Organisation", "organisation", lambda: send(Organisations=[shapes.organisation(g.books)]))
    at(
        f"{root}/BrandingThemes",
        "themes",
        lambda: send(BrandingThemes=[shapes.theme(g.books, id) for id in g.books.themes]),
    )
    at(
        f"{root}/InvoiceReminders/Settings",
        "reminders",
        lambda: send(InvoiceReminders=[{"Enabled": g.books.reminders}]),
    )
    at(f"{root}/<name>", "list", lists.listed)
    at(f"{root}/<name>/<id>", "one", _one)
    at(f"{root}/<name>/<id>/pdf", "pdf", _pdf)
    at(f"{root}/<name>/<id>/History", "history", writes.history)
    at(f"{root}/<name>/<id>/History", "annotate", writes.annotate, methods=["PUT"])
    at(f"{root}/Invoices/<id>/OnlineInvoice", "online", _online)
    at(f"{root}/Invoices", "invoices", writes.invoices, methods=["PUT", "POST"])
    at(f"{root}/ManualJournals", "journals", spending.journals, methods=["PUT", "POST"])
    at(f"{root}/Invoices/<id>", "edit", writes.edit, methods=["POST"])
    at(f"{root}/Payments", "pay", writes.pay, methods=["PUT", "POST"])
    at(f"{root}/Payments/<id>", "unpay", writes.unpay, methods=["POST"])
    at(f"{root}/CreditNotes", "credit notes", writes.credit_notes, methods=["PUT", "POST"])
    at(f"{root}/CreditNotes/<id>", "withdraw", writes.withdraw, methods=["POST"])
    at(f"{root}/BankTransactions", "received", writes.bank_transactions, methods=["PUT", "POST"])
    at(f"{root}/<kind>/<id>/Allocations", "allocate", writes.allocate, methods=["PUT"])
    at(f"{root}/<kind>/<id>/Allocations/<allocation>", "deallocate", writes.deallocate, methods=["DELETE"])
    at("/in/<id>", "customer's page", lambda id: _customers_page(twin, id))


def _one(name: str, id: str) -> Response:
    row = lists.find(name, id)
    if row is None:
        return missing()
    if request.accept_mimetypes.best_match(["application/json", "application/pdf"]) == "application/pdf":
        return _pdf(name, id)
    return send(**{name: [lists.shown(name, row)]})


def _pdf(name: str, id: str) -> Response:
    row = lists.find(name, id) if name in ("Invoices", "CreditNotes") else None
    if row is None:
        return missing()
    title = f"Invoice {row.number}" if name == "Invoices" else f"Credit note {row.key}"
    page = paper.page([g.books.about.name, title, row.contact.name, f"Total {row.total} {row.currency}"])
    return Response(page, mimetype="application/pdf")


def _online(id: str) -> Response:
    row = g.books.invoices.get(id)
    if row is None:
        return missing()
    if row.status == DRAFT:
        return refuse(Exception("A validation exception occurred"), 10, "ValidationException", Elements=[])
    return send(OnlineInvoices=[{"OnlineInvoiceUrl": f"{g.twin.base_url}/in/{id}"}])


def _customers_page(twin: Place, id: str) -> Response:
    """What the customer sees who follows the link of an invoice."""
    row = next((books.invoices[id] for books in twin.organisations.values() if id in books.invoices), None)
    if row is None:
        return missing()
    words = escape(f"Invoice {row.number}: {row.open} {row.currency} to pay")
    return Response(f'<!doctype html><html lang="en"><title>{words}</title><body><h1>{words}</h1></body></html>')
