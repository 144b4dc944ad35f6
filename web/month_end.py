"""The page Month end of a company: whether everything agrees, what does not and where it is put right; also as CSV."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask import Blueprint, Response, render_template, request, url_for

from core.money import Money
from models import Company
from web import downloads, own
from web.guards import runtime
from workflows import archive, month_end
from workflows.month_end import MonthEnd
from workflows.month_end_sums import Moved, Written
from workflows.reconcile_found import Found, Place, next_month

pages = Blueprint("month_end", __name__)
SHOWN = 200
PLACES = {
    Place.DESK: "Go to the desk",
    Place.INVOICE: "Open the invoice",
    Place.PAYOUTS: "See the payouts",
    Place.BANK: "See the bank statements",
}
MOVED = {
    "before": "There when the month began",
    "taken": "Taken",
    "back": "Went back",
    "fees": "Fees kept back",
    "paid_out": "Paid out to the bank",
    "still": "Still with the processors",
}
WRITTEN = {
    "taken": "Taken",
    "booked": "Booked in the ledger",
    "on_its_way": "Being booked",
    "desk": "On the desk",
    "void": "Given back, not booked",
    "discounts": "Discounts",
    "credits": "Other credits",
    "charges": "Charges for lateness",
}


def link(company: Company, found: Found) -> str:
    """Where it is put right."""
    match found.place:
        case Place.INVOICE if found.invoice:
            return url_for("invoices.show", uid=found.invoice)
        case Place.PAYOUTS:
            return url_for("payouts.show", uid=company.uid)
        case Place.BANK:
            return url_for("bank.show", uid=company.uid)
        case _:
            return url_for("desk.show")


def _asked(uid: str) -> tuple[Company, MonthEnd]:
    rt, company = runtime(), own.company(uid)
    first = month_end.month(request.args.get("month", ""), company, rt.clock.now())
    return company, month_end.of(rt, company, first)


@pages.get("/companies/<uid>/month-end")
def show(uid: str) -> str:
    company, told = _asked(uid)
    this = month_end.this_month(company, runtime().clock.now())
    return render_template(
        "console/month_end.html",
        company=company,
        told=told,
        sentence=sentence(told),
        found=[(one, link(company, one), PLACES[one.place]) for one in told.found[:SHOWN]],
        moved=MOVED,
        written=WRITTEN,
        asked=_name(told.first),
        earlier=_name(month_end.before(told.first)),
        later=_name(next_month(told.first)) if told.first < this else "",
    )


def _name(first: date) -> str:
    return f"{first:%Y-%m}"


def sentence(told: MonthEnd) -> str:
    """The first thing to say."""
    if told.found:
        return "One thing does not agree." if len(told.found) == 1 else f"{len(told.found)} things do not agree."
    return "Not everything was looked at." if told.unsure else "Everything agrees."


@pages.get("/companies/<uid>/month-end/differences.csv")
def differences(uid: str) -> Response:
    _company, told = _asked(uid)
    rows = [(one.at.date().isoformat(), one.what, PLACES[one.place], one.reference) for one in told.found]
    open_questions = [("", one, "", "") for one in told.unsure]
    table = archive.table(("since", "what", "where", "reference"), [*rows, *open_questions])
    return downloads.file(f"differences-{_name(told.first)}.csv", table)


@pages.get("/companies/<uid>/month-end/figures.csv")
def figures(uid: str) -> Response:
    _company, told = _asked(uid)
    table = archive.table(("table", "currency", "what", "sum"), figures_of(told))
    return downloads.file(f"month-{_name(told.first)}.csv", table)


def figures_of(told: MonthEnd) -> list[tuple[str, str, str, Decimal]]:
    """The figures row by row: which table, currency, what, and the sum."""
    sums = told.sums
    lines: list[tuple[str, str, str, Money]] = []
    for which, names, by_currency in (("processors", MOVED, sums.moved), ("ledger", WRITTEN, sums.written)):
        for currency, one in by_currency.items():
            lines += [(which, currency, words, _sum(one, name)) for name, words in names.items()]
    lines += [("processors", one, "Not followed into a payout", money) for one, money in sums.left_out.items()]
    return [(which, currency, words, money.decimal) for which, currency, words, money in lines]


def _sum(one: Moved | Written, name: str) -> Money:
    found: Money = getattr(one, name)
    return found
