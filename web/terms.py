"""Terms in the console: those of a company, those that one customer agreed on, how they read; adding and withdrawing.

It parses, asks one workflow, and goes back to the list.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from models import Account, Company, Terms, Touch
from web import downloads, formats, forms, own
from web.auth import person
from web.guards import runtime
from workflows import terms
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.terms import State

pages = Blueprint("terms", __name__)
STATES = {
    State.IN_FORCE: ("In force", "good"),
    State.COMING: ("Coming", "calm"),
    State.PAST: ("Past", "calm"),
    State.WITHDRAWN: ("Withdrawn", "warn"),
}


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"terms_now": terms_now, "terms_with": _terms_with}


def terms_now(company: Company, account: Account | None = None) -> Terms | None:
    """What counts today for an account, or for all customers of a company."""
    rt = runtime()
    with rt.store.read() as session:
        today = today_of(company, rt.clock.now())
        return terms.in_force(session, company.id, account.id if account else None, today)


def _terms_with(touch: Touch) -> Terms | None:
    """What went along with a message or letter."""
    with runtime().store.read() as session:
        return terms.went_with(session, touch.id)


@pages.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The server stops reading before anybody can look at the file."""
    flash(f"The file is larger than {terms.LARGEST_WORDS}; please give a smaller one.", "warn")
    return redirect(request.path, 303)


@pages.get("/companies/<uid>/terms")
def of_company(uid: str) -> str:
    return _page(own.company(uid))


@pages.post("/companies/<uid>/terms")
def give_to_all(uid: str) -> ResponseReturnValue:
    return _give(own.company(uid))


@pages.get("/accounts/<uid>/terms")
def of_account(uid: str) -> str:
    account = own.account(uid)
    return _page(account.company, account)


@pages.post("/accounts/<uid>/terms")
def give_to_one(uid: str) -> ResponseReturnValue:
    account = own.account(uid)
    return _give(account.company, account)


@pages.get("/terms/<uid>")
def show(uid: str) -> str:
    """How the terms read."""
    found, company, account = own.terms(uid)
    return render_template(
        "console/terms_read.html", one=found, company=company, account=account, paragraphs=terms.paragraphs(found)
    )


@pages.get("/terms/<uid>.pdf")
def pdf(uid: str) -> Response:
    paper = terms.attachment(runtime(), own.terms(uid)[0])
    return downloads.file(paper.name, paper.body)


@pages.post("/terms/<uid>/withdraw")
def withdraw(uid: str) -> ResponseReturnValue:
    found, company, account = own.terms(uid)
    try:
        terms.withdraw(runtime(), found.id, person().id)
    except Refusal as refusal:
        flash(str(refusal), "warn")
    else:
        flash("Withdrawn. They are sent to nobody any more, and stand on nobody's page.", "good")
    return redirect(_list_of(company, account), 303)


def _page(company: Company, account: Account | None = None, said: str = "") -> str:
    """All there are, and the form; after a refusal with what was typed."""
    rt = runtime()
    with rt.store.read() as session:
        today = today_of(company, rt.clock.now())
        known = terms.known(session, company.id, account.id if account else None, today)
    return render_template(
        "console/terms.html",
        company=company,
        account=account,
        known=known,
        states=STATES,
        today=today,
        said=said,
        typed=request.form,
        longest=terms.LONGEST_TEXT,
        largest=terms.LARGEST_WORDS,
    )


def _give(company: Company, account: Account | None = None) -> ResponseReturnValue:
    file = request.files.get("file")
    try:
        given = terms.give(
            runtime(),
            company.id,
            account.id if account else None,
            forms.day(request.form.get("day", "")),
            request.form.get("title", ""),
            request.form.get("text", ""),
            file.read() if file else b"",
            person().id,
        )
    except Refusal as refusal:
        return _page(company, account, str(refusal)), 422
    since = formats.day(given.valid_from, company)
    flash(f"Kept. They count from {since} on, and go along once with a welcome from then on.", "good")
    return redirect(_list_of(company, account), 303)


def _list_of(company: Company, account: Account | None) -> str:
    return url_for("terms.of_account", uid=account.uid) if account else url_for("terms.of_company", uid=company.uid)
