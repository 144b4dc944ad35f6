"""How a company's ledger is read and what that costs: progress, the log of readings, calls and what is left of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from integrations.ledgers.base import Purpose
from models import Company
from web import ledger_words, own, presenters, queries
from web.guards import runtime
from workflows import budgets, dirty, ties

pages = Blueprint("readings", __name__)
LOGGED = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one purpose: `asked_for` when somebody's click made them, not the clock."""

    words: str
    asked_for: bool
    today: int
    month: int
    metered: int
    bytes: int


@pages.get("/companies/<uid>/ledger")
def show(uid: str) -> str:
    rt, now = runtime(), runtime().clock.now()
    company = own.company(uid)
    with rt.store.read() as session:
        connection = ties.newest(session, company.id)
        log = queries.readings(session, company.id, LOGGED)
        costs = _costs(session, company, now)
        rooms = budgets.rooms(rt, session, company.id)
        unread = dirty.kinds(session, company.id)
        heard = dirty.are_heard(rt, session, company.ledger_kind)
    kind = rt.ledgers.get(company.ledger_kind)
    return render_template(
        "console/readings.html",
        company=company,
        connection=connection,
        log=log,
        missed=sum(one.missed for one in log),
        costs=costs,
        rooms=rooms,
        metered=kind.metered if kind else "",
        unread=ledger_words.waiting_words(unread) if unread else "",
        heard=heard,
        reading=presenters.is_reading(company, connection, now),
        READINGS=ledger_words.READINGS,
        limit_words=ledger_words.limit_words,
    )


def _costs(session: Session, company: Company, now: datetime) -> list[Cost]:
    """What was called today and this month, by the vendors' UTC days; those that ran by the clock first."""
    month = {one.purpose: one for one in budgets.spent(session, company.id, now.replace(day=1))}
    today = {one.purpose: one.calls for one in budgets.spent(session, company.id, now)}
    ordered = sorted(Purpose, key=lambda one: one.on_demand)
    return [
        Cost(
            ledger_words.PURPOSES[purpose],
            purpose.on_demand,
            today.get(purpose, 0),
            month[purpose].calls,
            month[purpose].metered,
            month[purpose].bytes,
        )
        for purpose in ordered
        if purpose in month
    ]
