"""Who is asking: signing in and out, the first owner, and a door that is closed unless an endpoint is named here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import User
from web.guards import limiter, runtime, was_refused
from workflows import people
from workflows.errors import Refusal

pages = Blueprint("auth", __name__)

_OPEN_ENDPOINTS = ("static", "bootstrap.static", "auth.sign_in", "auth.first_run")
_OPEN_ROOMS = (
    "portal",
    "portal_answers",
    "portal_papers",
    "portal_statement",
    "portal_terms",
    "portal_arrange",
    "portal_more_time",
    "webhooks",
)


def close_by_default(app: Flask) -> None:
    """Whatever is registered on `app`, now or later, needs somebody signed in unless it is named as open."""
    app.before_request(_require_person)


def person() -> User:
    """Whoever is signed in; only for pages behind the closed door."""
    found: User = g.person
    return found


def _require_person() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in _OPEN_ENDPOINTS or request.blueprint in _OPEN_ROOMS:
        return None
    if endpoint in current_app.config["DUNLIN_PUBLIC_ENDPOINTS"]:
        return None
    g.person = _signed_in()
    if g.person is not None:
        return None
    if _no_owner():
        return redirect(url_for("auth.first_run"))
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.sign_in", next=back if back != "/" else None))


def _signed_in() -> User | None:
    user_id = session.get("user")
    if user_id is None:
        return None
    with runtime().store.read() as rows:
        return people.user(rows, user_id)


def _no_owner() -> bool:
    """Asked of the database only until the first owner exists; owners never vanish."""
    known: dict[str, Any] = current_app.extensions
    if not known.get("dunlin-owner"):
        known["dunlin-owner"] = people.exists(runtime())
    return not known["dunlin-owner"]


def _enter(user_id: int) -> None:
    """A new session for the person: nothing from before signing in is carried over."""
    session.clear()
    session["user"] = user_id


def _safe_next() -> str:
    """The local page asked for before signing in, else the start."""
    wanted = request.args.get("next", "")
    local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if local and wanted.isprintable() else url_for("companies.home")


@pages.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10 per 5 minutes", methods=["POST"], deduct_when=was_refused)
def sign_in() -> ResponseReturnValue:
    if _no_owner():
        return redirect(url_for("auth.first_run"))
    if request.method == "POST":
        return _try_sign_in(request.form.get("email", ""), request.form.get("password", ""))
    if _signed_in() is not None:
        return redirect(url_for("companies.home"))
    return render_template("entry/sign_in.html", email="")


def _try_sign_in(email: str, password: str) -> ResponseReturnValue:
    user_id = people.sign_in(runtime(), email, password)
    if user_id is None:
        flash("That e-mail address and password do not belong together. Please try again.", "warn")
        return render_template("entry/sign_in.html", email=email), 401
    _enter(user_id)
    return redirect(_safe_next(), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    flash("You are signed out.", "good")
    return redirect(url_for("auth.sign_in"), 303)


@pages.route("/first-run", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def first_run() -> ResponseReturnValue:
    """The first owner, once; afterwards there is no such page."""
    if not _no_owner():
        raise NotFound
    return _create_owner() if request.method == "POST" else _first_run_page()


def _first_run_page() -> str:
    missing = current_app.config["DUNLIN_MISSING"]
    return render_template("entry/first_run.html", missing=missing, form=request.form, least=people.SHORTEST_PASSWORD)


def _create_owner() -> ResponseReturnValue:
    practice, name, email, password = (
        request.form.get(field, "") for field in ("practice_name", "name", "email", "password")
    )
    try:
        _enter(people.create_owner(runtime(), practice, name, email, password))
    except Refusal as refusal:
        flash(str(refusal), "warn")
        return _first_run_page(), 422
    flash("Welcome to Dunlin. Connect your first company to begin.", "good")
    return redirect(url_for("companies.home"), 303)
