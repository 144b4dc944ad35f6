"""What every template may use: formats, words, and the frame around console pages. Changes nothing."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, url_for

from core.money import Money
from web import formats, presenters, queries
from web.auth import person
from web.guards import runtime


def register(app: Flask) -> None:
    app.jinja_env.globals.update(
        money=formats.money,
        day=formats.day,
        long_day=formats.long_day,
        moment=formats.moment,
        clock_time=formats.clock_time,
        count=formats.count,
        ago=lambda value: formats.ago(value, runtime().clock.now()),
        because_words=presenters.because_words,
        causes=presenters.CAUSES,
        step_title=presenters.step_title,
        step_when=presenters.step_when,
        tones=presenters.TONES,
        ledger_name=presenters.ledger_name,
        demo_bar=_demo_bar,
        paid_money=lambda payment: Money(payment.amount_minor, payment.currency),
        line_money=lambda line: Money(line.balance_minor, line.currency),
        waiting_count=_waiting_count,
    )


def _waiting_count() -> int:
    """How many things wait for whoever is signed in."""
    with runtime().store.read() as session:
        return queries.desk(session, person().practice_id).size


def _demo_bar() -> dict[str, Any] | None:
    """The demo's own clock and mailbox; None outside the demo."""
    rt = runtime()
    if not rt.is_demo:
        return None
    can_move = "demo.next_day" in current_app.view_functions
    return {
        "now": formats.moment(rt.clock.now()),
        "next_day": url_for("demo.next_day") if can_move else "",
        "mailbox": current_app.config["DUNLIN_MAILBOX_URL"],
    }
