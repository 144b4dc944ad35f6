"""What a customer tells us on their page: one small form each, taken in at once and answered in a sentence.

It parses, asks one workflow, and says who answers by when. Nothing is told by opening a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from core.cadence import Reason
from models import Company
from web import forms, portal, portal_link, portal_view, speech
from web.guards import limiter, link_key, runtime
from web.speech import gettext
from workflows import answers, contacts, links, reasons, sent_files, treatment
from workflows.errors import Refusal
from workflows.runtime import Runtime

pages = Blueprint("portal_answers", __name__, url_prefix="/p/<token>")
portal.keep_house(pages)
_limit = limiter.limit("40 per minute", key_func=link_key)
LONGEST = 5_000


@dataclass(frozen=True, slots=True)
class Told:
    """Who tells us something, and about which of the invoices they may see."""

    rt: Runtime
    account_id: int
    company: Company
    chosen: list[str]


@pages.post("/answers/<what>")
@_limit
def tell(token: str, what: str) -> ResponseReturnValue:
    """Take it in. What cannot be taken in comes back with one sentence and all that was typed."""
    rt = runtime()
    target = portal_link.opened(token)
    if what not in ANSWERS:
        raise NotFound
    with rt.store.read() as session:
        company = portal_view.company_of(session, target.account_id)
    chosen = links.allowed(rt, target, request.form.getlist("invoice"))
    try:
        sentence = ANSWERS[what](Told(rt, target.account_id, company, chosen))
    except Refusal as refusal:
        return portal.page(token, target, what, speech.said(refusal)), 422
    flash(sentence, "good")
    return redirect(url_for("portal.show", token=token, told="yes"), 303)


@pages.post("/treatment")
@_limit
def say_treatment(token: str) -> ResponseReturnValue:
    """How we treated them: a figure, and a few words if they like."""
    target = portal_link.opened(token)
    score = request.form.get("score", "")
    try:
        treatment.say(
            runtime(),
            target.account_id,
            int(score) if score in ("1", "2", "3", "4", "5") else 0,
            request.form.get("text", ""),
            request.form.get("payment", ""),
        )
    except Refusal as refusal:
        flash(speech.said(refusal), "calm")
        return redirect(url_for("portal.show", token=token, told="yes"), 303)
    flash(gettext("Thank you. It helps us to stay kind."), "good")
    return redirect(url_for("portal.show", token=token), 303)


def _text(name: str = "text") -> str:
    said = request.form.get(name, "").strip()
    if len(said) > LONGEST:
        raise Refusal("Please say it in at most {most} characters; a person reads every word.", most=LONGEST)
    return said


def _day(name: str) -> date | None:
    written = request.form.get(name, "").strip()
    return forms.day(written) if written else None


def _files() -> list[tuple[str, bytes]]:
    """What was sent along, by the name it came with."""
    found = []
    for file in request.files.getlist("file"):
        if file.filename:
            found.append((file.filename, file.read()))
        file.close()
    return found


def _by(one: Told, day: date | None) -> dict[str, str]:
    """Who answers, and by when."""
    return {"company": one.company.name, "day": speech.current().day(day)}


def _in_order(one: Told) -> str:
    reasons.tell(one.rt, one.account_id, one.chosen, Reason.IN_ORDER)
    return gettext("Thank you for telling us. There is nothing else for you to do before the day it is due.")


def _forgot(one: Told) -> str:
    reasons.tell(one.rt, one.account_id, one.chosen, Reason.FORGOT)
    return gettext("Thank you for telling us; that happens to everybody. We leave you in peace for some days.")


def _promise(one: Told) -> str:
    day = _day("day")
    if day is None:
        raise Refusal("Please choose the day on which you will pay.")
    made = answers.promise(one.rt, one.account_id, one.chosen, day)
    noted = speech.current().long_day(made.day)
    return gettext("Thank you. We noted %(day)s. Until then we rest these invoices.", day=noted)


def _paid_already(one: Told) -> str:
    reference = request.form.get("reference", "")
    told = reasons.paid_already(one.rt, one.account_id, one.chosen, _day("paid_on"), reference, _text())
    if told.answer_by is None:
        return gettext("Thank you for telling us. We look for your payment in our books and ask for nothing meanwhile.")
    by = _by(one, told.answer_by)
    return gettext("Thank you. A person at %(company)s looks for your payment and answers by %(day)s.", **by)


def _copy(one: Told) -> str:
    reasons.tell(one.rt, one.account_id, one.chosen, Reason.COPY, _text())
    return gettext("Thank you for asking. The copy goes to your e-mail address in a moment.")


def _order_number(one: Told) -> str:
    number = request.form.get("number", "")
    told = reasons.order_number(one.rt, one.account_id, one.chosen, number, _text())
    by = _by(one, told.answer_by)
    return gettext("Thank you. %(company)s puts the number on it and sends you the new copy by %(day)s.", **by)


def _dispute(one: Told) -> str:
    given = sent_files.looked_at(_files())
    chosen = one.chosen[0] if len(one.chosen) == 1 else ""
    line = " ".join(request.form.get("line", "").split())[:200]
    opened = answers.dispute(one.rt, one.account_id, chosen, _text(), line, given)
    by = _by(one, opened.answer_by)
    return gettext("Thank you for telling us. %(company)s will answer by %(day)s; until then this one rests.", **by)


def _wrong_person(one: Told) -> str:
    name, email = request.form.get("name", ""), request.form.get("email", "")
    told = contacts.wrong_person(one.rt, one.account_id, one.chosen, _text(), name, email)
    by = _by(one, told.answer_by)
    return gettext(
        "Thank you, and sorry for the trouble. %(company)s looks into it by %(day)s; until then we write nothing.", **by
    )


def _short_of_cash(one: Told) -> str:
    told = reasons.tell(one.rt, one.account_id, one.chosen, Reason.SHORT_OF_CASH, _text())
    by = _by(one, told.answer_by)
    return gettext(
        "Thank you for your trust. A person at %(company)s writes to you by %(day)s, and we find a way together.", **by
    )


# By the word in the address, in the order in which the page offers them.
ANSWERS: Mapping[str, Callable[[Told], str]] = {
    "in-order": _in_order,
    "promise": _promise,
    "paid-already": _paid_already,
    "dispute": _dispute,
    "copy": _copy,
    "order-number": _order_number,
    "short-of-cash": _short_of_cash,
    "wrong-person": _wrong_person,
    "forgot": _forgot,
}
