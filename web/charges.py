"""The page What lateness has come to: each charge with its computation, asked for or left out by a person."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Charge
from web import downloads, own
from web.auth import person
from web.guards import runtime
from workflows import charges, late_paper, money_rules, rates
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("charges", __name__)
STATES = {
    "shown": ("Shown", "calm"),
    "asked": ("Being booked", "calm"),
    "booked": ("In the ledger", "good"),
    "waived": ("Left out", "calm"),
}


@pages.get("/companies/<uid>/charges")
def show(uid: str) -> str:
    rt, company = runtime(), own.company(uid)
    with rt.store.read() as session:
        rows = charges.of_company(session, company.id)
        rules = money_rules.of(session, company.id)
        told = {one.id for one in rows if one.state == "shown" and charges.told(session, one)}
    today = today_of(company, rt.clock.now())
    by_contract = rules.late == money_rules.CONTRACT
    return render_template(
        "console/charges.html",
        company=company,
        rows=rows,
        told=told,
        today=today,
        gaps=[] if by_contract else rates.gaps(rt, company.country, company.currency, today),
        states=STATES,
        rules=rules,
    )


@pages.get("/charges/<uid>.pdf")
def paper(uid: str) -> Response:
    rt, row = runtime(), own.row(Charge, uid)
    with rt.store.read() as session:
        charge = charges.one(session, row.id)
    account = charge.invoice.account
    return downloads.file("late-payment.pdf", late_paper.pdf(rt, charge, account, account.company))


@pages.post("/charges/<uid>/settle")
def settle(uid: str) -> ResponseReturnValue:
    """A person asks for it, or leaves it out."""
    row, asks = own.row(Charge, uid), request.form.get("how") == "ask"
    decide = charges.ask if asks else charges.waive
    try:
        decide(runtime(), row.id, person().id)
    except Refusal as refusal:
        flash(str(refusal), "warn")
    else:
        flash(
            "It is being written to the ledger." if asks else "Left out; the customer does not see it any more.", "good"
        )
    with runtime().store.read() as session:
        company = charges.one(session, row.id).invoice.account.company
    return redirect(url_for("charges.show", uid=company.uid), 303)
