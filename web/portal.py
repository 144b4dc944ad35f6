"""The customer's page behind a signed link: what is owed, how to pay it, and what happens next.

Opening it changes nothing of what anybody said, owes or is owed; the ledger may be read again so that the figures hold.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, NotFound

from web import forms, portal_link, portal_next, portal_view, speech
from web.guards import limiter, link_key, runtime
from web.invoices import as_download
from web.speech import gettext
from workflows import answers, checkouts, documents, door, fresh_links, links, sent_files, treatment
from workflows.errors import Refusal
from workflows.links import LinkTarget

pages = Blueprint("portal", __name__, url_prefix="/p/<token>")
_limit = limiter.limit("40 per minute", key_func=link_key)
# Each paper is a call to the ledger, and the company has only so many a day.
_limit_papers = limiter.limit("10 per minute;60 per day", key_func=link_key)
_limit_fresh = limiter.limit("3 per day", key_func=link_key)
# Bytes of a form without files; and with as many as may be sent, of which the last may be a little too large.
_ROOM = 100_000
_ROOM_FOR_FILES = (sent_files.MOST + 1) * sent_files.LARGEST


def keep_house(blueprint: Blueprint) -> None:
    """Every way in which a page behind a link can fail ends on a page in the reader's own language."""
    blueprint.register_error_handler(links.BadLink, bad_link)
    blueprint.register_error_handler(CSRFError, _too_old)
    blueprint.register_error_handler(HTTPException, _failed)


def room_for_forms() -> None:
    """Before a form is read: words are short, and only with an answer may files come along."""
    if speech.is_portal():
        with_files = request.endpoint == "portal_answers.tell" and request.mimetype == "multipart/form-data"
        request.max_content_length = _ROOM_FOR_FILES if with_files else _ROOM
        request.max_form_memory_size = _ROOM


def bad_link(error: links.BadLink) -> ResponseReturnValue:
    """404, not 403: a forged link learns nothing."""
    if isinstance(error, links.ClosedLink):
        return closed(410, gettext("This page is closed"), speech.said(error))
    return closed(404, gettext("This link does not open"), speech.said(error), fresh=error.once_good)


def _too_old(_error: CSRFError) -> ResponseReturnValue:
    sentence = gettext(
        "The form's safety check was missing, and nothing was changed. Go back, reload the page and try once more; "
        "cookies must be allowed for this site."
    )
    return closed(400, gettext("The page was too old"), sentence)


def _failed(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if error.code == 413:
        sentence = gettext("That was too much to take in at once. Please send less text, or smaller files.")
        return closed(413, gettext("Too large"), sentence)
    if error.code == 429:
        sentence = gettext("There were many tries in a short time. Please wait a little, then try again.")
        return closed(429, gettext("A short break"), sentence)
    sentence = gettext("There is no such page. Open the link in the e-mail once more.")
    return closed(error.code, gettext("Nothing here"), sentence)


def closed(code: int, title: str, sentence: str, fresh: bool = False) -> tuple[str, int]:
    token = (request.view_args or {}).get("token", "")
    return render_template("portal/closed.html", title=title, sentence=sentence, fresh=fresh, token=token), code


keep_house(pages)


def _back(token: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "calm")
    return redirect(url_for("portal.show", token=token), 303)


@pages.get("")
def show(token: str) -> str:
    """`?answer=` opens the page with one of the answers in front; it is told only by its button."""
    rt = runtime()
    target = portal_link.opened(token)
    door.look(rt, target.account_id)
    return page(token, target, request.args.get("answer", ""))


def page(token: str, target: LinkTarget, answer: str = "", refused: str = "") -> str:
    """The page as it is now; after a refusal with its sentence and what was typed."""
    rt = runtime()
    with rt.store.read() as session:
        found = portal_view.view(rt, session, target)
    speech.speak(found.account, found.company)
    return render_template(
        "portal/page.html",
        token=token,
        view=found,
        account=found.account,
        company=found.company,
        answer=answer,
        refused=refused,
        typed=request.form,
        next_words=portal_next.sentences(found),
        has_papers=documents.available(rt, found.company.id),
        latest=found.today + timedelta(days=answers.LONGEST_PROMISE),
        suggested=found.today + timedelta(days=7),
        most_files=sent_files.MOST,
        asks_treatment="told" in request.args and asks_treatment(target),
    )


def chosen(target: LinkTarget) -> list[str]:
    """The invoices that were chosen, each once. Refusal where there are none, or one that the reader may not see."""
    wanted = list(dict.fromkeys(request.values.getlist("invoice")))
    allowed = links.allowed(runtime(), target, wanted)
    if len(allowed) != len(wanted) or not wanted:
        raise Refusal("Please choose at least one open invoice.")
    return allowed


def asks_treatment(target: LinkTarget) -> bool:
    """Whether they are asked now how they were treated."""
    with runtime().store.read() as session:
        return treatment.asks(runtime(), session, target.account_id)


@pages.get("/invoices/<uid>.pdf")
@_limit_papers
def pdf(token: str, uid: str) -> ResponseReturnValue:
    """The ledger's own picture of one of the invoices on the page."""
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        invoice = portal_view.paper(rt, session, target, uid)
    if invoice is None:
        raise NotFound
    try:
        return as_download(invoice, documents.pdf(rt, invoice.id))
    except Refusal:
        return _back(
            token,
            gettext("The invoice cannot be fetched just now. Try again in a few minutes, or reply to our e-mail."),
        )


@pages.post("/pay")
@_limit
def pay(token: str) -> ResponseReturnValue:
    """`way` is kind:method; `amount`, where a company takes parts, is how much of what is chosen."""
    rt = runtime()
    target = portal_link.opened(token)
    written = request.form.get("amount", "").strip()
    try:
        invoices = links.allowed(rt, target, request.form.getlist("invoice"))
        amount = speech.current().amount(written, request.form.get("currency", "")) if written else None
        kind, method = forms.way(request.form.get("way", ""))
        hosted = checkouts.start(rt, target, invoices, kind, method, amount)
    except Refusal as refusal:
        return _back(token, speech.said(refusal))
    return redirect(hosted, 303)


@pages.get("/thanks")
def thanks(token: str) -> str:
    """After the payment page. It looks and says what is happening; the processor's own word does the rest."""
    rt = runtime()
    target = portal_link.opened(token)
    with rt.store.read() as session:
        found = portal_view.view(rt, session, target)
    speech.speak(found.account, found.company)
    return render_template(
        "portal/thanks.html",
        token=token,
        view=found,
        account=found.account,
        company=found.company,
        asks_treatment=bool(found.waiting) and asks_treatment(target),
    )


@pages.post("/fresh")
@_limit_fresh
def fresh(token: str) -> ResponseReturnValue:
    """The same page whatever the link was, so that nobody learns whether there is such an account or address."""
    fresh_links.ask(runtime(), token)
    sentence = gettext(
        "If this link was ever good, a fresh one goes to the e-mail address it was made for, within a few minutes."
    )
    return closed(410, gettext("Thank you"), sentence)
