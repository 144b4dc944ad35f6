"""The customer's statement behind their signed link, as a page and as a PDF: as much of it as its readers may see."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Account
from web import downloads, portal, portal_link, portal_view, speech, statements
from web.guards import limiter, link_key, runtime
from workflows import door, links
from workflows import statements as papers
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("portal_statement", __name__, url_prefix="/p/<token>")
portal.keep_house(pages)
_limit = limiter.limit("30 per minute", key_func=link_key)


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    flash(speech.said(refusal), "calm")
    return redirect(url_for("portal_statement.show", token=(request.view_args or {})["token"]), 303)


@pages.get("/statement")
@_limit
def show(token: str) -> str:
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    with rt.store.read() as session:
        account = session.get_one(Account, target.account_id)
        company = portal_view.company_of(session, account.id)
        written = papers.written(rt, session, account.id, *statements.period(), target=target)
        everything = links.sight(rt, session, target, account).everything
    return render_template(
        "portal/statement.html",
        token=token,
        account=account,
        company=company,
        statement=written,
        everything=everything,
        **statements.chosen(today_of(company, rt.clock.now())),
    )


@pages.get("/statement.pdf")
@_limit
def pdf(token: str) -> Response:
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    with rt.store.read() as session:
        company = portal_view.company_of(session, target.account_id)
    body = papers.pdf(rt, target.account_id, *statements.period(), target=target)
    return downloads.file(papers.file_name(today_of(company, rt.clock.now())), body)
