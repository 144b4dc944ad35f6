"""The page Segments: who is in which, by whose word, and the rules by which customers fall into them.

What a rule would hold is counted by asking for the page with it; only the button keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.cadence import Payer
from core.money import Money
from core.segments import Rule, read
from models import Account, Company, SegmentRule
from web import formats, forms, own, standing_queries
from web.auth import person
from web.guards import runtime
from workflows import segment_rules, segments
from workflows.errors import Refusal

pages = Blueprint("segments", __name__)
_SHOWN = 12
PAYERS = {
    Payer.NEW: "too new to tell",
    Payer.STEADY: "pays as they always do",
    Payer.SLOW: "pays late, and steadily so",
    Payer.UNSURE: "pays now so, now so",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One segment on the page; `rule` is None where customers are put into it by hand only."""

    name: str
    rule: SegmentRule | None
    words: str
    by_rule: int
    by_hand: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rule in the form would hold: how many, how many of them stay elsewhere, and the first by name."""

    number: int
    stay: int
    first: list[Account]


@pages.get("/companies/<uid>/segments")
def show(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    typed = {name: request.args.get(name, "") for name in (*_FIELDS, "segment")}
    if "segment" not in request.args:
        return _page(company, typed, request.args.getlist("payer"))
    try:
        rule = _rule(company, request.args.getlist("payer"), typed)
    except Refusal as refusal:
        return _page(company, typed, request.args.getlist("payer"), said=str(refusal)), 422
    return _page(company, typed, request.args.getlist("payer"), asked=_held(company, rule))


_FIELDS = ("billed_from", "billed_below", "days_least", "days_most", "countries")


def _page(
    company: Company, typed: Mapping[str, str], payers: list[str], *, said: str = "", asked: Asked | None = None
) -> str:
    return render_template(
        "console/segments.html",
        company=company,
        lines=_lines(company),
        typed=typed,
        chosen=payers,
        payers=PAYERS,
        said=said,
        asked=asked,
    )


def _lines(company: Company) -> list[Line]:
    with runtime().store.read() as session:
        rules = segment_rules.rules(session, company.id)
        counts = segment_rules.counts(session, company.id)
        known = segments.known(session, company.id)
    ruled = {one.segment: one for one in rules}
    names = [*ruled, *(one for one in known if one not in ruled)]
    return [_line(company, name, ruled.get(name), counts.get(name, {})) for name in names]


def _line(company: Company, name: str, rule: SegmentRule | None, counts: Mapping[str, int]) -> Line:
    words = sentence(read(rule.conditions), company) if rule else ""
    return Line(name, rule, words, counts.get(segment_rules.RULE, 0), counts.get(segment_rules.HAND, 0))


def sentence(rule: Rule, company: Company) -> str:
    """The rule in words."""

    def sum_of(minor: int) -> str:
        return formats.money(Money(minor, company.currency), company)

    said = [
        *([" or ".join(words for kind, words in PAYERS.items() if kind in rule.payers)] if rule.payers else []),
        *([f"billed at least {sum_of(rule.billed_from)} in a year"] if rule.billed_from else []),
        *([f"billed less than {sum_of(rule.billed_below)} in a year"] if rule.billed_below else []),
        *([f"first billed at least {formats.count(rule.days_least, 'day')} ago"] if rule.days_least else []),
        *([f"first billed at most {formats.count(rule.days_most, 'day')} ago"] if rule.days_most else []),
        *([f"in {', '.join(sorted(rule.countries))}"] if rule.countries else []),
    ]
    whole = "; ".join(said)
    return whole[:1].upper() + whole[1:]


def _held(company: Company, rule: Rule) -> Asked:
    rt = runtime()
    with rt.store.read() as session:
        found = segment_rules.fits(rt, session, company, rule)
        first = standing_queries.first_by_name(session, found.accounts, _SHOWN)
    return Asked(len(found.accounts), found.by_hand, first)


@pages.post("/companies/<uid>/segments")
def keep(uid: str) -> ResponseReturnValue:
    company = own.company(uid)
    typed = {name: request.form.get(name, "") for name in (*_FIELDS, "segment")}
    payers, name = request.form.getlist("payer"), typed["segment"].strip().lower()
    try:
        moved = segment_rules.keep(runtime(), company.id, name, _rule(company, payers, typed), person().id)
    except Refusal as refusal:
        return _page(company, typed, payers, said=str(refusal)), 422
    return _back(company, f"The rule of {name} counts from now on.", moved)


@pages.post("/companies/<uid>/segments/drop")
def drop(uid: str) -> ResponseReturnValue:
    """Take a rule away."""
    return _changed(uid, segment_rules.drop, "The rule is gone.")


@pages.post("/companies/<uid>/segments/earlier")
def earlier(uid: str) -> ResponseReturnValue:
    """Ask a rule before the one above it."""
    return _changed(uid, segment_rules.ask_earlier, "It is asked earlier now.")


def _changed(uid: str, change: segment_rules.Change, words: str) -> ResponseReturnValue:
    company = own.company(uid)
    try:
        moved = change(runtime(), company.id, request.form.get("rule", ""), person().id)
    except Refusal as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for("segments.show", uid=uid), 303)
    return _back(company, words, moved)


def _back(company: Company, words: str, moved: int) -> ResponseReturnValue:
    whom = "One customer" if moved == 1 else f"{formats.thousands(moved)} customers"
    flash(f"{words} {whom if moved else 'No customer'} moved.", "good")
    return redirect(url_for("segments.show", uid=company.uid), 303)


def _rule(company: Company, payers: list[str], typed: Mapping[str, str]) -> Rule:
    """What was typed. Refusal for what nobody understands."""
    if not set(payers) <= set(Payer):
        raise Refusal("Please choose kinds of payers from the list.")

    def sum_of(name: str) -> int:
        return forms.money(typed[name], company.currency).minor if typed[name].strip() else 0

    return Rule(
        frozenset(map(Payer, payers)),
        _countries(typed["countries"]),
        sum_of("billed_from"),
        sum_of("billed_below"),
        _days(typed["days_least"]),
        _days(typed["days_most"]),
    )


def _days(text: str) -> int:
    if text.strip() and not re.fullmatch(r"[0-9]{1,5}", text.strip()):
        raise Refusal("Please give the days in figures, such as 90.")
    return int(text.strip() or 0)


def _countries(text: str) -> frozenset[str]:
    codes = re.findall(r"[^\s,;]+", text.upper())
    if any(not re.fullmatch(r"[A-Z]{2}", one) for one in codes):
        raise Refusal("Please give countries by their two letters, such as GB, IE.")
    return frozenset(codes)
