"""Who is asking: signing in and out, the first owner, and a door that is closed unless an endpoint is named here.

The cookie holds a secret and nothing about anybody; whose it is, and whether it still opens, the database knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import SignIn, User
from web.guards import limiter, runtime, was_refused
from workflows import people, reaching, second_step, sign_ins
from workflows.errors import Refusal
from workflows.reaching import Reach

pages = Blueprint("auth", __name__)
log = structlog.get_logger()

_OPEN_ENDPOINTS = ("static", "bootstrap.static", "auth.sign_in", "auth.second", "auth.first_run")
_TIME_FOR_CODE = timedelta(minutes=10)
_OPEN_ROOMS = (
    "papers",
    "health",
    "portal",
    "portal_answers",
    "portal_papers",
    "portal_statement",
    "portal_stop",
    "portal_terms",
    "portal_arrange",
    "portal_more_time",
    "webhooks",
    "joining",
    "vendors",
    "api",
)


def close_by_default(app: Flask) -> None:
    """Whatever is registered on `app`, now or later, needs somebody signed in unless it is named as open."""
    app.before_request(_require_person)


def person() -> User:
    """Whoever is signed in; only for pages behind the closed door."""
    found: User = g.person
    return found


def reach() -> Reach:
    """Which companies whoever is signed in may see."""
    return reaching.of(person())


def browser() -> SignIn:
    """The signed-in browser that asks; only for pages behind the closed door."""
    found: SignIn = g.browser
    return found


def _require_person() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in _OPEN_ENDPOINTS or request.blueprint in _OPEN_ROOMS:
        return None
    if endpoint in current_app.config["DUNLIN_PUBLIC_ENDPOINTS"]:
        return None
    found = signed_in()
    if found is not None:
        g.person, g.browser = found
        return _led_to_second_step(found[0])
    if _no_owner():
        return redirect(url_for("auth.first_run"))
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.sign_in", next=back if back != "/" else None))


def _led_to_second_step(user: User) -> ResponseReturnValue | None:
    """Nothing else opens for an owner who has none yet."""
    if request.blueprint in ("auth", "security") or not second_step.is_owed(runtime(), user):
        return None
    flash("You own this practice, so your sign-in needs a second step first. It takes a minute.", "calm")
    return redirect(url_for("security.show"), 303)


def signed_in() -> tuple[User, SignIn] | None:
    """Who asks and with which browser, also on pages that are open to everybody."""
    secret = session.get("browser")
    return sign_ins.of(runtime(), secret) if isinstance(secret, str) else None


def _no_owner() -> bool:
    """Asked of the database only until the first owner exists; owners never vanish."""
    known: dict[str, Any] = current_app.extensions
    if not known.get("dunlin-owner"):
        known["dunlin-owner"] = people.exists(runtime())
    return not known["dunlin-owner"]


def enter(user_id: int, through: str = "") -> None:
    """A new session for the person: nothing from before signing in is carried over, and who was in before is out."""
    _leave()
    session["browser"] = sign_ins.begin(runtime(), user_id, request.user_agent.string, through)


def to_code(user_id: int, through: str = "") -> ResponseReturnValue:
    """They proved who they are, by password or `through` a vendor, and have their code yet to give."""
    _leave()
    session["half-way"] = [user_id, runtime().clock.now().isoformat(), through]
    return redirect(url_for("auth.second", next=safe_next()), 303)


def _leave() -> None:
    """Whoever was signed in here is not any more, also for a copy of the cookie."""
    found = signed_in()
    session.clear()
    if found is not None:
        with runtime().store.write() as rows:
            sign_ins.end(runtime(), rows, found[0], found[0], only=found[1].uid)


def safe_next() -> str:
    """The local page asked for before signing in, else the start."""
    wanted = request.args.get("next", "")
    local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if local and wanted.isprintable() else url_for("companies.home")


def _by_address() -> str:
    """Guessing at one person from many places counts too; generous, for anybody can use it up for somebody else."""
    return request.form.get("email", "").strip().lower()[:254]


def _by_person() -> str:
    return str(_half_way())


@pages.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10 per 5 minutes", methods=["POST"], deduct_when=was_refused)
@limiter.limit("100 per hour", methods=["POST"], key_func=_by_address, deduct_when=was_refused)
def sign_in() -> ResponseReturnValue:
    if _no_owner():
        return redirect(url_for("auth.first_run"))
    if request.method == "POST":
        return _try_sign_in(request.form.get("email", ""), request.form.get("password", ""))
    if signed_in() is not None:
        return redirect(url_for("companies.home"))
    return render_template("entry/sign_in.html", email="")


def _try_sign_in(email: str, password: str) -> ResponseReturnValue:
    user = people.sign_in(runtime(), email, password)
    if user is None:
        log.info("a sign-in was refused")
        flash("That e-mail address and password do not belong together. Please try again.", "warn")
        answer = make_response(render_template("entry/sign_in.html", email=email), 401)
        answer.call_on_close(partial(people.note_refused, runtime(), email))
        return answer
    if second_step.is_on(user):
        return to_code(user.id)
    enter(user.id)
    return redirect(safe_next(), 303)


def _half_way() -> int | None:
    """Who gave the right password here a moment ago and has yet to give the code."""
    kept = session.get("half-way")
    if not kept or runtime().clock.now() - datetime.fromisoformat(kept[1]) > _TIME_FOR_CODE:
        return None
    return int(kept[0])


@pages.route("/sign-in/code", methods=["GET", "POST"])
@limiter.limit("5 per 5 minutes;50 per day", methods=["POST"], key_func=_by_person, deduct_when=was_refused)
def second() -> ResponseReturnValue:
    """The second step, for who has one."""
    user_id = _half_way()
    if user_id is None:
        return redirect(url_for("auth.sign_in", next=safe_next()), 303)
    if request.method == "GET":
        return render_template("entry/code.html")
    if not second_step.passes(runtime(), user_id, request.form.get("code", "")[:100]):
        log.info("a code of the second step was refused")
        flash(second_step.WRONG, "warn")
        return render_template("entry/code.html"), 401
    enter(user_id, session["half-way"][2])
    return redirect(safe_next(), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    _leave()
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
        enter(people.create_owner(runtime(), practice, name, email, password))
    except Refusal as refusal:
        flash(str(refusal), "warn")
        return _first_run_page(), 422
    flash("Welcome to Dunlin. Connect your first company to begin.", "good")
    return redirect(url_for("companies.home"), 303)
