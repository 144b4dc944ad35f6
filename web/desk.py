"""The desk: everything that needs a person, and the buttons that settle it."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web import downloads, forms, frame, queries, rawrow, timeline, waiting
from web.auth import person, reach
from web.guards import runtime
from workflows import audit, contacts, desk, disputes, returned, rewards, sent_files, unearned
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("desk", __name__)
Found = TypeVar("Found")

BOOKED = {
    "retry": "We will try to book it again.",
    "on-account": "We will book it as money on account, without its invoice.",
    "booked": "Noted as booked by hand.",
    "paid-back": "Noted as paid back by hand. The invoice is open again.",
}
UNEARNED = {
    "take": "The discount is taken out of the ledger; the invoice is then open in full.",
    "leave": "The discount is left as it is. Only the rest is asked for.",
}
SETTLED = {
    "retry": "We will try again in a moment.",
    "done": "Noted as done by hand. The ledger is read soon and shows it.",
    "drop": "Dropped. Nothing is changed in the ledger.",
}


@pages.get("/desk")
def show() -> str:
    with runtime().store.read() as session:
        found = waiting.desk(runtime(), session, reach(), frame.counts(session))
    now = runtime().clock.now()
    return render_template("console/desk.html", desk=found, today_of=lambda company: today_of(company, now))


def _done(sentence: str, mood: str = "good") -> ResponseReturnValue:
    """Back to where the button was: the desk, or the page Today."""
    flash(sentence, mood)
    return redirect(url_for("companies.home" if request.form.get("back") == "today" else "desk.show"), 303)


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
        touch = _own(queries.touch(session, reach(), uid))
    answer = request.form.get("answer")
    if answer not in ("sent", "not_sent"):
        return _done("Please say whether the message arrived.", "warn")
    desk.settle_touch(runtime(), touch.id, answer == "sent", person().id)
    return _done("Noted as sent." if answer == "sent" else "Noted as not sent.")


@pages.post("/disputes/<uid>/resolve")
def resolve_dispute(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        dispute = _own(waiting.dispute(session, reach(), uid))
    ending = request.form.get("ending", "")
    if ending not in timeline.ENDINGS:
        return _done("Please say how it ended: corrected, credited, rejected or withdrawn.", "warn")
    sum, text = request.form.get("sum", "").strip(), request.form.get("text", "")
    credit = forms.money(sum, dispute.invoice.currency) if sum else None
    disputes.settle(runtime(), dispute.id, person().id, text, ending, credit)
    return _done("Settled. They are told by e-mail; after a few quiet days the gentlest word comes first.")


@pages.post("/contacts/<uid>/decide")
def decide_contact(uid: str) -> ResponseReturnValue:
    """Write to whom the customer named from now on, or do not."""
    with runtime().store.read() as session:
        found = _own(waiting.contact(session, reach(), uid))
    if request.form.get("answer") == "accept":
        contacts.accept(runtime(), found.id, person().id)
        return _done(f"From now on mail about it goes to {found.email}. Change it in the ledger, too.")
    contacts.refuse(runtime(), found.id, person().id)
    return _done("Refused: nothing is sent to them. Who the right person is still has to be found.")


@pages.get("/files/<uid>")
def file(uid: str) -> Response:
    """What a customer sent along, as a file to keep; it is never shown."""
    rt = runtime()
    with rt.store.read() as session:
        found = _own(sent_files.within(rt, session, reach(), uid))
    return downloads.file(found.name, found.body)


@pages.post("/bookings/<uid>/settle")
def settle_booking(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        line = _own(waiting.booking(session, reach(), uid))
    how = request.form.get("how", "")
    desk.settle_booking(runtime(), line.id, how, person().id)
    return _done(BOOKED[how])


@pages.post("/rewards/<uid>/settle")
def settle_reward(uid: str) -> ResponseReturnValue:
    """A discount that was taken too late, or whose payment went back."""
    with runtime().store.read() as session:
        row = _own(waiting.reward(session, reach(), uid))
    how = request.form.get("how", "")
    if how in UNEARNED:
        unearned.decide(runtime(), row.id, person().id, take=how == "take")
        return _done(UNEARNED[how])
    give = how == "give"
    rewards.decide(runtime(), row.id, person().id, give=give)
    return _done("The discount is given." if give else "The rest stays open, and is asked for as usual.")


@pages.post("/returned/<uid>/settle")
def settle_returned(uid: str) -> ResponseReturnValue:
    """Money that went back, or came again, was put right in the ledger by hand."""
    with runtime().store.read() as session:
        row = _own(waiting.reversal(session, reach(), uid))
    returned.done_by_hand(runtime(), row.id, person().id)
    return _done("Noted as put right by hand.")


@pages.post("/postings/<uid>/settle")
def settle_posting(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        posting = _own(waiting.posting(session, reach(), uid))
    how = request.form.get("how", "")
    desk.settle_posting(runtime(), posting.id, how, person().id)
    return _done(SETTLED[how])


@pages.get("/rows/<uid>")
def row(uid: str) -> str:
    """A row as the ledger sent it. Who looked is kept in the log, for it may name people."""
    rt = runtime()
    with rt.store.write() as session:
        found, company = _own(waiting.unreadable(session, reach(), uid))
        audit.record(rt, session, "raw-row-seen", company.id, subject=found.uid, user=person().id)
        raw = rt.vault.unseal(found.raw_sealed) if found.raw_sealed is not None else b""
    text, whole = rawrow.shown(raw)
    return render_template("console/row.html", row=found, company=company, text=text, whole=whole, size_of=len(raw))


@pages.post("/accounts/<uid>/try-again")
def try_again(uid: str) -> ResponseReturnValue:
    with runtime().store.read() as session:
        account = _own(queries.account(session, reach(), uid))
    desk.try_address_again(runtime(), account.id, person().id)
    return _done("We will try the address again with the next message.")
