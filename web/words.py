"""What every template may use: formats, words, and the frame around console pages. Changes nothing."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, url_for

from core.money import Money
from models import Company
from web import cadence_words, formats, frame, ledger_words, presenters
from web.guards import runtime
from workflows import ties


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
        step_when=cadence_words.step_when,
        tones=cadence_words.TONES,
        channels=cadence_words.CHANNELS,
        reason_words=cadence_words.REASONS,
        ledger_name=_ledger_name,
        progress=presenters.progress,
        thousands=formats.thousands,
        size=formats.size,
        read_when=lambda value, company: formats.read_when(value, runtime().clock.now(), company),
        posting_words=ledger_words.posting_words,
        POSTING_STATES=ledger_words.POSTING_STATES,
        term_words=ledger_words.term_words,
        reminders_place=_reminders_place,
        in_ledger=_in_ledger,
        demo_bar=_demo_bar,
        paid_money=lambda payment: Money(payment.amount_minor, payment.currency),
        line_money=lambda line: Money(line.balance_minor, line.currency),
        credit_money=lambda credit: Money(credit.remaining_minor, credit.currency),
        frame=frame.frame,
    )


def _ledger_name(kind: str) -> str:
    return ties.ledger_name(runtime(), kind)


def _reminders_place(kind: str) -> str:
    """A sentence on where the ledger's own reminders are switched off; "" where nobody knows."""
    known = runtime().ledgers.get(kind)
    return known.reminders_place if known else ""


def _in_ledger(entity: str, external_id: str, company: Company) -> str:
    """Where the accountant sees it in the ledger itself; "" where nobody knows."""
    kind = runtime().ledgers.get(company.ledger_kind)
    return kind.deep_link(entity, external_id, company.short_code) if kind else ""


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
