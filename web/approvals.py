"""The queue of drafts over all companies: read as it would leave, approve, edit, skip or take back, one or all."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.because import Cause
from models import Account, ApprovalRow, Draft, User
from web import forms, own, presenters, queries, word_queries
from web.auth import person, reach
from web.guards import runtime
from workflows import approvals, frozen
from workflows.errors import Refusal

pages = Blueprint("approvals", __name__)
PAGE = 25
LATELY = timedelta(days=3)


@pages.get("/approvals")
def show() -> str:
    """The oldest drafts of one company or of all, and what was decided lately."""
    rt, chosen = runtime(), request.args.get("company", "")
    with rt.store.read() as session:
        companies = queries.companies(session, reach())
        asked = [one for one in companies if one.uid == chosen] or companies
        counts = approvals.waiting(session, [one.id for one in companies])
        shown = approvals.shown(rt, session, word_queries.drafts(session, [one.id for one in asked], PAGE))
        since = rt.clock.now() - LATELY
        decided = [
            (row, left, session.get_one(Account, row.account_id), session.get_one(User, row.user_id))
            for row, left in approvals.lately(session, [one.id for one in asked], since)
        ]
    return render_template(
        "console/approvals.html",
        companies=companies,
        company=asked[0] if len(asked) == 1 else None,
        asked=asked,
        counts=counts,
        total=sum(counts.get(one.id, 0) for one in asked),
        shown=shown,
        decided=decided,
        standing=_standing,
        by_id={one.id: one for one in companies},
    )


def _standing(row: ApprovalRow, left: bool) -> tuple[str, str]:
    """What became of somebody's word: in a word or two, and a sentence."""
    if left:
        return "Left", "It went out as approved."
    if row.withdrawn_at is None:
        return ("Approved", "It leaves soon.") if row.approved else ("Skipped", row.note)
    if row.note == frozen.TAKEN_BACK:
        return "Taken back", "It waits in the queue again."
    if row.note in set(Cause):
        return "Withdrawn", presenters.CAUSES[Cause(row.note)].sentence
    return "Withdrawn", "What it says has changed. If it is still to be said, a fresh draft waits in the queue."


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    """To the queue, as it was filtered."""
    flash(sentence, mood)
    return redirect(url_for("approvals.show", company=request.form.get("only") or None), 303)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


@pages.get("/approvals/<uid>")
def edit(uid: str) -> str:
    return _edit(own.row(Draft, uid))


def _edit(draft: Draft, said: str = "") -> str:
    """The page on which a draft is changed; after a refusal with what was typed."""
    rt = runtime()
    with rt.store.read() as session:
        found = approvals.shown(rt, session, [draft])
    if not found:
        raise Refusal(approvals.CHANGED)
    (one,) = found
    typed = request.form.get("subject", one.words.title), request.form.get("text", "\n\n".join(one.words.paragraphs))
    return render_template("console/approval.html", one=one, subject=typed[0], text=typed[1], said=said)


@pages.post("/approvals/<uid>/approve")
def approve(uid: str) -> ResponseReturnValue:
    draft = own.row(Draft, uid)
    subject, text = request.form.get("subject", ""), request.form.get("text")
    try:
        findings = approvals.approve(runtime(), draft.id, request.form.get("mark", ""), person().id, subject, text)
    except Refusal as refusal:
        if text is None:
            raise
        return _edit(draft, str(refusal)), 422
    for one in findings:
        flash(f"“{one.quote}”: {one.why} {one.kinder}" if one.quote else f"{one.why} {one.kinder}", "calm")
    return _back("Approved. It can be taken back for a minute, and until it leaves.")


@pages.post("/approvals/<uid>/skip")
def skip(uid: str) -> ResponseReturnValue:
    until = forms.day(request.form.get("until", ""))
    approvals.skip(runtime(), own.row(Draft, uid).id, person().id, request.form.get("because", ""), until)
    return _back("Left out. You are asked about it again on that day.")


@pages.post("/companies/<uid>/approve-drafts")
def approve_all(uid: str) -> ResponseReturnValue:
    """Every draft of a company that was on the page, as it was shown there."""
    company = own.company(uid)
    marks = dict(one.split(":", 1) for one in request.form.getlist("draft") if ":" in one)
    done, changed = approvals.approve_all(runtime(), company.id, marks, person().id)
    if changed:
        flash("Some have changed since you read them; they are shown again.", "warn")
    return _back(f"Approved for {company.name}: {done}.")


@pages.post("/approved/<uid>/take-back")
def take_back(uid: str) -> ResponseReturnValue:
    approvals.take_back(runtime(), own.row(ApprovalRow, uid).id, person().id)
    return _back("Taken back. It waits in the queue again in a moment.")


@pages.post("/companies/<uid>/approval")
def rule(uid: str) -> ResponseReturnValue:
    """Which messages of a company a person approves."""
    company, days = own.company(uid), request.form.get("draft_days", "")
    if not days.isdecimal() or len(days) > 4:
        raise Refusal("Please give a number of days.")
    approvals.set_rule(runtime(), company.id, int(days), request.form.get("everything") == "on", person().id)
    return _back("Saved.")
