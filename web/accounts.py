"""One account's page, and one message as it was sent, in a frame that can do nothing."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from models import Account as AccountRow
from models import Company, Invoice, Touch
from web import queries, timeline
from web.auth import person
from web.guards import runtime
from web.headers import MESSAGE_POLICY

pages = Blueprint("accounts", __name__)


@pages.get("/accounts/<uid>")
def show(uid: str) -> str:
    rt = runtime()
    with rt.store.read() as session:
        account = queries.account(session, person().practice_id, uid)
        if account is None:
            raise NotFound
        story = timeline.story(session, account, rt.clock.now())
    return render_template("console/account.html", story=story, company=story.company, account=story.account)


def _touch(uid: str) -> Touch:
    with runtime().store.read() as session:
        found = queries.touch(session, person().practice_id, uid)
    if found is None:
        raise NotFound
    return found


@pages.get("/touches/<uid>")
def message(uid: str) -> str:
    touch = _touch(uid)
    with runtime().store.read() as session:
        account = session.get_one(AccountRow, touch.account_id)
        company = session.get_one(Company, touch.company_id)
        invoices = {line.invoice_id: session.get_one(Invoice, line.invoice_id) for line in touch.lines}
    return render_template("console/touch.html", touch=touch, account=account, company=company, invoices=invoices)


@pages.get("/touches/<uid>/body")
def body(uid: str) -> Response:
    """The HTML as it left, under a policy that allows it nothing but its own looks."""
    response = Response(_touch(uid).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MESSAGE_POLICY
    return response
