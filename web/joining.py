"""Joining a practice by an invitation: whoever holds the link chooses a name and a password. A look changes nothing."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Invitation
from web import auth
from web.guards import limiter, runtime
from workflows import people, team
from workflows.errors import Refusal

pages = Blueprint("joining", __name__)


@pages.get("/join/<secret>")
@limiter.limit("60 per hour")
def show(secret: str) -> ResponseReturnValue:
    found = _invitation(secret)
    return _page(found) if found else (render_template("entry/join_closed.html"), 404)


@pages.post("/join/<secret>")
@limiter.limit("30 per hour")
def join(secret: str) -> ResponseReturnValue:
    found = _invitation(secret)
    if found is None:
        return render_template("entry/join_closed.html"), 404
    try:
        user_id = team.join(runtime(), secret, request.form.get("name", ""), request.form.get("password", ""))
    except Refusal as refusal:
        flash(str(refusal), "warn")
        return _page(found), 422
    auth.enter(user_id)
    flash("Welcome. This is what your colleagues see, too.", "good")
    return redirect(url_for("companies.home"), 303)


def _invitation(secret: str) -> Invitation | None:
    with runtime().store.read() as rows:
        return team.opened(runtime(), rows, secret[:100])


def _page(found: Invitation) -> str:
    with runtime().store.read() as rows:
        practice, by = team.whose(rows, found)
    return render_template(
        "entry/join.html", found=found, practice=practice, by=by, form=request.form, least=people.SHORTEST_PASSWORD
    )
