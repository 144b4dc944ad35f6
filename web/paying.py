"""The page Ways to pay: processors' accounts, bank details, what waits to take effect, and what customers may do.

It parses, asks one workflow, and goes back to the page. Keys are typed here and never shown again.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from integrations.processors.base import ProcessorKeys
from models import Company, GuardedChange
from web import confirming, own, word_queries
from web.auth import person
from web.guards import runtime
from workflows import bank_numbers, brands, guarded, guarding, paying
from workflows.errors import Refusal
from workflows.guarding import Kind

pages = Blueprint("paying", __name__)
STATES = {
    "done": ("Done", "good"),
    "cancelled": ("Stopped", "calm"),
    "failed": ("Not done", "warn"),
    "waiting": ("Waits", "warn"),
}
TOMORROW = "Noted. All owners are told now; it takes effect in 24 hours unless one of them stops it."
_LATELY = 5


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


@pages.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """The server stops reading before anybody can look at the file."""
    return _back(f"The picture is larger than {brands.LARGEST_WORDS}; please give a smaller one.", "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("paying.show", uid=(request.view_args or {})["uid"]), 303)


@pages.app_template_global("waiting_changes")
def waiting_changes(company: Company, kind: str = "") -> list[tuple[GuardedChange, str]]:
    """What waits to take effect, of one kind or of all, each with the name of who asked for it."""
    with runtime().store.read() as session:
        changes = guarding.waiting(session, company.id, Kind(kind) if kind else None)
        names = word_queries.names(session, (one.asked_by_id for one in changes))
    return [(one, names[one.asked_by_id]) for one in changes]


@pages.get("/companies/<uid>/paying")
def show(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    with rt.store.read() as session:
        accounts = paying.accounts(session, company.id)
        coming = {kind: paying.next_uid(rt, session, company, kind) for kind in rt.processors}
        lately = guarding.ended(session, company.id, _LATELY)
        details, brand = paying.bank_details(session, company.id), brands.of(session, company.id)
    return render_template(
        "console/paying.html",
        company=company,
        kinds=list(rt.processors.values()),
        accounts=accounts,
        addresses={kind: paying.webhook_url(rt, kind, one.uid) for kind, one in accounts.items()},
        coming={kind: paying.webhook_url(rt, kind, one) for kind, one in coming.items()},
        details=details,
        lately=lately,
        states=STATES,
        brand=brand,
        largest=brands.LARGEST_WORDS,
        kinds_of_picture=",".join(brands.PICTURES),
    )


@pages.post("/companies/<uid>/paying/account")
@confirming.limited
def connect(uid: str) -> ResponseReturnValue:
    """Set an account at a processor up, or another one."""
    company, form = own.company(uid), request.form
    confirming.confirm()
    keys = ProcessorKeys(form.get("secret", ""), form.get("webhook", ""))
    waits = paying.ask_account(runtime(), company.id, form.get("kind", ""), keys, person().id)
    return _back(TOMORROW, "calm") if waits else _back("Connected. Customers can pay there from now on.")


@pages.post("/companies/<uid>/paying/account/remove")
def disconnect(uid: str) -> ResponseReturnValue:
    paying.remove_account(runtime(), own.company(uid).id, request.form.get("kind", ""), person().id)
    return _back("Removed. Nobody can pay there any more; payments under way are still followed.", "calm")


@pages.get("/companies/<uid>/paying/bank")
def bank(uid: str) -> str:
    return _bank_form(own.company(uid))


def _bank_form(company: Company, said: str = "") -> str:
    """The fields of the chosen country; after a refusal with what was typed."""
    currency = request.values.get("currency", company.currency).strip().upper()[:3]
    shape = request.values.get("shape", "")
    if shape not in bank_numbers.SHAPES:
        shape = bank_numbers.usual(currency)
    return render_template(
        "console/paying_bank.html",
        company=company,
        currency=currency,
        shape=shape,
        shapes=bank_numbers.SHAPES,
        said=said,
        typed=request.form,
    )


@pages.post("/companies/<uid>/paying/bank")
@confirming.limited
def change_bank(uid: str) -> ResponseReturnValue:
    """Say where transfers in a currency go."""
    company, form = own.company(uid), request.form
    shape, currency = form.get("shape", ""), form.get("currency", "")
    try:
        confirming.confirm()
        given = form.to_dict()
        waits = paying.ask_bank_details(
            runtime(), company.id, currency, form.get("holder", ""), shape, given, person().id
        )
    except Refusal as refusal:
        return _bank_form(company, str(refusal)), 422
    return _back(TOMORROW, "calm") if waits else _back("Kept. Customers see these bank details from now on.")


@pages.post("/companies/<uid>/paying/bank/remove")
def remove_bank(uid: str) -> ResponseReturnValue:
    paying.remove_bank_details(runtime(), own.company(uid).id, request.form.get("currency", ""), person().id)
    return _back("Removed. Customers do not see these bank details any more.", "calm")


@pages.post("/companies/<uid>/paying/stop")
def stop(uid: str) -> ResponseReturnValue:
    """Stop a change that waits."""
    change = own.row(GuardedChange, request.form.get("change", ""))
    if change.company_id != own.company(uid).id:
        abort(404)
    guarded.stop(runtime(), change.id, person().id)
    return _back("Stopped. Everything stays as it was, and all owners are told.")


@pages.post("/companies/<uid>/paying/choose")
def choose(uid: str) -> ResponseReturnValue:
    """What customers may do on their page."""
    on = {name: request.form.get(name) == "on" for name in ("part_payments", "ask_treatment")}
    paying.choose(runtime(), own.company(uid).id, **on, user_id=person().id)
    return _back("Saved.")


@pages.post("/companies/<uid>/paying/brand")
def brand(uid: str) -> ResponseReturnValue:
    """How the customers' page looks."""
    company, form, file = own.company(uid), request.form, request.files.get("logo")
    logo = file.read(brands.LARGEST + 1) if file else b""
    drop = form.get("drop_logo") == "on"
    brands.change(runtime(), company.id, form.get("colour", ""), form.get("phone", ""), logo, drop, person().id)
    return _back("Saved. The customers' page looks like this from now on.")


@pages.get("/companies/<uid>/paying/logo")
def logo(uid: str) -> Response:
    company = own.company(uid)
    with runtime().store.read() as session:
        found = brands.of(session, company.id)
    if found is None or found.logo is None:
        abort(404)
    return Response(found.logo, mimetype=found.logo_kind)
