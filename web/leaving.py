"""Deleting a company: what would go and what stands against it, asking for it and calling it off, and the receipts.

It parses, asks one workflow, and goes back to the page. Only an owner asks; the workflow sees to that.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from models import Deletion
from web import confirming, downloads, own
from web.auth import person, reach
from web.guards import runtime
from workflows import leaving, leaving_receipt
from workflows.errors import Refusal

pages = Blueprint("leaving", __name__)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("leaving.show", uid=(request.view_args or {})["uid"]), 303)


@pages.get("/companies/<uid>/delete")
def show(uid: str) -> str:
    """What goes, what stays and why; while it waits, when it goes and how to call it off."""
    company = own.company(uid)
    with runtime().store.read() as session:
        against = leaving.against(session, company.id)
        standing = leaving.standing(session, company.id)
    upkeep = runtime().upkeep
    return render_template(
        "console/delete.html",
        company=company,
        against=against,
        standing=standing,
        days=leaving.GRACE.days,
        backups=upkeep.backups_kept if upkeep.backup_to is not None else None,
    )


@pages.post("/companies/<uid>/delete")
@confirming.limited
def ask(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    confirming.confirm()
    leaving.ask(runtime(), company.id, person().id, request.form.get("name", "")[:500])
    flash("Asked for. Everything of it is stopped, and all owners are told by mail.", "good")
    return redirect(url_for("leaving.show", uid=uid), 303)


@pages.post("/companies/<uid>/delete/call-off")
def call_off(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    leaving.call_off(runtime(), company.id, person().id)
    flash("Called off. All goes on as it was set before.", "good")
    return redirect(url_for("leaving.show", uid=uid), 303)


@pages.get("/deletions")
def receipts() -> str:
    """Every receipt of the practice; with `?check=`, whether a check number is of one of them."""
    if reach().limited:  # they concern companies that may not have been open to them
        raise NotFound
    rt, typed = runtime(), request.args.get("check", "")[:60].strip()
    with rt.store.read() as session:
        rows = leaving_receipt.standing(session, person().practice_id)
        waiting = leaving.waiting(session, reach())
        found = leaving_receipt.by_number(session, person().practice_id, typed) if typed else None
        true = found is not None and leaving_receipt.holds(rt, session, found)
    return render_template(
        "console/deletions.html", rows=rows, waiting=waiting, typed=typed, found=found if true else None
    )


@pages.get("/deletions/<uid>")
def receipt(uid: str) -> str:
    row = _row(uid)
    with runtime().store.read() as session:
        true = leaving_receipt.holds(runtime(), session, row)
    return render_template("console/deletion.html", row=row, said=row.receipt, true=true)


@pages.get("/deletions/<uid>/receipt.pdf")
def paper(uid: str) -> Response:
    return downloads.file(f"deletion-{uid}.pdf", leaving_receipt.paper(_row(uid)))


@pages.get("/deletions/<uid>/receipt.json")
def data(uid: str) -> Response:
    """What the check number is the sum of, and the number beside it."""
    row = _row(uid)
    told = {"check_number": row.check_number, "proof": row.proof, "receipt": row.receipt}
    return downloads.file(f"deletion-{uid}.json", json.dumps(told, indent=1, sort_keys=True).encode())


def _row(uid: str) -> Deletion:
    """A receipt that is written."""
    row = own.shared(Deletion, uid)
    if row.state != "done" or reach().limited:
        raise NotFound
    return row
