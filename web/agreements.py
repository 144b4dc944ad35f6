"""What customers may agree on by themselves, as a settings page with examples in words, and a person's answer to more.

It parses, asks one workflow, and goes back to where the button was.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.instalments import Every
from core.money import Money
from models import Account, Arrangement, Company, Extension
from web import formats, forms, own
from web.auth import person
from web.guards import runtime
from workflows import extensions, following, limits, proposals
from workflows.errors import Refusal
from workflows.limits import Limits
from workflows.proposals import Wish

pages = Blueprint("agreements", __name__)
EVERY = {Every.WEEK: "week", Every.FORTNIGHT: "two weeks", Every.MONTH: "month"}
TARGETS = {
    "": "Nowhere: only Dunlin knows it",
    "expected": "As the day on which the payment is expected",
    "due": "As the invoice's due date",
}


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back(str(refusal), "warn")


def _back(sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    uid = (request.view_args or {})["uid"]
    if request.endpoint == "agreements.change":
        where = url_for("agreements.show", uid=uid)
    elif request.endpoint in ("agreements.give", "agreements.end"):
        where = url_for("accounts.show", uid=uid, _anchor="alone")
    else:
        where = url_for("desk.show", _anchor="proposals")
    return redirect(where, 303)


@pages.get("/companies/<uid>/agreements")
def show(uid: str) -> str:
    company = own.company(uid)
    with runtime().store.read() as session:
        places = limits.places(runtime(), session, company)
    limit = company.arrange_up_to_minor
    return render_template(
        "console/agreements.html",
        company=company,
        every=EVERY,
        targets=TARGETS,
        places=places,
        examples=_examples(company),
        up_to="" if limit is None else Money(limit, company.currency).decimal,
    )


def _examples(company: Company) -> list[str]:
    """What the settings mean, in sentences that a colleague would say."""
    apart = [one for one in EVERY if one.value in company.intervals]
    often = " or ".join(f"every {EVERY[one]}" for one in apart)
    deposit = f", the first at least {company.least_deposit} %" if company.least_deposit else ""
    terms = (
        f"at most {company.most_parts} parts, one {often}{deposit}, within {formats.count(company.most_days, 'day')}"
    )
    if company.arrange_up_to_minor is None:
        first = f"Every customer may propose {terms}; a person agrees to each."
    else:
        sum = formats.money(Money(company.arrange_up_to_minor, company.currency), company)
        first = (
            f"Up to {sum} in all a customer may agree on {terms}, without asking you. Above it, in another currency, "
            "or after an arrangement that was not kept, a person agrees."
        )
    days = formats.count(company.extend_days, "day")
    second = (
        f"Once for each invoice a customer gets up to {days} more without asking you. A longer time, or a second one, "
        "waits for a person."
        if company.extend_days
        else "Whoever asks for more time waits for a person."
    )
    return [first, second]


@pages.post("/companies/<uid>/agreements")
def change(uid: str) -> ResponseReturnValue:
    company, form = own.company(uid), request.form
    up_to = form.get("up_to", "").strip()
    wanted = Limits(
        most_parts=_number("most_parts"),
        most_days=_number("most_days"),
        least_deposit=_number("least_deposit"),
        intervals=tuple(form.getlist("intervals")),
        arrange_up_to_minor=forms.money(up_to, company.currency).minor if up_to else None,
        extend_days=_number("extend_days"),
        date_target=form.get("date_target", ""),
    )
    limits.change(runtime(), company.id, wanted, person().id)
    return _back("Saved. What is agreed already stays as it is.")


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 5):
        raise Refusal("Please give whole numbers.")
    return int(text)


@pages.post("/proposals/<uid>/accept")
def accept(uid: str) -> ResponseReturnValue:
    """To what was proposed, or with a number of parts in the form to other ones."""
    found, form = own.row(Arrangement, uid), request.form
    other = None
    if form.get("count"):
        if form.get("every") not in set(Every):
            raise Refusal("Please say how far apart the parts are.")
        other = Wish((), _number("count"), Every(form["every"]), forms.day(form.get("day", "")))
    proposals.accept(runtime(), found.uid, person().id, form.get("words", ""), other)
    return _back("Agreed. They are told by e-mail, and from now on only the parts are spoken about.")


@pages.post("/proposals/<uid>/decline")
def decline(uid: str) -> ResponseReturnValue:
    proposals.decline(runtime(), own.row(Arrangement, uid).uid, person().id, request.form.get("words", ""))
    return _back("Declined. They are told by e-mail, with your words.")


@pages.post("/more-time/<uid>/grant")
def grant(uid: str) -> ResponseReturnValue:
    """Until the day that was asked for, or another one from the form."""
    found = own.row(Extension, uid)
    day = forms.day(request.form["day"]) if request.form.get("day") else None
    extensions.grant(runtime(), found.uid, person().id, request.form.get("words", ""), day)
    return _back("Granted. They are told by e-mail, and the cadence runs from that day.")


@pages.post("/more-time/<uid>/decline")
def refuse(uid: str) -> ResponseReturnValue:
    extensions.decline(runtime(), own.row(Extension, uid).uid, person().id, request.form.get("words", ""))
    return _back("Declined. They are told by e-mail, with your words.")


@pages.post("/accounts/<uid>/more-time")
def give(uid: str) -> ResponseReturnValue:
    """More time without having been asked on the page."""
    form = request.form
    day = forms.day(form.get("day", ""))
    extensions.give(runtime(), own.account(uid).id, form.getlist("invoice"), day, person().id, form.get("note", ""))
    return _back("Noted. They have until the end of that day, and the cadence runs from it.")


@pages.post("/accounts/<uid>/end-more-time")
def end(uid: str) -> ResponseReturnValue:
    found = own.of_account(own.account(uid), Extension, request.form.get("extension", ""))
    extensions.end(runtime(), found.uid, person().id)
    return _back("Ended. The ledger's own due day counts again.")


@pages.app_template_global()
def parts_of(plan: Arrangement) -> list[tuple[date, Money]]:
    """For the desk: the day and amount of each part as it stands."""
    return [(one.day, Money(one.missing, plan.currency)) for one in following.coming(plan)]


@pages.app_template_global()
def time_of(account: Account) -> list[Extension]:
    """For an account's page: what was asked for or given and is not over."""
    with runtime().store.read() as session:
        return extensions.of_account(session, account.id)
