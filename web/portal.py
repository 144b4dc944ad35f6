"""The customer's page behind a signed link: what is owed, and three ways to answer.

Opening it changes nothing of what anybody said, owes or is owed; the ledger may be read again so that the figures hold.
"""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from core.cadence import Reason
from web import errors, formats, portal_view
from web.guards import limiter, link_key, runtime
from web.invoices import as_download
from workflows import answers, documents, door, links, payments, reasons
from workflows.errors import Refusal

pages = Blueprint("portal", __name__, url_prefix="/p/<token>")
_limit = limiter.limit("40 per minute", key_func=link_key)
# Each paper is a call to the ledger, and the company has only so many a day.
_limit_papers = limiter.limit("10 per minute;60 per day", key_func=link_key)


@pages.errorhandler(links.BadLink)
def bad_link(error: links.BadLink) -> ResponseReturnValue:
    """404, not 403: a forged link learns nothing."""
    return errors.page(404, "This link does not open", str(error))


def _back(token: str, sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("portal.show", token=token), 303)


@pages.get("")
def show(token: str) -> str:
    rt = runtime()
    target = links.read(rt, token)
    door.look(rt, target.account_id)
    with rt.store.read() as session:
        found = portal_view.view(rt, session, target)
    return render_template(
        "portal/page.html",
        token=token,
        view=found,
        account=found.account,
        company=found.company,
        can_pay=bool(rt.processors),
        has_papers=documents.available(rt, found.company.id),
        latest=found.today + timedelta(days=answers.LONGEST_PROMISE),
        suggested=found.today + timedelta(days=7),
    )


@pages.get("/invoices/<uid>.pdf")
@_limit_papers
def pdf(token: str, uid: str) -> ResponseReturnValue:
    """The ledger's own picture of one of the invoices on the page."""
    rt = runtime()
    target = links.read(rt, token)
    with rt.store.read() as session:
        invoice = portal_view.paper(rt, session, target, uid)
    if invoice is None:
        raise NotFound
    try:
        return as_download(invoice, documents.pdf(rt, invoice.id))
    except Refusal:
        sorry = "The invoice cannot be fetched just now. Try again in a few minutes, or reply to our e-mail."
        return _back(token, sorry, "calm")


@pages.post("/pay")
@_limit
def pay(token: str) -> ResponseReturnValue:
    rt = runtime()
    target = links.read(rt, token)
    try:
        hosted = payments.start_checkout(rt, target, links.allowed(rt, target, request.form.getlist("invoice")))
    except Refusal as refusal:
        return _back(token, str(refusal), "calm")
    return redirect(hosted, 303)


@pages.post("/promise")
@_limit
def promise(token: str) -> ResponseReturnValue:
    rt = runtime()
    target = links.read(rt, token)
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return _back(token, "Please choose the day on which you will pay.", "calm")
    try:
        chosen = links.allowed(rt, target, request.form.getlist("invoice"))
        made = answers.promise(rt, target.account_id, chosen, day)
    except Refusal as refusal:
        return _back(token, str(refusal), "calm")
    with rt.store.read() as session:
        company = portal_view.company_of(session, target.account_id)
    return _back(
        token, f"Thank you. We noted {formats.long_day(made.day, company)}. Until then we rest these invoices."
    )


@pages.post("/in-order")
@_limit
def in_order(token: str) -> ResponseReturnValue:
    """The answer to a welcome: the invoices ticked are as they should be."""
    rt = runtime()
    target = links.read(rt, token)
    try:
        chosen = links.allowed(rt, target, request.form.getlist("invoice"))
        reasons.tell(rt, target.account_id, chosen, Reason.IN_ORDER)
    except Refusal as refusal:
        return _back(token, str(refusal), "calm")
    return _back(token, "Thank you for telling us. There is nothing else for you to do before the day it is due.")


@pages.post("/dispute")
@_limit
def dispute(token: str) -> ResponseReturnValue:
    rt = runtime()
    target = links.read(rt, token)
    text = request.form.get("text", "").strip()[:5_000]
    try:
        (chosen,) = links.allowed(rt, target, [request.form.get("invoice", "")]) or [""]
        opened = answers.dispute(rt, target.account_id, chosen, text)
    except Refusal as refusal:
        return _back(token, str(refusal), "calm")
    with rt.store.read() as session:
        company = portal_view.company_of(session, target.account_id)
    by = formats.day(opened.answer_by, company)
    return _back(token, f"Thank you for telling us. {company.name} will answer by {by}; until then this one rests.")


@pages.get("/thanks")
def thanks(token: str) -> str:
    """After the payment page. It looks and says what is happening; the processor's own word does the rest."""
    rt = runtime()
    target = links.read(rt, token)
    with rt.store.read() as session:
        found = portal_view.view(rt, session, target)
    return render_template("portal/thanks.html", token=token, view=found, account=found.account, company=found.company)
