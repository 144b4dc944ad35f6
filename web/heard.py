"""What came to a person's ear about a customer, noted by hand: a day, what is wrong, whose they are, remarks.

It parses, asks one workflow, and goes back to the customer's page.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from models import Remark
from web import forms, own
from web.auth import person
from web.guards import runtime
from workflows import answers, assigning, remarks
from workflows.errors import Refusal

pages = Blueprint("heard", __name__)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good", anchor: str = "alone") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("accounts.show", uid=(request.view_args or {})["uid"], _anchor=anchor), 303)


@pages.post("/accounts/<uid>/promise")
def promise(uid: str) -> ResponseReturnValue:
    """They named a day to somebody: nothing is said about these invoices until a little after it."""
    account, day = own.account(uid), forms.day(request.form.get("day", ""))
    answers.promise(runtime(), account.id, request.form.getlist("invoice"), day, person().id)
    return _back("Noted. Nothing is said about it until a little after that day.")


@pages.post("/accounts/<uid>/dispute")
def dispute(uid: str) -> ResponseReturnValue:
    """They told somebody that something is wrong with an invoice."""
    account, form = own.account(uid), request.form
    answers.dispute(runtime(), account.id, form.get("invoice", ""), form.get("text", ""), by=person().id)
    return _back("Noted. Nothing is said about this invoice until it is resolved; it is on the desk.")


@pages.post("/accounts/<uid>/assign")
def assign(uid: str) -> ResponseReturnValue:
    """Who looks after them."""
    account, chosen = own.account(uid), request.form.get("person", "")
    with runtime().store.read() as session:
        known = {one.uid: one for one in assigning.colleagues(session, account.company)}
    if chosen and chosen not in known:
        raise Refusal("Please choose somebody who comes to this company and may do more than look.")
    assigning.assign(runtime(), [account.id], known[chosen].id if chosen else None, person().id)
    sentence = f"{known[chosen].name} looks after them from now on." if chosen else "Nobody in particular now."
    return _back(sentence, anchor="colleagues")


@pages.post("/accounts/<uid>/remarks")
def remark(uid: str) -> ResponseReturnValue:
    remarks.add(runtime(), own.account(uid).id, person().id, request.form.get("text", ""))
    return _back("Kept. Your colleagues see it here; the customer never does.", anchor="colleagues")


@pages.post("/accounts/<uid>/remarks/take-back")
def take_back(uid: str) -> ResponseReturnValue:
    row = own.of_account(own.account(uid), Remark, request.form.get("remark", ""))
    remarks.take_back(runtime(), row.id, person().id)
    return _back("Taken back.", anchor="colleagues")
