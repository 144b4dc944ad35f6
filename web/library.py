"""The practice's library of cadences: each version in words, with its text, its difference and its proof; new versions.

Rolling them out is in `rollouts`, what a level changes of them in `changes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core.cadence import Cadence
from core.differences import differences
from core.proof import PROMISED, Proof
from models import CadenceVersion, Company
from web import cadence_words, draft_page, library_queries, own, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import cadences, drafts, library, proofs, treatment
from workflows.calendars import calendar_of
from workflows.errors import Refusal

pages = Blueprint("library", __name__)
LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One version with what it says, and the companies that have it."""

    version: CadenceVersion
    cadence: Cadence
    companies: list[Company]


@pages.get("/library")
def show() -> str:
    """Every cadence of the practice, what is shipped beside them, and what was rolled out when."""
    practice_id = person().practice_id
    with runtime().store.read() as session:
        entries = _entries(session, practice_id)
        rollouts = library_queries.rollouts(session, practice_id)
        drafted = library_queries.drafts(session, practice_id, drafts.OPEN)
        changed = len(library_queries.changes(session, reach()))
    ours = {one.version.source for one in entries}
    return render_template(
        "console/library.html",
        groups=[list(group) for _, group in groupby(entries, key=lambda one: one.version.name)],
        offered=[cadences.shipped(name) for name, text in cadences.shipped_library().items() if text not in ours],
        rollouts=rollouts,
        drafted=drafted,
        draft_states=draft_page.STATES,
        changed=changed,
    )


def _entries(session: Session, practice_id: int) -> list[Entry]:
    companies = queries.companies(session, reach())
    return [
        Entry(one, cadences.of_version(one), [each for each in companies if each.cadence_version_id == one.id])
        for one in library_queries.versions(session, practice_id)
    ]


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("library.show"), 303)


@pages.post("/library/shipped/<name>")
def add(name: str) -> ResponseReturnValue:
    """Take a shipped cadence into the library."""
    rt = runtime()
    with rt.store.write() as session:
        version = library.shipped_version(rt, session, person().practice_id, name)
    flash("It is in the library now. Nobody has it until it is rolled out.", "good")
    return redirect(url_for("library.version", uid=version.uid), 303)


@pages.get("/library/<uid>")
def version(uid: str) -> str:
    return _page(own.shared(CadenceVersion, uid))


def _page(version: CadenceVersion, typed: str | None = None, said: str = "") -> str:
    """One version; after a refusal with the text as it was typed."""
    rt, asked = runtime(), request.args.get("prove", "")
    with rt.store.read() as session:
        companies = queries.companies(session, reach())
        earlier = library_queries.before(session, version)
        treated = treatment.of_version(session, version.id)
    read = cadences.of_version(version)
    where = next((one for one in companies if one.uid == asked), None)
    now = rt.clock.now()
    proof = proofs.at_company(where, read, now) if where else None
    shown = where or (companies[0] if companies else None)
    return render_template(
        "console/library_version.html",
        treated=treated,
        version=version,
        cadence=read,
        rules=cadence_words.cadence_rules(read, calendar_of(shown, now)) if shown else (),
        shown=shown,
        earlier=earlier,
        differs=_differs(earlier, read) if earlier else (),
        having=[one for one in companies if one.cadence_version_id == version.id],
        companies=companies,
        where=where,
        proof=proof,
        promised=PROMISED,
        broken=_broken(proof) if proof else (),
        text=version.source if typed is None else typed,
        said=said,
    )


def _differs(earlier: CadenceVersion, read: Cadence) -> list[str]:
    return [cadence_words.as_sentence(one) for one in differences(cadences.of_version(earlier), read)]


def _broken(proof: Proof) -> list[tuple[str, list[str]]]:
    """Each promise that could be broken, and the smallest story that does it."""
    return [(PROMISED[one.promise], [str(scene) for scene in one.story]) for one in proof.broken]


@pages.post("/library/<uid>/text")
def save(uid: str) -> ResponseReturnValue:
    """The next version, from a text that began as this one's."""
    begun, text = own.shared(CadenceVersion, uid), request.form.get("text", "").replace("\r\n", "\n")
    with runtime().store.read() as session:
        known = {one.id for one in library_queries.versions(session, begun.practice_id)}
    try:
        if len(text) > LONGEST:
            raise Refusal(f"Please keep a cadence to {LONGEST:,} characters.")
        made = library.save(runtime(), begun.practice_id, text)
    except Refusal as refusal:
        return _page(begun, text, str(refusal)), 422
    flash("That text is in the library already: here it is." if made.id in known else _SAVED, "good")
    return redirect(url_for("library.version", uid=made.uid), 303)


_SAVED = "Saved as a new version. Nobody has it until it is rolled out."
