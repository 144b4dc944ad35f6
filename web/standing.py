"""How a company stands: how old its debts are, who owes most, who is treated otherwise, whom nobody can write to."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from core.ageing import BANDS, Band
from core.money import exponent
from web import charts, own, standing_queries
from web.auth import person
from web.guards import runtime
from web.standing_queries import Aged
from workflows import contacts
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("standing", __name__)
_MOST, _LISTED = 10, 200

WHY = {
    "care": "in a person's care",
    "hold": "left alone",
    "parts": "pays in parts",
    "time": "has more time",
    "cadence": "has a cadence of their own",
}


@pages.get("/companies/<uid>/standing")
def show(uid: str) -> str:
    company = own.company(uid)
    today = today_of(company, runtime().clock.now())
    with runtime().store.read() as session:
        aged = standing_queries.ageing(session, company, today)
        most = standing_queries.owing_most(session, company, today, _MOST)
        others, how_many = standing_queries.exceptions(session, company, _LISTED)
        unreached, unreached_total = standing_queries.unreached(session, company, _LISTED)
    return render_template(
        "console/standing.html",
        company=company,
        today=today,
        aged=[(one, _chart(one)) for one in aged],
        bands=[_words(one) for one in BANDS],
        most=most,
        others=others,
        how_many=how_many,
        why=WHY,
        unreached=unreached,
        unreached_total=unreached_total,
    )


def _words(band: Band) -> str:
    if band.first is None:
        return "Not late"
    return f"{band.first} to {band.last} days late" if band.last else f"More than {band.first - 1} days late"


def _chart(aged: Aged) -> Markup:
    """In whole units of the currency; the exact sums stand in the table."""
    unit = 10 ** exponent(aged.currency)
    values = tuple(round(amount.minor / unit) for _, amount in aged.bands)
    title = f"Open by age, {aged.currency}"
    return charts.bars(charts.Chart(title, tuple(_words(one) for one in BANDS), ((aged.currency, values),)))


@pages.post("/accounts/<uid>/write-to")
def write_to(uid: str) -> ResponseReturnValue:
    """An address for who has none in the ledger."""
    account = own.account(uid)
    try:
        email = contacts.write_to(runtime(), account.id, request.form.get("email", ""), person().id)
    except Refusal as refusal:
        flash(str(refusal), "warn")
    else:
        flash(f"Mail about {account.name} goes to {email}. Put it into the ledger, too.", "good")
    return redirect(url_for("standing.show", uid=account.company.uid, _anchor="unreached"), 303)
