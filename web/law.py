"""Which country's limits, hours and rules a company keeps to, in words with their sources; and choosing another's."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.law import Kind, Topic
from web import own
from web.auth import person
from web.guards import runtime
from workflows import choosing_law, law
from workflows.calendars import caps_of, hours_in, today_of
from workflows.errors import Refusal

pages = Blueprint("law", __name__)

TOPICS = {
    Topic.CONTACTS: "How often",
    Topic.HOURS: "At which hours",
    Topic.INTEREST: "Interest",
    Topic.WORDS: "What a message says",
    Topic.OPT_OUT: "Asking for a person instead",
}
KINDS = {
    Kind.STATUTE: ("Law", "good"),
    Kind.GUIDANCE: ("Guidance", "calm"),
    Kind.HOUSE: ("Our default", "calm"),
}


@pages.get("/companies/<uid>/law")
def show(uid: str) -> str:
    company = own.company(uid)
    today = today_of(company, runtime().clock.now())
    return render_template(
        "console/law.html",
        company=company,
        preset=law.of_company(company),
        home=law.of_country(company.country),
        presets=sorted(law.presets().values(), key=lambda one: one.name),
        caps=caps_of(company),
        hours=hours_in(company, company.country),
        topics=TOPICS,
        kinds=KINDS,
        old={rule for _, rule in law.stale(today)},
    )


@pages.post("/companies/<uid>/law")
def choose(uid: str) -> ResponseReturnValue:
    """An empty `preset` is that of the company's own country."""
    company = own.company(uid)
    try:
        kept = choosing_law.choose(runtime(), company.id, request.form.get("preset", ""), person().id)
        flash(f"{company.name} keeps to the rules of: {kept.name}.", "good")
    except Refusal as refusal:
        flash(str(refusal), "warn")
    return redirect(url_for("law.show", uid=uid), 303)
