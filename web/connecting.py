"""Connecting a company through its vendor's consent page, coming back, and how the connection stands.

Keeps state only in the session. What vendors send a browser to (Disconnect and Reconnect URL) is believed by nobody: it
leads whoever is signed in to their own connections.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from integrations.ledgers.base import Feature
from web import own
from web.auth import person, reach
from web.guards import runtime
from workflows import connecting, connections, ties
from workflows.errors import Refusal

pages = Blueprint("connecting", __name__)

FEATURES = {
    Feature.READ: "Read customers, invoices, payments and credit",
    Feature.DOCUMENTS: "Attach the invoice, and link to the ledger's own page to pay it",
    Feature.PAYMENTS: "Book payments against invoices, and take them back",
    Feature.ON_ACCOUNT: "Book money that belongs to no invoice",
    Feature.CREDITS: "Write credit notes for a discount or goodwill",
    Feature.INVOICES: "Write invoices for late fees and interest",
    Feature.EXPENSES: "Book the fees that a processor keeps back from a payout",
    Feature.DATES: "Change the due date",
    Feature.EXPECTED: "Keep the day on which the money is expected",
    Feature.NOTES: "Leave a line in the invoice's history",
}


def _to(place: str, sentence: str, mood: str) -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(place, 303)


@pages.post("/connect/<kind>")
def begin(kind: str) -> ResponseReturnValue:
    """To the vendor's consent page. With the uid of a `company` in the form, that one is connected again."""
    uid = request.form.get("company", "")
    if uid and own.company(uid).ledger_kind != kind:
        raise NotFound
    try:
        begun = connecting.begin(runtime(), kind, uid)
    except Refusal as refusal:
        return _to(url_for("companies.home"), str(refusal), "warn")
    session["consent"] = {"kind": kind, "state": begun.state, "verifier": begun.verifier, "company": begun.company_uid}
    return redirect(begun.url, 303)


@pages.get("/connect/<kind>/callback")
def finish(kind: str) -> ResponseReturnValue:
    """Back from the vendor. The state is used up whatever happens, so that an answer counts once."""
    _known(kind)
    begun = session.pop("consent", None)
    wrong = problem(kind, begun)
    if wrong is not None:
        return _to(url_for("companies.home"), *wrong)
    uid = begun["company"]
    home = url_for("connecting.show", uid=uid) if uid else url_for("companies.home")
    given = request.args.to_dict()
    try:
        names = connecting.finish(runtime(), person().practice_id, kind, given, begun["verifier"], uid)
    except Refusal as refusal:
        return _to(home, str(refusal), "warn")
    return _to(home, f"Connected: {', '.join(names)}. We are reading the books now.", "good")


def problem(kind: str, begun: Any) -> tuple[str, str] | None:
    """What is wrong with the way back, as a sentence and its mood; None when the code may be exchanged."""
    label = ties.ledger_name(runtime(), kind)
    if not isinstance(begun, dict) or begun.get("kind") != kind:
        return f"No connection to {label} was under way here. Press Connect to {label} and try again.", "warn"
    if not hmac.compare_digest(begun["state"].encode(), request.args.get("state", "").encode()):
        return f"The answer from {label} did not match our question. Nothing was connected; try again.", "warn"
    if request.args.get("error") == "access_denied":
        return f"You did not allow access to {label}, so nothing was connected.", "calm"
    if not request.args.get("code"):
        return f"{label} did not give access. Nothing was connected; please try again.", "warn"
    return None


def _known(kind: str) -> None:
    if kind not in runtime().ledgers:
        raise NotFound


@pages.get("/connect/<kind>/disconnected")
def disconnected(kind: str) -> ResponseReturnValue:
    """The vendor's Disconnect URL. Anybody may call it, so it ends nothing: the ledger is asked soon, and knows."""
    _known(kind)
    label = ties.ledger_name(runtime(), kind)
    connections.check_soon(runtime(), reach(), kind)
    sentence = f"We are asking {label} which companies are still connected. Those that are not will be listed here."
    return _to(url_for("connecting.reconnect", kind=kind), sentence, "calm")


@pages.get("/connect/<kind>/reconnect")
def reconnect(kind: str) -> str:
    """The vendor's Reconnect URL: the companies of this practice that must be connected again."""
    _known(kind)
    with runtime().store.read() as rows:
        broken = connections.broken(rows, reach(), kind)
    return render_template("console/reconnect.html", kind=kind, broken=broken)


@pages.get("/companies/<uid>/connection")
def show(uid: str) -> str:
    """How the company's connection stands: what it allows, until when, and what is wrong with it."""
    company = own.company(uid)
    with runtime().store.read() as rows:
        standing = connections.standing(runtime(), rows, company)
    return render_template("console/connection.html", company=company, standing=standing, features=FEATURES)


@pages.post("/companies/<uid>/check-connection")
def check(uid: str) -> ResponseReturnValue:
    company, place = own.company(uid), url_for("connecting.show", uid=uid)
    try:
        holds = connections.check(runtime(), company.id)
    except Refusal as refusal:
        return _to(place, str(refusal), "warn")
    label = ties.ledger_name(runtime(), company.ledger_kind)
    if holds:
        return _to(place, f"The connection holds: {label} let us in just now.", "good")
    return _to(place, f"{label} does not let us in. Connect {company.name} again.", "warn")
