"""Many at once: ticked customers or companies, a sentence that says what will happen, one press, and the way back.

It parses, asks `workflows.bulk` and shows. Looking at what would happen changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import Account, BulkChange, CadenceVersion, Company, User
from web import formats, forms, own, queries
from web.auth import person, reach
from web.guards import runtime
from web.roles import may
from workflows import assigning, bulk
from workflows.errors import Refusal

pages = Blueprint("bulk", __name__)

# What was done, in the words of the page.
DONE = {
    "pause": "Left alone until a day",
    "release": "Let go",
    "assign": "Given to a colleague",
    "cadence": "Given another cadence",
    "stop": "Sending stopped",
    "go-on": "Sending goes on",
}
# Whoever may do a thing may take it back, but for a stop: that lets sending go on.
BACK = {"stop": "bulk.go_on", "go-on": "bulk.stop", "cadence": "bulk.cadence"}


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    uid = (request.view_args or {}).get("uid")
    if request.blueprint == "bulk" and request.endpoint in ("bulk.undo", "bulk.done"):
        return redirect(url_for("bulk.done", uid=uid), 303)
    return redirect(url_for("companies.overview", uid=uid) if uid else url_for("companies.index"), 303)


def _by() -> bulk.By:
    return bulk.By(person().practice_id, person().id)


def _accounts(company: Company) -> Sequence[Account]:
    """The company's own among the ticked ones, by name."""
    wanted = request.values.getlist("account")[: bulk.MOST + 1]
    with runtime().store.read() as session:
        found = queries.accounts_named(session, company.id, wanted)
    if not found:
        raise Refusal("Please tick at least one customer.")
    return found


def _companies() -> list[Company]:
    wanted = set(request.values.getlist("company"))
    with runtime().store.read() as session:
        found = [one for one in queries.companies(session, reach()) if one.uid in wanted]
    if not found:
        raise Refusal("Please tick at least one company.")
    return found


def _colleague(company: Company) -> User | None:
    """Whom the form names; None for nobody in particular."""
    uid = request.values.get("person", "")
    with runtime().store.read() as session:
        known = {one.uid: one for one in assigning.colleagues(session, company)}
    if uid and uid not in known:
        raise Refusal("Please choose somebody who comes to this company and may do more than look.")
    return known.get(uid)


@pages.get("/companies/<uid>/bulk")
def show(uid: str) -> str:
    """What would happen to the ticked customers."""
    company = own.company(uid)
    accounts, what = _accounts(company), request.args.get("what", "")
    whom = formats.count(len(accounts), "customer")
    if what == "pause":
        day = forms.day(request.args.get("day", ""))
        sentence = f"{whom} will be left alone until {formats.day(day, company)}. Nothing is sent to them before."
    elif what == "release":
        sentence = f"Every pause of {whom} ends. Then the gentlest word that is due comes first."
    elif what == "assign":
        chosen = _colleague(company)
        sentence = f"{chosen.name if chosen else 'Nobody in particular'} will look after {whom}."
    elif what == "cadence":
        version = _version()
        sentence = f"{whom} will hear {version.name}, version {version.number}, whatever the company has. It is proved."
    else:
        raise Refusal("Please choose what is to be done.")
    values = {name: request.args.get(name, "") for name in ("what", "day", "person", "version")}
    return render_template(
        "console/bulk.html", company=company, accounts=accounts, sentence=sentence, values=values, what=what
    )


def _version() -> CadenceVersion:
    uid = request.values.get("version", "")
    if not uid:
        raise Refusal("Please choose a cadence.")
    return own.shared(CadenceVersion, uid)


@pages.post("/companies/<uid>/bulk")
def change(uid: str) -> ResponseReturnValue:
    """Pause, let go or assign."""
    company, rt = own.company(uid), runtime()
    ids, what = [one.id for one in _accounts(company)], request.form.get("what", "")
    if what == "pause":
        made = bulk.pause(rt, _by(), ids, forms.day(request.form.get("day", "")))
    elif what == "release":
        made = bulk.release(rt, _by(), ids)
    elif what == "assign":
        chosen = _colleague(company)
        made = bulk.assign(rt, _by(), ids, chosen.id if chosen else None)
    else:
        raise Refusal("Please choose what is to be done.")
    return _done(made)


@pages.post("/companies/<uid>/bulk/cadence")
def cadence(uid: str) -> ResponseReturnValue:
    company, version = own.company(uid), _version()
    made, stay = bulk.give_cadence(runtime(), _by(), [one.id for one in _accounts(company)], version.id)
    return _done(made, stay)


@pages.get("/companies/bulk")
def show_companies() -> ResponseReturnValue:
    """What would happen to the ticked companies; a cadence is rolled out on its own page, which shows what changes."""
    companies, what = _companies(), request.args.get("what", "")
    if what == "cadence":
        return redirect(url_for("rollouts.choose", uid=_version().uid, company=[one.uid for one in companies]), 303)
    if what not in ("stop", "go-on"):
        raise Refusal("Please choose what is to be done.")
    day = request.args.get("day", "").strip()
    whom = formats.count(len(companies), "company", "companies")
    until = f" until {formats.day(forms.day(day))}" if day else ""
    sentence = f"Nothing is sent for {whom}{until}." if what == "stop" else f"Sending goes on for {whom}."
    values = {"what": what, "day": day}
    return render_template("console/bulk.html", companies=companies, sentence=sentence, values=values, what=what)


@pages.post("/companies/bulk/stop")
def stop() -> ResponseReturnValue:
    text = request.form.get("day", "").strip()
    return _done(bulk.stop(runtime(), _by(), [one.id for one in _companies()], forms.day(text) if text else None))


@pages.post("/companies/bulk/go-on")
def go_on() -> ResponseReturnValue:
    return _done(bulk.go_on(runtime(), _by(), [one.id for one in _companies()]))


def _done(uid: str, stay: Sequence[str] = ()) -> ResponseReturnValue:
    flash("Done. One button takes it back.", "good")
    for sentence in stay:
        flash(sentence, "warn")
    return redirect(url_for("bulk.done", uid=uid), 303)


def _own(uid: str) -> tuple[BulkChange, dict[str, Any]]:
    """A change of the practice, if all it was about is open to whoever looks."""
    found, rt = own.shared(BulkChange, uid), runtime()
    with rt.store.read() as session:
        accounts, companies = bulk.names(session, found)
        mine = {one.id for one in queries.companies(session, reach())}
        by = bulk.by_whom(session, found)
    if not {one.id for one in companies} | {company.id for _, company in accounts} <= mine:
        raise NotFound
    return found, {"accounts": accounts, "companies": companies, "by": by}


@pages.get("/bulk/<uid>")
def done(uid: str) -> str:
    """What was done to whom, with the button that takes it back."""
    found, about = _own(uid)
    title, may_undo = DONE.get(found.kind, "Changed"), may(BACK.get(found.kind, "bulk.undo"))
    return render_template("console/bulk_done.html", change=found, title=title, may_undo=may_undo, **about)


@pages.post("/bulk/<uid>/undo")
def undo(uid: str) -> ResponseReturnValue:
    found, _ = _own(uid)
    if not may(BACK.get(found.kind, "bulk.undo")):
        raise Refusal("Please ask an accountant to take this back.")
    stay = bulk.undo(runtime(), found.id, _by())
    flash("Taken back, but for what is named here." if stay else "Taken back.", "warn" if stay else "good")
    for sentence in stay:
        flash(sentence, "warn")
    return redirect(url_for("bulk.done", uid=uid), 303)
