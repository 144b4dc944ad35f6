"""Calls to make and letters to post: the list, the page to hold a conversation from, and what came of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from core.calendars import Calendar
from core.instalments import Every
from models import Task
from web import forms, guides, own, presenters, queries, timeline
from web.auth import person, reach
from web.guards import runtime
from workflows import door, outcomes, tasks
from workflows.errors import Refusal
from workflows.outcomes import Given, Outcome

pages = Blueprint("tasks", __name__)
SHOWN = 200
DONE: dict[Outcome, str] = {
    Outcome.PROMISE: "Noted. Nothing is said until a few days after that day.",
    Outcome.EXTENSION: "Noted. They have until the end of that day.",
    Outcome.ARRANGEMENT: "Noted. A word comes before each part.",
    Outcome.PAID_ALREADY: "Noted. Nobody asks again while you look for the payment.",
    Outcome.FORGOT: "Noted. It is quiet for a few days.",
    Outcome.COPY: "Noted. It is quiet for a few days, so that the copy can be used.",
    Outcome.DISPUTE: "Noted. It rests until somebody answers; it is on the desk.",
    Outcome.SHORT_OF_CASH: "Noted. Only kind words from here, and few of them.",
    Outcome.WRONG_PERSON: "Noted. Nothing is sent about it until a person has found out whom to ask.",
    Outcome.REFUSES: "Noted. From here a person approves every word.",
    Outcome.TALKED: "Noted. The cadence goes on.",
    Outcome.NO_ANSWER: "Noted. It is here again on that day.",
    Outcome.NUMBER: "Noted. The new number stands on the page.",
    Outcome.POSTED: "Noted as posted.",
    Outcome.NOT_POSTED: "Noted. It counts as unsaid; a fresh letter is here when the cadence asks for it again.",
}


@pages.get("/tasks")
def show() -> str:
    """What is to be done today, what rests and why, and what comes later."""
    rt = runtime()
    now: list[Any] = []
    resting: list[Any] = []
    later: list[Any] = []
    with rt.store.read() as session:
        for task, touch, account, company in tasks.waiting(session, reach(), SHOWN):
            held = tasks.against(presenters.read_because(account.because), tasks.about(session, touch))
            where = resting if held else now if tasks.is_due(task, company, rt.clock.now()) else later
            where.append((task, touch, account, company, held))
        companies = queries.companies(session, reach())
    return render_template("console/tasks.html", now=now, resting=resting, later=later, companies=companies)


@pages.get("/tasks/guide")
def guide() -> str:
    return render_template("console/guide.html", guides=guides.GUIDES, first=guides.FIRST)


@pages.get("/tasks/<uid>")
def show_one(uid: str) -> str:
    task = own.row(Task, uid)
    door.look(runtime(), task.account_id)
    return _page(task)


def _page(task: Task, said: str = "") -> str:
    """The page of one task; after a refusal with what was typed."""
    rt = runtime()
    with rt.store.read() as session:
        found = tasks.conversation(rt, session, task)
        account = queries.account(session, reach(), found.account.uid)
        if account is None:
            raise NotFound
        story = timeline.story(session, account, rt.clock.now())
        touches = [one for one in reversed(queries.touches(session, account.id)) if one.id != found.touch.id]
    told = {one.told.reason for one in found.gathered.facts.invoices if one.told is not None}
    return render_template(
        "console/task.html",
        one=found,
        task=task,
        company=found.company,
        account=account,
        story=story,
        touches=touches,
        told=[(guides.GUIDES[reason], reason) for reason in sorted(told)],
        guides=guides.GUIDES,
        first=guides.FIRST,
        phone=outcomes.number_of(rt, account.id),
        today=Calendar(zone=found.company.zone or "UTC").today(rt.clock.now()),
        everies=Every,
        said=said,
        typed=request.form,
    )


@pages.post("/tasks/<uid>/outcome")
def settle(uid: str) -> ResponseReturnValue:
    task = own.row(Task, uid)
    try:
        outcome, given = _read()
        outcomes.settle(runtime(), task.id, outcome, given, person().id)
    except Refusal as refusal:
        return _page(task, str(refusal)), 422
    flash(DONE[outcome], "good")
    if outcome is Outcome.NUMBER:
        return redirect(url_for("tasks.show_one", uid=uid), 303)
    return redirect(url_for("tasks.show"), 303)


# Which field of the page holds the day of an outcome.
_DAYS = {
    Outcome.PROMISE: "promise_day",
    Outcome.EXTENSION: "extension_day",
    Outcome.ARRANGEMENT: "first_day",
    Outcome.NO_ANSWER: "again_day",
}


def _read() -> tuple[Outcome, Given]:
    form = request.form
    if form.get("outcome") not in set(Outcome):
        raise Refusal("Please choose one of the outcomes on the page.")
    outcome = Outcome(form["outcome"])
    parts, every = form.get("parts", ""), form.get("every", Every.MONTH)
    return outcome, Given(
        invoices=tuple(form.getlist("invoice")),
        day=forms.day(form.get(_DAYS[outcome], "")) if outcome in _DAYS else None,
        text=form.get("text", ""),
        phone=form.get("phone", "") if outcome is Outcome.NUMBER else "",
        parts=int(parts) if parts.isdecimal() and len(parts) < 4 else 0,
        every=Every(every) if every in set(Every) else Every.MONTH,
    )
