"""Giving a version to chosen companies: first what would change for each, then the deed, its exceptions, and the way
back.

It parses and shows; what may move is decided in `workflows.library`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from models import CadenceVersion, Company, Rollout, User
from web import cadence_words, formats, own, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import cadences, library
from workflows.errors import Refusal
from workflows.library import Move

pages = Blueprint("rollouts", __name__)


@dataclass(frozen=True, slots=True)
class Moved:
    """A company of a roll-out, the version it came from, and how it stands today."""

    company: Company
    before: CadenceVersion
    stands: str


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("library.show"), 303)


def _chosen(session: Session, uids: Sequence[str]) -> list[Company]:
    """Those of the practice's companies that were ticked."""
    return [one for one in queries.companies(session, reach()) if one.uid in set(uids)]


@pages.get("/library/<uid>/roll-out")
def choose(uid: str) -> str:
    """The companies to choose from; with some chosen, what would change for each and which cannot follow."""
    version, rt = own.shared(CadenceVersion, uid), runtime()
    with rt.store.read() as session:
        companies = queries.companies(session, reach())
        chosen = _chosen(session, request.args.getlist("company"))
        has = {one.id: session.get_one(CadenceVersion, one.cadence_version_id) for one in companies}
    moves = library.would_move(rt, uid, version.practice_id, [one.id for one in chosen]) if chosen else []
    return render_template(
        "console/rollout.html",
        version=version,
        cadence=cadences.of_version(version),
        companies=companies,
        has=has,
        chosen=chosen,
        moves=_together(moves),
        exceptions=[one for one in moves if one.exception],
    )


def _together(moves: Iterable[Move]) -> list[tuple[list[str], list[str]]]:
    """(companies, changes): those for whom the same changes stand together."""
    found: dict[tuple[str, ...], list[str]] = {}
    for one in moves:
        if not one.exception:
            found.setdefault(one.changes, []).append(one.company)
    return [(names, [cadence_words.as_sentence(words) for words in changes]) for changes, names in found.items()]


@pages.post("/library/<uid>/roll-out")
def roll_out(uid: str) -> ResponseReturnValue:
    version, rt = own.shared(CadenceVersion, uid), runtime()
    with rt.store.read() as session:
        chosen = _chosen(session, request.form.getlist("company"))
    if not chosen:
        raise Refusal("Please choose at least one company.")
    made, moves = library.roll_out(rt, uid, version.practice_id, [one.id for one in chosen], person().id)
    stayed = {one.company_id for one in moves if one.exception}
    done = formats.count(len(moves) - len(stayed), "company", "companies")
    flash(f"Rolled out to {done}. What is said next is planned anew.", "good" if len(moves) > len(stayed) else "warn")
    left = [one.uid for one in chosen if one.id in stayed]
    return redirect(url_for("rollouts.show", uid=made.uid, stayed=left), 303)


@pages.get("/roll-outs/<uid>")
def show(uid: str) -> str:
    """What a roll-out did, the exceptions right after it, and how its companies stand today."""
    found, rt = own.shared(Rollout, uid), runtime()
    with rt.store.read() as session:
        version = session.get_one(CadenceVersion, found.cadence_version_id)
        who = session.get_one(User, found.user_id)
        moved = [_moved(session, *one) for one in found.moves]
        stayed = [one.id for one in _chosen(session, request.args.getlist("stayed"))]
    exceptions = library.would_move(rt, version.uid, version.practice_id, stayed) if stayed else []
    return render_template(
        "console/rolled_out.html",
        rollout=found,
        version=version,
        cadence=cadences.of_version(version),
        who=who,
        moved=moved,
        exceptions=[one for one in exceptions if one.exception],
    )


def _moved(session: Session, company_id: int, before: int, after: int) -> Moved:
    company, had = session.get_one(Company, company_id), session.get_one(CadenceVersion, before)
    if company.cadence_version_id == after:
        stands = "It has this one now."
    elif company.cadence_version_id == before:
        stands = "It has that one again."
    else:
        stands = "Its cadence was changed again since."
    return Moved(company, had, stands)


@pages.post("/roll-outs/<uid>/back")
def roll_back(uid: str) -> ResponseReturnValue:
    found = own.shared(Rollout, uid)
    moves = library.roll_back(runtime(), found.uid, found.practice_id, person().id)
    back = formats.count(sum(not one.exception for one in moves), "company", "companies")
    kept = [f"{one.company} stays: {one.exception}" for one in moves if one.exception]
    flash(f"Rolled back for {back}. {' '.join(kept[:3])}".strip(), "warn" if kept else "good")
    return redirect(url_for("rollouts.show", uid=uid), 303)
