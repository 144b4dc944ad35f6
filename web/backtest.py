"""A company's backtest: choose one or two cadences and see what they would have sent over its own history."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request

from core.backtest import NOTE
from core.cadence import Cadence
from models import Company
from web import comparison, own
from web.guards import runtime
from workflows import backtests
from workflows.backtests import Compared
from workflows.calendars import today_of
from workflows.errors import Refusal

pages = Blueprint("backtest", __name__)


@pages.get("/companies/<uid>/backtest")
def show(uid: str) -> str:
    """The choice; with a cadence chosen, the answer below it."""
    company = own.company(uid)
    with runtime().store.read() as session:
        offered = backtests.choices(session, company)
    chosen = [name for name in map(request.args.get, ("cadence", "against")) if name in offered]
    found, problem = _try(company, [offered[name] for name in dict.fromkeys(chosen)])
    return render_template(
        "console/backtest.html",
        company=company,
        offered=offered,
        chosen=chosen,
        first=request.args.get("from", ""),
        last=request.args.get("to", ""),
        note=NOTE,
        problem=problem,
        introduction=comparison.introduction(found) if found else "",
        tables=comparison.tables(found) if found else (),
        unreadable=found.history.unreadable if found else (),
    )


def _try(company: Company, tried: list[Cadence]) -> tuple[Compared | None, str]:
    """What was found, or the sentence why nothing could be."""
    if not tried:
        return None, ""
    with runtime().store.read() as session:
        history = backtests.of_company(session, company.id, today_of(company, runtime().clock.now()))
    try:
        return backtests.compare(history, tried, company, first=_day("from"), last=_day("to")), ""
    except Refusal as refusal:
        return None, str(refusal)


def _day(name: str) -> date | None:
    given = request.args.get(name, "")
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Refusal(f"{given!r} is not a day; write it such as 2026-03-02.") from None
