"""Your tokens: a person's own keys for programs that ask the API. A secret is on the page once, just after it was made.

It parses, asks one workflow, and goes back to the page.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web import confirming
from web.auth import person
from web.guards import runtime
from workflows import second_step, tokens
from workflows.errors import Refusal

pages = Blueprint("tokens", __name__, url_prefix="/your-tokens")
USUAL = 90


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("tokens.show"), 303)


@pages.get("")
def show() -> str:
    return _page()


def _page(secret: str = "") -> str:
    rt = runtime()
    with rt.store.read() as session:
        mine = tokens.open_ones(rt, session, person().id)
    return render_template(
        "console/tokens.html",
        tokens=mine,
        secret=secret,
        usual=USUAL,
        longest=tokens.LONGEST,
        second=second_step.is_on(person()),
        public_url=rt.public_url,
    )


@pages.post("")
@confirming.limited
def make() -> ResponseReturnValue:
    confirming.confirm()
    form = request.form
    days = form.get("days", "")
    if not (days.isascii() and days.isdecimal() and len(days) < 5):
        raise Refusal(f"Please choose a time from 1 to {tokens.LONGEST} days.")
    return _page(tokens.make(runtime(), person().id, form.get("name", ""), int(days), form.get("may_change") == "yes"))


@pages.post("/end")
def end() -> ResponseReturnValue:
    if not tokens.end(runtime(), person().id, request.form.get("api_token", "")):
        raise NotFound
    flash("Ended. It opens nothing any more.", "good")
    return redirect(url_for("tokens.show"), 303)
