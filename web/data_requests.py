"""What one customer may ask for by law, in one place: see, correct, restrict, object, be erased, and by when.

It parses, asks one workflow, and goes back to the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Account, Company, DataRequest
from web import forms, own
from web.auth import person, reach
from web.guards import runtime
from workflows import data_requests
from workflows.calendars import today_of
from workflows.data_requests import Kind
from workflows.errors import Refusal

pages = Blueprint("data_requests", __name__)
KINDS = {
    Kind.SEE: "See what is kept",
    Kind.CORRECT: "Correct something",
    Kind.RESTRICT: "Stop using it for now",
    Kind.OBJECT: "Object to messages",
    Kind.ERASE: "Be erased",
}


@pages.app_context_processor
def _waiting() -> dict[str, Any]:
    return {"open_data_requests": _open, "data_request_words": KINDS}


def _open() -> Sequence[tuple[DataRequest, Account, Company]]:
    with runtime().store.read() as session:
        return data_requests.still_open(session, reach())


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("data_requests.show", uid=(request.view_args or {})["uid"]), 303)


@pages.get("/accounts/<uid>/personal")
def show(uid: str) -> str:
    account = own.account(uid)
    with runtime().store.read() as session:
        rows = data_requests.of_account(session, account.id)
    today = today_of(account.company, runtime().clock.now())
    return render_template("console/personal.html", account=account, company=account.company, rows=rows, today=today)


@pages.post("/accounts/<uid>/personal")
def note(uid: str) -> ResponseReturnValue:
    account, form = own.account(uid), request.form
    day = forms.day(form.get("day", ""))
    row = data_requests.note(runtime(), account.id, person().id, form.get("kind", ""), day, form.get("note", ""))
    return _back(f"Noted. It must be answered by {row.answer_by:%d %B %Y}.")


@pages.post("/accounts/<uid>/personal/close")
def close(uid: str) -> ResponseReturnValue:
    account, form = own.account(uid), request.form
    data_requests.close(runtime(), account.id, form.get("request", ""), person().id, form.get("outcome", ""))
    return _back("Answered, and kept in the list.")


@pages.post("/accounts/<uid>/personal/object")
def object_to_mail(uid: str) -> ResponseReturnValue:
    count = data_requests.object_to_mail(runtime(), own.account(uid).id)
    if not count:
        return _back("There is no address of theirs that could be written to.", "calm")
    return _back("Noted. Nothing is sent to any address of theirs by itself any more.")
