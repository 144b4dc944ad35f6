"""Coming in through Xero or Intuit: the buttons, the way back, and the addresses that their marketplaces open.

Every way begins here with a state, a nonce and a verifier of our own, kept in the browser's session; an answer that
nobody here asked for opens nothing. What anybody writes into these addresses is not believed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import User
from web import auth, connecting
from web.guards import limiter, runtime
from workflows import connecting as consents
from workflows import identities, second_step
from workflows.errors import Refusal
from workflows.identities import Arrived

pages = Blueprint("vendors", __name__)
_PICTURES = frozenset(f"{what}-{kind}" for what in ("sign-in", "sign-up", "connect") for kind in ("xero", "quickbooks"))


@pages.app_template_global("vendor_doors")
def doors() -> list[tuple[str, str]]:
    """The vendors through which people can come in, the one that sent them first."""
    wanted = request.args.get("next", "")
    return sorted(identities.offered(runtime()).items(), key=lambda one: f"/{one[0]}" not in wanted)


@pages.app_template_global("may_sign_up")
def may_sign_up() -> bool:
    return identities.may_sign_up(runtime())


@pages.app_template_global("artwork")
def artwork(name: str) -> str:
    """The address of the operator's picture for a button, "" where there is none."""
    found = _picture(name)
    return url_for("vendors.picture", picture=found.name) if found is not None else ""


def _picture(name: str) -> Path | None:
    folder = runtime().upkeep.artwork
    if folder is None or name not in _PICTURES:
        return None
    return next((one for end in ("svg", "png") if (one := folder / f"{name}.{end}").is_file()), None)


@pages.get("/artwork/<picture>")
def picture(picture: str) -> Response:
    found = _picture(picture.rpartition(".")[0])
    if found is None or found.name != picture:
        raise NotFound
    return send_file(found.resolve(), max_age=3600)


def begin(kind: str, *, books: bool, tie: str = "") -> ResponseReturnValue:
    """To the vendor; with `books` for the company's books in the same consent, with `tie` to tie it to that person."""
    if kind not in identities.offered(runtime()):
        raise NotFound
    begun = identities.begin(runtime(), kind, books)
    session["vendor"] = {
        "kind": kind,
        "state": begun.state,
        "verifier": begun.verifier,
        "nonce": begun.nonce,
        "books": books,
        "tie": tie,
        "next": auth.safe_next(),
    }
    return redirect(begun.url, 303)


@pages.post("/sign-in/<kind>")
@limiter.limit("30 per 5 minutes")
def sign_in(kind: str) -> ResponseReturnValue:
    """Who somebody is, and nothing else."""
    return begin(kind, books=False)


@pages.post("/sign-up/<kind>")
@limiter.limit("30 per 5 minutes")
def sign_up(kind: str) -> ResponseReturnValue:
    """Who somebody is and their books, in one consent."""
    return begin(kind, books=True)


@pages.get("/launch/<kind>")
@limiter.limit("30 per 5 minutes")
def launch(kind: str) -> ResponseReturnValue:
    """What the vendor's app launcher opens."""
    return redirect(url_for("companies.home")) if auth.signed_in() else begin(kind, books=False)


@pages.get("/sign-up/<kind>")
@limiter.limit("30 per 5 minutes")
def install(kind: str) -> ResponseReturnValue:
    """What the vendor's marketplace opens for who has just chosen Dunlin there."""
    return begin(kind, books=True)


@pages.get("/sign-in/<kind>/callback")
@limiter.limit("30 per 5 minutes")
def back(kind: str) -> ResponseReturnValue:
    """The state is used up whatever happens, so that an answer counts once."""
    if kind not in identities.offered(runtime()):
        raise NotFound
    begun = session.pop("vendor", None)
    wrong = connecting.problem(kind, begun)
    if wrong is not None:
        return _out(*wrong)
    try:
        arrived = identities.arrive(
            runtime(), kind, request.args.to_dict(), begun["verifier"], begun["nonce"], begun["books"]
        )
        return _tied(arrived, begun["tie"]) if begun["tie"] else _come_in(arrived, begun)
    except Refusal as refusal:
        return _out(str(refusal), "warn")


def _out(sentence: str, mood: str) -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("companies.home" if auth.signed_in() else "auth.sign_in"), 303)


def _tied(arrived: Arrived, uid: str) -> ResponseReturnValue:
    """Only for the person who asked for it, who must still be signed in here."""
    here = auth.signed_in()
    if here is None or here[0].uid != uid:
        raise Refusal("You were signed out meanwhile. Sign in, and tie it once more.")
    identities.tie(runtime(), here[0].id, arrived)
    flash(f"From now on you can sign in with {identities.offered(runtime())[arrived.kind]}.", "good")
    return redirect(url_for("security.show"), 303)


def _come_in(arrived: Arrived, begun: dict[str, Any]) -> ResponseReturnValue:
    user = identities.known(runtime(), arrived)
    if user is None and not begun["books"]:
        return _stranger(arrived)
    if user is None:
        try:
            user = identities.sign_up(runtime(), arrived)
        except Refusal:
            _give_back(arrived)
            raise
        return _enter(user, arrived, begun["next"], "Welcome to Dunlin.")
    if second_step.is_on(user):
        _give_back(arrived)
        return auth.to_code(user.id, arrived.kind)
    return _enter(user, arrived, begun["next"])


def _give_back(arrived: Arrived) -> None:
    if arrived.given is not None:
        consents.give_back(runtime(), arrived.given)


def _enter(user: User, arrived: Arrived, wanted: str, welcome: str = "") -> ResponseReturnValue:
    said = identities.connect(runtime(), user, arrived)
    auth.enter(user.id, arrived.kind)
    if welcome:
        flash(welcome, "good")
    if said:
        flash(said, "good" if said.startswith("Connected") else "warn")
    return redirect(wanted, 303)


def _stranger(arrived: Arrived) -> ResponseReturnValue:
    """The vendor knows them, and nobody here does: they are asked before anything is made."""
    label = identities.offered(runtime())[arrived.kind]
    return render_template("entry/stranger.html", kind=arrived.kind, label=label, person=arrived.person)
