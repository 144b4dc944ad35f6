"""The desk: everything that needs a person, and the buttons that settle it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web import queries
from web.auth import person
from web.guards import runtime
from workflows import answers, desk
from workflows.errors import Refusal

pages = Blueprint("desk", __name__)


@pages.get("/desk")
def show() -> str:
    with runtime().store.read() as session:
        waiting = queries.desk(session, person().practice_id)
    return render_template("console/desk.html", desk=waiting)


def _done(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("desk.show"), 303)


@pages.post("/touches/<uid>/settle")
def settle_touch(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        touch = queries.touch(session, person().practice_id, uid)
    if touch is None:
        raise NotFound
    answer = request.form.get("answer")
    if answer not in ("sent", "not_sent"):
        return _done("Please say whether the message arrived.", "warn")
    try:
        desk.settle_touch(runtime(), touch.id, answer == "sent", person().id)
    except Refusal as refusal:
        return _done(str(refusal), "warn")
    return _done("Noted as sent." if answer == "sent" else "Noted as not sent.")


@pages.post("/disputes/<uid>/resolve")
def resolve_dispute(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        dispute = queries.dispute(session, person().practice_id, uid)
    if dispute is None:
        raise NotFound
    try:
        answers.resolve_dispute(runtime(), dispute.id, person().id, request.form.get("text", "").strip()[:10_000])
    except Refusal as refusal:
        return _done(str(refusal), "warn")
    return _done("Settled. The cadence goes on from here.")


@pages.post("/bookings/<uid>/settle")
def settle_booking(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        line = queries.booking(session, person().practice_id, uid)
    if line is None:
        raise NotFound
    how = request.form.get("how", "")
    if how not in ("booked", "retry"):
        return _done("Please say whether you booked it by hand or want us to try again.", "warn")
    try:
        desk.settle_booking(runtime(), line.id, how, person().id)
    except Refusal as refusal:
        return _done(str(refusal), "warn")
    return _done("Noted as booked by hand." if how == "booked" else "We will try to book it again.")


@pages.post("/accounts/<uid>/try-again")
def try_again(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        account = queries.account(session, person().practice_id, uid)
    if account is None:
        raise NotFound
    try:
        desk.try_address_again(runtime(), account.id, person().id)
    except Refusal as refusal:
        return _done(str(refusal), "warn")
    return _done("We will try the address again with the next message.")
