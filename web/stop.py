"""Stop all sending: one page that every other leads to, one press to stop, and the banner for as long as it stands.

It parses, asks `workflows.stopping`, and goes back to the page.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import forms, own, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import stopping
from workflows.errors import Refusal

pages = Blueprint("stop", __name__)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _done(str(refusal), "warn")


@pages.get("/stop")
def show() -> str:
    """Looking stops nothing."""
    with runtime().store.read() as session:
        companies = queries.companies(session, reach())
    chosen = request.args.get("company", "")
    return render_template("console/stop.html", companies=companies, chosen=chosen, whole=not reach().limited)


def _done(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("stop.show"), 303)


def _day() -> date | None:
    """The day on which it goes on by itself, where one was chosen."""
    text = request.form.get("resume_on", "").strip()
    return forms.day(text) if text else None


@pages.post("/stop")
def everything() -> ResponseReturnValue:
    stopping.stop(runtime(), person().practice_id, person().id, _day())
    return _done("Stopped. No message leaves for any company until sending goes on.")


@pages.post("/stop/end")
def resume() -> ResponseReturnValue:
    stopping.resume(runtime(), person().practice_id, person().id)
    return _done("Sending goes on. What was missed is not made up for: one gentle word at a time.")


@pages.post("/stop/company")
def company() -> ResponseReturnValue:
    found = own.company(request.form.get("company", ""))
    stopping.stop_company(runtime(), found.id, person().id, _day())
    return _done(f"Stopped. No message leaves for {found.name} until sending goes on.")


@pages.post("/companies/<uid>/resume")
def resume_company(uid: str) -> ResponseReturnValue:
    found = own.company(uid)
    stopping.resume_company(runtime(), found.id, person().id)
    return _done(f"Sending goes on for {found.name}.")
