"""A message in a person's own words: written, looked at as it would leave, sent in a minute, taken back until then."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import Account, Effect, EffectKind
from web import formats, own, presenters, queries
from web.auth import person
from web.guards import runtime
from workflows import by_hand, door, own_words
from workflows.errors import Refusal
from workflows.owed import owes

pages = Blueprint("by_hand", __name__)


@pages.get("/accounts/<uid>/write")
def show(uid: str) -> str:
    account = own.account(uid)
    door.look(runtime(), account.id)
    return _page(account)


@pages.post("/accounts/<uid>/write")
def write(uid: str) -> ResponseReturnValue:
    """Look at it as it would leave, or let it leave; nothing typed is lost by a refusal."""
    account = own.account(uid)
    try:
        written = by_hand.Written(
            own_words.read(request.form.get("subject", ""), request.form.get("text", "")),
            tuple(sorted(set(request.form.getlist("reader")))),
            tuple(request.form.getlist("invoice")),
        )
        if request.form.get("do") != "send":
            return _page(account, by_hand.shown(runtime(), account.id, written))
        sent = by_hand.send_soon(runtime(), account.id, written, person().id)
    except by_hand.Against as against:
        return _page(account, said=presenters.because_words(against.because, account.company)), 422
    except Refusal as refusal:
        return _page(account, said=str(refusal)), 422
    flash(f"It leaves at {formats.moment(sent.at, account.company)}. Until then it can be taken back here.", "good")
    return redirect(url_for("by_hand.show", uid=uid), 303)


def _page(account: Account, shown: by_hand.Shown | None = None, said: str = "") -> str:
    """The form: after a look or a refusal with what was typed, else with words to begin with."""
    rt = runtime()
    with rt.store.read() as session:
        owed = [one for one in queries.invoices(session, account.id) if owes(one)]
        readers = by_hand.readers(rt, session, account, owed)
        pending = by_hand.leaving(session, account.id)
    typed = request.form if request.method == "POST" else None
    if typed is None and owed:
        words = by_hand.suggested(rt, account.id, [one.id for one in owed])
        subject, text = words.title, "\n\n".join(words.paragraphs)
    else:
        subject, text = (typed.get("subject", ""), typed.get("text", "")) if typed else ("", "")
    usual = {one.lower() for one in account.instead or account.emails}
    return render_template(
        "console/by_hand.html",
        account=account,
        company=account.company,
        owed=owed,
        chosen=typed.getlist("invoice") if typed is not None else [one.uid for one in owed],
        readers=readers,
        to=typed.getlist("reader") if typed is not None else [one for one in readers if one in usual] or readers,
        subject=subject,
        text=text,
        shown=shown,
        warnings=[presenters.because_words(one, account.company) for one in shown.warnings] if shown else [],
        said=said,
        pending=pending,
    )


def _effect(uid: str) -> tuple[Effect, Account]:
    effect = own.row(Effect, uid)
    if effect.kind != EffectKind.BY_HAND.value:
        raise NotFound
    with runtime().store.read() as session:
        return effect, session.get_one(Account, effect.account_id)


@pages.post("/by-hand/<uid>/take-back")
def take_back(uid: str) -> ResponseReturnValue:
    effect, account = _effect(uid)
    try:
        by_hand.take_back(runtime(), effect.id, person().id)
        flash("Taken back. Nothing was sent.", "good")
    except Refusal as refusal:
        flash(str(refusal), "warn")
    return redirect(url_for("by_hand.show", uid=account.uid), 303)


@pages.post("/by-hand/<uid>/seen")
def seen(uid: str) -> ResponseReturnValue:
    """A person has seen on the desk that it was not sent."""
    effect, _ = _effect(uid)
    by_hand.dismiss(runtime(), effect.id, person().id)
    flash("Noted.", "good")
    return redirect(url_for("desk.show"), 303)
