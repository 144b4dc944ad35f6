"""What a customer may ask for by law: a file of everything kept of them, and that they are erased.

It parses, asks one workflow, and goes back to the page. Only an owner erases; the workflow sees to that.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import confirming, downloads, own
from web.auth import person
from web.guards import runtime
from workflows import archive, door, erasure, kept
from workflows.errors import Refusal

pages = Blueprint("erasing", __name__)


@pages.get("/accounts/<uid>/kept.zip")
def file(uid: str) -> Response:
    """Everything kept of them, for them."""
    rt, account = runtime(), own.account(uid)
    data = kept.taken(rt, account.id, person().id)
    name = archive.new_name("kept-", account.name or account.uid, f"-{rt.clock.now():%Y-%m-%d}.zip", ())
    return downloads.file(name, data)


@pages.get("/accounts/<uid>/erase")
def show(uid: str) -> str:
    """What would go, what stays and why, and the form that asks for the name."""
    rt, account = runtime(), own.account(uid)
    door.look(rt, account.id)
    account = own.account(uid)
    with rt.store.read() as session:
        outlook = erasure.outlook(session, account)
    return render_template("console/erase.html", account=account, company=account.company, outlook=outlook)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("erasing.show", uid=(request.view_args or {})["uid"]), 303)


@pages.post("/accounts/<uid>/erase")
@confirming.limited
def erase(uid: str) -> ResponseReturnValue:
    confirming.confirm()
    erasure.erase(runtime(), own.account(uid).id, person().id, request.form.get("name", ""))
    flash("Erased. Nothing personal of this customer is kept here any more, and no reading brings it back.", "good")
    return redirect(url_for("accounts.show", uid=uid), 303)
