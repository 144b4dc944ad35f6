"""One account's page, what a person may have booked for it, and one message as sent, in a frame that can do nothing."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from integrations.ledgers.base import Feature
from models import Account as AccountRow
from models import Company, Invoice, Touch
from web import daybook, forms, holds, lists, own, queries, resting, timeline
from web.auth import person, reach
from web.guards import runtime
from web.headers import MESSAGE_POLICY
from workflows import assigning, dirty, door, grants, postings, remarks, segments, why
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("accounts", __name__)
RECENT = timedelta(days=30)


@pages.get("/accounts/<uid>")
def show(uid: str) -> str:
    rt, account = runtime(), own.account(uid)
    door.look(rt, account.id)
    account = own.account(uid)
    allowed = grants.granted(rt, account.company_id)
    with rt.store.read() as session:
        story = timeline.story(session, account, rt.clock.now(), lists.page_number(request.args))
        today = today_of(story.company, rt.clock.now())
        shown = {
            "currencies": queries.currencies(session, account),
            "read_at": queries.read_at(session, account),
            "changed": dirty.concerns(session, account),
            "term": queries.term(session, account.company_id, account.term),
            "credits": queries.credits(session, account),
            "payments": queries.payments(session, account, limit=20),
            "postings": queries.postings(session, account.id),
            "today": today,
            "segments": segments.known(session, account.company_id),
            "remarks": remarks.of_account(session, account.id),
            "colleagues": (people := assigning.colleagues(session, account.company)),
            "assignee": next((one for one in people if one.id == account.assignee_id), None),
            "rest": resting.resting(rt, session, account, story.numbers, today),
        }
    days = why.spans(rt, account.id, today - RECENT, today)
    return render_template(
        "console/account.html",
        story=story,
        company=story.company,
        account=account,
        features=Feature,
        allowed=allowed,
        choices=holds.CHOICES,
        reasons=holds.REASONS,
        every=holds.EVERY,
        known_of=resting.ADDRESSES,
        days=daybook.spans(days, story.numbers, story.company),
        **shown,
    )


@pages.get("/accounts/<uid>/why")
def explain(uid: str) -> str:
    """One day of the account: what was decided, and why."""
    rt, account = runtime(), own.account(uid)
    day = forms.day(request.args.get("day", ""))
    found = why.why(rt, account.id, day)
    return render_template(
        "console/why.html",
        account=account,
        company=account.company,
        date=day,
        told=daybook.told(found, account.company),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
    )


@pages.errorhandler(Refusal)
def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _back((request.view_args or {})["uid"], str(refusal), "warn")


def _back(uid: str, sentence: str, mood: str = "good") -> ResponseReturnValue:
    flash(sentence, mood)
    return redirect(url_for("accounts.show", uid=uid), 303)


@pages.post("/accounts/<uid>/on-account")
def on_account(uid: str) -> ResponseReturnValue:
    """Money without an invoice."""
    rt, account = runtime(), own.account(uid)
    with rt.store.read() as session:
        currencies = queries.currencies(session, account)
    currency = request.form.get("currency", currencies[0])
    if currency not in currencies:
        raise Refusal("Please choose one of the currencies on the page.")
    amount = forms.money(request.form.get("amount", ""), currency)
    postings.put_on_account(rt, account.id, amount, forms.day(request.form.get("day", "")), person().id)
    return _back(uid, "The payment is being written as money on account. What cannot be written comes to the desk.")


@pages.post("/accounts/<uid>/take-back")
def take_back(uid: str) -> ResponseReturnValue:
    """Undo one of this account's payments, as the ledger names it."""
    rt, account = runtime(), own.account(uid)
    payment = request.form.get("payment", "")
    with rt.store.read() as session:
        if payment not in {one.external_id for one in queries.payments(session, account)}:
            raise Refusal("The ledger shows no such payment of this customer.")
    postings.undo_payment(rt, account.company_id, payment, person().id)
    return _back(uid, "The payment is being taken back. What cannot be written comes to the desk.")


def _touch(uid: str) -> Touch:
    with runtime().store.read() as session:
        found = queries.touch(session, reach(), uid)
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
