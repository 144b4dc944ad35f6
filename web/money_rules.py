"""The page Prompt payment: discounts, thank-you credits, and what is done with the fees of processors."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Company
from web import own
from web.auth import person
from web.guards import runtime
from workflows import companies, money_rules
from workflows.errors import Refusal
from workflows.money_rules import Wanted

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?")
pages = Blueprint("money_rules", __name__)


@pages.get("/companies/<uid>/prompt-payment")
def show(uid: str) -> str:
    return _page(own.company(uid))


def _page(company: Company, said: str = "") -> str:
    """With what is in force, or after a refusal with what was typed."""
    rt = runtime()
    expenses, no_expenses = companies.listed(companies.expense_choices, rt, company.id)
    with rt.store.read() as session:
        rules = money_rules.of(session, company.id)
    return render_template(
        "console/money_rules.html",
        company=company,
        typed=request.form if said else _written(rules),
        said=said,
        expenses=expenses,
        no_expenses=no_expenses,
    )


def _written(rules: Wanted) -> Mapping[str, str]:
    """As a form would send them."""
    return {
        "early": _percent_words(rules.early_points),
        "early_days": str(rules.early_days or ""),
        "from_terms": "on" if rules.from_terms else "",
        "loyal": _percent_words(rules.loyal_points),
        "loyal_after": str(rules.loyal_after or ""),
        "payout_fees": rules.payout_fees,
        "payout_expense": rules.payout_expense,
    }


@pages.post("/companies/<uid>/prompt-payment")
def change(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    try:
        money_rules.keep(runtime(), company.id, _wanted(), person().id)
    except Refusal as refusal:
        return _page(company, str(refusal)), 422
    flash("Saved. What was offered or shown before stays as it was.", "good")
    return redirect(url_for("money_rules.show", uid=uid), 303)


def _wanted() -> Wanted:
    def given(name: str) -> str:
        return request.form.get(name, "").strip()

    return Wanted(
        early_points=_percent(given("early")),
        early_days=_number(given("early_days")),
        from_terms=bool(given("from_terms")),
        loyal_points=_percent(given("loyal")),
        loyal_after=_number(given("loyal_after")),
        payout_fees=given("payout_fees"),
        payout_expense=given("payout_expense"),
    )


def _percent(text: str) -> int:
    """A percentage such as 2.5, in hundredths of a percent; 0 where nothing was given."""
    if not text.strip():
        return 0
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise Refusal("Please give the percentage in figures, such as 2 or 2.5.")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _percent_words(points: int) -> str:
    """The same as it is typed: 2, 2.5 or "" for nothing."""
    return f"{points / 100:g}" if points else ""


def _number(text: str) -> int:
    """A whole number; 0 where nothing was given."""
    if text.strip() and not re.fullmatch(r"[0-9]{1,6}", text.strip()):
        raise Refusal("Please give the number in figures, such as 14.")
    return int(text.strip() or 0)
