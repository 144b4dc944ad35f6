"""The guided first day of a company: one page, its steps in order, each a click or a link away; the last one sends.

It parses, asks one workflow, and goes back to the page. Nothing is sent before somebody presses the last button.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.cadence import Payer
from core.exclusions import Exclusion
from models import Company
from web import own, standing_queries
from web.auth import person
from web.guards import runtime
from workflows import backtests, cadences, companies, first_day, senders
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.first_day import Step

pages = Blueprint("first_day", __name__)
PAST = timedelta(days=730)

WHY = {
    Exclusion.STAFF: "Has an address of your own people",
    Exclusion.GROUP: "Bears your own name",
    Exclusion.CASH: "Sounds like sales over the counter",
}
PAYERS = {
    Payer.NEW: "are too new to tell",
    Payer.STEADY: "pay as they always do",
    Payer.SLOW: "pay late, and steadily so",
    Payer.UNSURE: "pay now so, now so",
}
# Ladders a company can begin with; the others are branches of these.
OFFERED = ("early-intervention", "trusted-partner", "firm-but-fair", "statement-monthly", "default")


@pages.get("/companies/<uid>/first-day")
def show(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    today = today_of(company, rt.clock.now())
    with rt.store.read() as session:
        found = first_day.found(session, company)
        aged = standing_queries.ageing(session, company, today)
        proposed = first_day.proposed(session, company)
        missing = companies.not_ready(rt, session, company)
        now = cadences.cadence_of(session, company)
        sender = senders.of(session, company.id)
    return render_template(
        "console/first_day.html",
        company=company,
        today=today,
        found=found,
        aged=aged,
        proposed=proposed,
        missing=missing,
        cadence=now,
        offered=[cadences.shipped(name) for name in OFFERED],
        sender=sender,
        left=first_day.left(company),
        Step=Step,
        why=WHY,
        payers=PAYERS,
        in_force=backtests.IN_FORCE,
        past=max(today - PAST, found.since or today),
    )


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("first_day.show", uid=(request.view_args or {})["uid"]), 303)


def _on(company: Company, sentence: str, step: Step) -> ResponseReturnValue:
    """Back to the page, where the next step stands."""
    flash(sentence, "good")
    return redirect(url_for("first_day.show", uid=company.uid, _anchor=step.value), 303)


@pages.post("/companies/<uid>/first-day/leave-out")
def leave_out(uid: str) -> ResponseReturnValue:
    """The ticked ones are left alone; the others are written to."""
    company, ticked = own.company(uid), set(request.form.getlist("customer"))
    with runtime().store.read() as session:
        chosen = {one.id: WHY[why] for one, why in first_day.proposed(session, company) if one.uid in ticked}
    first_day.leave_out(runtime(), company.id, chosen, person().id)
    return _on(company, f"{len(chosen)} left out." if chosen else "Nobody is left out.", Step.CADENCE)


@pages.post("/companies/<uid>/first-day/cadence")
def choose(uid: str) -> ResponseReturnValue:
    company, name = own.company(uid), request.form.get("cadence", "")
    if name == "as-it-is":
        first_day.mark(runtime(), company.id, Step.CADENCE, person().id)
        return _on(company, "It stays as it is.", Step.BACKTEST)
    if name not in OFFERED:
        raise Refusal("Please choose one of the cadences on the page.")
    first_day.choose(runtime(), company.id, name, person().id)
    return _on(company, f"Chosen: {cadences.shipped(name).title}.", Step.BACKTEST)


@pages.post("/companies/<uid>/first-day/done")
def done(uid: str) -> ResponseReturnValue:
    """A step that is only looked at, or done elsewhere."""
    company, given = own.company(uid), request.form.get("step", "")
    if given not in set(Step):
        raise Refusal("Please use the button on the page.")
    step = Step(given)
    first_day.mark(runtime(), company.id, step, person().id)
    after = list(Step)[list(Step).index(step) + 1 :]
    return _on(company, "Noted.", after[0] if after else step)
