"""Why a customer is left alone, on their page: holds, what they told us, addresses, arrangements, each with its form.

It parses, asks one workflow, and goes back to the page; the lists are read-only.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.because import Cause
from core.cadence import Reason
from core.calendars import LAST
from core.instalments import Every
from models import Account, Arrangement, HoldRow, ToldRow
from web import cadence_words, forms, own, resting
from web.auth import person
from web.guards import runtime
from workflows import answers, arrangements, care, contacts, holds, links, reasons, segments
from workflows.errors import Refusal

pages = Blueprint("holds", __name__)

# What a person may choose on the page, in the order in which it is offered.
CHOICES = {
    Cause.PAUSED: "Pause",
    Cause.REPLIED: "They wrote to us",
    Cause.BREATHING_SPACE: "Breathing space (a bereavement, protection from creditors)",
}
REASONS = {one: words for one, words in cadence_words.REASONS.items() if one not in (Reason.DISPUTE, Reason.WILL_PAY)}
EVERY = {Every.WEEK: "week", Every.FORTNIGHT: "two weeks", Every.MONTH: "month"}


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("accounts.show", uid=(request.view_args or {})["uid"], _anchor="alone"), 303)


def _of(account: Account, kind: type[own.OfAccount], name: str) -> str:
    """The uid of this account's own row that a form named."""
    return own.of_account(account, kind, request.form.get(name, "")).uid


def _through(text: str) -> date:
    """The first day on which it no longer counts, from the last one on which it does."""
    return min(forms.day(text), LAST) + timedelta(days=1)


@pages.post("/accounts/<uid>/hold")
def hold(uid: str) -> ResponseReturnValue:
    """Leave the account, or one of its invoices, alone; without a day whoever asks looks after it."""
    account, cause, day = own.account(uid), request.form.get("cause", ""), request.form.get("day", "").strip()
    if cause not in CHOICES:
        raise Refusal("Please choose why they are to be left alone.")
    holds.hold(
        runtime(),
        account.id,
        Cause(cause),
        until=_through(day) if day else None,
        owner_id=person().id,
        invoice_uid=request.form.get("invoice", ""),
        note=request.form.get("note", ""),
    )
    return _back(
        "Noted. Nothing is sent about it" + (" until that day is over." if day else " until you let go of it.")
    )


@pages.post("/accounts/<uid>/release")
def release(uid: str) -> ResponseReturnValue:
    holds.release(runtime(), _of(own.account(uid), HoldRow, "hold"), person().id)
    return _back("Let go of. The cadence goes on from here.")


@pages.post("/accounts/<uid>/address")
def address(uid: str) -> ResponseReturnValue:
    """Note something of an address that this account's mail goes to, or take it back."""
    account, which = own.account(uid), request.form.get("address", "").lower()
    cause = request.form.get("cause", "")
    with runtime().store.read() as session:
        known = {one for one, _ in resting.addresses(runtime(), session, account)}
    if which not in known or cause not in resting.ADDRESSES:
        raise Refusal("Please choose one of the addresses on the page.")
    if request.form.get("value") == "off":
        holds.forget_address(runtime(), account.company_id, which, Cause(cause))
        return _back(f"{which} is written to again.")
    holds.note_address(runtime(), account.company_id, which, Cause(cause))
    return _back(f"Noted. Nothing is sent to {which} by itself any more.")


@pages.post("/accounts/<uid>/told")
def told(uid: str) -> ResponseReturnValue:
    """Keep what the customer said to a person."""
    account, reason = own.account(uid), request.form.get("reason", "")
    if reason not in REASONS:
        raise Refusal("Please choose what they told you.")
    chosen = request.form.getlist("invoice")
    reasons.tell(runtime(), account.id, chosen, Reason(reason), request.form.get("text", ""), person().id)
    return _back("Noted. The cadence takes it into account from now on.")


@pages.post("/accounts/<uid>/dealt-with")
def dealt_with(uid: str) -> ResponseReturnValue:
    row = _of(own.account(uid), ToldRow, "told")
    reasons.close(runtime(), row, person().id, request.form.get("answer", ""))
    return _back("Dealt with. The cadence goes on from here.")


@pages.post("/accounts/<uid>/arrange")
def arrange(uid: str) -> ResponseReturnValue:
    """Equal parts of what is open on the chosen invoices."""
    account, count, every = own.account(uid), request.form.get("count", ""), request.form.get("every", "")
    if not (count.isdecimal() and len(count) < 4) or every not in EVERY:
        raise Refusal("Please say in how many parts, and how far apart.")
    arrangements.arrange_equally(
        runtime(),
        account.id,
        request.form.getlist("invoice"),
        int(count),
        forms.day(request.form.get("day", "")),
        Every(every),
        person().id,
        request.form.get("note", ""),
    )
    return _back("Agreed. From now on only its parts are spoken about.")


@pages.post("/accounts/<uid>/links")
def revoke_links(uid: str) -> ResponseReturnValue:
    links.revoke(runtime(), own.account(uid).id, person().id)
    return _back("Switched off: no link sent until now opens their page. The next message brings a fresh one.")


@pages.post("/accounts/<uid>/contact")
def forget_contact(uid: str) -> ResponseReturnValue:
    contacts.forget(runtime(), own.account(uid).id, person().id)
    return _back("Mail goes to the addresses in the ledger again.")


@pages.app_context_processor
def _care() -> dict[str, Any]:
    return {"usual_care": care.USUAL, "longest_promise": timedelta(days=answers.LONGEST_PROMISE)}


@pages.post("/accounts/<uid>/care")
def take_care(uid: str) -> ResponseReturnValue:
    """Leave them to a person, or let the cadence speak again; why is asked nowhere."""
    account = own.account(uid)
    if request.form.get("value") == "off":
        care.end(runtime(), account.id, person().id)
        return _back("The cadence goes on from here, gently.")
    care.begin(runtime(), account.id, forms.day(request.form.get("day", "")), person().id)
    return _back("They are in a person's care. Nothing is sent to them by itself.")


@pages.post("/accounts/<uid>/segment")
def segment(uid: str) -> ResponseReturnValue:
    """Put the customer into a segment, or into none."""
    name = request.form.get("segment", "").strip().lower()
    segments.assign(runtime(), own.account(uid).id, name, person().id)
    return _back("Noted. The cadence of that segment counts from now on." if name else "Noted: they are in no segment.")


@pages.post("/accounts/<uid>/end-arrangement")
def end_arrangement(uid: str) -> ResponseReturnValue:
    arrangements.end(runtime(), _of(own.account(uid), Arrangement, "arrangement"), person().id)
    return _back("Called off. The invoices are spoken about again as the cadence says.")
