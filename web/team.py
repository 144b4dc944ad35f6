"""The people of the practice: who they are, what each may do and where, and who is invited. Owners change it.

It parses, asks one workflow, and goes back to the page. An invitation's link is shown once, to whoever made it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.roles import Role
from models import Company, Invitation, User
from web import confirming, own, queries
from web.auth import person, reach
from web.guards import runtime
from workflows import people, sign_ins, team
from workflows.errors import Refusal
from workflows.team import Place

pages = Blueprint("team", __name__)

ROLES = {
    Role.VIEWER: "Looks at everything, changes nothing.",
    Role.CLERK: "Answers, approves, makes calls, settles what waits on the desk.",
    Role.ACCOUNTANT: "Also changes cadences, settings and connections.",
    Role.OWNER: "Also decides where money goes, whom messages come from, and who belongs here.",
}


@dataclass(frozen=True, slots=True)
class Colleague:
    """`browsers` is in how many they are signed in; `place` where they come to."""

    user: User
    place: Place
    browsers: int


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("team.show"), 303)


@pages.get("/team")
def show() -> str:
    return _page()


def _page(link: str = "", mailed: bool = False) -> str:
    """With the link of a new invitation just this once: it is kept nowhere."""
    rt, me = runtime(), person()
    with rt.store.read() as session:
        everybody = [session.get_one(User, me.id), *people.others(session, me)]
        found = [
            Colleague(one, team.place(session, one), len(sign_ins.open_ones(rt, session, one.id))) for one in everybody
        ]
        invited = team.waiting(rt, session, me.practice_id) if me.owner else ()
        companies = queries.companies(session, reach())
    return render_template(
        "console/team.html",
        found=found,
        invited=invited,
        companies=companies,
        names={one.id: one.name for one in companies},
        roles=ROLES,
        link=link,
        mailed=mailed,
    )


@pages.post("/team/invite")
@confirming.limited
def invite() -> ResponseReturnValue:
    confirming.confirm()
    made = team.invite(runtime(), person().id, request.form.get("email", ""), _place())
    return _page(made.link, made.mailed)


@pages.post("/invitations/<uid>/withdraw")
def withdraw(uid: str) -> ResponseReturnValue:
    team.withdraw(runtime(), person().id, own.shared(Invitation, uid).id)
    flash("Taken back. Its link opens nothing any more.", "good")
    return redirect(url_for("team.show"), 303)


@pages.post("/people/<uid>/place")
@confirming.limited
def change(uid: str) -> ResponseReturnValue:
    colleague = own.shared(User, uid)
    confirming.confirm()
    found = team.change(runtime(), person().id, colleague.id, _place())
    flash(f"Changed. It counts for {found.name} from the next page they open.", "good")
    return redirect(url_for("team.show"), 303)


@pages.post("/people/<uid>/leave")
@confirming.limited
def remove(uid: str) -> ResponseReturnValue:
    colleague = own.shared(User, uid)
    confirming.confirm()
    found = team.remove(runtime(), person().id, colleague.id)
    flash(f"{found.name} is signed out everywhere and opens nothing any more. What they did stays in the log.", "good")
    return redirect(url_for("team.show" if found.id != person().id else "auth.sign_in"), 303)


def _place() -> Place:
    """What the form says: a role, and all companies or the ticked ones."""
    form = request.form
    try:
        role = Role(form.get("role", ""))
    except ValueError:
        raise Refusal("Please choose what they may do.") from None
    if form.get("where", "all") == "all":
        return Place(role)
    with runtime().store.read() as session:
        mine: dict[str, Company] = {one.uid: one for one in queries.companies(session, reach())}
    return Place(role, frozenset(mine[uid].id for uid in form.getlist("company") if uid in mine))
