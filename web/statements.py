"""The statement of an account in the console: as the customer reads it, for a period of one's choice, and as a PDF."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.account_statement import usual_start
from web import downloads, forms, own, queries
from web.guards import runtime
from workflows import door, statements
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("statements", __name__)


def period() -> tuple[date | None, date | None]:
    """The first and last day asked for in the address; None where none is. Refusal for what is no day."""
    since, until = (request.args.get(name, "").strip() for name in ("since", "until"))
    return forms.day(since) if since else None, forms.day(until) if until else None


def chosen(today: date) -> dict[str, date]:
    """The same with the usual days in place of none."""
    since, until = period()
    return {"since": since or usual_start(today), "until": until or today, "today": today}


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(str(refusal), "warn")
    return redirect(url_for("statements.show", uid=(request.view_args or {})["uid"]), 303)


@pages.get("/accounts/<uid>/statement")
def show(uid: str) -> str:
    rt, account = runtime(), own.account(uid)
    door.look(rt, account.id)
    with rt.store.read() as session:
        written = statements.written(rt, session, account.id, *period())
        read_at = queries.read_at(session, account)
    return render_template(
        "console/statement.html",
        account=account,
        company=account.company,
        statement=written,
        read_at=read_at,
        **chosen(today_of(account.company, rt.clock.now())),
    )


@pages.get("/accounts/<uid>/statement.pdf")
def pdf(uid: str) -> Response:
    rt, account = runtime(), own.account(uid)
    door.look(rt, account.id)
    body = statements.pdf(rt, account.id, *period())
    return downloads.file(statements.file_name(today_of(account.company, rt.clock.now())), body)
