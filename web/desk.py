"""The desk: everything that needs a person, and the buttons that settle it."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web import queries
from web.auth import person
from web.guards import runtime
from workflows import answers, desk
from workflows.errors import Refusal

pages = Blueprint("desk", __name__)
Found = TypeVar("Found")


@pages.get("/desk")
def show() -> str:
    with runtime().store.read() as session:
        waiting = queries.desk(session, person().practice_id)
    return render_template("console/desk.html", desk=waiting)


def _done(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("desk.show"), 303)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _done(str(refusal), "warn")


def _own(found: Found | None) -> Found:
    """What was asked for, when it is this practice's own."""
    if found is None:
        raise NotFound
    return found


@pages.post("/touches/<uid>/settle")
def settle_touch(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        touch = _own(queries.touch(session, person().practice_id, uid))
    answer = request.form.get("answer")
    if answer not in ("sent", "not_sent"):
        return _done("Please say whether the message arrived.", "warn")
    desk.settle_touch(runtime(), touch.id, answer == "sent", person().id)
    return _done("Noted as sent." if answer == "sent" else "Noted as not sent.")


@pages.post("/disputes/<uid>/resolve")
def resolve_dispute(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        dispute = _own(queries.dispute(session, person().practice_id, uid))
    answers.resolve_dispute(runtime(), dispute.id, person().id, request.form.get("text", "").strip()[:10_000])
    return _done("Settled. The cadence goes on from here.")


@pages.post("/bookings/<uid>/settle")
def settle_booking(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        line = _own(queries.booking(session, person().practice_id, uid))
    how = request.form.get("how", "")
    if how not in ("booked", "retry"):
        return _done("Please say whether you booked it by hand or want us to try again.", "warn")
    desk.settle_booking(runtime(), line.id, how, person().id)
    return _done("Noted as booked by hand." if how == "booked" else "We will try to book it again.")


@pages.post("/accounts/<uid>/try-again")
def try_again(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        account = _own(queries.account(session, person().practice_id, uid))
    desk.try_address_again(runtime(), account.id, person().id)
    return _done("We will try the address again with the next message.")
