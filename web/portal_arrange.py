"""Paying in parts, proposed by the customer: choose, see every day and amount with the terms in words, then agree.

The two pages before agreeing change nothing. What is agreed to is worked out anew, and must read as it was shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.instalments import Every
from models import Account
from web import forms, portal, portal_agreed, portal_link, portal_view, speech
from web.guards import limiter, link_key, runtime
from workflows import checkouts, door, following, links, proposals
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.links import LinkTarget
from workflows.proposals import Schedule, Wish

pages = Blueprint("portal_arrange", __name__, url_prefix="/p/<token>/arrange")
portal.keep_house(pages)
_limit = limiter.limit("30 per minute", key_func=link_key)


@pages.get("")
@_limit
def show(token: str) -> str:
    """Choose the invoices, how many parts, how far apart, and the first day."""
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    return _choosing(token, target)


def _choosing(token: str, target: LinkTarget, trouble: str = "") -> str:
    rt = runtime()
    with rt.store.read() as session:
        account = session.get_one(Account, target.account_id)
        company = portal_view.company_of(session, account.id)
        free = proposals.offered(session, account.id, links.sight(rt, session, target, account).of)
    today = today_of(company, rt.clock.now())
    intervals = proposals.intervals(company)
    currencies: dict[str, list[Any]] = {}
    for one in free:
        currencies.setdefault(one.currency, []).append(one)
    return render_template(
        "portal/arrange.html",
        token=token,
        account=account,
        company=company,
        groups=currencies,
        intervals=intervals,
        counts=range(proposals.LEAST_PARTS, company.most_parts + 1),
        possible=bool(free and intervals and company.most_parts >= proposals.LEAST_PARTS),
        today=today,
        latest=max((proposals.first_until(today, one) for one in intervals), default=today),
        asked=request.values,
        chosen=request.values.getlist("invoice"),
        trouble=trouble,
    )


@pages.get("/look")
@_limit
def look(token: str) -> str:
    """Every day and amount, and the terms in words, before anything is agreed to."""
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    try:
        wish = _wish(target)
        asked, told = _told(target, wish)
    except Refusal as refusal:
        return _choosing(token, target, speech.said(refusal))
    return render_template("portal/arrange_look.html", token=token, wish=wish, asked=asked, **told)


@pages.post("")
@_limit
def agree(token: str) -> ResponseReturnValue:
    """The tick and the button under what was shown. What has changed since is shown again first."""
    rt = runtime()
    target = portal_link.opened(token)
    wish = None
    try:
        wish = _wish(target)
        if not request.form.get("agree"):
            raise Refusal("Please tick that you agree, or choose other parts.")
        _, told = _told(target, wish)
        if request.form.get("seen") != told["seen"]:
            raise Refusal("The figures have changed since you looked. Please look at the parts once more.")
        made = proposals.agree(rt, target.account_id, wish, told["words"], target.said)
    except Refusal as refusal:
        flash(speech.said(refusal), "calm")
        return redirect(_again(token, wish), 303)
    if made.answer_by is None:
        flash(speech.gettext("Thank you. It is agreed: your parts stand below, and nothing else is asked for."), "good")
    else:
        with rt.store.read() as session:
            company = portal_view.company_of(session, target.account_id)
        by = speech.current().day(made.answer_by)
        sentence = speech.gettext(
            "Thank you for your proposal. %(company)s answers by %(day)s; until then nothing is asked for.",
            company=company.name,
            day=by,
        )
        flash(sentence, "good")
    return redirect(url_for("portal.show", token=token), 303)


@pages.post("/<uid>/pay")
@_limit
def pay(token: str, uid: str) -> ResponseReturnValue:
    """The next part, or what is missing of it, on the payment provider's own page."""
    rt = runtime()
    target = portal_link.opened(token)
    try:
        with rt.store.read() as session:
            plan = portal_agreed.own(session, target, uid)
            if plan is None:
                raise Refusal("This arrangement has ended. The page shows how it stands.")
            owed, amount = following.next_part(plan)
        kind, method = forms.way(request.form.get("way", ""))
        keep = request.form.get("keep") == "yes"
        hosted = checkouts.start(rt, target, owed, kind, method, amount, keep)
    except Refusal as refusal:
        flash(speech.said(refusal), "calm")
        return redirect(url_for("portal.show", token=token), 303)
    return redirect(hosted, 303)


def _again(token: str, wish: Wish | None) -> str:
    if wish is None:
        return url_for("portal_arrange.show", token=token)
    asked: dict[str, Any] = {"count": wish.count, "every": wish.every.value, "first": wish.first}
    return url_for("portal_arrange.look", token=token, invoice=list(wish.invoices), **asked)


def _wish(target: LinkTarget) -> Wish:
    """What was chosen, of invoices that the link's readers may see."""
    form = request.values
    chosen = portal.chosen(target)
    count, every = form.get("count", ""), form.get("every", "")
    if not (count.isascii() and count.isdecimal() and len(count) < 4) or every not in set(Every):
        raise Refusal("Please choose how many parts, and how far apart.")
    try:
        first = date.fromisoformat(form.get("first", ""))
    except ValueError:
        raise Refusal("Please choose the day of the first part.") from None
    return Wish(tuple(sorted(chosen)), int(count), Every(every), first)


def _told(target: LinkTarget, wish: Wish) -> tuple[Schedule, Mapping[str, Any]]:
    """What is shown before agreeing; `words` are the terms as they stand there, `seen` is their mark."""
    with runtime().store.read() as session:
        account = session.get_one(Account, target.account_id)
        company = portal_view.company_of(session, account.id)
        asked = proposals.schedule(runtime(), session, account.id, wish)
    about = {"account": account, "company": company}
    words = _paragraphs(render_template("portal/arrange_words.txt", asked=asked, **about))
    return asked, {**about, "words": words, "seen": hashlib.sha256(words.encode()).hexdigest()[:32]}


def _paragraphs(text: str) -> str:
    """The words with one empty line between paragraphs, and nothing that only the template needed."""
    blocks = (re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines())
    return "\n\n".join("\n".join(group) for filled, group in groupby(blocks, bool) if filled)
