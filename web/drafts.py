"""The cadence editor: a draft as a picture of its steps, each changed in place, proved, approved, kept, or put away.

It parses, calls `workflows.drafts` and shows; what may stand is decided there and in `core`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from models import CadenceDraft, CadenceVersion, Company
from web import draft_forms, draft_page, forms, own, queries
from web.auth import person, reach
from web.draft_page import Typed
from web.guards import runtime
from workflows import drafts
from workflows.draft_fields import Faults
from workflows.errors import Refusal

pages = Blueprint("drafts", __name__)
Deed = Callable[[CadenceDraft, int], object]


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("library.show"), 303)


@pages.post("/drafts")
def begin() -> ResponseReturnValue:
    """From a version of the library, or from a shipped cadence."""
    wanted, shipped = request.form.get("version", ""), request.form.get("shipped", "")
    version = own.shared(CadenceVersion, wanted) if wanted else None
    with runtime().store.read() as session:
        companies = queries.companies(session, reach())
    where = _first(companies, version)
    me = person()
    made = drafts.begin(runtime(), me.practice_id, me.id, where, version=wanted, shipped=shipped)
    return redirect(url_for("drafts.show", uid=made.uid), 303)


def _first(companies: list[Company], version: CadenceVersion | None) -> int | None:
    """On whose books it is tried to begin with: who has the version, else the first."""
    having = [one for one in companies if version is not None and one.cadence_version_id == version.id]
    return next((one.id for one in [*having, *companies]), None)


@pages.get("/drafts/<uid>")
def show(uid: str) -> str:
    return draft_page.page(own.shared(CadenceDraft, uid))


def _done(uid: str, deed: Deed, typed: Typed, said: str = "", step: str = "") -> ResponseReturnValue:
    """Do it and go back to where it was done; refused, the page again with what was typed."""
    draft = own.shared(CadenceDraft, uid)
    try:
        deed(draft, forms.revision(request.form))
    except Refusal as refusal:
        return _again(uid, typed, refusal), 422
    if said:
        flash(said, "good")
    return _back(uid, step)


def _again(uid: str, typed: Typed, refusal: Refusal) -> str:
    """The page as it stands now, for somebody else may have been first."""
    faults = refusal.at if isinstance(refusal, Faults) else {"": str(refusal)}
    said = faults.get("") or "Not saved yet: one field needs another look."
    return draft_page.page(own.shared(CadenceDraft, uid), Typed(typed.into, typed.values, faults, said))


def _back(uid: str, step: str = "") -> ResponseReturnValue:
    asked: dict[str, Any] = {**draft_page.kept(), **({"step": step} if step else {})}
    return redirect(url_for("drafts.show", uid=uid, **asked), 303)


@pages.post("/drafts/<uid>/step")
def change_step(uid: str) -> ResponseReturnValue:
    """Put a step, with these fields, in the place of one; or a new one among them."""
    form = request.form
    name, me = form.get("step", "")[:60], person().id

    def deed(draft: CadenceDraft, revision: int) -> None:
        given = draft_forms.step_of(form)
        drafts.change_step(runtime(), draft, revision, name, given, me, renamed=form.get("renamed") == "on")

    typed = Typed(name or "new", draft_forms.typed_step(form))
    return _done(uid, deed, typed, _SAVED if name else "The step is there.", form.get("name", "").strip()[:60])


_SAVED = "Saved. Prove it when you are done; nothing is sent by it before it is kept and rolled out."


@pages.post("/drafts/<uid>/move")
def move_step(uid: str) -> ResponseReturnValue:
    """A day earlier or later."""
    name, days = request.form.get("step", "")[:60], 1 if request.form.get("to") == "later" else -1
    me = person().id
    return _done(uid, lambda d, r: drafts.move_step(runtime(), d, r, name, days, me), Typed(name), step=name)


@pages.post("/drafts/<uid>/away")
def remove_step(uid: str) -> ResponseReturnValue:
    name, me = request.form.get("step", "")[:60], person().id
    said = f"{name} is gone from this draft."
    return _done(uid, lambda d, r: drafts.remove_step(runtime(), d, r, name, me), Typed(name), said)


@pages.post("/drafts/<uid>/own")
def take_over(uid: str) -> ResponseReturnValue:
    """Make the steps of a ladder that it is lent its own."""
    anchor, me = request.form.get("anchor", ""), person().id
    said = "These steps are the draft's own now."
    return _done(uid, lambda d, r: drafts.take_over(runtime(), d, r, anchor, me), Typed(), said)


@pages.post("/drafts/<uid>/whole")
def change_whole(uid: str) -> ResponseReturnValue:
    """The fields of the cadence itself."""
    form, me = request.form, person().id

    def deed(draft: CadenceDraft, revision: int) -> None:
        drafts.change_whole(runtime(), draft, revision, draft_forms.whole_of(form), me)

    return _done(uid, deed, Typed("whole", draft_forms.typed_whole(form)), _SAVED)


@pages.post("/drafts/<uid>/text")
def change_text(uid: str) -> ResponseReturnValue:
    text, me = request.form.get("text", "").replace("\r\n", "\n"), person().id
    typed = Typed("text", {"text": text})
    return _done(uid, lambda d, r: drafts.save(runtime(), d, r, text, me), typed, _SAVED)


@pages.post("/drafts/<uid>/company")
def try_on(uid: str) -> ResponseReturnValue:
    """On whose books it is tried."""
    company, me = own.company(request.form.get("company", "")), person().id
    return _done(uid, lambda d, r: drafts.try_on(runtime(), d, r, company.id, me), Typed())


@pages.post("/drafts/<uid>/prove")
def prove(uid: str) -> ResponseReturnValue:
    """Where it does not keep a promise, the story stands at its step."""
    draft = own.shared(CadenceDraft, uid)
    with runtime().store.read() as session:
        where = next((one for one in queries.companies(session, reach()) if one.id == draft.company_id), None)
    try:
        proof = drafts.prove(runtime(), draft, forms.revision(request.form), where, person().id)
    except Refusal as refusal:
        return _again(uid, Typed(), refusal), 422
    if not proof.holds:
        return draft_page.page(draft, proof=proof), 422
    flash("Proved: it keeps every promise to every account.", "good")
    return _back(uid)


@pages.post("/drafts/<uid>/approve")
def approve(uid: str) -> ResponseReturnValue:
    sure, me = request.form.get("sure") == "on", person().id
    said = "Approved. It can be kept as a version now."
    return _done(uid, lambda d, r: drafts.approve(runtime(), d, r, me, sure=sure), Typed(), said)


@pages.post("/drafts/<uid>/keep")
def keep(uid: str) -> ResponseReturnValue:
    me = person().id
    said = "Kept as a version. Nobody has it until it is rolled out."
    return _done(uid, lambda d, r: drafts.keep(runtime(), d, r, me), Typed(), said)


@pages.post("/drafts/<uid>/drop")
def drop(uid: str) -> ResponseReturnValue:
    me = person().id
    return _done(uid, lambda d, r: drafts.drop(runtime(), d, r, me), Typed(), "Put away.")
