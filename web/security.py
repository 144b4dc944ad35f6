"""Your sign-in: a person's own password, their second step, and the browsers they are signed in with.

It parses, asks one workflow, and goes back to the page. A secret is shown while it is set up, a recovery code once.
"""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import User
from web import confirming, vendors
from web.auth import browser, person
from web.guards import runtime
from workflows import identities, people, second_step, sign_ins
from workflows.errors import Refusal

pages = Blueprint("security", __name__, url_prefix="/your-sign-in")


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("security.show"), 303)


def _code() -> str:
    return request.form.get("own_code", "")[:100]


@pages.get("")
def show() -> str:
    return _page()


def _page(codes: list[str] | None = None) -> str:
    """With recovery codes just this once: they are kept nowhere."""
    rt, me = runtime(), person()
    with rt.store.read() as session:
        user = session.get_one(User, me.id)
        mine = sign_ins.open_ones(rt, session, me.id)
        others = people.others(session, user) if me.owner else ()
        tied = identities.of(session, me.id)
        elsewhere = [(one, len(sign_ins.open_ones(rt, session, one.id))) for one in others]
    words = second_step.words_of(rt, user)
    return render_template(
        "console/security.html",
        user=user,
        codes=codes,
        secret=words and words[0],
        picture=words and segno.make(words[1]).svg_data_uri(scale=5, border=4, light="white"),
        browsers=mine,
        tied=tied,
        labels=identities.offered(rt),
        here=browser().uid,
        others=elsewhere,
        least=people.SHORTEST_PASSWORD,
    )


@pages.post("/password")
@confirming.limited
def password() -> ResponseReturnValue:
    rt, form = runtime(), request.form
    confirming.confirm()
    people.set_password(rt, person().id, form.get("password", ""), browser().id)
    return _back("Changed. All other browsers are signed out.")


@pages.post("/vendors/<kind>")
@confirming.limited
def tie(kind: str) -> ResponseReturnValue:
    """To the vendor, to come in through it from now on."""
    confirming.confirm()
    return vendors.begin(kind, books=False, tie=person().uid)


@pages.post("/vendors/end")
@confirming.limited
def untie() -> ResponseReturnValue:
    confirming.confirm()
    identities.untie(runtime(), person().id, request.form.get("identity", ""))
    return _back("It lets you in no more.")


@pages.post("/second-step")
@confirming.limited
def begin() -> ResponseReturnValue:
    confirming.confirm()
    second_step.begin(runtime(), person().id)
    return _back("Now let your device learn the secret, and type the code it shows.", "calm")


@pages.post("/second-step/on")
@confirming.limited
def switch_on() -> ResponseReturnValue:
    with confirming.counted():
        codes = second_step.switch_on(runtime(), person().id, _code())
    return _page(codes)


@pages.post("/second-step/codes")
@confirming.limited
def renew() -> ResponseReturnValue:
    with confirming.counted():
        codes = second_step.renew(runtime(), person().id, _code())
    return _page(codes)


@pages.post("/second-step/off")
@confirming.limited
def switch_off() -> ResponseReturnValue:
    confirming.confirm()
    second_step.forget(runtime(), person().id)
    return _back("The second step is off. Your password alone signs you in.", "calm")


@pages.post("/browsers/end")
@confirming.limited
def end() -> ResponseReturnValue:
    """One of one's own browsers, by its uid, or all the others."""
    rt, only = runtime(), request.form.get("browser", "")
    confirming.confirm()
    with rt.store.write() as session:
        ended = sign_ins.end(rt, session, person(), person(), only=only, but=None if only else browser().id)
    if only and not ended:
        raise NotFound
    return _back("Signed out there." if ended else "You are signed in nowhere else.")


@pages.post("/people/<uid>/end")
@confirming.limited
def end_person(uid: str) -> ResponseReturnValue:
    """An owner signs somebody else of the same practice out everywhere."""
    rt = runtime()
    with rt.store.read() as session:
        theirs = people.others(session, session.get_one(User, person().id))
    found = next((one for one in theirs if one.uid == uid), None)
    if found is None:
        raise NotFound
    confirming.confirm()
    with rt.store.write() as session:
        by = people.owner(session, found.practice_id, person().id)
        sign_ins.end(rt, session, found, by)
    return _back(f"{found.name} is signed out everywhere.")
