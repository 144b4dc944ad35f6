"""Words of one's own for messages: the list, one template's words, its preview and test mail, live and back again.

It parses, calls `workflows.wording_drafts` and shows; what may be said is decided there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import Account, Company, Wording
from web import forms, own, wording_page
from web.auth import person, reach
from web.guards import limiter, runtime
from web.wording_page import WAYS, Shown
from workflows import draft_words, wording_drafts, wording_read
from workflows.errors import Refusal
from workflows.templating import template_names
from workflows.wording_drafts import Place

pages = Blueprint("wordings", __name__)
_PATH = "/wordings/in/<language>/<way>/<template>"


def _company() -> Company | None:
    """Whose words are meant: one company's, or the whole practice's."""
    asked = request.values.get("company", "")
    return own.company(asked) if asked else None


def _place(language: str, way: str, template: str) -> tuple[Place, Company | None]:
    if (
        language not in draft_words.languages()
        or way not in WAYS
        or template not in template_names(language, WAYS[way])
    ):
        raise NotFound
    company = _company()
    return Place(person().practice_id, company.id if company else None, language, WAYS[way], template), company


def _may_change(company_id: int | None) -> None:
    if company_id is None and reach().limited:
        raise Refusal("These words are for all companies, and some are not open to you. Choose one company first.")


@pages.get("/wordings")
def index() -> str:
    return wording_page.index(_company())


@pages.get(_PATH)
def show(language: str, way: str, template: str) -> str:
    place, company = _place(language, way, template)
    return wording_page.page(place, way, company)


@pages.post(_PATH)
def save(language: str, way: str, template: str) -> ResponseReturnValue:
    """Keep what was typed as the draft; refused, the page again with it."""
    place, company = _place(language, way, template)
    source = _typed()
    try:
        _may_change(place.company_id)
        wording_drafts.save(runtime(), place, forms.revision(request.form), source, person().id)
    except Refusal as refusal:
        return wording_page.page(place, way, company, Shown(source, str(refusal))), 422
    return _back(place, way, company, "Kept as a draft. Nobody hears it before it is made live.")


@pages.post(f"{_PATH}/preview")
def preview(language: str, way: str, template: str) -> ResponseReturnValue:
    """What was typed, as the chosen customer would read it; nothing is kept."""
    place, company = _place(language, way, template)
    source = _typed()
    try:
        said = wording_read.read_by(runtime(), _reader(), place, source)
    except Refusal as refusal:
        return wording_page.page(place, way, company, Shown(source, str(refusal))), 422
    return wording_page.page(place, way, company, Shown(source, preview=said))


@pages.post(f"{_PATH}/test")
@limiter.limit("20 per hour")
def test(language: str, way: str, template: str) -> ResponseReturnValue:
    """Mail what was typed to whoever asks."""
    place, company = _place(language, way, template)
    source, me = _typed(), person()
    try:
        wording_read.send_test(runtime(), _reader(), place, source, me)
    except Refusal as refusal:
        return wording_page.page(place, way, company, Shown(source, str(refusal))), 422
    flash(f"A test is on its way to {me.email}. Nothing was kept or sent to anybody else.", "good")
    return wording_page.page(place, way, company, Shown(source))


def _reader() -> Account:
    asked = request.form.get("account", "")
    if not asked:
        raise Refusal("Please choose first with whose eyes it is read.")
    return own.account(asked)


def _typed() -> str:
    return request.form.get("source", "").replace("\r\n", "\n")


def _done(uid: str, deed: Callable[[Wording], object], words: str) -> ResponseReturnValue:
    wording = own.wording(uid)
    place = wording_drafts.place_of(wording)
    way = next(way for way, channel in WAYS.items() if channel is place.channel)
    company = wording_page.company_of(wording)
    try:
        _may_change(wording.company_id)
        deed(wording)
    except Refusal as refusal:
        return wording_page.page(place, way, company, Shown(said=str(refusal))), 422
    return _back(place, way, company, words)


def _back(place: Place, way: str, company: Company | None, words: str) -> ResponseReturnValue:
    flash(words, "good")
    where: dict[str, Any] = {"company": company.uid} if company else {}
    there = url_for("wordings.show", language=place.language, way=way, template=place.template, **where)
    return redirect(there, 303)


@pages.post("/wordings/<uid>/live")
def make_live(uid: str) -> ResponseReturnValue:
    aloud, me = request.form.get("aloud") == "on", person().id
    words = "Live. The next message of this kind is said in these words."
    return _done(
        uid, lambda one: wording_drafts.make_live(runtime(), one, forms.revision(request.form), me, aloud=aloud), words
    )


@pages.post("/wordings/<uid>/drop")
def drop(uid: str) -> ResponseReturnValue:
    me = person().id
    return _done(
        uid, lambda one: wording_drafts.drop(runtime(), one, forms.revision(request.form), me), "The draft is put away."
    )


@pages.post("/wordings/<uid>/end")
def end(uid: str) -> ResponseReturnValue:
    me = person().id
    words = "Taken back. From now on it is said as it was before there were these words."
    return _done(uid, lambda one: wording_drafts.end(runtime(), one, me), words)


@pages.post("/wordings/<uid>/restore")
def restore(uid: str) -> ResponseReturnValue:
    me = person().id
    return _done(uid, lambda one: wording_drafts.restore(runtime(), one, me), "It is a draft again; look at it below.")
