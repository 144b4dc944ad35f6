"""One invoice's page: what the ledger says of it, its papers there, and what a person may have changed about it.

Every change is asked for here and written later; the page shows how far it is.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from integrations.ledgers.base import Feature
from models import Invoice
from web import downloads, forms, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import documents, door, grants, pending, postings, ties
from workflows.errors import Refusal
from workflows.owed import owes

pages = Blueprint("invoices", __name__)


def own(uid: str) -> Invoice:
    """The practice's own invoice, with its account and company; somebody else's does not exist."""
    with runtime().store.read() as session:
        found = queries.invoice(session, reach(), uid)
    if found is None:
        raise NotFound
    return found


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back((request.view_args or {})["uid"], str(refusal), "warn")


def _back(uid: str, sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("invoices.show", uid=uid), 303)


@pages.get("/invoices/<uid>")
def show(uid: str) -> str:
    rt = runtime()
    door.look(rt, own(uid).account_id)
    invoice = own(uid)
    company = invoice.account.company
    allowed = grants.granted(rt, company.id)
    with rt.store.read() as session:
        term = queries.term(session, company.id, invoice.term)
        asked = queries.postings(session, invoice.account_id, invoice.id)
        busy = bool(pending.pending_invoices(session, [invoice.id]))
    return render_template(
        "console/invoice.html",
        invoice=invoice,
        account=invoice.account,
        company=company,
        term=term,
        postings=asked,
        busy=busy,
        owed=owes(invoice),
        features=Feature,
        allowed=allowed,
        offered=rt.ledgers[company.ledger_kind].scopes,
        longest=postings.LONGEST_NOTE,
        longest_words=postings.LONGEST_WORDS,
    )


def as_download(invoice: Invoice, body: bytes) -> Response:
    """The invoice's own paper, named by its number."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", invoice.number).strip("-.") or "invoice"
    return downloads.file(f"{name[:80]}.pdf", body)


@pages.get("/invoices/<uid>/pdf")
def pdf(uid: str) -> Response:
    invoice = own(uid)
    return as_download(invoice, documents.pdf(runtime(), invoice.id))


@pages.post("/invoices/<uid>/pay-link")
def pay_link(uid: str) -> ResponseReturnValue:
    """Asked of the ledger once; from then on it is shown here and to the customer."""
    invoice = own(uid)
    documents.pay_link(runtime(), invoice.id)
    name = ties.ledger_name(runtime(), invoice.account.company.ledger_kind)
    return _back(uid, f"This is {name}'s own page for the invoice.")


@pages.post("/invoices/<uid>/credit")
def credit(uid: str) -> ResponseReturnValue:
    invoice = own(uid)
    amount = forms.money(request.form.get("amount", ""), invoice.currency)
    postings.give_credit(runtime(), invoice.id, amount, request.form.get("words", ""), person().id)
    return _asked(uid, "The credit note is being written, and then used for this invoice.")


@pages.post("/invoices/<uid>/due-date")
def due_date(uid: str) -> ResponseReturnValue:
    postings.move_due_date(runtime(), own(uid).id, forms.day(request.form.get("day", "")), person().id)
    return _asked(uid, "The new due date is being written.")


@pages.post("/invoices/<uid>/expected-date")
def expected_date(uid: str) -> ResponseReturnValue:
    postings.expect_payment(runtime(), own(uid).id, forms.day(request.form.get("day", "")), person().id)
    return _asked(uid, "The day is being written.")


@pages.post("/invoices/<uid>/note")
def note(uid: str) -> ResponseReturnValue:
    postings.add_note(runtime(), own(uid).id, request.form.get("text", ""), person().id)
    return _asked(uid, "The note is being written.")


def _asked(uid: str, sentence: str) -> ResponseReturnValue:
    return _back(uid, f"{sentence} What cannot be written comes to the desk.")
