"""The page Prompt and late payment: discounts, thank-you credits, charges for lateness, and processors' fees."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.money import Money
from models import Company
from web import forms, own
from web.auth import person
from web.guards import runtime
from workflows import companies, money_rules, rates, segments
from workflows.calendars import today_of
from workflows.errors import Refusal
from workflows.money_rules import Wanted

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?")
pages = Blueprint("money_rules", __name__)
EVERYBODY = "All customers: all of them are businesses"
LATE = {
    "": "Nothing is charged",
    money_rules.STATUTORY: "What the law of the company’s country allows between businesses",
    money_rules.CONTRACT: "What your own contracts name",
}
BOOKING = {
    money_rules.SHOW: "Nothing is booked: it is only shown to the customer",
    money_rules.DRAFT: "As a draft invoice, which you approve in the ledger",
    money_rules.INVOICE: "As an invoice",
}


@pages.get("/companies/<uid>/prompt-payment")
def show(uid: str) -> str:
    return _page(own.company(uid))


def _page(company: Company, said: str = "") -> str:
    """With what is in force, or after a refusal with what was typed."""
    rt = runtime()
    expenses, no_expenses = companies.listed(companies.expense_choices, rt, company.id)
    incomes, no_incomes = companies.listed(companies.income_choices, rt, company.id)
    with rt.store.read() as session:
        rules, known = money_rules.of(session, company.id), segments.known(session, company.id)
    drafts = rt.ledgers[company.ledger_kind].drafts
    return render_template(
        "console/money_rules.html",
        company=company,
        typed=request.form if said else _written(rules, company.currency),
        said=said,
        late=LATE,
        gaps=rates.gaps(rt, company.country, company.currency, today_of(company, rt.clock.now())),
        booking={how: words for how, words in BOOKING.items() if drafts or how != money_rules.DRAFT},
        segment_choices=[("", EVERYBODY), *((one, one) for one in known)],
        incomes=incomes,
        no_incomes=no_incomes,
        expenses=expenses,
        no_expenses=no_expenses,
    )


def _written(rules: Wanted, currency: str) -> Mapping[str, str]:
    """As a form would send them."""
    return {
        "early": _percent_words(rules.early_points),
        "early_days": str(rules.early_days or ""),
        "from_terms": "on" if rules.from_terms else "",
        "loyal": _percent_words(rules.loyal_points),
        "loyal_after": str(rules.loyal_after or ""),
        "late": rules.late,
        "late_rate": _percent_words(rules.late_points),
        "late_sum": str(Money(rules.late_sum_minor, currency).decimal) if rules.late_sum_minor else "",
        "late_segment": rules.late_segment,
        "grace_days": str(rules.grace_days),
        "notice_days": str(rules.notice_days),
        "late_booking": rules.late_booking,
        "late_income": rules.late_income,
        "payout_fees": rules.payout_fees,
        "payout_expense": rules.payout_expense,
    }


@pages.post("/companies/<uid>/prompt-payment")
def change(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    try:
        money_rules.keep(runtime(), company.id, _wanted(company.currency), person().id)
    except Refusal as refusal:
        return _page(company, str(refusal)), 422
    flash("Saved. What was offered or shown before stays as it was.", "good")
    return redirect(url_for("money_rules.show", uid=uid), 303)


def _wanted(currency: str) -> Wanted:
    def given(name: str) -> str:
        return request.form.get(name, "").strip()

    usual = Wanted()
    return Wanted(
        early_points=_percent(given("early")),
        early_days=_number(given("early_days")),
        from_terms=bool(given("from_terms")),
        loyal_points=_percent(given("loyal")),
        loyal_after=_number(given("loyal_after")),
        late=given("late"),
        late_points=_percent(given("late_rate")),
        late_sum_minor=forms.money(given("late_sum"), currency).minor if given("late_sum") else 0,
        late_segment=given("late_segment"),
        grace_days=_number(given("grace_days") or str(usual.grace_days)),
        notice_days=_number(given("notice_days") or str(usual.notice_days)),
        late_booking=given("late_booking") or money_rules.SHOW,
        late_income=given("late_income"),
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
