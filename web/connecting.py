"""Connecting a company through its vendor's consent page, and coming back. Keeps state only in the session."""

from __future__ import annotations

import hmac

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web.auth import person
from web.guards import runtime
from web.presenters import ledger_name
from workflows import connections
from workflows.errors import Refusal

pages = Blueprint("connecting", __name__)


def _home(sentence: str, mood: str) -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("companies.home"), 303)


@pages.post("/connect/<kind>")
def begin(kind: str) -> ResponseReturnValue:
    try:
        begun = connections.begin(runtime(), kind)
    except Refusal as refusal:
        return _home(str(refusal), "warn")
    session["consent"] = {"kind": kind, "state": begun.state, "verifier": begun.verifier}
    return redirect(begun.url, 303)


@pages.get("/connect/<kind>/callback")
def finish(kind: str) -> ResponseReturnValue:
    """Back from the vendor. The state is used up whatever happens, so that an answer counts once."""
    if kind not in runtime().ledgers:
        raise NotFound
    begun = session.pop("consent", None)
    label = ledger_name(kind)
    if not isinstance(begun, dict) or begun.get("kind") != kind:
        return _home(f"No connection to {label} was under way here. Press Connect to {label} and try again.", "warn")
    if not hmac.compare_digest(begun["state"].encode(), request.args.get("state", "").encode()):
        return _home(f"The answer from {label} did not match our question. Nothing was connected; try again.", "warn")
    if request.args.get("error") == "access_denied":
        return _home(f"You did not allow access to {label}, so nothing was connected.", "calm")
    if not request.args.get("code"):
        return _home(f"{label} did not give access. Nothing was connected; please try again.", "warn")
    try:
        names = connections.finish(runtime(), person().practice_id, kind, request.args.to_dict(), begun["verifier"])
    except Refusal as refusal:
        return _home(str(refusal), "warn")
    return _home(f"Connected: {', '.join(names)}. We are reading the books now.", "good")
