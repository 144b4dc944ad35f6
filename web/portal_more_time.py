"""More time, asked for by the customer: a day and, if they like, a few words. Opening the page changes nothing."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Account
from web import portal, portal_link, portal_view, speech
from web.guards import limiter, link_key, runtime
from workflows import door, extensions, links, proposals
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("portal_more_time", __name__, url_prefix="/p/<token>/more-time")
portal.keep_house(pages)
_limit = limiter.limit("30 per minute", key_func=link_key)
LONGEST = 2_000


@pages.get("")
@_limit
def show(token: str) -> str:
    """For which invoices, until when; with the days that are granted at once named."""
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    with rt.store.read() as session:
        account = session.get_one(Account, target.account_id)
        company = portal_view.company_of(session, account.id)
        free = proposals.offered(session, account.id, links.sight(rt, session, target, account).of)
        today = today_of(company, rt.clock.now())
        fresh = extensions.not_asked(session, free)
    at_once = extensions.at_once_until(company, fresh, today) if fresh else today
    return render_template(
        "portal/more_time.html",
        token=token,
        account=account,
        company=company,
        invoices=free,
        today=today,
        latest=extensions.latest(company, today),
        at_once=at_once if at_once > today and company.extend_days else None,
        chosen=request.args.getlist("invoice"),
        longest=LONGEST,
    )


@pages.post("")
@_limit
def ask(token: str) -> ResponseReturnValue:
    """It takes effect at once: granted, or resting until a person has answered."""
    rt = runtime()
    target = portal_link.opened(token)
    text = request.form.get("text", "").strip()
    try:
        if len(text) > LONGEST:
            raise Refusal("Please keep to {most} characters.", most=LONGEST)
        made = extensions.ask(rt, target.account_id, portal.chosen(target), _day(request.form.get("day", "")), text)
    except Refusal as refusal:
        flash(speech.said(refusal), "calm")
        return redirect(
            url_for("portal_more_time.show", token=token, invoice=request.form.getlist("invoice")[:20]), 303
        )
    flash(_thanks(target.account_id, made.day, made.answer_by), "good")
    return redirect(url_for("portal.show", token=token), 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("Please choose the day until which you need time.") from None


def _thanks(account_id: int, day: date, answer_by: date | None) -> str:
    speaking = speech.current()
    if answer_by is None:
        return speech.gettext(
            "Thank you for telling us. You have until %(day)s, and nothing is asked before.", day=speaking.long_day(day)
        )
    with runtime().store.read() as session:
        company = portal_view.company_of(session, account_id)
    return speech.gettext(
        "Thank you for telling us. %(company)s answers by %(day)s; until then nothing is asked for.",
        company=company.name,
        day=speaking.day(answer_by),
    )
